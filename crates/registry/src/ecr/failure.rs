//! `Failure`: what ECR did not delete, and why. It says so within an answer that is a success (200).

use std::fmt;

use lockage_tagging::Repository;
use serde::Deserialize;

use super::ImageId;
use crate::{Error, ErrorKind};

/// An image that was not deleted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Failure {
    /// What was to be deleted.
    pub image_id: ImageId,
    /// Why it was not.
    #[serde(rename = "failureCode")]
    pub code: FailureCode,
    /// ECR's own words.
    #[serde(rename = "failureReason", default)]
    pub reason: String,
}

/// Why an image was not deleted (ECR API reference, "`ImageFailure`").
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
#[non_exhaustive]
pub enum FailureCode {
    /// No digest that ECR can read.
    InvalidImageDigest,
    /// No tag that ECR can read.
    InvalidImageTag,
    /// The tag holds another digest than the one named with it.
    ImageTagDoesNotMatchDigest,
    /// There is none.
    ImageNotFound,
    /// Neither a digest nor a tag was named.
    MissingDigestAndTag,
    /// An index names it that is there.
    ImageReferencedByManifestList,
    /// The key that encrypts it cannot be used.
    KmsError,
    /// The registry behind a pull-through cache refused.
    UpstreamAccessDenied,
    /// The registry behind a pull-through cache takes no more requests.
    UpstreamTooManyRequests,
    /// The registry behind a pull-through cache is unavailable.
    UpstreamUnavailable,
    /// It is archived, or otherwise out of reach.
    ImageInaccessible,
    /// One that this version does not know.
    Other(String),
}

impl From<String> for FailureCode {
    fn from(code: String) -> Self {
        match code.as_str() {
            "InvalidImageDigest" => Self::InvalidImageDigest,
            "InvalidImageTag" => Self::InvalidImageTag,
            "ImageTagDoesNotMatchDigest" => Self::ImageTagDoesNotMatchDigest,
            "ImageNotFound" => Self::ImageNotFound,
            "MissingDigestAndTag" => Self::MissingDigestAndTag,
            "ImageReferencedByManifestList" => Self::ImageReferencedByManifestList,
            "KmsError" => Self::KmsError,
            "UpstreamAccessDenied" => Self::UpstreamAccessDenied,
            "UpstreamTooManyRequests" => Self::UpstreamTooManyRequests,
            "UpstreamUnavailable" => Self::UpstreamUnavailable,
            "ImageInaccessible" => Self::ImageInaccessible,
            _ => Self::Other(code),
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => f.write_str(code),
            known => fmt::Debug::fmt(known, f),
        }
    }
}

impl FailureCode {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::ImageNotFound => ErrorKind::NotFound,
            Self::ImageTagDoesNotMatchDigest => ErrorKind::Contended,
            Self::InvalidImageDigest | Self::InvalidImageTag | Self::MissingDigestAndTag => ErrorKind::Invalid,
            Self::UpstreamAccessDenied => ErrorKind::Denied,
            Self::UpstreamTooManyRequests => ErrorKind::RateLimited,
            Self::UpstreamUnavailable => ErrorKind::Unavailable,
            Self::ImageReferencedByManifestList | Self::KmsError | Self::ImageInaccessible | Self::Other(_) => {
                ErrorKind::Rejected
            }
        }
    }
}

impl Failure {
    /// The failure as an error, with ECR's code.
    #[must_use]
    pub fn error(&self, repo: &Repository) -> Error {
        let error = Error::new(self.code.kind(), "delete image", format_args!("{repo} {}", self.image_id))
            .with_message(format_args!("ECR did not delete it: {} ({})", self.code, self.reason))
            .with_code(&self.code.to_string(), self.reason.as_str());
        match self.code {
            FailureCode::ImageReferencedByManifestList => error.with_remedy("Delete the index that names it first."),
            FailureCode::KmsError => {
                error.with_remedy("Check the key of the repository's encryption, and the right to use it.")
            }
            _ => error,
        }
    }
}
