//! Archives a manifest, after everything that goes before it, and after a last look.

use lockage_registry::provider::ImageStatus;
use lockage_registry::{Digest, Result, TagOrDigest};

use super::run::{Attempt, Run};
use super::work::{Condemned, Work};
use super::world::World;
use super::{ApplyError, Fate, Status, Stored, Subject, Way};

impl Run<'_> {
    /// Leaves out what is to be archived where there is no archive, and says so.
    pub(super) fn without_archive(&mut self, work: &mut Work) {
        let remover = self.remover();
        if remover.caps().archives {
            return;
        }
        let why = format!("{remover} archives no manifests: let a rule delete it or keep it");
        for (repo, todo) in &mut work.repositories {
            for it in todo.manifests.extract_if(.., |it| it.way == Way::Archive) {
                let subject = Subject::Manifest(it.digest.clone());
                self.item(repo, subject, it.way, it.rule.as_ref(), Fate::Blocked, Some(why.clone()));
                todo.kept.insert(it.digest);
            }
        }
    }

    pub(super) async fn archive(
        &mut self,
        world: &mut World<'_>,
        condemned: &Condemned,
    ) -> std::result::Result<Attempt, ApplyError> {
        let digest = &condemned.digest;
        let subject = Subject::Manifest(digest.clone());
        let mut line = self.book.line(world.repo, &subject, condemned.rule.as_ref(), Status::Archiving);
        let Some(there) = world.doomed(digest).and_then(|doomed| doomed.manifest.as_ref()) else {
            let mine = self.book.is_done(&line) || self.book.is_begun(&line);
            return self.out_of_reach(world, digest, mine).await.map_err(ApplyError::Stopped);
        };
        if self.book.is_done(&line) {
            let why = "it was archived by an earlier run, and taken out or pushed again since";
            return Ok(returned(world, digest, why));
        }
        line.stored = Stored::of(there);
        match self.stays(world, digest).await.map_err(ApplyError::Stopped)? {
            Some((Fate::Gone, _)) => {
                let mine = self.book.is_begun(&line);
                return self.out_of_reach(world, digest, mine).await.map_err(ApplyError::Stopped);
            }
            Some((fate, why)) => return Ok(Attempt::Ended(fate, Some(why))),
            None if self.settings().dry_run => return Ok(Fate::Due.into()),
            None => {}
        }
        line.tags_before = world.tags_at(digest).iter().map(ToString::to_string).collect();
        self.book.note(&line)?;
        let attempt = self.put_away(world, condemned).await.map_err(ApplyError::Stopped)?;
        self.after_delete(world).await?;
        Ok(attempt)
    }

    async fn put_away(&mut self, world: &mut World<'_>, condemned: &Condemned) -> Result<Attempt> {
        match self.take(world, condemned).await? {
            Some(ended) => Ok(ended),
            None => self.see_archived(world, &condemned.digest).await,
        }
    }

    /// Looks until whoever pulls sees it no more, and the registry says that it is archived.
    async fn see_archived(&self, world: &mut World<'_>, digest: &Digest) -> Result<Attempt> {
        let (remover, settings) = (self.remover(), self.settings());
        let at = TagOrDigest::Digest(digest.clone());
        let mut patience = settings.patience();
        loop {
            if patiently!(settings, remover.head(world.repo, &at).await)?.is_none() {
                match patiently!(settings, remover.image_status(world.repo, digest).await)? {
                    None => return Ok(Fate::Gone.into()),
                    Some(ImageStatus::Archived) => return Ok(Fate::Archived.into()),
                    Some(ImageStatus::Activating) => return Ok(returned(world, digest, ACTIVATING)),
                    Some(_) => {}
                }
            }
            if !patience.not_yet().await {
                return Ok(Fate::Pending.into());
            }
        }
    }

    /// What has become of a manifest that cannot be pulled: whether it was archived, by this plan or by somebody else.
    async fn out_of_reach(&self, world: &mut World<'_>, digest: &Digest, mine: bool) -> Result<Attempt> {
        let status = patiently!(self.settings(), self.remover().image_status(world.repo, digest).await)?;
        Ok(match status {
            None => Fate::Gone.into(),
            Some(ImageStatus::Archived) => {
                let why = if mine { "by an earlier run" } else { "it was in the archive already" };
                Attempt::Ended(Fate::Archived, Some(why.to_owned()))
            }
            Some(ImageStatus::Activating) => returned(world, digest, ACTIVATING),
            Some(_) => returned(world, digest, "it is there again"),
        })
    }
}

const ACTIVATING: &str = "it is being taken out of the archive";

/// Somebody wants it by now: it stays, with what it needs.
fn returned(world: &mut World<'_>, digest: &Digest, why: &str) -> Attempt {
    world.keep(digest, Fate::Returned, why);
    Attempt::Ended(Fate::Returned, Some(why.to_owned()))
}
