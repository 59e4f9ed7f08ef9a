//! Manifests (distribution-spec, "Pulling manifests", "Pushing Manifests", "Deleting Manifests", "Deleting tags").

use std::str::FromStr;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{Method, StatusCode};
use lockage_tagging::{NameError, Repository, Tag};

use super::dispatch::{Asked, Shared};
use super::inbound::Inbound;
use super::refusal::{self, Refusal};
use super::reply::{CONTENT_DIGEST, OCI_SUBJECT, OCI_TAG, Reply};
use crate::{Error, ErrorKind, RawManifest, TagOrDigest, media_type};

/// How many tags one request may set; the specification wants ten at least.
const MOST_TAGS: usize = 100;

pub(super) async fn answer(
    shared: &Shared,
    asked: &Asked,
    repo: &Repository,
    reference: &str,
) -> Result<Reply, Refusal> {
    let at = parse(reference, asked.method == Method::PUT)?;
    match asked.method {
        Method::HEAD => {
            let found = shared.registry.resolve(repo, &at).await?;
            let reply =
                Reply::new(StatusCode::OK).header(CONTENT_LENGTH, found.size).header(CONTENT_DIGEST, &found.digest);
            Ok(if found.media_type.is_empty() { reply } else { reply.header(CONTENT_TYPE, found.media_type) })
        }
        Method::PUT => put(shared, asked, repo, &at).await,
        Method::DELETE => {
            match &at {
                TagOrDigest::Digest(digest) => shared.registry.delete_manifest(repo, digest).await?,
                TagOrDigest::Tag(tag) => shared.registry.delete_tag(repo, tag).await?,
            }
            Ok(Reply::new(StatusCode::ACCEPTED))
        }
        _ => {
            let found = shared.registry.manifest(repo, &at).await?;
            Ok(Reply::new(StatusCode::OK)
                .header(CONTENT_DIGEST, found.digest())
                .bytes(found.media_type(), found.bytes().clone()))
        }
    }
}

async fn put(shared: &Shared, asked: &Asked, repo: &Repository, at: &TagOrDigest) -> Result<Reply, Refusal> {
    let bytes = read(&asked.body, at.after(repo)).await?;
    let media_type = match asked.content_type().map(media_type::essence).filter(|claimed| !is_generic(claimed)) {
        Some(claimed) => claimed.to_owned(),
        None => RawManifest::sniff_media_type(&bytes)?,
    };
    let manifest = match at {
        TagOrDigest::Digest(digest) => RawManifest::verified(media_type, bytes, digest)?,
        TagOrDigest::Tag(_) => RawManifest::new(media_type, bytes)?,
    };
    let tags = tags(asked, at)?;
    let stored = shared.registry.put_manifest(repo, &manifest, at).await?;
    for tag in &tags {
        shared.registry.put_manifest(repo, &manifest, &TagOrDigest::Tag(tag.clone())).await?;
    }
    let reply = Reply::new(StatusCode::CREATED)
        .header(LOCATION, format_args!("/v2/{}/manifests/{}", repo.path(), stored.digest))
        .header(CONTENT_DIGEST, &stored.digest);
    let reply = match tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => reply,
        listed => reply.header(OCI_TAG, listed),
    };
    // By this header a client knows that it need not keep the referrers tag.
    let subject = manifest.view().ok().and_then(|view| view.subject).filter(|_| stored.subject_indexed);
    Ok(match subject {
        Some(subject) => reply.header(OCI_SUBJECT, subject.digest),
        None => reply,
    })
}

/// The tags that a manifest gets when it is put by its digest (distribution-spec, "Pushing Manifests": `?tag=`).
fn tags(asked: &Asked, at: &TagOrDigest) -> Result<Vec<Tag>, Refusal> {
    if at.tag().is_some() {
        return Ok(Vec::new());
    }
    let tags: Vec<&str> = asked.query.all("tag").collect();
    if tags.len() > MOST_TAGS {
        let message = format!("no more than {MOST_TAGS} tags at once");
        return Err(refusal::refuse(StatusCode::URI_TOO_LONG, "MANIFEST_INVALID", &message).into());
    }
    let invalid = |error: NameError| refusal::refuse(StatusCode::BAD_REQUEST, "TAG_INVALID", &error.to_string());
    tags.into_iter().map(|tag| Tag::from_str(tag).map_err(|error| invalid(error).into())).collect()
}

/// The whole body, if it is not too large: the limit holds while it is read, whatever length was announced.
async fn read(body: &Inbound, subject: String) -> Result<Bytes, Error> {
    let too_large = || {
        Error::new(ErrorKind::TooLarge, "push manifest", &subject)
            .with_message(format_args!("a manifest may have {} bytes", RawManifest::MAX_BYTES))
    };
    if body.length().is_some_and(|length| length > RawManifest::MAX_BYTES) {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next().await? {
        if (bytes.len() + chunk.len()) as u64 > RawManifest::MAX_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// What is no tag cannot be there, and cannot be put there.
fn parse(reference: &str, putting: bool) -> Result<TagOrDigest, Refusal> {
    if reference.contains(':') {
        return refusal::digest(reference).map(TagOrDigest::Digest);
    }
    Tag::from_str(reference).map(TagOrDigest::Tag).map_err(|error| {
        let (status, code) = if putting {
            (StatusCode::BAD_REQUEST, "MANIFEST_INVALID")
        } else {
            (StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN")
        };
        refusal::refuse(status, code, &error.to_string()).into()
    })
}

/// Types that HTTP libraries send when they were told none.
fn is_generic(essence: &str) -> bool {
    matches!(
        essence,
        "" | "application/octet-stream" | "application/json" | "application/x-www-form-urlencoded" | "text/plain"
    )
}
