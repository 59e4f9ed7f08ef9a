//! `Storage`: where ECR keeps an image (ECR API reference, "`UpdateImageStorageClass`").

use lockage_tagging::{Digest, Repository};
use serde::Deserialize;
use serde_json::json;

use super::wire::status;
use super::{ImageId, ImageStatus, Images};
use crate::{Error, Result};

pub(super) const STORE: &str = "store image";
pub(super) const NOT_SUPPORTED: &str = "ImageStorageClassUpdateNotSupportedException";

/// Where ECR keeps an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Storage {
    /// Where it can be pulled from.
    Standard,
    /// For at least 90 days where it costs less, cannot be pulled, and has to be taken out of first.
    Archive,
}

impl Images {
    /// Archives an image, or takes it out of the archive: one request. It needs the right `ecr:UpdateImageStorageClass`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) where there is none, [`Rejected`](crate::ErrorKind::Rejected) where ECR does not
    /// do that to this image, as it is now.
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
        status(&call, &answer.status)
    }

    /// As [`store`](Self::store) does, but an image that is there already, or on its way, is no error: what a lost answer was
    /// about is done. Where ECR refuses, one request more asks for its status.
    pub(super) async fn bring(&self, repo: &Repository, digest: &Digest, to: Storage) -> Result<ImageStatus> {
        match self.store(repo, digest, to).await {
            Err(refused) if is_not_supported(&refused) => {
                let status = self.describe_one(repo, &ImageId::digest(digest.clone())).await?.status;
                match (to, status) {
                    (Storage::Archive, ImageStatus::Archived)
                    | (Storage::Standard, ImageStatus::Active | ImageStatus::Activating) => Ok(status),
                    _ => Err(refused),
                }
            }
            stored => stored,
        }
    }
}

fn is_not_supported(error: &Error) -> bool {
    error.oci_errors().iter().any(|said| said.code == NOT_SUPPORTED)
}
