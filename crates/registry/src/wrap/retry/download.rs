//! Downloads: a stream that breaks is continued where it broke.

use futures::stream::{self, StreamExt as _};
use lockage_tagging::Repository;

use super::attempts::{Attempts, Waiting};
use crate::{ByteStream, Descriptor, Error, Result, Source};

struct Download<T> {
    inner: T,
    attempts: Attempts,
    repo: Repository,
    blob: Descriptor,
    reached: u64,
    /// None while it is broken, so that the connection or the permit in it is given back before any wait.
    stream: Option<ByteStream>,
}

/// The blob from offset `from` on; that it can be opened is known when this returns.
pub(super) async fn start<T: Source + 'static>(
    inner: T,
    waiting: Waiting,
    repo: &Repository,
    blob: &Descriptor,
    from: u64,
) -> Result<ByteStream> {
    let attempts = waiting.attempts();
    let mut download =
        Download { inner, attempts, repo: repo.clone(), blob: blob.clone(), reached: from, stream: None };
    let stream = download.open().await?;
    download.stream = Some(stream);
    Ok(stream::unfold(Some(download), |download| async move {
        let mut download = download?;
        match download.next().await? {
            Ok(chunk) => Some((Ok(chunk), Some(download))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed())
}

impl<T: Source> Download<T> {
    async fn open(&mut self) -> Result<ByteStream> {
        loop {
            match self.inner.blob(&self.repo, &self.blob, self.reached).await {
                Err(error) => self.attempts.again(error).await?,
                opened => return opened,
            }
        }
    }

    async fn next(&mut self) -> Option<Result<bytes::Bytes>> {
        loop {
            let mut stream = match self.stream.take() {
                Some(stream) => stream,
                None => match self.open().await {
                    Ok(stream) => stream,
                    Err(error) => return Some(Err(error)),
                },
            };
            match stream.next().await? {
                Ok(chunk) => {
                    if !chunk.is_empty() {
                        self.reached = self.reached.saturating_add(chunk.len() as u64);
                        self.attempts.reset();
                    }
                    self.stream = Some(stream);
                    return Some(Ok(chunk));
                }
                Err(error) => {
                    drop(stream);
                    if let Err(error) = self.broken(error).await? {
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    /// `None` where nothing is missing but the end itself, else whether to go on.
    async fn broken(&mut self, error: Error) -> Option<Result<()>> {
        if error.is_temporary() && self.reached == self.blob.size {
            return None;
        }
        Some(self.attempts.again(error).await)
    }
}
