//! A set, taken back.

use std::time::SystemTime;

use lockage_registry::{Digest, RawManifest, Reference, Tag, TagOrDigest};

use super::super::at::At;
use super::super::held::{self, Held};
use super::super::plan::current;
use super::super::{PromoteError, Promoter, standing};
use crate::ledger::{Chronicle, Entry, Kind, SetMember, SetRecord, TagRecord};
use crate::pipeline::Name;
use crate::pipeline::set::{MemberState, SetError, SetReverted};

impl Promoter {
    /// Takes a set back that has not arrived: its floating tags hold what they held before. Pins stay, as they never move.
    /// Looks at every tag before it writes the first.
    ///
    /// # Errors
    /// [`SetError`] where the ledger knows no such set, where it has arrived, where a tag holds something else, and where a tag
    /// would have to be deleted and nothing was given to do that ([`prunes`](Self::prunes)); [`PromoteError::Stopped`] where a
    /// tag would hold again what somebody has denied since. Done again, it goes on.
    pub async fn revert_set(
        &self,
        set: &Digest,
        reason: impl Into<String>,
        now: SystemTime,
    ) -> Result<SetReverted, PromoteError> {
        let reason = reason.into();
        let chronicle = Chronicle::of(self.ledger.entries(None).await?);
        let journal = Self::journal_in(&chronicle, set)?;
        if journal.has_arrived() {
            return Err(SetError::Arrived { id: set.clone() }.into());
        }
        let mut backs = Vec::new();
        for (member, state) in journal.members() {
            if let MemberState::Begun { tags, environment, digest } = state {
                backs.push(Back { member, tags, environment, digest });
            }
        }
        let keys = backs.iter().map(|back| held::key_of(back.environment, &back.member.image));
        let held = Held::take(self.leasing.as_ref(), keys.collect::<Vec<_>>()).await?;
        let outcome = held.during(self.back(&journal.set, &backs, &reason, now, &held)).await;
        let troubles = held.release().await;
        let mut reverted = outcome?;
        reverted.troubles.extend(troubles);
        Ok(reverted)
    }

    async fn back(
        &self,
        set: &SetRecord,
        backs: &[Back<'_>],
        reason: &str,
        now: SystemTime,
        held: &Held,
    ) -> Result<SetReverted, PromoteError> {
        // Anew: somebody may have been waited for.
        let chronicle = Chronicle::of(self.ledger.entries(None).await?);
        let mut all = Vec::new();
        for back in backs {
            let repo = self.graph.repository(&back.member.image, back.environment)?;
            let at = At { target: self.target(back.environment)?, repo: &repo, digest: back.digest };
            for record in back.tags.iter().filter(|record| record.floats) {
                if let Some(former) = self.former(&at, back.environment, record).await? {
                    self.refuse_denied(&chronicle, back, &former, at.repo).await?;
                    all.push((back.environment, repo.clone(), record.tag.clone(), former));
                }
            }
        }
        let mut tags = Vec::new();
        for (environment, repo, tag, former) in all {
            held.confirm().await?;
            match &former {
                Former::Manifest(raw) => {
                    self.target(environment)?.put_manifest(&repo, raw, &TagOrDigest::Tag(tag.clone())).await?;
                }
                Former::Nothing => self.prune(environment, &repo, &tag).await?,
            }
            let digest = match former {
                Former::Manifest(raw) => Some(raw.digest().clone()),
                Former::Nothing => None,
            };
            tags.push((Reference::new(repo).with_tag(tag), digest));
        }
        for Back { member, tags, environment, digest } in backs {
            let kind = Kind::Revert { plan: set.id.clone(), reason: reason.to_owned(), tags: tags.to_vec() };
            let entry = Entry::new(kind, member.image.clone(), (*digest).clone(), &self.actor, self.time(now));
            self.ledger.append(entry.in_environment((*environment).clone()).of_set(set.clone())).await?;
        }
        Ok(SetReverted { set: set.id.clone(), tags, troubles: Vec::new() })
    }

    /// What is denied does not come back, whoever asks.
    async fn refuse_denied(
        &self,
        chronicle: &Chronicle,
        back: &Back<'_>,
        former: &Former,
        repo: &lockage_registry::Repository,
    ) -> Result<(), PromoteError> {
        let Former::Manifest(raw) = former else { return Ok(()) };
        let (image, environment) = (&back.member.image, back.environment);
        let place = (self.source(environment)?, repo);
        match standing::denial_of(chronicle, image, environment, raw.digest(), place).await? {
            Some(why) => Err(PromoteError::Stopped { environment: environment.clone(), why }),
            None => Ok(()),
        }
    }

    /// What a tag has to be put back to; none where it holds that.
    async fn former(
        &self,
        at: &At<'_>,
        environment: &Name,
        record: &TagRecord,
    ) -> Result<Option<Former>, PromoteError> {
        let found = current(at.target, at.repo, &record.tag).await?;
        let tag = || Box::new(at.reference(&record.tag));
        if found == record.former {
            return Ok(None);
        }
        if found.as_ref() != Some(at.digest) {
            let found = found.map_or("nothing".to_owned(), |found| found.to_string());
            return Err(SetError::Moved { tag: tag(), found }.into());
        }
        match &record.former {
            Some(former) => {
                let raw = at.target.manifest(at.repo, &TagOrDigest::Digest(former.clone())).await?;
                let raw = RawManifest::verified(raw.media_type(), raw.bytes().clone(), former)?;
                Ok(Some(Former::Manifest(Box::new(raw))))
            }
            None if self.prunes.contains_key(environment.as_str()) => Ok(Some(Former::Nothing)),
            None => Err(SetError::NoDelete { tag: tag() }.into()),
        }
    }

    async fn prune(
        &self,
        environment: &Name,
        repo: &lockage_registry::Repository,
        tag: &Tag,
    ) -> Result<(), PromoteError> {
        let prune = self.prunes.get(environment.as_str());
        let prune = prune.ok_or_else(|| PromoteError::NoRegistry { environment: environment.clone() })?;
        match prune.delete_tag(repo, tag).await {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// A member whose tags go back.
struct Back<'j> {
    member: &'j SetMember,
    tags: &'j [TagRecord],
    environment: &'j Name,
    digest: &'j Digest,
}

/// What a tag held before.
enum Former {
    Manifest(Box<RawManifest>),
    Nothing,
}
