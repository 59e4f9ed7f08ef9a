//! `Apply`: one run of a plan.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_timer::Delay;
use jiff::Timestamp;
use lockage_registry::{Repository, Tag};

use super::book::Book;
use super::guards;
use super::quarantine::Quarantine;
use super::work::{Condemned, Todo, Work};
use super::world::World;
use super::{
    ApplyError, Audit, Entry, Fate, InUseNow, Item, Journal, Outcome, Remover, Settings, Status, Subject, Wait, Way,
};
use crate::retain::Report;

/// Executes a plan.
#[derive(Debug)]
pub struct Apply<'a> {
    remover: &'a dyn Remover,
    journal: &'a dyn Journal,
    settings: Settings,
    in_use: Option<&'a dyn InUseNow>,
    audit: Option<&'a dyn Audit>,
}

impl<'a> Apply<'a> {
    /// Through this port, with this journal: the same one for all runs over the same registry.
    #[must_use]
    pub fn new(remover: &'a dyn Remover, journal: &'a dyn Journal) -> Self {
        Self { remover, journal, settings: Settings::default(), in_use: None, audit: None }
    }

    /// How to go about it.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Who says what is in use and what is held, asked at the beginning and once a batch.
    #[must_use]
    pub fn in_use(mut self, port: &'a dyn InUseNow) -> Self {
        self.in_use = Some(port);
        self
    }

    /// Who is told of everything that is done.
    #[must_use]
    pub fn audit(mut self, port: &'a dyn Audit) -> Self {
        self.audit = Some(port);
        self
    }

    /// Deletes and archives what the plan says, as far as it still holds.
    ///
    /// Costs, beside the deletes: a GET a manifest that is deleted or archived, at the beginning; a HEAD a tag at the beginning
    /// and once a batch; before each manifest a HEAD of it and of each condemned manifest that named it, a request for the tags, and a HEAD a tag of its own
    /// (a HEAD a tag of the repository where that has few); and a HEAD a manifest and tag afterwards.
    ///
    /// # Errors
    /// Where it may not begin, or cannot go on; what was done until then is in the journal, and the same plan with the same
    /// journal goes on from there. What the registry refuses is no error: see [`Outcome`].
    pub async fn run(&self, plan: &Report, now: Timestamp) -> Result<Outcome, ApplyError> {
        guards::check(plan, &self.settings, now)?;
        let mut work = Work::of(plan)?;
        // Clocks may be a little apart: no plan was made later than now.
        work.planned = work.planned.min(now);
        let entries = self.journal.entries().map_err(ApplyError::Unread)?;
        let mut run = Run {
            apply: self,
            book: Book::open(self.journal, self.audit, self.settings.dry_run, &work, now, &entries),
            outcome: Outcome::default(),
            since_look: 0,
        };
        run.without_archive(&mut work);
        run.quarantine(&mut work, &entries)?;
        for (repo, todo) in &work.repositories {
            run.repository(repo, todo).await?;
        }
        Ok(run.outcome)
    }
}

pub(super) struct Run<'a> {
    apply: &'a Apply<'a>,
    pub(super) book: Book<'a>,
    pub(super) outcome: Outcome,
    since_look: usize,
}

/// What is condemned, to be held against what was sighted before.
struct Sighted<'a> {
    way: Way,
    rule: Option<&'a String>,
    tags: &'a BTreeSet<Tag>,
}

/// What an attempt came to.
pub(super) enum Attempt {
    Ended(Fate, Option<String>),
    Refused(lockage_registry::Error),
}

impl From<Fate> for Attempt {
    fn from(fate: Fate) -> Self {
        Self::Ended(fate, None)
    }
}

impl<'a> Run<'a> {
    pub(super) fn remover(&self) -> &'a dyn Remover {
        self.apply.remover
    }

    pub(super) fn settings(&self) -> &'a Settings {
        &self.apply.settings
    }

    pub(super) fn item(
        &mut self,
        repo: &Repository,
        subject: Subject,
        way: Way,
        rule: Option<&String>,
        fate: Fate,
        why: Option<String>,
    ) {
        self.outcome.items.push(Item { repository: repo.clone(), subject, way, rule: rule.cloned(), fate, why });
    }

    /// Writes down how something ended.
    pub(super) async fn ended(
        &mut self,
        mut line: Entry,
        repo: &Repository,
        subject: Subject,
        way: Way,
        fate: Fate,
        why: Option<String>,
    ) -> Result<(), ApplyError> {
        let is_begun = self.book.is_begun(&line);
        line.status = match fate {
            Fate::Deleted => Status::Done,
            Fate::Archived if is_begun => Status::Archived,
            // It may have been this plan, in a run that did not live to write it down.
            Fate::Gone if is_begun && way == Way::Delete => Status::Done,
            Fate::Gone => Status::Gone,
            Fate::Pending => Status::Pending,
            _ => Status::Left,
        };
        line.why = why.clone().or_else(|| (line.status == Status::Left).then(|| fate.words().to_owned()));
        line.stored = None;
        self.book.end(&line).await?;
        self.item(repo, subject, way, line.rule.as_ref(), fate, why);
        Ok(())
    }

    /// Takes out what no plan before this one has condemned for long enough.
    fn quarantine(&mut self, work: &mut Work, entries: &[Entry]) -> Result<(), ApplyError> {
        let settings = self.settings();
        if settings.single_pass {
            return Ok(());
        }
        // What a registry compares is the tag that it deletes, with what that holds. It archives by the digest alone, whatever
        // leads to it in that moment.
        let compares = self.remover().caps().compare_and_delete;
        let mut quarantine = Quarantine::of(entries, settings.quarantine);
        let is_dry = settings.dry_run;
        let mut lines = Vec::new();
        let mut passes = |run: &mut Self, repo: &Repository, subject: Subject, it: Sighted<'_>| {
            let mut sighting = run.book.line(repo, &subject, it.rule, Status::Sighted);
            sighting.tags_before = it.tags.iter().map(ToString::to_string).collect();
            let is_over = run.book.is_done(&sighting) || it.way == Way::Archive && run.book.is_begun(&sighting);
            // What is over under this plan has passed, and what it has set about to archive may be archived by now.
            if is_over || compares && it.way == Way::Delete {
                quarantine.saw(&sighting);
                return true;
            }
            let (wait, more) = quarantine.passes(&sighting);
            lines.extend(more);
            let Some(wait) = wait else { return true };
            // A dry run writes nothing down, so that nothing begins to wait.
            let wait = Some(wait).filter(|_| !is_dry);
            run.item(repo, subject, it.way, it.rule, Fate::Quarantined, wait.map(|wait| wait.to_string()));
            run.outcome.wait = run.outcome.wait.into_iter().chain(wait).reduce(Wait::and);
            false
        };
        let none = BTreeSet::new();
        for (repo, todo) in &mut work.repositories {
            todo.untags.retain(|it| {
                let sighted = Sighted { way: Way::Delete, rule: it.rule.as_ref(), tags: &none };
                passes(self, repo, Subject::Tag(it.tag.clone(), it.expect.clone()), sighted)
            });
            let (pass, wait) = std::mem::take(&mut todo.manifests).into_iter().partition(|it: &Condemned| {
                let sighted = Sighted { way: it.way, rule: it.rule.as_ref(), tags: &it.expect };
                passes(self, repo, Subject::Manifest(it.digest.clone()), sighted)
            });
            (todo.manifests, todo.quarantined) = (pass, wait);
        }
        lines.extend(quarantine.released(&work.covers, self.book.form()));
        lines.iter().try_for_each(|line| self.book.note(line))
    }

    async fn repository(&mut self, repo: &Repository, todo: &Todo) -> Result<(), ApplyError> {
        if todo.untags.is_empty() && todo.manifests.is_empty() {
            return Ok(());
        }
        let loading = World::load(self.remover(), self.settings(), repo, todo, &self.book);
        let mut world = loading.await.map_err(ApplyError::Stopped)?;
        self.look_around(&mut world).await?;
        for untag in &todo.untags {
            self.untag(&mut world, untag).await?;
        }
        self.manifests(&mut world, &todo.manifests).await
    }

    /// Everything anew: what the tags hold, and what is in use.
    pub(super) async fn look_around(&mut self, world: &mut World<'_>) -> Result<(), ApplyError> {
        self.since_look = 0;
        world.look(true).await.map_err(ApplyError::Stopped)?;
        if let Some(port) = self.apply.in_use {
            world.in_use(&port.in_use().await.map_err(ApplyError::InUse)?);
            let now = self.book.form().time;
            world.held(&port.holds().await.map_err(ApplyError::InUse)?, now);
        }
        Ok(())
    }

    /// After each that was deleted or archived: keeps to the registry's pace, and looks around once a batch.
    pub(super) async fn after_delete(&mut self, world: &mut World<'_>) -> Result<(), ApplyError> {
        let settings = self.settings();
        if let Some(most) = self.remover().caps().deletes_per_minute.filter(|_| settings.pace && !settings.dry_run) {
            Delay::new(Duration::from_secs(60) / most.max(1)).await;
        }
        self.since_look += 1;
        if self.since_look >= settings.batch.max(1) { self.look_around(world).await } else { Ok(()) }
    }
}
