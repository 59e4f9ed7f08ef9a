//! `Body`: what is uploaded, and whether it can be sent a second time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};

use crate::Result;

/// The bytes of a blob as they arrive, in pieces of any size.
///
/// Whatever the stream needs (a connection, a permit, an open file) lives in it and is given back when it is dropped.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

/// The content of an upload.
///
/// A replayable body can be opened again, at any offset, so that an upload can be resumed or retried; a body that
/// can be sent only once is never retried.
pub struct Body<'a>(Kind<'a>);

type Open<'a> = Arc<dyn Fn(u64) -> BoxFuture<'a, Result<ByteStream>> + Send + Sync + 'a>;

enum Kind<'a> {
    Bytes(Bytes),
    Replayable(Open<'a>),
    /// Locked by nobody: the lock makes the body `Sync`, as a future that holds a reference to it needs.
    Once(Mutex<ByteStream>),
}

impl<'a> Body<'a> {
    /// A body that is in memory.
    #[must_use]
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Bytes(bytes.into()))
    }

    /// A body that `open` opens at an offset in bytes, as often as it is needed.
    #[must_use]
    pub fn replayable<F>(open: F) -> Self
    where
        F: Fn(u64) -> BoxFuture<'a, Result<ByteStream>> + Send + Sync + 'a,
    {
        Self(Kind::Replayable(Arc::new(open)))
    }

    /// A body that can be read once.
    #[must_use]
    pub fn once(stream: ByteStream) -> Self {
        Self(Kind::Once(Mutex::new(stream)))
    }

    /// The same body again, or `None` where it can be read only once: not replayable means not retried.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Kind::Bytes(bytes) => Some(Self(Kind::Bytes(bytes.clone()))),
            Kind::Replayable(open) => Some(Self(Kind::Replayable(Arc::clone(open)))),
            Kind::Once(_) => None,
        }
    }

    /// The bytes from offset `from` on.
    ///
    /// # Errors
    /// Whatever opening the source fails with.
    pub async fn open(self, from: u64) -> Result<ByteStream> {
        match self.0 {
            Kind::Bytes(bytes) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
                Ok(stream::once(async move { Ok(bytes.slice(from..)) }).boxed())
            }
            Kind::Replayable(open) => open(from).await,
            Kind::Once(stream) => {
                let stream = stream.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(if from == 0 { stream } else { skip(stream, from) })
            }
        }
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::Replayable(_) => f.write_str("Body(replayable)"),
            Kind::Once(_) => f.write_str("Body(once)"),
        }
    }
}

impl From<Bytes> for Body<'_> {
    fn from(bytes: Bytes) -> Self {
        Self::bytes(bytes)
    }
}

/// `stream` without its first `skip` bytes.
pub(crate) fn skip(stream: ByteStream, mut skip: u64) -> ByteStream {
    stream
        .filter_map(move |item| {
            let kept = match item {
                Ok(chunk) => {
                    let drop = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
                    skip -= drop as u64;
                    (drop < chunk.len()).then(|| Ok(chunk.slice(drop..)))
                }
                Err(error) => Some(Err(error)),
            };
            async move { kept }
        })
        .boxed()
}
