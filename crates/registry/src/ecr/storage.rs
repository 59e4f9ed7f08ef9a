//! `Storage`: where ECR keeps an image (ECR API reference, "`UpdateImageStorageClass`").

use lockage_tagging::{Digest, Repository};
use serde::Deserialize;
use serde_json::json;

use super::{ImageId, Images};
use crate::{ErrorKind, Result};

pub(super) const STORE: &str = "store image";

/// Where ECR keeps an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Storage {
    /// Where it can be pulled from.
    Standard,
    /// For at least 90 days where it costs less, cannot be pulled, and has to be taken out of first.
    Archive,
}

/// What has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageStatus {
    /// It can be pulled.
    Active,
    /// It is archived.
    Archived,
    /// It is being taken out of the archive, which takes minutes.
    Activating,
}

impl Images {
    /// Archives an image, or takes it out of the archive: one request. It needs the right `ecr:UpdateImageStorageClass`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is none.
    pub async fn store(&self, repo: &Repository, digest: &Digest, storage: Storage) -> Result<ImageStatus> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "imageStatus")]
            status: String,
        }
        let class = match storage {
            Storage::Standard => "STANDARD",
            Storage::Archive => "ARCHIVE",
        };
        let id = ImageId::digest(digest.clone());
        let call = self.call(STORE, repo, json!({ "imageId": id, "targetStorageClass": class }));
        let answer: Answer = call.read(&self.send(&call).await?)?;
        match answer.status.as_str() {
            "ACTIVE" => Ok(ImageStatus::Active),
            "ARCHIVED" => Ok(ImageStatus::Archived),
            "ACTIVATING" => Ok(ImageStatus::Activating),
            other => {
                let message = format_args!("ECR says that {digest} is {other:?}");
                Err(call.error(ErrorKind::Protocol).with_message(message))
            }
        }
    }
}
