//! `undo`: puts back what a run deleted, as far as the registry restores it.

use std::collections::HashSet;

use jiff::Timestamp;
use lockage_registry::{Digest, Repository, Tag, TagOrDigest};

use super::{ApplyError, Entry, Journal, Remover, Status};

/// What was put back, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undone {
    /// `repository@digest` and `repository:tag`, in the order in which they were put back.
    pub restored: Vec<String>,
    /// What could not be put back, or was not because something else is there now; and why.
    pub left: Vec<(String, String)>,
}

/// Puts back what the journal says that this plan deleted: manifests first that others name, then the tags, each only where
/// there is none now.
///
/// # Errors
/// Where the journal cannot be kept, or the registry cannot be asked what is there. What it does not restore is in
/// [`Undone::left`].
pub async fn undo(
    remover: &dyn Remover,
    journal: &dyn Journal,
    plan: &str,
    now: Timestamp,
) -> Result<Undone, ApplyError> {
    let entries = journal.entries().map_err(ApplyError::Journal)?;
    let mut undone = Undone::default();
    let mut over = HashSet::new();
    for entry in entries.iter().rev().filter(|entry| entry.plan == plan) {
        match entry.status {
            Status::Restored => drop(over.insert(entry.key())),
            Status::Done if over.insert(entry.key()) => {
                put_back(remover, entry, &entries, &mut undone).await?;
                if is_back(&undone, entry) {
                    let line = Entry { time: now, status: Status::Restored, stored: None, why: None, ..entry.clone() };
                    journal.append(&line).map_err(ApplyError::Journal)?;
                }
            }
            _ => {}
        }
    }
    Ok(undone)
}

fn name(entry: &Entry) -> String {
    match &entry.tag {
        Some(tag) => format!("{}:{tag}", entry.repository),
        None => format!("{}@{}", entry.repository, entry.digest),
    }
}

fn is_back(undone: &Undone, entry: &Entry) -> bool {
    undone.restored.contains(&name(entry))
}

async fn put_back(
    remover: &dyn Remover,
    entry: &Entry,
    entries: &[Entry],
    undone: &mut Undone,
) -> Result<(), ApplyError> {
    let invalid = |error: lockage_registry::NameError| ApplyError::Invalid(format!("the journal: {error}"));
    let repo: Repository = entry.repository.parse().map_err(invalid)?;
    let digest: Digest = entry.digest.parse().map_err(invalid)?;
    let there = remover.head(&repo, &TagOrDigest::Digest(digest.clone())).await.map_err(ApplyError::Stopped)?;
    if there.is_none() {
        // Its bytes stand in the line that was written before it was deleted.
        let stored =
            entries.iter().rev().filter(|line| line.key() == entry.key()).find_map(|line| line.stored.as_ref());
        let Some(stored) = stored.filter(|_| entry.tag.is_none()) else {
            undone.left.push((name(entry), "its manifest is not there".to_owned()));
            return Ok(());
        };
        if let Err(error) = remover.restore(&repo, stored).await {
            undone.left.push((name(entry), error.to_string()));
            return Ok(());
        }
    }
    if entry.tag.is_none() {
        undone.restored.push(name(entry));
    }
    let tags = entry.tag.iter().chain(entry.tags_before.iter().filter(|_| entry.tag.is_none()));
    for tag in tags {
        let name = format!("{}:{tag}", entry.repository);
        let tag: Tag = tag.parse().map_err(invalid)?;
        match remover.head(&repo, &TagOrDigest::Tag(tag.clone())).await.map_err(ApplyError::Stopped)? {
            Some(held) if held == digest => undone.restored.push(name),
            Some(held) => undone.left.push((name, format!("it holds {held} now"))),
            None => match remover.restore_tag(&repo, &tag, &digest).await {
                Ok(()) => undone.restored.push(name),
                Err(error) => undone.left.push((name, error.to_string())),
            },
        }
    }
    Ok(())
}
