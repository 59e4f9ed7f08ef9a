//! What every backend that holds content itself answers the same way: its refusals, and the rules of a registry.

use lockage_tagging::{Digest, Host, Repository};

use crate::{Descriptor, Error, ErrorKind, Manifest, RawManifest, Result, TagOrDigest};

/// What becomes of a manifest while something that it points at is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is refused.
    #[default]
    Refused,
    /// It is stored: the index is a sparse one.
    Accepted,
}

/// A backend holds the paths of one declared host and answers for no other.
pub(crate) fn answers_for(host: &Host, operation: &'static str, repo: &Repository) -> Result<()> {
    if repo.host() == host {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Invalid, operation, repo)
        .with_message(format_args!("this backend answers for {host} only"))
        .with_remedy("Give the backend the host that your references name, or use a client for other hosts."))
}

pub(crate) fn name_unknown(operation: &'static str, repo: &Repository) -> Error {
    Error::new(ErrorKind::NotFound, operation, repo)
        .with_message("no such repository")
        .with_code("NAME_UNKNOWN", "repository name not known to registry")
}

pub(crate) fn manifest_unknown(operation: &'static str, repo: &Repository, what: &TagOrDigest) -> Error {
    Error::new(ErrorKind::NotFound, operation, what.after(repo)).with_code("MANIFEST_UNKNOWN", "manifest unknown")
}

pub(crate) fn blob_unknown(operation: &'static str, repo: &Repository, blob: &Digest) -> Error {
    Error::new(ErrorKind::NotFound, operation, format_args!("{repo}@{blob}")).with_code("BLOB_UNKNOWN", "blob unknown")
}

/// An offset must lie within the content.
pub(crate) fn within(operation: &'static str, repo: &Repository, blob: &Digest, from: u64, size: u64) -> Result<()> {
    if from <= size {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Invalid, operation, format_args!("{repo}@{blob}"))
        .with_message(format_args!("asked from byte {from}, and it has {size}"))
        .with_code("SIZE_INVALID", "the range lies outside the content"))
}

/// A manifest that can be stored at `at`: one that can be read, under its own digest.
pub(crate) fn acceptable(repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Manifest> {
    let Some(digest) = at.digest().filter(|digest| *digest != manifest.digest()) else { return manifest.view() };
    RawManifest::verified(manifest.media_type(), manifest.bytes().clone(), digest)?;
    // The same bytes have a digest in each algorithm, and are held under the one they were made under.
    Err(Error::new(ErrorKind::Invalid, "push manifest", at.after(repo))
        .with_message(format_args!("the manifest was made under {}", manifest.digest()))
        .with_code("DIGEST_INVALID", "provided digest did not match uploaded content"))
}

/// What a manifest points at must be there before it.
pub(crate) fn complete<'a>(
    repo: &Repository,
    at: &TagOrDigest,
    missing: impl Iterator<Item = &'a Digest>,
) -> Result<()> {
    let mut error = None;
    for digest in missing {
        let refused = error.unwrap_or_else(|| {
            Error::new(ErrorKind::Rejected, "push manifest", at.after(repo))
                .with_message(format_args!("{digest}, which it points at, is not in the repository"))
        });
        error = Some(refused.with_code("MANIFEST_BLOB_UNKNOWN", digest.to_string()));
    }
    error.map_or(Ok(()), Err)
}

/// The entry of the referrers list for `manifest`, if that is attached to `subject`.
pub(crate) fn referrer(manifest: &RawManifest, subject: &Digest) -> Result<Option<Descriptor>> {
    let view = manifest.view()?;
    if view.subject.as_ref().is_none_or(|of| of.digest != *subject) {
        return Ok(None);
    }
    let mut entry = manifest.descriptor().clone();
    entry.artifact_type = view.effective_artifact_type().map(str::to_owned);
    entry.annotations = view.annotations;
    Ok(Some(entry))
}

/// A referrers list in a stable order, of one artifact type if one is given.
pub(crate) fn listed(mut found: Vec<Descriptor>, artifact_type: Option<&str>) -> Vec<Descriptor> {
    if let Some(wanted) = artifact_type {
        found.retain(|entry| entry.artifact_type.as_deref() == Some(wanted));
    }
    found.sort_by(|a, b| a.digest.cmp(&b.digest));
    found
}
