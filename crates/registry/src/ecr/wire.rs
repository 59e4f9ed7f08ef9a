//! The documents that ECR answers with, as far as they are used.

use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::{Failure, Image, ImageId, ImageStatus};
use crate::client::api::Call;
use crate::{ErrorKind, Result};

/// An answer to `BatchDeleteImage`. One that lacks either list is none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    pub(super) image_ids: Vec<ImageId>,
    pub(super) failures: Vec<Failure>,
}

/// An answer to `DescribeImages`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) image_details: Vec<Detail>,
    pub(super) next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail {
    image_digest: String,
    #[serde(default)]
    image_tags: Vec<String>,
    image_pushed_at: Option<f64>,
    last_recorded_pull_time: Option<f64>,
    image_size_in_bytes: Option<u64>,
    image_manifest_media_type: Option<String>,
    artifact_media_type: Option<String>,
    subject_manifest_digest: Option<String>,
    image_status: Option<String>,
}

impl Detail {
    pub(super) fn image(self, call: &Call) -> Result<Image> {
        let broken =
            |e| call.error(ErrorKind::Protocol).with_message("an image is not named as images are").with_source(e);
        let subject = self.subject_manifest_digest.map(|digest| digest.parse()).transpose();
        Ok(Image {
            digest: self.image_digest.parse().map_err(broken)?,
            tags: self
                .image_tags
                .iter()
                .map(|tag| tag.parse())
                .collect::<std::result::Result<_, _>>()
                .map_err(broken)?,
            pushed_at: self.image_pushed_at.and_then(time),
            pulled_at: self.last_recorded_pull_time.and_then(time),
            size: self.image_size_in_bytes,
            media_type: self.image_manifest_media_type,
            artifact_type: self.artifact_media_type,
            subject: subject.map_err(broken)?,
            // Before there was an archive, ECR said nothing of it.
            status: self.image_status.map_or(Ok(ImageStatus::Active), |said| status(call, &said))?,
        })
    }
}

/// A status, in ECR's words. One that is not known is no reason to believe that it can be pulled, or that it cannot.
pub(super) fn status(call: &Call, said: &str) -> Result<ImageStatus> {
    match said {
        "ACTIVE" => Ok(ImageStatus::Active),
        "ARCHIVED" => Ok(ImageStatus::Archived),
        "ACTIVATING" => Ok(ImageStatus::Activating),
        other => Err(call.error(ErrorKind::Protocol).with_message(format_args!("ECR says that an image is {other:?}"))),
    }
}

/// Seconds of the Unix epoch; what is none is not known.
fn time(seconds: f64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

/// Names as text.
pub(super) mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in crate::ecr) fn serialize<T: Display, S: Serializer>(name: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        match name {
            Some(name) => to.collect_str(name),
            None => to.serialize_none(),
        }
    }

    pub(in crate::ecr) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        Option::<String>::deserialize(from)?.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
