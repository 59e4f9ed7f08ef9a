//! `Undo`: puts back what a plan deleted, as far as the registry restores it, takes out of the archive what it archived, and
//! takes back what it has marked.

use std::collections::HashSet;

use jiff::Timestamp;
use lockage_registry::provider::ImageStatus;
use lockage_registry::{Digest, ErrorKind, NameError, Repository, Tag, TagOrDigest};

use super::{ApplyError, Audit, Entry, Journal, Remover, Status};

/// What was put back, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undone {
    /// `repository@digest` and `repository:tag`, in the order in which they were put back.
    pub restored: Vec<String>,
    /// What was archived and is on its way back: nobody can pull it yet. At ECR that takes up to 20 minutes.
    pub activating: Vec<String>,
    /// What the plan had only marked, to be deleted by a second one, and is marked no more.
    pub released: Vec<String>,
    /// What could not be put back, or was not because something else is there now; and why.
    pub left: Vec<(String, String)>,
}

/// How far something came back.
enum Back {
    There,
    Activating,
    Not,
}

const NOT_YET: &str = "it is being taken out of the archive, and cannot be pulled yet";

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
    /// there is none now. What it archived is taken out of the archive, with the tags that it has there; that it is taken out
    /// is not waited for. What it has only marked begins its quarantine anew.
    ///
    /// # Errors
    /// Where the journal cannot be read or kept, or the registry cannot be asked what is there. What it does not restore is in
    /// [`Undone::left`].
    pub async fn run(&self, plan: &str, now: Timestamp) -> Result<Undone, ApplyError> {
        let entries = self.journal.entries().map_err(ApplyError::Unread)?;
        let mut undone = Undone::default();
        let mut over = HashSet::new();
        // The last line about each thing says how it is. What was begun and has no end may be gone.
        // That another plan no longer marks it says nothing of what this one began.
        let about = entries.iter().rev().filter(|entry| entry.plan == plan || entry.status != Status::Released);
        for entry in about.filter(|entry| over.insert(entry.key())).filter(|entry| entry.plan == plan) {
            let (status, why) = match entry.status {
                Status::Begun | Status::Archiving | Status::Pending | Status::Done | Status::Archived => {
                    let back = match was_archived(entry, &entries) {
                        true => self.take_out(entry, &mut undone).await?,
                        false => self.put_back(entry, &entries, &mut undone).await?,
                    };
                    match back {
                        Back::Not => continue,
                        Back::There => (Status::Restored, None),
                        Back::Activating => (Status::Restored, Some(NOT_YET.to_owned())),
                    }
                }
                Status::Sighted => {
                    undone.released.push(name(entry));
                    (Status::Released, None)
                }
                Status::Gone | Status::Left | Status::Released | Status::Restored => continue,
            };
            let line = Entry { time: now, status, stored: None, why, ..entry.clone() };
            if let Some(audit) = self.audit {
                audit.record(&line).await.map_err(ApplyError::Journal)?;
            }
            self.journal.append(&line).map_err(ApplyError::Journal)?;
        }
        Ok(undone)
    }

    /// Takes it out of the archive, where it is in there.
    async fn take_out(&self, entry: &Entry, undone: &mut Undone) -> Result<Back, ApplyError> {
        let repo: Repository = entry.repository.parse().map_err(invalid)?;
        let digest: Digest = entry.digest.parse().map_err(invalid)?;
        let status = self.remover.image_status(&repo, &digest).await.map_err(ApplyError::Stopped)?;
        let back = match status {
            Some(ImageStatus::Archived) => {
                self.remover.unarchive(&repo, &digest).await.map_err(|error| error.to_string())
            }
            Some(status) => Ok(status),
            None => Err("it is not there any more, nor in the archive".to_owned()),
        };
        Ok(match back {
            Ok(ImageStatus::Active) => {
                undone.restored.push(name(entry));
                Back::There
            }
            Ok(_) => {
                undone.activating.push(name(entry));
                Back::Activating
            }
            Err(why) => {
                undone.left.push((name(entry), why));
                Back::Not
            }
        })
    }

    /// Puts it back, where it is not there.
    async fn put_back(&self, entry: &Entry, entries: &[Entry], undone: &mut Undone) -> Result<Back, ApplyError> {
        let repo: Repository = entry.repository.parse().map_err(invalid)?;
        let digest: Digest = entry.digest.parse().map_err(invalid)?;
        if !self.is_there(&repo, &digest).await? {
            // Its bytes stand in the line that was written before it was deleted.
            let stored =
                entries.iter().rev().filter(|line| line.key() == entry.key()).find_map(|line| line.stored.as_ref());
            let Some(stored) = stored.filter(|_| entry.tag.is_none()) else {
                undone.left.push((name(entry), "its manifest is not there".to_owned()));
                return Ok(Back::Not);
            };
            if let Err(error) = self.remover.restore(&repo, stored).await {
                let mut why = error.to_string();
                if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::NotFound) {
                    why += ": its layers may have been collected since, then the image has to be pushed again";
                }
                undone.left.push((name(entry), why));
                return Ok(Back::Not);
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
        Ok(if all { Back::There } else { Back::Not })
    }

    async fn is_there(&self, repo: &Repository, digest: &Digest) -> Result<bool, ApplyError> {
        let at = TagOrDigest::Digest(digest.clone());
        Ok(self.remover.head(repo, &at).await.map_err(ApplyError::Stopped)?.is_some())
    }
}

fn invalid(error: NameError) -> ApplyError {
    ApplyError::Invalid(format!("the journal: {error}"))
}

/// Whether it was to be archived, and not deleted: the line says so that was written before.
fn was_archived(entry: &Entry, entries: &[Entry]) -> bool {
    let is_before = |line: &&Entry| {
        let is_begun = matches!(line.status, Status::Begun | Status::Archiving);
        is_begun && line.plan == entry.plan && line.key() == entry.key()
    };
    entries.iter().rev().find(is_before).is_some_and(|line| line.status == Status::Archiving)
}

fn name(entry: &Entry) -> String {
    match &entry.tag {
        Some(tag) => format!("{}:{tag}", entry.repository),
        None => format!("{}@{}", entry.repository, entry.digest),
    }
}
