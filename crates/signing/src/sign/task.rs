//! `Task`: one image to be signed, where it is, and by what; and the blobs that are written for it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use lockage_registry::{Algorithm, Body, Descriptor, Repository, Target, TargetExt as _, digest_of};
use serde::Serialize;

use super::seal::Seal;
use crate::format::FormatError;
use crate::policy::Limits;
use crate::{Error, Result};

/// One image to be signed.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) target: &'a dyn Target,
    pub(super) repo: &'a Repository,
    pub(super) image: &'a Descriptor,
    pub(super) seal: Seal<'a>,
    pub(super) limits: Limits,
    pub(super) now: SystemTime,
}

impl Task<'_> {
    /// The image, as errors call it.
    pub(super) fn place(&self) -> String {
        format!("{}@{}", self.repo, self.image.digest)
    }

    pub(super) fn malformed(&self, source: FormatError) -> Error {
        Error::Format { place: self.place(), source }
    }

    /// JSON as it is stored.
    pub(super) fn json<T: Serialize>(&self, what: &'static str, document: &T) -> Result<Bytes> {
        let unwritable = |error: serde_json::Error| self.malformed(FormatError::new(what, error.to_string()));
        serde_json::to_vec(document).map(Bytes::from).map_err(unwritable)
    }

    pub(super) async fn put(&self, blob: &Blob) -> Result<()> {
        Ok(self.target.put_blob(self.repo, &blob.descriptor, Body::bytes(blob.bytes.clone())).await?)
    }

    /// Stores a blob that others store at the same time, unless it is there: all who sign an image have the same payload and
    /// the same config, and some registries serve a blob worse while it is uploaded again. What cannot be asked is uploaded,
    /// which says what is wrong.
    pub(super) async fn ensure(&self, blob: &Blob) -> Result<()> {
        match self.target.stat_blob(self.repo, &blob.descriptor.digest).await {
            Ok(_) => Ok(()),
            Err(_) => self.put(blob).await,
        }
    }

    /// Whether the registry has the blob; only where it says that it has not, it has not.
    pub(super) async fn has(&self, blob: &Blob) -> Result<bool> {
        match self.target.stat_blob(self.repo, &blob.descriptor.digest).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Bytes and what points at them.
pub(super) struct Blob {
    pub(super) descriptor: Descriptor,
    pub(super) bytes: Bytes,
}

impl Blob {
    pub(super) fn new(media_type: &str, bytes: impl Into<Bytes>) -> Result<Self> {
        let bytes = bytes.into();
        let digest = digest_of(Algorithm::Sha256, &bytes)?;
        Ok(Self { descriptor: Descriptor::new(media_type, digest, bytes.len() as u64), bytes })
    }
}

/// A descriptor with its fields in the order of cosign, which is that of go-containerregistry.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pointer<'a> {
    media_type: &'a str,
    size: u64,
    digest: &'a lockage_registry::Digest,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

impl<'a> From<&'a Descriptor> for Pointer<'a> {
    fn from(descriptor: &'a Descriptor) -> Self {
        let Descriptor { media_type, size, digest, annotations, .. } = descriptor;
        Self { media_type, size: *size, digest, annotations }
    }
}
