//! Deletes tags, each only while it holds what the plan says.

use lockage_registry::{Digest, Result, Tag, TagOrDigest};

use super::run::{Attempt, Run};
use super::tries::is_constraint;
use super::work::Untag;
use super::world::World;
use super::{ApplyError, Fate, Removed, Status, Subject, TagDelete, Way};

impl Run<'_> {
    /// Takes a tag from a manifest that stays.
    pub(super) async fn untag(&mut self, world: &mut World<'_>, untag: &Untag) -> std::result::Result<(), ApplyError> {
        let subject = Subject::Tag(untag.tag.clone(), untag.expect.clone());
        let rule = untag.rule.as_ref();
        let mut line = self.book.line(world.repo, &subject, rule, Status::Begun);
        if self.book.is_done(&line) {
            self.item(world.repo, subject, Way::Delete, rule, Fate::Deleted, Some("by an earlier run".to_owned()));
            return Ok(());
        }
        let attempt = if self.remover().caps().tag_delete == TagDelete::None {
            Attempt::Ended(Fate::Blocked, Some("its registry takes no tag from a manifest that stays".to_owned()))
        } else {
            self.book.note(&line)?;
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
        self.ended(line, world.repo, subject, Way::Delete, fate, why).await
    }

    /// Deletes a tag that holds what it is expected to, and sees to it that it is gone.
    pub(super) async fn take_tag(
        &self,
        world: &mut World<'_>,
        tag: &Tag,
        expect: &Digest,
        manifest_stays: bool,
    ) -> Result<Attempt> {
        let (remover, settings) = (self.remover(), self.settings());
        let at = TagOrDigest::Tag(tag.clone());
        let mut patience = settings.patience();
        loop {
            match patiently!(settings, remover.head(world.repo, &at).await)? {
                None => return Ok(Fate::Gone.into()),
                Some(held) if held != *expect => {
                    world.found(tag.clone(), held.clone()).await?;
                    return Ok(Attempt::Ended(Fate::Moved, Some(format!("it holds {held}"))));
                }
                Some(_) => {}
            }
            if let Some((fate, why)) = world.wants(tag, expect).await? {
                return Ok(Attempt::Ended(fate, Some(why)));
            }
            if manifest_stays
                && remover.caps().last_tag_deletes_manifest
                && !self.has_another_tag(world, tag, expect).await?
            {
                let why = "its registry would delete the manifest with its last tag";
                return Ok(Attempt::Ended(Fate::Blocked, Some(why.to_owned())));
            }
            if settings.dry_run {
                return Ok(Fate::Due.into());
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
        self.see_tag_gone(world, tag, expect).await
    }

    async fn has_another_tag(&self, world: &mut World<'_>, tag: &Tag, holds: &Digest) -> Result<bool> {
        Ok(match patiently!(self.settings(), self.remover().tags_of(world.repo, holds).await)? {
            Some(tags) => tags.iter().any(|other| other != tag),
            None => {
                world.look(true).await?;
                world.tags_at(holds).iter().any(|other| other != tag)
            }
        })
    }

    /// Looks until a tag is seen to be gone.
    async fn see_tag_gone(&self, world: &mut World<'_>, tag: &Tag, held: &Digest) -> Result<Attempt> {
        let at = TagOrDigest::Tag(tag.clone());
        let mut patience = self.settings().patience();
        loop {
            match patiently!(self.settings(), self.remover().head(world.repo, &at).await)? {
                Some(holds) if holds == *held => {
                    if !patience.not_yet().await {
                        return Ok(Fate::Pending.into());
                    }
                }
                Some(holds) => {
                    world.found(tag.clone(), holds).await?;
                    return Ok(Fate::Deleted.into());
                }
                None => {
                    world.tags.remove(tag);
                    return Ok(Fate::Deleted.into());
                }
            }
        }
    }
}
