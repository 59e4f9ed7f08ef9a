//! Blobs read from an offset: a part of a blob is only spliced where the registry says that it is that part.

use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use lockage_tagging::Repository;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Method, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::answer;
use super::auth::Access;
use super::deadline::NoAnswer;
use super::host::HostState;
use super::send::Request;
use crate::{ByteStream, Descriptor, ErrorKind, Result, body};

/// GET of a blob, with `Range` where it is not from the start.
pub(super) async fn read(host: &Arc<HostState>, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
    let subject = format!("{repo}@{}", blob.digest);
    let mut request =
        Request::new("pull blob", &subject, Method::GET, host.blob_url(repo, &blob.digest), Access::pull(repo));
    if from > blob.size {
        return Err(request
            .error(ErrorKind::Invalid)
            .with_message(format_args!("asked from byte {from}, and it has {}", blob.size)));
    }
    if from > 0 && from == blob.size {
        return Ok(stream::empty().boxed());
    }
    let wrong = request.error(ErrorKind::Protocol);
    if from > 0 {
        request = request.header(RANGE, &format!("bytes={from}-"))?;
    }
    // The limit is never closed, so there is always a permit in the end.
    let permit = Arc::clone(&host.downloads).acquire_owned().await.ok();
    let response = request.send(host).await?;
    match (from, response.status()) {
        (0, StatusCode::OK) => Ok(stream(host, subject, response, permit)),
        // The registry ignores Range: what was not asked for is passed over.
        (_, StatusCode::OK) => Ok(body::skip(stream(host, subject, response, permit), from)),
        (1.., StatusCode::PARTIAL_CONTENT) => {
            let said = answer::text(response.headers(), CONTENT_RANGE.as_str()).unwrap_or_default();
            match parse_content_range(said) {
                Some((first, last, total))
                    if first == from && last + 1 == blob.size && total.is_none_or(|total| total == blob.size) =>
                {
                    Ok(stream(host, subject, response, permit))
                }
                _ => Err(wrong.with_message(format_args!("asked from byte {from}, and got {said:?}"))),
            }
        }
        (_, status) => Err(wrong.with_message(format_args!("answered {}", status.as_u16()))),
    }
}

/// The body, which holds its permit until it is read or dropped.
fn stream(
    host: &HostState,
    subject: String,
    response: reqwest::Response,
    permit: Option<OwnedSemaphorePermit>,
) -> ByteStream {
    let stall = host.stall;
    stream::unfold(Some((response, subject, permit)), move |state| async move {
        let (mut response, subject, permit) = state?;
        match tokio::time::timeout(stall, response.chunk()).await {
            Ok(Ok(Some(chunk))) => Some((Ok(chunk), Some((response, subject, permit)))),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some((Err(answer::failed("pull blob", subject, error)), None)),
            Err(_) => Some((Err(answer::no_answer("pull blob", subject, NoAnswer::Stalled(stall))), None)),
        }
    })
    .boxed()
}

/// `bytes FIRST-LAST/TOTAL`, where the total may be `*` (RFC 9110 section 14.4).
fn parse_content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    let total = match total {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    (first <= last && last < u64::MAX).then_some((first, last, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_content_range() {
        for (text, expected) in [
            ("bytes 5-9/10", Some((5, 9, Some(10)))),
            ("bytes 0-0/*", Some((0, 0, None))),
            ("bytes 9-5/10", None),
            ("bytes */10", None),
            ("bytes 0-18446744073709551615/*", None),
            ("items 5-9/10", None),
            ("bytes -5-9/10", None),
            ("", None),
        ] {
            assert_eq!(parse_content_range(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(bytes )?\\PC*") {
            parse_content_range(&text);
        }
    }
}
