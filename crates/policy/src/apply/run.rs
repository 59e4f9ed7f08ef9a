//! `Apply`: one run of a plan.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_timer::Delay;
use jiff::Timestamp;
use lockage_registry::{Digest, Repository, Tag, TagOrDigest};

use super::quarantine::Quarantine;
use super::tries::is_constraint;
use super::work::{Condemned, Todo, Untag, Work};
use super::world::World;
use super::{
    ApplyError, Audit, Entry, Fate, InUseNow, Item, Journal, Outcome, Removed, Remover, Settings, Status, Stored,
    Subject, TagDelete,
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
    /// manifest a request for the tags, a HEAD a tag of its own (a HEAD a tag of the repository where that has few), and
    /// a HEAD a manifest and tag afterwards.
    ///
    /// # Errors
    /// Where it may not begin, or cannot go on; what was done until then is in the journal, and the same plan with the same
    /// journal goes on from there. What the registry refuses is no error: see [`Outcome`].
    pub async fn run(&self, plan: &Report, now: Timestamp) -> Result<Outcome, ApplyError> {
        if !plan.refusals.is_empty() {
            return Err(ApplyError::Refused(plan.refusals.clone()));
        }
        let mut work = Work::of(plan)?;
        // A plan for a moment that is yet to come has been made now.
        work.planned = work.planned.min(now);
        let entries = self.journal.entries().map_err(ApplyError::Journal)?;
        let mut run = Run {
            apply: self,
            line: Entry {
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
            },
            done: done(&entries, &work.plan),
            outcome: Outcome::default(),
            since_look: 0,
            began: std::time::Instant::now(),
        };
        run.quarantine(&mut work, &entries)?;
        for (repo, todo) in &work.repositories {
            run.repository(repo, todo).await?;
        }
        Ok(run.outcome)
    }
}

/// What this plan has deleted already. If it is there again, somebody has put it there.
fn done(entries: &[Entry], plan: &str) -> HashSet<(String, Option<String>, String)> {
    let done = entries.iter().filter(|entry| entry.plan == plan && entry.status == Status::Done);
    done.map(Entry::key).collect()
}

struct Run<'a> {
    apply: &'a Apply<'a>,
    line: Entry,
    done: HashSet<(String, Option<String>, String)>,
    outcome: Outcome,
    since_look: usize,
    began: std::time::Instant,
}

/// What an attempt came to.
enum Attempt {
    Ended(Fate, Option<String>),
    Refused(lockage_registry::Error),
}

impl From<Fate> for Attempt {
    fn from(fate: Fate) -> Self {
        Self::Ended(fate, None)
    }
}

impl<'a> Run<'a> {
    fn remover(&self) -> &'a dyn Remover {
        self.apply.remover
    }

    fn line(&self, repo: &Repository, subject: &Subject, rule: Option<&String>, status: Status) -> Entry {
        let (tag, digest) = match subject {
            Subject::Tag(tag, digest) => (Some(tag.to_string()), digest),
            Subject::Manifest(digest) => (None, digest),
        };
        let elapsed = jiff::SignedDuration::try_from(self.began.elapsed()).unwrap_or_default();
        Entry {
            time: self.line.time.checked_add(elapsed).unwrap_or(self.line.time),
            rule: rule.cloned(),
            repository: repo.to_string(),
            tag,
            digest: digest.to_string(),
            status,
            ..self.line.clone()
        }
    }

    fn item(&mut self, repo: &Repository, subject: Subject, rule: Option<&String>, fate: Fate, why: Option<String>) {
        self.outcome.items.push(Item { repository: repo.clone(), subject, rule: rule.cloned(), fate, why });
    }

    async fn write(&self, entry: &Entry) -> Result<(), ApplyError> {
        self.apply.journal.append(entry).map_err(ApplyError::Journal)?;
        match self.apply.audit {
            Some(audit) if entry.status != Status::Begun => audit.record(entry).await.map_err(ApplyError::Journal),
            _ => Ok(()),
        }
    }

    /// Takes out what no plan before this one has condemned for long enough.
    fn quarantine(&mut self, work: &mut Work, entries: &[Entry]) -> Result<(), ApplyError> {
        let settings = &self.apply.settings;
        if settings.single_pass || self.remover().caps().compare_and_delete {
            return Ok(());
        }
        let mut quarantine = Quarantine::of(entries, settings.quarantine);
        let mut lines = Vec::new();
        let mut passes =
            |run: &mut Self, repo: &Repository, subject: Subject, rule: Option<&String>, tags: Vec<&Tag>| {
                let mut sighting = run.line(repo, &subject, rule, Status::Sighted);
                sighting.tags_before = tags.into_iter().map(ToString::to_string).collect();
                // What has begun under this plan has passed.
                if run.done.contains(&sighting.key()) {
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
        let repositories = work.repositories.keys().map(ToString::to_string).collect();
        lines.extend(quarantine.released(&repositories, &self.line));
        lines.iter().try_for_each(|line| self.apply.journal.append(line).map_err(ApplyError::Journal))
    }

    async fn repository(&mut self, repo: &Repository, todo: &Todo) -> Result<(), ApplyError> {
        for (digest, rule) in &todo.archives {
            let why = Some("nothing here archives manifests".to_owned());
            self.item(repo, Subject::Manifest(digest.clone()), rule.as_ref(), Fate::Blocked, why);
        }
        if todo.untags.is_empty() && todo.manifests.is_empty() {
            return Ok(());
        }
        let settings = &self.apply.settings;
        let mut world = World::load(self.remover(), settings, repo, todo).await.map_err(ApplyError::Stopped)?;
        self.look_around(&mut world).await?;
        for untag in &todo.untags {
            self.untag(&mut world, untag).await?;
        }
        self.manifests(&mut world, &todo.manifests).await
    }

    /// Everything anew: what the tags hold, and what is in use.
    async fn look_around(&mut self, world: &mut World<'_>) -> Result<(), ApplyError> {
        self.since_look = 0;
        world.look(true).await.map_err(ApplyError::Stopped)?;
        if let Some(port) = self.apply.in_use {
            world.in_use(&port.in_use().await.map_err(ApplyError::InUse)?);
        }
        Ok(())
    }

    /// After each delete: keeps to the registry's pace, and looks around once a batch.
    async fn after_delete(&mut self, world: &mut World<'_>) -> Result<(), ApplyError> {
        let settings = &self.apply.settings;
        if let Some(most) = self.remover().caps().deletes_per_minute.filter(|_| settings.pace) {
            Delay::new(Duration::from_secs(60) / most.max(1)).await;
        }
        self.since_look += 1;
        if self.since_look >= settings.batch.max(1) { self.look_around(world).await } else { Ok(()) }
    }

    async fn untag(&mut self, world: &mut World<'_>, untag: &Untag) -> Result<(), ApplyError> {
        let subject = Subject::Tag(untag.tag.clone(), untag.expect.clone());
        let rule = untag.rule.as_ref();
        let mut line = self.line(world.repo, &subject, rule, Status::Begun);
        if self.done.contains(&line.key()) {
            self.item(world.repo, subject, rule, Fate::Deleted, Some("by an earlier run".to_owned()));
            return Ok(());
        }
        let attempt = if self.remover().caps().tag_delete == TagDelete::None {
            Attempt::Ended(Fate::Blocked, Some("its registry takes no tag from a manifest that stays".to_owned()))
        } else {
            self.write(&line).await?;
            let attempt = self.take_tag(world, &untag.tag, &untag.expect, true).await.map_err(ApplyError::Stopped)?;
            self.after_delete(world).await?;
            attempt
        };
        let (fate, why) = match attempt {
            Attempt::Ended(fate, why) => (fate, why),
            Attempt::Refused(error) => {
                line.request_id = error.answer().and_then(|answer| answer.request_id.clone());
                (Fate::Refused, Some(error.to_string()))
            }
        };
        self.ended(&mut line, fate, why.clone());
        self.write(&line).await?;
        self.item(world.repo, subject, rule, fate, why);
        Ok(())
    }

    fn ended(&self, line: &mut Entry, fate: Fate, why: Option<String>) {
        line.status = match fate {
            Fate::Deleted | Fate::Gone => Status::Done,
            Fate::Pending => Status::Pending,
            _ => Status::Left,
        };
        line.why = why.or_else(|| (line.status != Status::Done).then(|| fate.words().to_owned()));
        line.stored = None;
    }

    /// Deletes a tag that holds what it is expected to, and sees to it that it is gone.
    async fn take_tag(
        &self,
        world: &mut World<'_>,
        tag: &Tag,
        expect: &Digest,
        manifest_stays: bool,
    ) -> lockage_registry::Result<Attempt> {
        let (remover, settings) = (self.remover(), &self.apply.settings);
        let at = TagOrDigest::Tag(tag.clone());
        let mut patience = settings.patience();
        loop {
            match patiently!(settings, remover.head(world.repo, &at).await)? {
                None => return Ok(Fate::Gone.into()),
                Some(held) if held != *expect => {
                    world.found(tag.clone(), held.clone()).await?;
                    return Ok(Attempt::Ended(Fate::Moved, Some(format!("it holds {held}"))));
                }
                Some(_) if world.is_used(tag) => return Ok(Fate::InUse.into()),
                Some(_) => {}
            }
            if manifest_stays && remover.caps().last_tag_deletes_manifest {
                let tags = patiently!(settings, remover.tags_of(world.repo, expect).await)?;
                let has_others = match tags {
                    Some(tags) => tags.iter().any(|other| other != tag),
                    None => {
                        world.look(true).await?;
                        world.tags_at(expect).iter().any(|other| other != tag)
                    }
                };
                if !has_others {
                    return Ok(Attempt::Ended(
                        Fate::Blocked,
                        Some("its registry would delete the manifest with its last tag".to_owned()),
                    ));
                }
            }
            match remover.delete_tag(world.repo, tag, expect).await {
                Ok(Removed::Moved(held)) => {
                    world.found(tag.clone(), held.clone()).await?;
                    return Ok(Attempt::Ended(Fate::Moved, Some(format!("it holds {held}"))));
                }
                Ok(Removed::Gone | Removed::Accepted) => break,
                Err(error) if patience.again(&error).await => {}
                Err(error) if is_constraint(&error) => return Ok(Attempt::Refused(error)),
                Err(error) => return Err(error),
            }
        }
        let mut patience = settings.patience();
        loop {
            match patiently!(settings, remover.head(world.repo, &at).await)? {
                Some(held) if held == *expect => {
                    if !patience.not_yet().await {
                        return Ok(Fate::Pending.into());
                    }
                }
                Some(held) => {
                    world.found(tag.clone(), held).await?;
                    return Ok(Fate::Deleted.into());
                }
                None => {
                    world.tags.remove(tag);
                    return Ok(Fate::Deleted.into());
                }
            }
        }
    }

    /// Deletes manifests, each after every condemned one that names it, until nothing more goes.
    async fn manifests(&mut self, world: &mut World<'_>, all: &[Condemned]) -> Result<(), ApplyError> {
        let mut gone: HashSet<Digest> = HashSet::new();
        let mut refused: HashMap<Digest, lockage_registry::Error> = HashMap::new();
        let mut waiting: Vec<&Condemned> = all.iter().collect();
        // Manifests without a subject any more whose subjects stay are taken out of lists at the end.
        let mut idle = 0;
        while !waiting.is_empty() && idle < 2 {
            let before = gone.len();
            let mut again = Vec::new();
            for condemned in waiting {
                let digest = &condemned.digest;
                if world.namers(digest).iter().any(|namer| !gone.contains(namer)) {
                    again.push(condemned);
                    continue;
                }
                match self.manifest(world, condemned).await? {
                    Attempt::Ended(fate, why) => {
                        if fate.is_gone() {
                            gone.insert(digest.clone());
                        }
                        refused.remove(digest);
                        self.finish(world, condemned, fate, why, None).await?;
                    }
                    Attempt::Refused(error) => {
                        refused.insert(digest.clone(), error);
                        again.push(condemned);
                    }
                }
            }
            idle = if gone.len() == before { idle + 1 } else { 0 };
            waiting = again;
            if waiting.iter().any(|condemned| refused.contains_key(&condemned.digest)) {
                self.look_around(world).await?;
            } else if idle > 0 {
                break;
            }
        }
        for condemned in waiting {
            let safe = world.safe(&condemned.digest).cloned();
            let (fate, why) = match (refused.get(&condemned.digest), safe) {
                (Some(error), _) => (Fate::Refused, Some(error.to_string())),
                (None, Some((fate, why))) => (fate, Some(why)),
                (None, None) => {
                    let namer = world.namers(&condemned.digest).iter().find(|namer| !gone.contains(*namer));
                    (Fate::HeldBack, namer.map(|namer| format!("{namer}, which names it, is not gone")))
                }
            };
            let id = refused.get(&condemned.digest).and_then(|error| error.answer()?.request_id.clone());
            self.finish(world, condemned, fate, why, id).await?;
        }
        self.forget(world, &gone).await
    }

    /// Writes down what became of a manifest.
    async fn finish(
        &mut self,
        world: &World<'_>,
        condemned: &Condemned,
        fate: Fate,
        why: Option<String>,
        request_id: Option<String>,
    ) -> Result<(), ApplyError> {
        let subject = Subject::Manifest(condemned.digest.clone());
        let mut line = self.line(world.repo, &subject, condemned.rule.as_ref(), Status::Left);
        if !self.done.contains(&line.key()) {
            line.tags_before = condemned.expect.iter().map(ToString::to_string).collect();
            line.request_id = request_id;
            self.ended(&mut line, fate, why.clone());
            self.write(&line).await?;
        }
        self.item(world.repo, subject, condemned.rule.as_ref(), fate, why);
        Ok(())
    }

    async fn manifest(&mut self, world: &mut World<'_>, condemned: &Condemned) -> Result<Attempt, ApplyError> {
        let digest = &condemned.digest;
        let subject = Subject::Manifest(digest.clone());
        let mut line = self.line(world.repo, &subject, condemned.rule.as_ref(), Status::Begun);
        if self.done.contains(&line.key()) {
            return Ok(Attempt::Ended(Fate::Deleted, Some("by an earlier run".to_owned())));
        }
        let caps = self.remover().caps();
        let by_tags = caps.last_tag_deletes_manifest && caps.compare_and_delete;
        if !caps.digest_delete && !by_tags {
            return Ok(Attempt::Ended(Fate::Blocked, Some("its registry deletes no manifest".to_owned())));
        }
        let Some(there) = world.doomed(digest).and_then(|doomed| doomed.manifest.as_ref()) else {
            return Ok(Fate::Gone.into());
        };
        line.stored = Stored::of(there);
        if let Some((fate, why)) = self.stays(world, digest).await.map_err(ApplyError::Stopped)? {
            return Ok(Attempt::Ended(fate, Some(why).filter(|why| !why.is_empty())));
        }
        line.tags_before = world.tags_at(digest).iter().map(ToString::to_string).collect();
        self.write(&line).await?;
        let attempt = self.delete(world, condemned).await.map_err(ApplyError::Stopped)?;
        self.after_delete(world).await?;
        Ok(attempt)
    }

    /// Looks at a manifest just before it is deleted: why it stays, or that it is gone.
    async fn stays(&self, world: &mut World<'_>, digest: &Digest) -> lockage_registry::Result<Option<(Fate, String)>> {
        let at = TagOrDigest::Digest(digest.clone());
        if patiently!(&self.apply.settings, self.remover().head(world.repo, &at).await)?.is_none() {
            return Ok(Some((Fate::Gone, String::new())));
        }
        // Last, so that as little time as can be is between this look and the delete.
        world.look_at(digest).await?;
        Ok(world.safe(digest).cloned())
    }

    async fn delete(&mut self, world: &mut World<'_>, condemned: &Condemned) -> lockage_registry::Result<Attempt> {
        let (remover, settings) = (self.remover(), &self.apply.settings);
        let (caps, digest) = (remover.caps(), &condemned.digest);
        if caps.tags_go_first() {
            let tags = world.tags_at(digest);
            if !tags.is_empty() && caps.tag_delete == TagDelete::None {
                return Ok(Attempt::Ended(Fate::Blocked, Some("its tags would have to go first".to_owned())));
            }
            for tag in &tags {
                match self.take_tag(world, tag, digest, false).await? {
                    Attempt::Ended(Fate::Pending, why) => return Ok(Attempt::Ended(Fate::Pending, why)),
                    Attempt::Ended(..) => {}
                    refused @ Attempt::Refused(_) => return Ok(refused),
                }
            }
            if !tags.is_empty()
                && let Some((fate, why)) = self.stays(world, digest).await?
            {
                // It went with its last tag.
                let fate = if fate == Fate::Gone { Fate::Deleted } else { fate };
                return Ok(Attempt::Ended(fate, Some(why).filter(|why| !why.is_empty())));
            }
        }
        let mut patience = settings.patience();
        loop {
            match remover.delete_manifest(world.repo, digest).await {
                Ok(_) => break,
                Err(error) if patience.again(&error).await => {}
                Err(error) if is_constraint(&error) => return Ok(Attempt::Refused(error)),
                Err(error) => return Err(error),
            }
            // It may have taken effect, and time has passed.
            match self.stays(world, digest).await? {
                Some((Fate::Gone, _)) => break,
                Some((fate, why)) => return Ok(Attempt::Ended(fate, Some(why))),
                None => {}
            }
        }
        self.verify(world, condemned).await
    }

    /// Looks whether a manifest is gone, and its tags with it.
    async fn verify(&mut self, world: &mut World<'_>, condemned: &Condemned) -> lockage_registry::Result<Attempt> {
        let (remover, settings) = (self.remover(), &self.apply.settings);
        let at = TagOrDigest::Digest(condemned.digest.clone());
        let mut patience = settings.patience();
        while patiently!(settings, remover.head(world.repo, &at).await)?.is_some() {
            if !patience.not_yet().await {
                return Ok(Fate::Pending.into());
            }
        }
        for tag in &condemned.expect {
            match patiently!(settings, remover.head(world.repo, &TagOrDigest::Tag(tag.clone())).await)? {
                Some(held) if held == condemned.digest => self.outcome.leftovers.push(format!("{}:{tag}", world.repo)),
                Some(held) => world.found(tag.clone(), held).await?,
                None => drop(world.tags.remove(tag)),
            }
        }
        Ok(Fate::Deleted.into())
    }

    /// Takes what is gone out of the lists of what is attached to manifests that stay (distribution-spec, "Deleting
    /// Manifests").
    async fn forget(&self, world: &World<'_>, gone: &HashSet<Digest>) -> Result<(), ApplyError> {
        let settings = &self.apply.settings;
        let mut all: Vec<(&Digest, &Digest)> = gone
            .iter()
            .filter_map(|digest| Some((world.doomed(digest)?.subject.as_ref()?, digest)))
            .filter(|(subject, _)| !gone.contains(*subject))
            .collect();
        all.sort_unstable();
        for (subject, digest) in all {
            let forget = self.remover().forget_referrer(world.repo, subject, digest);
            let mut forgot = forget.await;
            let mut patience = settings.patience();
            while let Err(error) = &forgot {
                if !patience.again(error).await {
                    break;
                }
                forgot = self.remover().forget_referrer(world.repo, subject, digest).await;
            }
            forgot.map_err(ApplyError::Stopped)?;
        }
        Ok(())
    }
}
