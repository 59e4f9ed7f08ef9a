//! The id of a plan: the hash of all that it says, so that whoever executes it can see that nobody changed it since.

use std::io;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use sha2::{Digest as _, Sha256};

use crate::retain::DigestKey;

/// How many fields a plan has as a document, its id included.
pub(super) const FIELDS: usize = 18;

/// A plan as a document.
pub(super) trait Document {
    /// All its fields after the id, in order.
    fn fields<S: SerializeStruct>(&self, document: &mut S) -> Result<(), S::Error>;
}

/// A plan without its id.
struct Said<'a, D>(&'a D);

impl<D: Document> Serialize for Said<'_, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("Report", FIELDS - 1)?;
        self.0.fields(&mut document)?;
        document.end()
    }
}

/// What is written is hashed.
struct Hashed(Sha256);

impl io::Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same for a plan and for what was read of it where it was written. It is hashed as it is made, and no copy is in memory.
pub(super) fn id(document: &impl Document) -> DigestKey {
    let mut hash = Hashed(Sha256::new_with_prefix("lockage plan 2\n"));
    // A hash takes everything, and a plan holds nothing that JSON cannot say.
    if let Err(error) = serde_json::to_writer(&mut hash, &Said(document)) {
        hash.0.update(error.to_string());
    }
    DigestKey::sha256(hash.0.finalize().into())
}
