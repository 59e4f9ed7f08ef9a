//! Blobs: sizes, streams from an offset, mounts and uploads.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use ::oci_client::client::BlobResponse;
use ::oci_client::errors::OciDistributionError;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::stream::{self, Stream, StreamExt as _};
use lockage_tagging::{Digest, Repository};

use super::call::{call, is_no_mount, map, map_io};
use super::{OciClient, reference};
use crate::{Body, ByteStream, Descriptor, Error, ErrorKind, Opened, Result, Upload, body};

/// How much is sent at once: the client makes one PATCH of each piece of a stream, however small.
const CHUNK: usize = 4 * 1024 * 1024;

impl OciClient {
    /// The client's HEAD says no more than that the blob is there, so that a GET is begun, and dropped.
    pub(super) async fn size_of(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        let (operation, subject) = ("look for blob", format!("{repo}@{blob}"));
        let at = self.ready(reference::repository(repo), repo.host()).await;
        let response = call(operation, &subject, self.client.pull_blob_stream(&at, blob.as_str())).await?;
        response.content_length.ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, operation, subject)
                .with_message("the registry does not say how long the blob is before it sends it")
        })
    }

    pub(super) async fn read(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        let (operation, subject) = ("pull blob", format!("{repo}@{}", blob.digest));
        let at = self.ready(reference::repository(repo), repo.host()).await;
        let digest = blob.digest.as_str();
        if from > blob.size {
            return Err(Error::new(ErrorKind::Invalid, operation, subject)
                .with_message(format_args!("asked from byte {from}, and it has {}", blob.size)));
        }
        // A range that begins at the end cannot be asked for.
        if from == blob.size && from > 0 {
            let there = call(operation, &subject, self.client.blob_exists(&at, digest)).await?;
            return if there { Ok(stream::empty().boxed()) } else { Err(unknown(operation, &subject)) };
        }
        // A digest and no descriptor: the client follows no foreign `urls`.
        let (stream, skip) = if from == 0 {
            (call(operation, &subject, self.client.pull_blob_stream(&at, digest)).await?, 0)
        } else {
            let part = self.client.pull_blob_stream_partial(&at, digest, from, None);
            match call(operation, &subject, part).await? {
                BlobResponse::Partial(stream) => (stream, 0),
                BlobResponse::Full(stream) => (stream, from),
            }
        };
        let stream = stream.map(move |item| item.map_err(|e| map_io(operation, &subject, e))).boxed();
        Ok(if skip == 0 { stream } else { body::skip(stream, skip) })
    }

    pub(super) async fn open(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        let (operation, subject) = ("push blob", format!("{repo}@{}", blob.digest));
        let at = self.ready(reference::repository(repo), repo.host()).await;
        let digest = blob.digest.as_str();
        if let Some(from) = from.filter(|from| from.host() == repo.host()) {
            let other = reference::repository(from);
            // The answer of the client is data here, whether it is an error or not.
            let mount = async { Ok(self.client.mount_blob(&at, &other, digest).await) };
            match call(operation, &subject, mount).await? {
                // A 201 without a Location is a mount all the same.
                Ok(()) | Err(OciDistributionError::RegistryNoLocationError) => return Ok(Opened::Present),
                Err(error) if is_no_mount(&error) => {}
                Err(error) => return Err(map(operation, subject, error)),
            }
        }
        if call(operation, &subject, self.client.blob_exists(&at, digest)).await? {
            return Ok(Opened::Present);
        }
        Ok(Opened::Upload(Box::new(Session { client: self.clone(), repo: repo.clone(), blob: blob.clone() })))
    }
}

fn unknown(operation: &'static str, subject: &str) -> Error {
    Error::new(ErrorKind::NotFound, operation, subject)
}

/// An upload that has not begun: the client opens and closes a session in one call.
#[derive(Debug)]
struct Session {
    client: OciClient,
    repo: Repository,
    blob: Descriptor,
}

#[async_trait]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        let (operation, subject) = ("push blob", format!("{}@{}", self.repo, self.blob.digest));
        let at = self.client.ready(reference::repository(&self.repo), self.repo.host()).await;
        let failed = Failed::default();
        let content = chunks(body.open(0).await?, self.blob.clone(), failed.clone());
        let push = self.client.client.push_blob_stream(&at, content, self.blob.digest.as_str(), Some(self.blob.size));
        let pushed = call(operation, &subject, push).await;
        // Our own error says more than what the client makes of it.
        if let Some(error) = failed.take() {
            return Err(error);
        }
        pushed.map(drop)
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// Where the body puts the error that it failed with, which cannot pass through the client.
#[derive(Clone, Default)]
struct Failed(Arc<Mutex<Option<Error>>>);

impl Failed {
    fn put(&self, error: Error) -> OciDistributionError {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        io::Error::other("the body of the upload failed").into()
    }

    fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The body in pieces of [`CHUNK`] bytes; an error where it is longer or shorter than the descriptor says.
fn chunks(
    body: ByteStream,
    blob: Descriptor,
    failed: Failed,
) -> impl Stream<Item = Result<Bytes, OciDistributionError>> + Send + 'static {
    struct State {
        body: ByteStream,
        buffer: BytesMut,
        seen: u64,
    }
    let begin = Some(State { body, buffer: BytesMut::new(), seen: 0 });
    stream::unfold(begin, move |state| {
        let (size, digest, failed) = (blob.size, blob.digest.clone(), failed.clone());
        async move {
            let mut state = state?;
            let wrong_size = |seen: u64| {
                Error::new(ErrorKind::SizeMismatch, "push blob", &digest)
                    .with_message(format_args!("{size} bytes were promised, and the body has {seen}"))
            };
            loop {
                // More than a chunk, and not as much: the last one is held back until the body has ended well, so
                // that a registry never has all bytes of a body that is too long or fails at its end.
                if state.buffer.len() > CHUNK {
                    let chunk = state.buffer.split_to(CHUNK).freeze();
                    return Some((Ok(chunk), Some(state)));
                }
                match state.body.next().await {
                    Some(Ok(piece)) => {
                        state.seen = state.seen.saturating_add(piece.len() as u64);
                        if state.seen > size {
                            return Some((Err(failed.put(wrong_size(state.seen))), None));
                        }
                        state.buffer.extend_from_slice(&piece);
                    }
                    Some(Err(error)) => return Some((Err(failed.put(error)), None)),
                    None if state.seen < size => return Some((Err(failed.put(wrong_size(state.seen))), None)),
                    None if state.buffer.is_empty() => return None,
                    None => return Some((Ok(state.buffer.split().freeze()), Some(state))),
                }
            }
        }
    })
}
