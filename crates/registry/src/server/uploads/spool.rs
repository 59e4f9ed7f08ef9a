//! `Spool`: the bytes of an upload until it is complete.

use std::io::SeekFrom;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, StreamExt as _};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use crate::{Body, ByteStream, Error, ErrorKind, Result};

/// How much is held in memory before it goes to the disk.
const TAIL: usize = 1024 * 1024;

/// How much is read back at once.
const PIECE: usize = 256 * 1024;

/// Bytes in a file that has no name, so that it goes away with the process, and behind them the last ones in memory.
///
/// A request may end anywhere, so nothing counts as written before all of it is: whatever the file has behind
/// `written` will be overwritten.
#[derive(Debug, Default)]
pub(super) struct Spool {
    file: Option<File>,
    written: u64,
    tail: BytesMut,
}

impl Spool {
    pub(super) fn len(&self) -> u64 {
        self.written + self.tail.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) async fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if self.tail.len() + bytes.len() > TAIL {
            self.spill().await.map_err(failed)?;
        }
        self.tail.extend_from_slice(bytes);
        Ok(())
    }

    /// Forgets the bytes behind the first `len`.
    pub(super) fn truncate(&mut self, len: u64) {
        self.tail.truncate(usize::try_from(len.saturating_sub(self.written)).unwrap_or(usize::MAX));
        self.written = self.written.min(len);
    }

    /// All bytes; the spool must not change while they are read.
    pub(super) async fn body(&self) -> Result<Body<'static>> {
        let tail = self.tail.clone().freeze();
        match &self.file {
            Some(file) if self.written > 0 => {
                let mut file = file.try_clone().await.map_err(failed)?;
                file.rewind().await.map_err(failed)?;
                let written = read(file, self.written);
                Ok(Body::once(written.chain(stream::iter([Ok(tail)])).boxed()))
            }
            _ => Ok(Body::bytes(tail)),
        }
    }

    async fn spill(&mut self) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = tokio::task::spawn_blocking(tempfile::tempfile).await.map_err(std::io::Error::other)??;
                none.insert(File::from_std(file))
            }
        };
        file.seek(SeekFrom::Start(self.written)).await?;
        file.write_all(&self.tail).await?;
        file.flush().await?;
        self.written += self.tail.len() as u64;
        self.tail.clear();
        Ok(())
    }
}

/// The next `left` bytes of a file.
fn read(file: File, left: u64) -> ByteStream {
    stream::try_unfold((file, left), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = (&mut file).take(left).read_buf(&mut piece).await.map_err(failed)? as u64;
        if read == 0 {
            return Err(failed(std::io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(Some((Bytes::from(piece), (file, left - read))))
    })
    .boxed()
}

fn failed(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, "spool upload", "temporary file").with_message(&error).with_source(error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use futures::stream::TryStreamExt as _;

    use super::*;

    async fn content(spool: &Spool) -> Vec<u8> {
        let chunks: Vec<Bytes> = spool.body().await.unwrap().open(0).await.unwrap().try_collect().await.unwrap();
        chunks.concat()
    }

    #[tokio::test]
    async fn what_was_appended_is_read_whatever_went_to_the_disk() {
        let mut spool = Spool::default();
        let mut expected = Vec::new();
        assert_eq!(content(&spool).await, expected);
        for (byte, len) in [(b'a', 10), (b'b', TAIL), (b'c', TAIL - 1), (b'd', 1), (b'e', 2 * TAIL), (b'f', 3)] {
            let chunk = vec![byte; len];
            spool.append(&chunk).await.unwrap();
            expected.extend(chunk);
            assert_eq!((spool.len(), content(&spool).await), (expected.len() as u64, expected.clone()));
        }
        // Back into the memory, then into the file, and on from there.
        for len in [expected.len() - 2, TAIL + 5, 4, 0] {
            spool.truncate(len as u64);
            expected.truncate(len);
            assert_eq!(content(&spool).await, expected);
            spool.append(b"again").await.unwrap();
            expected.extend(b"again");
            assert_eq!(content(&spool).await, expected);
        }
    }
}
