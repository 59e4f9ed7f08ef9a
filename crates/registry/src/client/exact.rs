//! Exactly: a body of a declared length that turns out longer, shorter or broken is never sent whole.
//!
//! An HTTP library stops reading a body once it has as many bytes as were declared. What comes after, be it a byte too many
//! or an error, would pass unseen, and the registry would have the whole of what it was promised.

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};

use crate::{ByteStream, Error, ErrorKind, Result};

/// `stream`, whose last bytes are held back until it has ended after `size` bytes.
pub(super) async fn exactly(mut stream: ByteStream, size: u64, subject: &str) -> Result<ByteStream> {
    let length = Length { size, seen: 0, subject: subject.to_owned() };
    // Of an empty body nothing would ever be read.
    if size == 0 {
        length.end(&mut stream).await?;
        return Ok(stream::empty().boxed());
    }
    Ok(stream::unfold(Some((stream, length)), |state| async move {
        let (mut stream, mut length) = state?;
        match length.next(&mut stream).await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some((stream, length)))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed())
}

struct Length {
    size: u64,
    seen: u64,
    subject: String,
}

impl Length {
    async fn next(&mut self, stream: &mut ByteStream) -> Result<Option<Bytes>> {
        if self.seen == self.size {
            return Ok(None);
        }
        let Some(chunk) = stream.next().await.transpose()? else { return Err(self.wrong("only", self.seen)) };
        self.seen = self.seen.saturating_add(chunk.len() as u64);
        match self.seen {
            seen if seen > self.size => Err(self.wrong("at least", seen)),
            seen if seen == self.size => self.end(stream).await.map(|()| Some(chunk)),
            _ => Ok(Some(chunk)),
        }
    }

    /// Nothing may follow.
    async fn end(&self, stream: &mut ByteStream) -> Result<()> {
        while let Some(chunk) = stream.next().await {
            match chunk?.len() as u64 {
                0 => {}
                more => return Err(self.wrong("at least", self.seen.saturating_add(more))),
            }
        }
        Ok(())
    }

    fn wrong(&self, how: &str, seen: u64) -> Error {
        Error::new(ErrorKind::SizeMismatch, "push blob", &self.subject)
            .with_message(format_args!("{} bytes were promised, and {how} {seen} came", self.size))
    }
}
