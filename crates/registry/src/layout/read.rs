//! Reading a blob: a file, a piece at a time.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};

use super::disk;
use crate::{ByteStream, Result};

/// How much is read, or written, at once: all that is ever held of a blob.
pub(super) const PIECE: usize = 256 * 1024;

/// The bytes of `file`, which is at `path`, from offset `from` on.
pub(super) fn pieces(mut file: File, path: PathBuf, from: u64) -> Result<ByteStream> {
    file.seek(SeekFrom::Start(from)).map_err(|e| disk::failed("read", &path, e))?;
    Ok(stream::unfold(Some((file, path)), |state| async move {
        let (file, path) = state?;
        let read = move || {
            let mut piece = Vec::with_capacity(PIECE);
            match (&file).take(PIECE as u64).read_to_end(&mut piece) {
                Ok(_) => Ok((piece, file, path)),
                Err(e) => Err(disk::failed("read", &path, e)),
            }
        };
        match disk::blocking(read).await {
            Ok((piece, ..)) if piece.is_empty() => None,
            Ok((piece, file, path)) => Some((Ok(Bytes::from(piece)), Some((file, path)))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed())
}
