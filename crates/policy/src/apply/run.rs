//! `Apply`: one run of a plan.

use std::time::Duration;

use futures_timer::Delay;
use jiff::Timestamp;
use lockage_registry::{Repository, Tag};

use super::book::Book;
use super::guards;
use super::quarantine::Quarantine;
use super::work::{Todo, Work};
use super::world::World;
use super::{ApplyError, Audit, Entry, Fate, InUseNow, Item, Journal, Outcome, Remover, Settings, Status, Subject};
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

    /// Who says what is in use, asked at the beginning and once a batch.
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

    /// Deletes what the plan says, as far as it still holds.
    ///
    /// Costs, beside the deletes: a GET a manifest that is deleted; a HEAD a tag at the beginning and once a batch; before each
    /// manifest a HEAD of it and of each condemned manifest that named it, a request for the tags, and a HEAD a tag of its own
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
        let entries = self.journal.entries().map_err(ApplyError::Journal)?;
        let mut run = Run {
            apply: self,
            book: Book::open(self.journal, self.audit, self.settings.dry_run, &work, now, &entries),
            outcome: Outcome::default(),
            since_look: 0,
        };
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
        rule: Option<&String>,
        fate: Fate,
        why: Option<String>,
    ) {
        self.outcome.items.push(Item { repository: repo.clone(), subject, rule: rule.cloned(), fate, why });
    }

    /// Writes down how something ended.
    pub(super) async fn ended(
        &mut self,
        mut line: Entry,
        repo: &Repository,
        subject: Subject,
        fate: Fate,
        why: Option<String>,
    ) -> Result<(), ApplyError> {
        line.status = match fate {
            Fate::Deleted => Status::Done,
            // It may have been this plan, in a run that did not live to write it down.
            Fate::Gone if self.book.is_begun(&line) => Status::Done,
            Fate::Gone => Status::Gone,
            Fate::Pending => Status::Pending,
            _ => Status::Left,
        };
        line.why = why.clone().or_else(|| (line.status == Status::Left).then(|| fate.words().to_owned()));
        line.stored = None;
        self.book.end(&line).await?;
        self.item(repo, subject, line.rule.as_ref(), fate, why);
        Ok(())
    }

    /// Takes out what no plan before this one has condemned for long enough.
    fn quarantine(&mut self, work: &mut Work, entries: &[Entry]) -> Result<(), ApplyError> {
        let settings = self.settings();
        if settings.single_pass || self.remover().caps().compare_and_delete {
            return Ok(());
        }
        let mut quarantine = Quarantine::of(entries, settings.quarantine);
        let mut lines = Vec::new();
        let mut passes =
            |run: &mut Self, repo: &Repository, subject: Subject, rule: Option<&String>, tags: Vec<&Tag>| {
                let mut sighting = run.book.line(repo, &subject, rule, Status::Sighted);
                sighting.tags_before = tags.into_iter().map(ToString::to_string).collect();
                // What is over under this plan has passed.
                if run.book.is_done(&sighting) {
                    return true;
                }
                let (passes, more) = quarantine.passes(&sighting);
                lines.extend(more);
                if !passes {
                    run.item(repo, subject, rule, Fate::Quarantined, None);
                }
                passes
            };
        for (repo, todo) in &mut work.repositories {
            todo.untags.retain(|it| {
                passes(self, repo, Subject::Tag(it.tag.clone(), it.expect.clone()), it.rule.as_ref(), Vec::new())
            });
            todo.manifests.retain(|it| {
                let tags = it.expect.iter().collect();
                passes(self, repo, Subject::Manifest(it.digest.clone()), it.rule.as_ref(), tags)
            });
        }
        lines.extend(quarantine.released(&work.covers, self.book.form()));
        lines.iter().try_for_each(|line| self.book.note(line))
    }

    async fn repository(&mut self, repo: &Repository, todo: &Todo) -> Result<(), ApplyError> {
        for (digest, rule) in &todo.archives {
            let why = Some("nothing here archives manifests".to_owned());
            self.item(repo, Subject::Manifest(digest.clone()), rule.as_ref(), Fate::Blocked, why);
        }
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
        }
        Ok(())
    }

    /// After each delete: keeps to the registry's pace, and looks around once a batch.
    pub(super) async fn after_delete(&mut self, world: &mut World<'_>) -> Result<(), ApplyError> {
        let settings = self.settings();
        if let Some(most) = self.remover().caps().deletes_per_minute.filter(|_| settings.pace && !settings.dry_run) {
            Delay::new(Duration::from_secs(60) / most.max(1)).await;
        }
        self.since_look += 1;
        if self.since_look >= settings.batch.max(1) { self.look_around(world).await } else { Ok(()) }
    }
}
