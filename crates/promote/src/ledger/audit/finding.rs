//! `Finding`: one thing that is wrong with a ledger.

use std::fmt;
use std::time::{Duration, SystemTime};

use lockage_registry::Digest;
use serde::Serialize;

/// One thing that is wrong with a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "finding")]
#[non_exhaustive]
pub enum Finding {
    /// What stands where an entry should cannot be read as one, or is not there.
    Unreadable {
        /// The tag, or the line of an export.
        place: String,
        /// Why.
        why: String,
    },
    /// The entry is another one than the place says: it was changed, or put where another was.
    Misplaced {
        /// The tag, or the line of an export.
        place: String,
        /// The entry that stands there.
        id: Digest,
    },
    /// Nobody has signed the entry.
    Unsigned {
        /// The tag, or the line of an export.
        place: String,
        /// The entry.
        id: Digest,
    },
    /// Nobody who is trusted has signed the entry, or the signature is not of it.
    Forged {
        /// The tag, or the line of an export.
        place: String,
        /// The entry.
        id: Digest,
        /// Why the signature does not count.
        why: String,
    },
    /// The entry was written in another ledger.
    Replayed {
        /// The tag, or the line of an export.
        place: String,
        /// The entry.
        id: Digest,
        /// The ledger that it was signed for.
        ledger: String,
    },
    /// The entry is there more than once.
    Repeated {
        /// The entry.
        id: Digest,
        /// Every tag, or line, but the first.
        place: String,
    },
    /// The entry stands behind lines that come after it in what is exported, or not behind the one that it follows in a file.
    Reordered {
        /// The line.
        place: String,
        /// The entry.
        id: Digest,
    },
    /// An entry is missing that others vouch for.
    Missing {
        /// The entry.
        id: Digest,
        /// Who says that it was there: the entry that follows it, a checkpoint, or whoever asked.
        known_from: String,
    },
    /// The entry says that it is older than what stands before it.
    Backdated {
        /// The entry.
        id: Digest,
        /// What stands before it.
        parent: Digest,
        /// By how much, in seconds.
        seconds: u64,
    },
    /// Entries stand before each other in a circle.
    Circle {
        /// The first of them.
        id: Digest,
    },
    /// The content of an entry, of a checkpoint or of a seal is not there, or was changed, and the manifest has it as well: those
    /// who read the ledger do not notice, and whoever copies it does.
    Content {
        /// The tag.
        place: String,
        /// Why.
        why: String,
    },
    /// A checkpoint is not what it has to be, or does not agree with the entries.
    Checkpoint {
        /// The tag.
        place: String,
        /// Why.
        why: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { place, why } => write!(f, "{place}: {why}"),
            Self::Misplaced { place, id } => write!(f, "{place}: what stands there is another entry, {id}"),
            Self::Unsigned { place, .. } => write!(f, "{place}: nobody has signed it"),
            Self::Forged { place, why, .. } => write!(f, "{place}: its signature does not count: {why}"),
            Self::Replayed { place, ledger, .. } => write!(f, "{place}: it was written in another ledger, {ledger:?}"),
            Self::Repeated { id, place } => write!(f, "{place}: the entry {id} is there already"),
            Self::Reordered { place, id } => {
                write!(f, "{place}: lines changed places: the entry {id} does not belong behind the line before it")
            }
            Self::Missing { id, known_from } => write!(f, "the entry {id} is missing, and was there: {known_from}"),
            Self::Backdated { id, parent, seconds } => {
                write!(f, "the entry {id} is {seconds} s older than {parent}, which stands before it")
            }
            Self::Circle { id } => write!(f, "the entry {id} stands before itself"),
            Self::Content { place, why } => write!(f, "{place}: {why}; its manifest has it as well"),
            Self::Checkpoint { place, why } => write!(f, "{place}: the checkpoint does not count: {why}"),
        }
    }
}

impl Finding {
    pub(in crate::ledger) fn backdated(id: &Digest, at: SystemTime, parent: &Digest, then: SystemTime) -> Self {
        let seconds = then.duration_since(at).as_ref().map_or(0, Duration::as_secs);
        Self::Backdated { id: id.clone(), parent: parent.clone(), seconds }
    }
}
