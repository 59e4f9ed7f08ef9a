//! Takes manifests, each only after everything condemned that goes before it; deletes one after a last look.

use std::collections::HashMap;

use lockage_registry::{Digest, Error, Result, TagOrDigest};

use super::run::{Attempt, Run};
use super::tries::is_constraint;
use super::work::Condemned;
use super::world::World;
use super::{ApplyError, Fate, Status, Stored, Subject, TagDelete, Way};

impl Run<'_> {
    /// Deletes and archives manifests until nothing more goes. What its registry refuses is tried again after everything else has changed.
    pub(super) async fn manifests(
        &mut self,
        world: &mut World<'_>,
        all: &[Condemned],
    ) -> std::result::Result<(), ApplyError> {
        let mut refused: HashMap<Digest, Error> = HashMap::new();
        let mut waiting: Vec<&Condemned> = all.iter().collect();
        let mut idle = 0;
        while !waiting.is_empty() && idle < 2 {
            let before = world.gone().len();
            let mut again = Vec::new();
            for condemned in waiting {
                let digest = &condemned.digest;
                if world.waits_for(digest).is_some() {
                    again.push(condemned);
                    continue;
                }
                let attempt = match condemned.way {
                    Way::Delete => self.manifest(world, condemned).await?,
                    Way::Archive => self.archive(world, condemned).await?,
                };
                match attempt {
                    Attempt::Ended(fate, why) => {
                        if fate.is_gone() || matches!(fate, Fate::Archived | Fate::Due) {
                            world.went(digest);
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
            idle = if world.gone().len() == before { idle + 1 } else { 0 };
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
                    let why =
                        world.waits_for(&condemned.digest).map(|(other, tie)| format!("{other}, {tie}, is not gone"));
                    (Fate::HeldBack, why)
                }
            };
            let id = refused.get(&condemned.digest).and_then(|error| error.answer()?.request_id.clone());
            self.finish(world, condemned, fate, why, id).await?;
        }
        self.forget(world).await
    }

    /// Writes down what became of a manifest.
    async fn finish(
        &mut self,
        world: &World<'_>,
        condemned: &Condemned,
        fate: Fate,
        why: Option<String>,
        request_id: Option<String>,
    ) -> std::result::Result<(), ApplyError> {
        let subject = Subject::Manifest(condemned.digest.clone());
        let mut line = self.book.line(world.repo, &subject, condemned.rule.as_ref(), Status::Left);
        if self.book.is_done(&line) {
            self.item(world.repo, subject, condemned.way, condemned.rule.as_ref(), fate, why);
            return Ok(());
        }
        line.tags_before = condemned.expect.iter().map(ToString::to_string).collect();
        line.request_id = request_id;
        self.ended(line, world.repo, subject, condemned.way, fate, why).await
    }

    async fn manifest(
        &mut self,
        world: &mut World<'_>,
        condemned: &Condemned,
    ) -> std::result::Result<Attempt, ApplyError> {
        let digest = &condemned.digest;
        let subject = Subject::Manifest(digest.clone());
        let mut line = self.book.line(world.repo, &subject, condemned.rule.as_ref(), Status::Begun);
        let there = world.doomed(digest).and_then(|doomed| doomed.manifest.as_ref());
        if self.book.is_done(&line) && there.is_some() {
            let why = "it was deleted by an earlier run, and pushed again since";
            world.keep(digest, Fate::Returned, why);
            return Ok(Attempt::Ended(Fate::Returned, Some(why.to_owned())));
        }
        if self.book.is_done(&line) || there.is_none() && self.book.is_begun(&line) {
            return Ok(Attempt::Ended(Fate::Deleted, Some("by an earlier run".to_owned())));
        }
        let caps = self.remover().caps();
        let by_tags = caps.last_tag_deletes_manifest && caps.compare_and_delete;
        if !caps.digest_delete && !by_tags {
            return Ok(Attempt::Ended(Fate::Blocked, Some("its registry deletes no manifest".to_owned())));
        }
        let Some(there) = there else { return Ok(Fate::Gone.into()) };
        line.stored = Stored::of(there);
        if let Some((fate, why)) = self.stays(world, digest).await.map_err(ApplyError::Stopped)? {
            return Ok(Attempt::Ended(fate, Some(why).filter(|why| !why.is_empty())));
        }
        if self.settings().dry_run {
            return Ok(Fate::Due.into());
        }
        line.tags_before = world.tags_at(digest).iter().map(ToString::to_string).collect();
        self.book.note(&line)?;
        let attempt = self.delete(world, condemned).await.map_err(ApplyError::Stopped)?;
        self.after_delete(world).await?;
        Ok(attempt)
    }

    /// Looks at a manifest just before it is deleted or archived: why it stays, or that it cannot be pulled any more.
    pub(super) async fn stays(&self, world: &mut World<'_>, digest: &Digest) -> Result<Option<(Fate, String)>> {
        let at = TagOrDigest::Digest(digest.clone());
        if patiently!(self.settings(), self.remover().head(world.repo, &at).await)?.is_none() {
            return Ok(Some((Fate::Gone, String::new())));
        }
        if !self.settings().dry_run {
            world.look_behind(digest).await?;
        }
        // Last, so that as little time as can be is between this look and the delete.
        world.look_at(digest).await?;
        Ok(world.safe(digest).cloned())
    }

    async fn delete(&mut self, world: &mut World<'_>, condemned: &Condemned) -> Result<Attempt> {
        if self.remover().caps().tags_go_first()
            && let Some(ended) = self.tags_first(world, &condemned.digest).await?
        {
            return Ok(ended);
        }
        match self.take(world, condemned).await? {
            Some(ended) => Ok(ended),
            None => self.see_gone(world, condemned).await,
        }
    }

    /// Asks for a manifest to be deleted or archived, and again where that may succeed later and it still may go: why it was
    /// not, or nothing where that is to be seen.
    pub(super) async fn take(&self, world: &mut World<'_>, condemned: &Condemned) -> Result<Option<Attempt>> {
        let (remover, digest) = (self.remover(), &condemned.digest);
        let mut patience = self.settings().patience();
        loop {
            let asked = match condemned.way {
                Way::Delete => remover.delete_manifest(world.repo, digest).await.map(drop),
                Way::Archive => remover.archive(world.repo, digest).await,
            };
            match asked {
                Ok(()) => return Ok(None),
                Err(error) if condemned.way == Way::Archive && error.is_not_found() => return Ok(None),
                Err(error) if patience.again(&error).await => {}
                Err(error) if is_constraint(&error) => return Ok(Some(Attempt::Refused(error))),
                Err(error) => return Err(error),
            }
            // It may have taken effect, and time has passed.
            match self.stays(world, digest).await? {
                Some((Fate::Gone, _)) => return Ok(None),
                Some((fate, why)) => return Ok(Some(Attempt::Ended(fate, Some(why)))),
                None => {}
            }
        }
    }

    /// Takes all tags from a manifest, where it cannot be deleted with them: how that ended it, where it did.
    async fn tags_first(&self, world: &mut World<'_>, digest: &Digest) -> Result<Option<Attempt>> {
        let tags = world.tags_at(digest);
        if tags.is_empty() {
            return Ok(None);
        }
        if self.remover().caps().tag_delete == TagDelete::None {
            return Ok(Some(Attempt::Ended(Fate::Blocked, Some("its tags would have to go first".to_owned()))));
        }
        for tag in &tags {
            match self.take_tag(world, tag, digest, false).await? {
                Attempt::Ended(Fate::Pending, why) => return Ok(Some(Attempt::Ended(Fate::Pending, why))),
                Attempt::Ended(..) => {}
                refused @ Attempt::Refused(_) => return Ok(Some(refused)),
            }
        }
        Ok(self.stays(world, digest).await?.map(|(fate, why)| {
            // It went with its last tag.
            let fate = if fate == Fate::Gone { Fate::Deleted } else { fate };
            Attempt::Ended(fate, Some(why).filter(|why| !why.is_empty()))
        }))
    }

    /// Looks until a manifest is seen to be gone, and whether its tags went with it.
    async fn see_gone(&mut self, world: &mut World<'_>, condemned: &Condemned) -> Result<Attempt> {
        let (remover, settings) = (self.remover(), self.settings());
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
    async fn forget(&self, world: &World<'_>) -> std::result::Result<(), ApplyError> {
        let settings = self.settings();
        if settings.dry_run {
            return Ok(());
        }
        let gone = world.gone();
        let mut all: Vec<(&Digest, &Digest)> = gone
            .iter()
            .filter_map(|digest| Some((world.doomed(digest).filter(|doomed| doomed.way == Way::Delete)?, digest)))
            .filter_map(|(doomed, digest)| Some((doomed.subject.as_ref()?, digest)))
            .filter(|(subject, _)| !gone.contains(*subject))
            .collect();
        all.sort_unstable();
        for (subject, digest) in all {
            let forgotten = patiently!(settings, self.remover().forget_referrer(world.repo, subject, digest).await);
            forgotten.map_err(ApplyError::Stopped)?;
        }
        Ok(())
    }
}
