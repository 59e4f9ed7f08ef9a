//! The tags of a ledger's repository: each says what is under it, so that a listing alone tells which entries there are.

use std::time::SystemTime;

use jiff::Timestamp;
use lockage_registry::{Algorithm, Digest, Tag, digest_of};

use crate::ledger::{Entry, LedgerError};

/// The tag of an entry: `e.20261121T143006Z.<its digest>.<the digest of what it says, whatever stands before it>`.
///
/// By name is by time, to the second. That of what it says, shortened, is a hint: by it the same entry is found again that was
/// written before, with other entries before it.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct EntryTag {
    pub(in crate::ledger) tag: Tag,
    pub(in crate::ledger) id: Digest,
}

/// The tag of a checkpoint: `c.0000010240.<its digest>`, with how many entries it covers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ledger) struct CheckpointTag {
    pub(in crate::ledger) entries: u64,
    pub(in crate::ledger) tag: Tag,
    pub(in crate::ledger) id: Digest,
}

impl EntryTag {
    pub(in crate::ledger) fn of(entry: &Entry, id: &Digest) -> Result<Self, LedgerError> {
        let tag = format!("{}{}.{}", prefix(entry.at)?, id.hex(), said(entry)?);
        Ok(Self { tag: tag.parse().map_err(unnamable)?, id: id.clone() })
    }

    pub(in crate::ledger) fn parse(tag: &Tag) -> Option<Self> {
        let mut parts = tag.as_str().strip_prefix("e.")?.split('.');
        let (Some(_), Some(id), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return None;
        };
        Some(Self { tag: tag.clone(), id: digest(id)? })
    }

    /// Whether this is where an entry of this time and digest belongs.
    pub(in crate::ledger) fn is_of(&self, at: SystemTime, id: &Digest) -> bool {
        self.id == *id && prefix(at).is_ok_and(|prefix| self.tag.as_str().starts_with(&prefix))
    }

    /// What the tags begin and end with under which `entry` would have been written before.
    pub(super) fn traces(entry: &Entry) -> Result<(String, String), LedgerError> {
        Ok((prefix(entry.at)?, format!(".{}", said(entry)?)))
    }
}

impl CheckpointTag {
    pub(in crate::ledger) fn of(entries: u64, id: &Digest) -> Result<Self, LedgerError> {
        let tag = format!("c.{entries:010}.{}", id.hex()).parse().map_err(unnamable)?;
        Ok(Self { entries, tag, id: id.clone() })
    }

    pub(in crate::ledger) fn parse(tag: &Tag) -> Option<Self> {
        let (entries, id) = tag.as_str().strip_prefix("c.")?.split_once('.')?;
        Some(Self { entries: entries.parse().ok()?, tag: tag.clone(), id: digest(id)? })
    }
}

fn digest(hex: &str) -> Option<Digest> {
    format!("sha256:{hex}").parse().ok()
}

fn prefix(at: SystemTime) -> Result<String, LedgerError> {
    let at = Timestamp::try_from(at).map_err(unnamable)?;
    Ok(format!("e.{}.", at.strftime("%Y%m%dT%H%M%SZ")))
}

/// What an entry says, whatever stands before it: 64 bits of its digest.
fn said(entry: &Entry) -> Result<String, LedgerError> {
    let bytes = serde_json::to_vec(&Entry { parents: Vec::new(), ..entry.clone() }).map_err(unnamable)?;
    let digest = digest_of(Algorithm::Sha256, &bytes).map_err(unnamable)?;
    Ok(digest.hex().chars().take(16).collect())
}

fn unnamable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LedgerError {
    LedgerError::Backend { what: "append to", source: error.into() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ledger::{Kind, Recorded};

    #[test]
    fn tags_say_what_is_under_them() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_271_406);
        let digest = digest_of(Algorithm::Sha256, b"image").unwrap();
        let entry = Entry::new(Kind::Observe { tags: Vec::new() }, "app".parse().unwrap(), digest, "ada", at);
        let id = Recorded::new(entry.clone()).unwrap().id;
        let written = EntryTag::of(&entry, &id).unwrap();
        assert!(written.tag.as_str().starts_with("e.20261121T"), "{:?}", written.tag);
        let read = EntryTag::parse(&written.tag).unwrap();
        assert_eq!((&read.id, &read.tag), (&id, &written.tag));
        assert!(read.is_of(at, &id) && !read.is_of(at + Duration::from_secs(1), &id));
        // With something before it, it is another entry that says the same.
        let behind = Entry { parents: vec![id.clone()], ..entry.clone() };
        let (begin, end) = EntryTag::traces(&behind).unwrap();
        assert!(written.tag.as_str().starts_with(&begin) && written.tag.as_str().ends_with(&end));
        let checkpoint = CheckpointTag::of(512, &id).unwrap();
        assert_eq!(CheckpointTag::parse(&checkpoint.tag).unwrap(), checkpoint);
        for other in ["latest", "e.x", "c.x.y", "e.20261121T143006Z.00.00", "c.0000000001", "freeze"] {
            let tag: Tag = other.parse().unwrap();
            assert!(EntryTag::parse(&tag).is_none() && CheckpointTag::parse(&tag).is_none(), "{other}");
        }
    }
}
