//! Manifests over HTTP: resolved by HEAD, fetched by GET, stored by PUT; no answer is believed that can be checked.

use std::sync::Arc;

use lockage_tagging::{Digest, Repository};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};

use super::answer;
use super::auth::Access;
use super::host::HostState;
use super::send::Request;
use crate::{Descriptor, Error, ErrorKind, RawManifest, Result, Stored, TagOrDigest, digest_of, media_type};

const DIGEST: &str = "docker-content-digest";
const SUBJECT: &str = "oci-subject";

/// HEAD; where the registry does not answer that, or not with all of type, digest and size, GET.
pub(super) async fn resolve(host: &Arc<HostState>, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
    let request = reading(Method::HEAD, "resolve", host, repo, what)?;
    let wrong = request.error(ErrorKind::DigestMismatch);
    let headers = match request.send(host).await {
        Ok(response) => response.headers().clone(),
        Err(error) if error.kind() == ErrorKind::Unsupported => HeaderMap::new(),
        Err(error) => return Err(error),
    };
    let digest = said_digest(&headers)?;
    if let (Some(said), Some(asked)) = (&digest, what.digest())
        && said != asked
        && said.algorithm() == asked.algorithm()
    {
        return Err(wrong.with_message(format_args!("the registry answered with {said}")));
    }
    let digest = what.digest().cloned().or(digest);
    match (said_type(&headers), digest, answer::content_length(&headers)) {
        (Some(media_type), Some(digest), Some(size)) => Ok(Descriptor::new(media_type, digest, size)),
        _ => get(host, repo, what).await.map(|manifest| manifest.descriptor().clone()),
    }
}

/// GET, its digest checked against what was asked for, else against what the registry says of it.
pub(super) async fn get(host: &Arc<HostState>, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
    let subject = what.after(repo);
    let operation = "pull manifest";
    let request = reading(Method::GET, operation, host, repo, what)?.counted();
    let (headers, bytes) = request.fetch(host, host.manifest_limit).await?;
    let promised = answer::content_length(&headers);
    let error = |cause: Error| Error::new(cause.kind(), operation, &subject).with_source(cause);
    if let Some(promised) = promised.filter(|&promised| promised != bytes.len() as u64) {
        return Err(Error::new(ErrorKind::SizeMismatch, operation, &subject)
            .with_message(format_args!("{promised} bytes were promised, and {} came", bytes.len())));
    }
    let media_type = match said_type(&headers) {
        Some(said) => said,
        None => RawManifest::sniff_media_type(&bytes).map_err(error)?,
    };
    match (what.digest().cloned(), said_digest(&headers)?) {
        (Some(digest), _) | (None, Some(digest)) => RawManifest::verified(media_type, bytes, &digest).map_err(error),
        (None, None) => RawManifest::new(media_type, bytes),
    }
}

/// PUT; the digest that the registry says it stored is checked.
pub(super) async fn put(
    host: &Arc<HostState>,
    repo: &Repository,
    manifest: &RawManifest,
    at: &TagOrDigest,
) -> Result<Stored> {
    let request =
        Request::new("push manifest", at.after(repo), Method::PUT, host.manifest_url(repo, at), Access::push(repo))
            .header(CONTENT_TYPE, manifest.media_type())?
            .bytes(manifest.bytes().clone());
    let wrong = request.error(ErrorKind::DigestMismatch);
    let response = match request.send(host).await {
        Err(error) if error.kind() == ErrorKind::TagImmutable => {
            return immutable(host, repo, manifest, at, error).await;
        }
        response => response?,
    };
    if let Some(said) = said_digest(response.headers())? {
        let sent = match said.algorithm() == manifest.digest().algorithm() {
            true => manifest.digest().clone(),
            false => digest_of(said.algorithm(), manifest.bytes())?,
        };
        if said != sent {
            return Err(
                wrong.with_message(format_args!("the registry says that it stored {said}, and {sent} was sent"))
            );
        }
    }
    Ok(Stored::new(manifest.digest().clone(), answer::text(response.headers(), SUBJECT).is_some()))
}

/// A tag that may not be moved, and need not be where it holds the manifest already.
async fn immutable(
    host: &Arc<HostState>,
    repo: &Repository,
    manifest: &RawManifest,
    at: &TagOrDigest,
    refused: Error,
) -> Result<Stored> {
    let held = resolve(host, repo, at).await?;
    if held.digest == *manifest.digest() {
        // Nothing was said of its subject: what is not known to be indexed is not.
        return Ok(Stored::new(held.digest, false));
    }
    Err(refused.with_message(format_args!("the tag is immutable and holds {}", held.digest)).with_current(held.digest))
}

fn reading<'a>(
    method: Method,
    operation: &'static str,
    host: &HostState,
    repo: &Repository,
    what: &TagOrDigest,
) -> Result<Request<'a>> {
    Request::new(operation, what.after(repo), method, host.manifest_url(repo, what), Access::pull(repo))
        .header(ACCEPT, &media_type::MANIFESTS.join(", "))
}

/// The `Content-Type`, unless it is one of those that servers send when they do not know.
fn said_type(headers: &HeaderMap) -> Option<String> {
    answer::text(headers, CONTENT_TYPE.as_str())
        .filter(|said| {
            !matches!(media_type::essence(said), "application/json" | "application/octet-stream" | "text/plain")
        })
        .map(str::to_owned)
}

/// The `Docker-Content-Digest`, which a registry may leave out, but not garble.
fn said_digest(headers: &HeaderMap) -> Result<Option<Digest>> {
    answer::text(headers, DIGEST)
        .map(|text| {
            text.parse::<Digest>()
                .map_err(|e| Error::new(ErrorKind::Protocol, "read the digest in", DIGEST).with_source(e))
        })
        .transpose()
}

/// Asserts that a registry that names the digest of an upload named the right one.
pub(super) fn confirms(headers: &HeaderMap, sent: &Digest) -> Result<()> {
    match said_digest(headers)? {
        Some(said) if said != *sent && said.algorithm() == sent.algorithm() => {
            Err(Error::new(ErrorKind::DigestMismatch, "push blob", sent)
                .with_message(format_args!("the registry says that it stored {said}")))
        }
        // In another algorithm it cannot be checked without the bytes; the registry had to check what was asked.
        _ => Ok(()),
    }
}
