//! What a run writes down, and what was written down under the same plan before.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use lockage_registry::{Digest, Repository};

use super::work::Work;
use super::{ApplyError, Audit, Entry, Journal, Status, Stored, Subject};

type Key = (String, Option<String>, String);

pub(super) struct Book<'a> {
    journal: &'a dyn Journal,
    audit: Option<&'a dyn Audit>,
    /// A dry run writes nothing.
    dry: bool,
    /// What all lines of this run have in common.
    form: Entry,
    began: Instant,
    done: HashSet<Key>,
    begun: HashMap<Key, Option<Stored>>,
}

impl<'a> Book<'a> {
    pub(super) fn open(
        journal: &'a dyn Journal,
        audit: Option<&'a dyn Audit>,
        dry: bool,
        work: &Work,
        now: Timestamp,
        entries: &[Entry],
    ) -> Self {
        let form = Entry {
            time: now,
            plan: work.plan.clone(),
            planned: work.planned,
            policy: work.policy.clone(),
            rule: None,
            repository: String::new(),
            tag: None,
            digest: String::new(),
            tags_before: Default::default(),
            status: Status::Left,
            why: None,
            request_id: None,
            stored: None,
        };
        let (mut done, mut begun) = (HashSet::new(), HashMap::new());
        for entry in entries.iter().filter(|entry| entry.plan == work.plan) {
            match entry.status {
                Status::Begun | Status::Archiving => drop(begun.insert(entry.key(), entry.stored.clone())),
                Status::Done | Status::Archived => drop(done.insert(entry.key())),
                // Whatever is decided about it from now on is decided anew.
                Status::Restored => {
                    done.remove(&entry.key());
                    begun.remove(&entry.key());
                }
                _ => {}
            }
        }
        Self { journal, audit, dry, form, began: Instant::now(), done, begun }
    }

    pub(super) fn line(&self, repo: &Repository, subject: &Subject, rule: Option<&String>, status: Status) -> Entry {
        let (tag, digest) = match subject {
            Subject::Tag(tag, digest) => (Some(tag.to_string()), digest),
            Subject::Manifest(digest) => (None, digest),
        };
        let elapsed = SignedDuration::try_from(self.began.elapsed()).unwrap_or_default();
        Entry {
            time: self.form.time.checked_add(elapsed).unwrap_or(self.form.time),
            rule: rule.cloned(),
            repository: repo.to_string(),
            tag,
            digest: digest.to_string(),
            status,
            ..self.form.clone()
        }
    }

    /// A line that says nothing but whose plan it is.
    pub(super) fn form(&self) -> &Entry {
        &self.form
    }

    /// Whether this plan has deleted or archived it already.
    pub(super) fn is_done(&self, line: &Entry) -> bool {
        self.done.contains(&line.key())
    }

    /// Whether this plan has set about to delete or archive it, in this run or in one before.
    pub(super) fn is_begun(&self, line: &Entry) -> bool {
        self.begun.contains_key(&line.key())
    }

    /// The manifest, where a run before has written it down.
    pub(super) fn stored(&self, repo: &Repository, digest: &Digest) -> Option<&Stored> {
        self.begun.get(&(repo.to_string(), None, digest.to_string()))?.as_ref()
    }

    /// Into the journal alone.
    pub(super) fn note(&mut self, line: &Entry) -> Result<(), ApplyError> {
        if self.dry {
            return Ok(());
        }
        self.journal.append(line).map_err(ApplyError::Journal)?;
        if matches!(line.status, Status::Begun | Status::Archiving) {
            self.begun.insert(line.key(), line.stored.clone());
        }
        Ok(())
    }

    /// Tells the audit how something ended, then the journal: a run that ends in between tells the audit once more, rather than
    /// never.
    pub(super) async fn end(&mut self, line: &Entry) -> Result<(), ApplyError> {
        if let Some(audit) = self.audit.filter(|_| !self.dry) {
            audit.record(line).await.map_err(ApplyError::Journal)?;
        }
        self.note(line)
    }
}
