//! `Cutter`: a stream in pieces of a given size, each a stream itself, without holding any of it.

use std::sync::Arc;

use bytes::Bytes;
use futures::lock::Mutex;
use futures::stream::{self, StreamExt as _};

use crate::{ByteStream, Result};

/// What is left of a stream. Pieces are read one after the other.
pub(super) struct Cutter(Arc<Mutex<Rest>>);

struct Rest {
    stream: ByteStream,
    /// The part of a chunk that lay behind the last piece.
    over: Bytes,
}

impl Cutter {
    pub(super) fn new(stream: ByteStream) -> Self {
        Self(Arc::new(Mutex::new(Rest { stream, over: Bytes::new() })))
    }

    /// The next `size` bytes; fewer where the stream ends before.
    pub(super) fn piece(&self, size: u64) -> ByteStream {
        stream::unfold((Arc::clone(&self.0), size), |(rest, left)| async move {
            if left == 0 {
                return None;
            }
            let taken = rest.lock().await.take(left).await?;
            let left = match &taken {
                Ok(chunk) => left.saturating_sub(chunk.len() as u64),
                Err(_) => 0,
            };
            Some((taken, (rest, left)))
        })
        .boxed()
    }
}

impl Rest {
    /// A chunk of at most `most` bytes.
    async fn take(&mut self, most: u64) -> Option<Result<Bytes>> {
        while self.over.is_empty() {
            match self.stream.next().await? {
                Ok(chunk) => self.over = chunk,
                Err(error) => return Some(Err(error)),
            }
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.over.len());
        Some(Ok(self.over.split_to(most)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use futures::executor::block_on;
    use futures::stream::TryStreamExt as _;

    use super::*;

    #[test]
    fn the_pieces_put_together_are_the_stream() {
        let chunks = ["abc", "", "defgh", "i"].map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())));
        let cutter = Cutter::new(stream::iter(chunks).boxed());
        for expected in ["ab", "cdef", "gh", "i", ""] {
            let size = if expected.len() == 1 { 100 } else { expected.len() as u64 };
            let piece: Vec<Bytes> = block_on(cutter.piece(size).try_collect()).unwrap();
            assert_eq!(piece.concat(), expected.as_bytes());
        }
    }
}
