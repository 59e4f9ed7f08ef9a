//! Downloads: a blob from an offset, continued where it is cut.
//!
//! A part of a blob is only spliced where the registry says that it is that part.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use lockage_tagging::Repository;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Method, Response, StatusCode};

use super::auth::Access;
use super::deadline::NoAnswer;
use super::host::HostState;
use super::limit::Permit;
use super::send::Request;
use super::tries::Tries;
use super::{answer, range};
use crate::{ByteStream, Descriptor, Error, ErrorKind, Result};

const OPERATION: &str = "pull blob";

/// Attempts count anew after so many bytes: a link that keeps moving is not given up, and one that drips is.
const PROGRESS: u64 = 64 * 1024;

/// GET of a blob, with `Range` where it is not from the start.
pub(super) async fn read(host: &Arc<HostState>, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
    let subject = format!("{repo}@{}", blob.digest);
    if from > blob.size {
        return Err(Error::new(ErrorKind::Invalid, OPERATION, subject)
            .with_message(format_args!("asked from byte {from}, and it has {}", blob.size)));
    }
    if from > 0 && from == blob.size {
        return Ok(stream::empty().boxed());
    }
    let (tries, place) = (Tries::new(host), host.limiter.download().await);
    let (host, repo, blob) = (Arc::clone(host), repo.clone(), blob.clone());
    let download = Download { host, repo, blob, subject, at: from, mark: from, tries, _place: place };
    let part = download.open().await?;
    Ok(download.stream(part))
}

/// A blob of which the first `at` bytes have been handed on.
struct Download {
    host: Arc<HostState>,
    repo: Repository,
    blob: Descriptor,
    subject: String,
    at: u64,
    /// Where it was when the attempts began to count.
    mark: u64,
    tries: Tries,
    /// Kept while it is cut as well: what it feeds may hold a place that others wait for with a place like this.
    _place: Permit,
}

/// The rest of a blob as one answer brings it.
struct Part {
    response: Response,
    /// What the registry sends although it was not asked for.
    skip: u64,
}

impl Download {
    /// Asks for the rest.
    async fn open(&self) -> Result<Part> {
        let url = self.host.blob_url(&self.repo, &self.blob.digest);
        let mut request = Request::new(OPERATION, &self.subject, Method::GET, url, Access::pull(&self.repo)).placed();
        if self.at > 0 {
            request = request.header(RANGE, &format!("bytes={}-", self.at))?;
        }
        let wrong = request.error(ErrorKind::Protocol);
        let response = request.send(&self.host).await?;
        let skip = match (self.at, response.status()) {
            // A registry that ignores Range sends all of it.
            (at, StatusCode::OK) => at,
            (at @ 1.., StatusCode::PARTIAL_CONTENT) => {
                let said = answer::text(response.headers(), CONTENT_RANGE.as_str()).unwrap_or_default();
                match range::content_range(said) {
                    Some((first, last, total))
                        if first == at && last + 1 == self.blob.size && total.is_none_or(|t| t == self.blob.size) =>
                    {
                        0
                    }
                    _ => return Err(wrong.with_message(format_args!("asked from byte {at}, and got {said:?}"))),
                }
            }
            (_, status) => return Err(wrong.with_message(format_args!("answered {}", status.as_u16()))),
        };
        Ok(Part { response, skip })
    }

    /// The bytes, over as many answers as it takes. Where they can be had no more, the stream ends in an error.
    fn stream(self, part: Part) -> ByteStream {
        stream::unfold(Some((self, Some(part))), |state| async move {
            let (mut download, mut part) = state?;
            match download.next(&mut part).await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some((download, part)))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    async fn next(&mut self, part: &mut Option<Part>) -> Result<Option<Bytes>> {
        loop {
            let cut = match self.piece(part).await {
                Ok(Some(chunk)) => {
                    if self.at.saturating_sub(self.mark) >= PROGRESS {
                        self.mark = self.at;
                        self.tries.start_again();
                    }
                    return Ok(Some(chunk));
                }
                // Every byte is here, however the answer ends. More than that is for whoever checks the blob to refuse.
                Ok(None) | Err(_) if self.at >= self.blob.size => return Ok(None),
                Ok(None) => Error::new(ErrorKind::Unreachable, OPERATION, &self.subject)
                    .with_message(format_args!("{} bytes were promised, and only {} came", self.blob.size, self.at)),
                Err(error) => error,
            };
            *part = None;
            self.tries.after(cut).await?;
            *part = Some(self.open().await.map_err(|error| {
                match error.answer().map(|answer| answer.status) {
                    // What came was not cut short: there is no more of it.
                    Some(416) => Error::new(ErrorKind::SizeMismatch, OPERATION, &self.subject)
                        .with_message(format_args!("{} bytes were promised, and it has {}", self.blob.size, self.at))
                        .with_source(error),
                    _ => error,
                }
            })?);
        }
    }

    /// The next bytes of the answer that is under way.
    async fn piece(&mut self, part: &mut Option<Part>) -> Result<Option<Bytes>> {
        let Some(part) = part else { return Ok(None) };
        loop {
            let read = tokio::time::timeout(self.host.stall, part.response.chunk()).await;
            let read =
                read.map_err(|_| answer::no_answer(OPERATION, &self.subject, NoAnswer::Stalled(self.host.stall)))?;
            let Some(mut chunk) = read.map_err(|error| answer::failed(OPERATION, &self.subject, error))? else {
                return Ok(None);
            };
            let passed = usize::try_from(part.skip).unwrap_or(usize::MAX).min(chunk.len());
            part.skip -= passed as u64;
            let chunk = chunk.split_off(passed);
            if !chunk.is_empty() {
                self.at = self.at.saturating_add(chunk.len() as u64);
                return Ok(Some(chunk));
            }
        }
    }
}
