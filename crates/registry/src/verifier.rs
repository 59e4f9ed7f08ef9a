//! `Verifier`: one hash over a blob, however often it is opened.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::stream::{self, StreamExt as _};
use lockage_tagging::Digest;

use crate::{ByteStream, Descriptor, Error, ErrorKind, Result, hash::Hasher};

/// One check of a blob that may be read in several openings, as a transfer that is resumed does.
///
/// All openings share the hash: each byte is hashed once, when it is first reached. An opening may begin anywhere up to
/// the furthest byte that was reached so far. Bytes that are read again pass unhashed; whoever asks for them again
/// assembles the blob, and checks its digest in the end, as a registry does.
///
/// The bytes that complete the blob are only handed on when the digest is right, in every opening.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Mutex<Progress>>);

#[derive(Debug)]
struct Progress {
    hash: Hash,
    /// How many bytes, from the first on, have been hashed.
    reached: u64,
    blob: Descriptor,
}

#[derive(Debug)]
enum Hash {
    Running(Box<Hasher>),
    Right,
    Wrong(Digest),
}

impl Verifier {
    /// Begins the check of `blob`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a digest that cannot be computed.
    pub fn new(blob: &Descriptor) -> Result<Self> {
        let hash = Hash::Running(Box::new(Hasher::new(blob.digest.algorithm())?));
        Ok(Self(Arc::new(Mutex::new(Progress { hash, reached: 0, blob: blob.clone() }))))
    }

    /// `stream`, which must be the blob from byte `at` to its end, checked as it passes.
    ///
    /// It fails with [`SizeMismatch`](ErrorKind::SizeMismatch) or [`DigestMismatch`](ErrorKind::DigestMismatch), and
    /// with [`Invalid`](ErrorKind::Invalid) where it leaves out bytes that no opening has reached.
    #[must_use]
    pub fn check(&self, stream: ByteStream, at: u64) -> ByteStream {
        stream::unfold(Some((stream, self.clone(), at)), |state| async move {
            let (mut stream, verifier, at) = state?;
            match stream.next().await {
                Some(Ok(chunk)) => match verifier.progress().take(&chunk, at) {
                    Ok(next) => Some((Ok(chunk), Some((stream, verifier.clone(), next)))),
                    Err(error) => Some((Err(error), None)),
                },
                Some(Err(error)) => Some((Err(error), None)),
                None => verifier.progress().end(at).err().map(|error| (Err(error), None)),
            }
        })
        .boxed()
    }

    /// How many bytes have been hashed, over all openings.
    #[must_use]
    pub fn hashed(&self) -> u64 {
        self.progress().reached
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        // A panic while it was held cannot have been between two writes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    /// Takes in the chunk that begins at byte `at`; gives where the next one begins.
    fn take(&mut self, chunk: &[u8], at: u64) -> Result<u64> {
        let next = at.saturating_add(chunk.len() as u64);
        if next > self.blob.size {
            return Err(self.wrong_size("at least", next));
        }
        if at > self.reached {
            return Err(Error::new(ErrorKind::Invalid, "verify blob", &self.blob.digest)
                .with_message(format_args!("read from byte {at}, and the first {} are known", self.reached)));
        }
        let fresh = usize::try_from(self.reached - at).ok().and_then(|known| chunk.get(known..)).unwrap_or_default();
        if let Hash::Running(hasher) = &mut self.hash {
            hasher.update(fresh);
            self.reached += fresh.len() as u64;
        }
        if next == self.blob.size {
            self.check_digest()?;
        }
        Ok(next)
    }

    fn end(&mut self, at: u64) -> Result<()> {
        if at < self.blob.size { Err(self.wrong_size("only", at)) } else { self.check_digest() }
    }

    fn check_digest(&mut self) -> Result<()> {
        if let Hash::Running(hasher) = &self.hash {
            let actual = hasher.clone().finish()?;
            self.hash = if actual == self.blob.digest { Hash::Right } else { Hash::Wrong(actual) };
        }
        match &self.hash {
            Hash::Wrong(actual) => Err(Error::new(ErrorKind::DigestMismatch, "verify blob", &self.blob.digest)
                .with_message(format_args!("its {} bytes hash to {actual}", self.reached))
                .with_code("DIGEST_INVALID", "provided digest did not match uploaded content")),
            Hash::Running(_) | Hash::Right => Ok(()),
        }
    }

    fn wrong_size(&self, how: &str, came: u64) -> Error {
        Error::new(ErrorKind::SizeMismatch, "verify blob", &self.blob.digest)
            .with_message(format_args!("{} bytes were promised, and {how} {came} came", self.blob.size))
            .with_code("SIZE_INVALID", "provided length did not match content length")
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::executor::block_on;

    use super::*;
    use crate::digest_of;

    const SIZE: usize = 1000;

    fn blob() -> (Descriptor, Vec<u8>) {
        let bytes: Vec<u8> = (0..SIZE).map(|n| u8::try_from(n % 251).unwrap_or_default()).collect();
        let digest = digest_of(lockage_tagging::Algorithm::Sha256, &bytes).unwrap();
        (Descriptor::new("application/octet-stream", digest, SIZE as u64), bytes)
    }

    /// Reads from `at`, in pieces of `piece`, at most `most` bytes.
    fn read(verifier: &Verifier, bytes: &[u8], at: usize, piece: usize, most: usize) -> Result<Vec<u8>> {
        let chunks: Vec<_> = bytes[at..].chunks(piece).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        let mut stream = verifier.check(stream::iter(chunks).boxed(), at as u64);
        let mut got = Vec::new();
        while got.len() < most
            && let Some(chunk) = block_on(stream.next())
        {
            got.extend_from_slice(&chunk?);
        }
        Ok(got)
    }

    proptest::proptest! {
        #[test]
        fn each_byte_is_hashed_once_whatever_is_opened(
            openings in proptest::collection::vec((0.0..=1.0_f64, 1..300_usize, 0..SIZE), 0..6),
            piece in 1..300_usize,
        ) {
            let (blob, bytes) = blob();
            let verifier = Verifier::new(&blob).unwrap();
            for (part, piece, most) in openings {
                let at = (part * verifier.hashed() as f64) as usize;
                let got = read(&verifier, &bytes, at, piece, most).unwrap();
                proptest::prop_assert_eq!(&bytes[at..at + got.len()], &got);
            }
            let at = usize::try_from(verifier.hashed()).unwrap();
            proptest::prop_assert_eq!(read(&verifier, &bytes, at, piece, SIZE).unwrap(), &bytes[at..]);
            proptest::prop_assert_eq!(verifier.hashed(), SIZE as u64);
        }

        #[test]
        fn a_wrong_byte_is_found_wherever_it_is_and_keeps_back_the_end(wrong in 0..SIZE, cut in 0..SIZE) {
            let (blob, mut bytes) = blob();
            bytes[wrong] ^= 1;
            let verifier = Verifier::new(&blob).unwrap();
            // Cut once, and resumed from where it got to.
            let got = read(&verifier, &bytes, 0, 64, cut).unwrap_or_default();
            let error = read(&verifier, &bytes, got.len(), 64, SIZE).unwrap_err();
            proptest::prop_assert_eq!(error.kind(), ErrorKind::DigestMismatch);
            // No other opening gets to the end either.
            proptest::prop_assert!(read(&verifier, &bytes, SIZE - 1, 64, SIZE).is_err());
        }
    }

    #[test]
    fn what_was_left_out_or_is_missing_is_an_error() {
        let (blob, bytes) = blob();
        let verifier = Verifier::new(&blob).unwrap();
        assert_eq!(read(&verifier, &bytes, 1, 64, SIZE).unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(read(&verifier, &bytes[..999], 0, 64, SIZE).unwrap_err().kind(), ErrorKind::SizeMismatch);
        let long = [bytes.as_slice(), b"x"].concat();
        assert_eq!(read(&verifier, &long, 0, 64, SIZE + 1).unwrap_err().kind(), ErrorKind::SizeMismatch);
        assert_eq!(read(&verifier, &bytes, 900, 64, SIZE).unwrap().len(), 100);
    }
}
