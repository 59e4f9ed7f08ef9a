//! Promoting several images as one: planned, cleared, applied, gone on with, taken back.

use std::time::SystemTime;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::{Digest, RawManifest, Reference, Tag, TagOrDigest};

use super::apply::Passing;
use super::at::At;
use super::held::{self, Held};
use super::plan::current;
use super::tell::About;
use super::{PromoteError, Promoter};
use crate::ledger::{Chronicle, Entry, Kind, SetMember, SetRecord, TagRecord};
use crate::pipeline::events::What;
use crate::pipeline::set::{Journal, MemberState, OpenSet, SetError, SetNotCleared, SetPlan, SetReceipt, SetReverted};
use crate::pipeline::{Name, Passage, Pinned, Select};
use crate::promotion::decide;
use crate::{Cleared, Draft};

/// How many images of a set are copied at once; each copy moves several blobs at once itself.
const AT_ONCE: usize = 4;

impl Promoter {
    /// Looks, without writing, what has to be done so that all of these pass, each along its edge.
    ///
    /// # Errors
    /// As [`plan`](Self::plan()); and [`SetError`] where two of them would write the same tag.
    pub async fn plan_set(&self, members: &[(Pinned, Name)]) -> Result<SetPlan<Draft>, PromoteError> {
        let plans = stream::iter(members.iter().map(|(pinned, edge)| self.plan(pinned, edge))).buffered(AT_ONCE);
        let set = SetPlan::of(plans.try_collect().await?);
        self.judge(&set)?;
        Ok(set)
    }

    /// Asks every gate of every edge; clears the set if all that block have passed for all of it. Approvals count that are
    /// bound to the digest of the set.
    ///
    /// # Errors
    /// [`SetError::NotCleared`] with the word of every gate about every image that may not move.
    pub async fn clear_set(&self, set: SetPlan<Draft>, now: SystemTime) -> Result<SetPlan<Cleared>, PromoteError> {
        self.judge(&set)?;
        let record = self.record(&set).await?;
        let (mut cleared, mut refusals) = (Vec::new(), Vec::new());
        for plan in set.into_members() {
            let plan = self.own(plan).await?;
            let opinions = self.opinions(&plan, &record.id, now).await?;
            match decide(plan, opinions) {
                Ok(plan) => cleared.push(plan),
                Err(refusal) => refusals.push(refusal),
            }
        }
        match refusals.is_empty() {
            true => Ok(SetPlan::of(cleared)),
            false => Err(SetError::NotCleared(Box::new(SetNotCleared { refusals })).into()),
        }
    }

    /// Does what the set says: the content, the attachments and the pins of all; the steps before, the evidence and the intent
    /// of each; the floating tags of all; that all have arrived; and the steps after. Killed anywhere it is done again, gone on
    /// with by [`resume_set`](Self::resume_set), or taken back by [`revert_set`](Self::revert_set).
    ///
    /// # Errors
    /// As [`apply`](Self::apply()). While the content of one cannot be put there, no floating tag of any has moved.
    pub async fn apply_set(&self, set: SetPlan<Cleared>, now: SystemTime) -> Result<SetReceipt, PromoteError> {
        self.judge(&set)?;
        let record = self.record(&set).await?;
        let passages: Vec<&Passage> = set.members().iter().filter_map(|plan| plan.passage()).collect();
        let held = Held::take(self.leasing.as_ref(), passages.iter().map(|passage| held::key(passage))).await?;
        let about = About { passages, plan: record.id.clone(), now };
        let mut troubles = self.tell(&about, &What::Started).await;
        let outcome = held.during(self.together(&set, &record, now, &held)).await;
        troubles.extend(held.release().await);
        let mut receipt = match outcome {
            Ok(receipt) => receipt,
            Err(error) => return Err(self.tell_of(&about, error, troubles).await),
        };
        if receipt.members.iter().any(|member| member.entry.is_some()) {
            troubles.extend(self.tell(&about, &What::Done).await);
        }
        receipt.troubles.extend(troubles);
        Ok(receipt)
    }

    async fn together(
        &self,
        set: &SetPlan<Cleared>,
        record: &SetRecord,
        now: SystemTime,
        held: &Held,
    ) -> Result<SetReceipt, PromoteError> {
        let mut all = Vec::new();
        for plan in set.members() {
            let mut passing = Passing::new(self, plan, Some(record), now)?;
            passing.expect().await?;
            all.push(passing);
        }
        let placed: Vec<_> = stream::iter(all.into_iter().map(Passing::place)).buffered(AT_ONCE).try_collect().await?;
        let mut ready = Vec::new();
        for one in placed {
            held.confirm().await?;
            ready.push(one.begin().await?);
        }
        let mut moved = Vec::new();
        for one in ready {
            moved.push(one.float(held).await?);
        }
        let mut done = Vec::new();
        for one in moved {
            done.push(one.done().await?);
        }
        let mut members = Vec::new();
        for one in done {
            members.push(one.finish().await?);
        }
        Ok(SetReceipt { set: record.id.clone(), members, troubles: Vec::new() })
    }

    /// The sets that are on their way, by the ledger: somebody is at them, or was killed.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn open_sets(&self) -> Result<Vec<OpenSet>, PromoteError> {
        let chronicle = Chronicle::of(self.ledger.entries(None).await?);
        let open = Journal::all(&chronicle).into_iter().filter(Journal::is_open);
        Ok(open.map(|Journal { set, states }| OpenSet { set, states }).collect())
    }

    /// Goes on with a set from what the ledger says of it. Its gates are asked again.
    ///
    /// # Errors
    /// As [`clear_set`](Self::clear_set) and [`apply_set`](Self::apply_set); [`SetError`] where the ledger knows no such set,
    /// where it was taken back, and where something else has arrived since in the place of one of it.
    pub async fn resume_set(&self, set: &Digest, now: SystemTime) -> Result<SetReceipt, PromoteError> {
        let journal = self.journal(set).await?;
        if journal.is_reverted() {
            return Err(SetError::Reverted { id: set.clone() }.into());
        }
        for (member, state) in journal.members() {
            if let MemberState::Superseded { environment } = state {
                let (image, environment) = (member.image.clone(), environment.clone());
                return Err(SetError::Superseded { id: set.clone(), image, environment }.into());
            }
        }
        let mut members = Vec::new();
        for SetMember { image, edge, digest } in &journal.set.members {
            members.push((self.resolve(image, &Select::Digest(digest.clone()), edge).await?, edge.clone()));
        }
        let plan = self.plan_set(&members).await?;
        let cleared = self.clear_set(plan, now).await?;
        self.apply_set(cleared, now).await
    }

    /// Takes a set back that has not arrived: its floating tags hold what they held before. Pins stay, as they never move.
    /// Looks at every tag before it writes the first.
    ///
    /// # Errors
    /// [`SetError`] where the ledger knows no such set, where it has arrived, where a tag holds something else, and where a tag
    /// would have to be deleted and nothing was given to do that ([`prunes`](Self::prunes)). Done again, it goes on.
    pub async fn revert_set(
        &self,
        set: &Digest,
        reason: impl Into<String>,
        now: SystemTime,
    ) -> Result<SetReverted, PromoteError> {
        let (journal, reason) = (self.journal(set).await?, reason.into());
        if journal.has_arrived() {
            return Err(SetError::Arrived { id: set.clone() }.into());
        }
        let mut backs = Vec::new();
        for (member, state) in journal.members() {
            if let MemberState::Begun { tags, environment, digest } = state {
                backs.push(Back { member, tags, environment, digest });
            }
        }
        let keys = backs.iter().map(|back| format!("{}/{}", back.environment, back.member.image));
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
        let mut all = Vec::new();
        for back in backs {
            let repo = self.graph.repository(&back.member.image, back.environment)?;
            let at = At { target: self.target(back.environment)?, repo: &repo, digest: back.digest };
            for record in back.tags.iter().filter(|record| record.floats) {
                if let Some(former) = self.former(&at, back.environment, record).await? {
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
            let entry = Entry::new(kind, member.image.clone(), (*digest).clone(), &self.actor, now);
            self.ledger.append(entry.in_environment((*environment).clone()).of_set(set.clone())).await?;
        }
        Ok(SetReverted { set: set.id.clone(), tags, troubles: Vec::new() })
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

    async fn journal(&self, set: &Digest) -> Result<Journal, PromoteError> {
        let chronicle = Chronicle::of(self.ledger.entries(None).await?);
        let journal = Journal::all(&chronicle).into_iter().find(|journal| journal.set.id == *set);
        journal.ok_or_else(|| SetError::Unknown { id: set.clone() }.into())
    }

    /// What the ledger calls the set: by a run that has begun it, where there is one. Its own digest is another by then, as
    /// tags have moved.
    async fn record<S>(&self, set: &SetPlan<S>) -> Result<SetRecord, PromoteError> {
        let members = set.named();
        let chronicle = Chronicle::of(self.ledger.entries(None).await?);
        for journal in Journal::all(&chronicle).into_iter().filter(Journal::is_open) {
            if journal.set.members == members {
                return Ok(journal.set);
            }
            for (member, state) in journal.members() {
                if let (true, MemberState::Begun { environment, .. }) = (members.contains(member), state) {
                    let (image, environment) = (member.image.clone(), environment.clone());
                    return Err(SetError::Open { id: journal.set.id.clone(), image, environment }.into());
                }
            }
        }
        Ok(SetRecord::new(set.id()?, members))
    }

    /// Nothing is written twice.
    fn judge<S>(&self, set: &SetPlan<S>) -> Result<(), PromoteError> {
        if set.members().is_empty() {
            return Err(SetError::Empty.into());
        }
        let mut written: Vec<Reference> = Vec::new();
        for plan in set.members() {
            let passage = self.passage(plan)?;
            let Passage { pinned, to, pins, floats, .. } = passage;
            let repo = Reference::new(self.graph.repository(&pinned.image, to)?);
            let tags = pins.iter().chain(floats).map(|planned| repo.clone().with_tag(planned.tag.clone()));
            let own: Vec<_> = std::iter::once(repo.clone()).chain(tags).collect();
            // One image into one environment, by two edges, has the same repository.
            let is_same = |one: &&Reference| own.contains(one) && (one.tag().is_some() || pinned_twice(set, passage));
            if let Some(tag) = written.iter().find(is_same) {
                return Err(SetError::Twice { tag: Box::new(tag.clone()) }.into());
            }
            written.extend(own);
        }
        Ok(())
    }
}

fn pinned_twice<S>(set: &SetPlan<S>, passage: &Passage) -> bool {
    let same = |other: &Passage| other.pinned.image == passage.pinned.image && other.to == passage.to;
    set.members().iter().filter_map(|plan| plan.passage()).filter(|other| same(other)).count() > 1
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
