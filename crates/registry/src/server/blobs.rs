//! Blobs (distribution-spec, "Pulling blobs"), streamed from the backend and never held whole.

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE};
use http::{Method, StatusCode};
use lockage_tagging::{Digest, Repository};

use super::dispatch::{Asked, Shared};
use super::range::{self, Part};
use super::refusal::{self, Refusal};
use super::reply::{CONTENT_DIGEST, Reply};
use crate::{ByteStream, Descriptor, Result};

/// The type of content of which only the digest is known.
pub(super) const OCTET_STREAM: &str = "application/octet-stream";

pub(super) async fn answer(
    shared: &Shared,
    asked: &Asked,
    repo: &Repository,
    digest: &Digest,
) -> Result<Reply, Refusal> {
    let size = shared.registry.stat_blob(repo, digest).await?;
    let etag = format!("\"{digest}\"");
    // RFC 9110, section 14.2: ranges are for GET only, and `If-Range` asks for all where something has changed.
    let unchanged = asked.header(&IF_RANGE).is_none_or(|expected| expected == etag);
    let part = match asked.method {
        Method::GET if unchanged => range::wanted(asked.header(&RANGE), size),
        _ => Part::Whole,
    };
    let (status, first, length) = match part {
        Part::Whole => (StatusCode::OK, 0, size),
        Part::Bytes { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Part::Outside => {
            let reply = refusal::refuse(StatusCode::RANGE_NOT_SATISFIABLE, "SIZE_INVALID", "the blob ends before that");
            return Err(reply.header(CONTENT_RANGE, format_args!("bytes */{size}")).into());
        }
    };
    let mut reply = Reply::new(status).header(CONTENT_DIGEST, digest).header(ACCEPT_RANGES, "bytes").header(ETAG, etag);
    if let Part::Bytes { first, last } = part {
        reply = reply.header(CONTENT_RANGE, format_args!("bytes {first}-{last}/{size}"));
    }
    if asked.method == Method::HEAD {
        return Ok(reply.header(CONTENT_LENGTH, length).header(CONTENT_TYPE, OCTET_STREAM));
    }
    let blob = Descriptor::new(OCTET_STREAM, digest.clone(), size);
    let bytes = shared.registry.blob(repo, &blob, first).await?;
    Ok(reply.stream(OCTET_STREAM, at_most(bytes, length), length))
}

/// The first `left` bytes of `bytes`. Where there are fewer, the connection breaks, because more were announced.
fn at_most(bytes: ByteStream, left: u64) -> ByteStream {
    stream::unfold((bytes, left), |(mut bytes, left)| async move {
        if left == 0 {
            return None;
        }
        let item: Result<Bytes> = bytes.next().await?;
        let item = item.map(|mut chunk| {
            chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            chunk
        });
        let left = item.as_ref().map_or(0, |chunk| left - chunk.len() as u64);
        Some((item, (bytes, left)))
    })
    .boxed()
}
