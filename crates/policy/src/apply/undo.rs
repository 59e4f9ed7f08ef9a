//! `Undo`: puts back what a plan deleted, as far as the registry restores it, and takes back what it has marked.

use std::collections::HashSet;

use jiff::Timestamp;
use lockage_registry::{Digest, Repository, Tag, TagOrDigest};

use super::{ApplyError, Audit, Entry, Journal, Remover, Status};

/// What was put back, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undone {
    /// `repository@digest` and `repository:tag`, in the order in which they were put back.
    pub restored: Vec<String>,
    /// What the plan had only marked, to be deleted by a second one, and is marked no more.
    pub released: Vec<String>,
    /// What could not be put back, or was not because something else is there now; and why.
    pub left: Vec<(String, String)>,
}

/// Takes a plan back.
#[derive(Debug)]
pub struct Undo<'a> {
    remover: &'a dyn Remover,
    journal: &'a dyn Journal,
    audit: Option<&'a dyn Audit>,
}

/// Puts back what the journal says that this plan deleted; see [`Undo::run`].
///
/// # Errors
/// As [`Undo::run`] does.
pub async fn undo(
    remover: &dyn Remover,
    journal: &dyn Journal,
    plan: &str,
    now: Timestamp,
) -> Result<Undone, ApplyError> {
    Undo::new(remover, journal).run(plan, now).await
}

impl<'a> Undo<'a> {
    /// Through this port, by the journal of the run.
    #[must_use]
    pub fn new(remover: &'a dyn Remover, journal: &'a dyn Journal) -> Self {
        Self { remover, journal, audit: None }
    }

    /// Who is told of everything that is put back.
    #[must_use]
    pub fn audit(mut self, port: &'a dyn Audit) -> Self {
        self.audit = Some(port);
        self
    }

    /// Puts back what the journal says that this plan deleted: manifests first that others name, then the tags, each only where
    /// there is none now. What it has only marked begins its quarantine anew.
    ///
    /// # Errors
    /// Where the journal cannot be kept, or the registry cannot be asked what is there. What it does not restore is in
    /// [`Undone::left`].
    pub async fn run(&self, plan: &str, now: Timestamp) -> Result<Undone, ApplyError> {
        let entries = self.journal.entries().map_err(ApplyError::Journal)?;
        let mut undone = Undone::default();
        let mut over = HashSet::new();
        // The last line about each thing says how it is. What was begun and has no end may be gone.
        for entry in entries.iter().rev().filter(|entry| over.insert(entry.key()) && entry.plan == plan) {
            let status = match entry.status {
                Status::Begun | Status::Pending | Status::Done => {
                    if !self.put_back(entry, &entries, &mut undone).await? {
                        continue;
                    }
                    Status::Restored
                }
                Status::Sighted => {
                    undone.released.push(name(entry));
                    Status::Released
                }
                Status::Gone | Status::Left | Status::Released | Status::Restored => continue,
            };
            let line = Entry { time: now, status, stored: None, why: None, ..entry.clone() };
            if let Some(audit) = self.audit {
                audit.record(&line).await.map_err(ApplyError::Journal)?;
            }
            self.journal.append(&line).map_err(ApplyError::Journal)?;
        }
        Ok(undone)
    }

    /// Whether it is there again.
    async fn put_back(&self, entry: &Entry, entries: &[Entry], undone: &mut Undone) -> Result<bool, ApplyError> {
        let invalid = |error: lockage_registry::NameError| ApplyError::Invalid(format!("the journal: {error}"));
        let repo: Repository = entry.repository.parse().map_err(invalid)?;
        let digest: Digest = entry.digest.parse().map_err(invalid)?;
        if !self.is_there(&repo, &digest).await? {
            // Its bytes stand in the line that was written before it was deleted.
            let stored =
                entries.iter().rev().filter(|line| line.key() == entry.key()).find_map(|line| line.stored.as_ref());
            let Some(stored) = stored.filter(|_| entry.tag.is_none()) else {
                undone.left.push((name(entry), "its manifest is not there".to_owned()));
                return Ok(false);
            };
            if let Err(error) = self.remover.restore(&repo, stored).await {
                undone.left.push((name(entry), error.to_string()));
                return Ok(false);
            }
        }
        if entry.tag.is_none() {
            undone.restored.push(name(entry));
        }
        let mut all = true;
        let tags = entry.tag.iter().chain(entry.tags_before.iter().filter(|_| entry.tag.is_none()));
        for tag in tags {
            let name = format!("{}:{tag}", entry.repository);
            let tag: Tag = tag.parse().map_err(invalid)?;
            let holds = self.remover.head(&repo, &TagOrDigest::Tag(tag.clone())).await.map_err(ApplyError::Stopped)?;
            let why = match holds {
                Some(held) if held == digest => None,
                Some(held) => Some(format!("it holds {held} now")),
                None => self.remover.restore_tag(&repo, &tag, &digest).await.err().map(|error| error.to_string()),
            };
            match why {
                None => undone.restored.push(name),
                Some(why) => {
                    all = all && entry.tag.is_none();
                    undone.left.push((name, why));
                }
            }
        }
        Ok(all)
    }

    async fn is_there(&self, repo: &Repository, digest: &Digest) -> Result<bool, ApplyError> {
        let at = TagOrDigest::Digest(digest.clone());
        Ok(self.remover.head(repo, &at).await.map_err(ApplyError::Stopped)?.is_some())
    }
}

fn name(entry: &Entry) -> String {
    match &entry.tag {
        Some(tag) => format!("{}:{tag}", entry.repository),
        None => format!("{}@{}", entry.repository, entry.digest),
    }
}
