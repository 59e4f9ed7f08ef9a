//! Promoting several images as one: planned, cleared, applied, gone on with, taken back.

mod clear;
mod revert;

use std::time::SystemTime;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::{Digest, Reference};

use super::apply::{Moved, Passing, Ready};
use super::held::{self, Held};
use super::move_tags::{Halted, end, move_tags};
use super::tell::About;
use super::{PromoteError, Promoter};
use crate::ledger::{Chronicle, SetMember, SetRecord};
use crate::pipeline::events::What;
use crate::pipeline::set::{Journal, MemberState, OpenSet, SetError, SetPlan, SetReceipt};
use crate::pipeline::{Name, Passage, Pinned, Select};
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

    /// What the set is called: what approvals of it are bound to. Its own digest; or, where a run before this one has begun it,
    /// what it was called then.
    ///
    /// # Errors
    /// Where the ledger cannot be read; [`SetError::Open`] where one of its images is on its way in another set.
    pub async fn set_id<S>(&self, set: &SetPlan<S>) -> Result<Digest, PromoteError> {
        Ok(self.record(set).await?.id)
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
            match one.begin().await {
                Ok(one) => ready.push(one),
                Err(error @ PromoteError::Stopped { .. }) => {
                    return Err(midway(record, &ready, end(&ready, error).await));
                }
                Err(error) => return Err(midway(record, &ready, Halted { error, moved: 0, is_over: false })),
            }
        }
        let floats = match move_tags(&ready, held).await {
            Ok(floats) => floats,
            Err(halted) => return Err(midway(record, &ready, halted)),
        };
        let mut done = Vec::new();
        for (ready, floats) in ready.into_iter().zip(floats) {
            done.push(Moved { ready, floats }.done().await?);
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

    /// Plans what is left of a set, from what the ledger says of it.
    ///
    /// # Errors
    /// As [`plan_set`](Self::plan_set); [`SetError`] where the ledger knows no such set, where it was taken back, and where
    /// something else has arrived since in the place of one of it.
    pub async fn plan_resume(&self, set: &Digest) -> Result<SetPlan<Draft>, PromoteError> {
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
        for SetMember { image, edge, digest, version } in &journal.set.members {
            let pinned = self.resolve(image, &Select::Digest(digest.clone()), edge).await?;
            // A release that somebody has called so, and that no label says.
            let pinned = match version {
                Some(version) => pinned.released_as(version),
                None => pinned,
            };
            members.push((pinned, edge.clone()));
        }
        self.plan_set(&members).await
    }

    /// Goes on with a set from what the ledger says of it. Its gates are asked again.
    ///
    /// # Errors
    /// As [`plan_resume`](Self::plan_resume), [`clear_set`](Self::clear_set) and [`apply_set`](Self::apply_set).
    pub async fn resume_set(&self, set: &Digest, now: SystemTime) -> Result<SetReceipt, PromoteError> {
        let plan = self.plan_resume(set).await?;
        let cleared = self.clear_set(plan, now).await?;
        self.apply_set(cleared, now).await
    }

    async fn journal(&self, set: &Digest) -> Result<Journal, PromoteError> {
        Self::journal_in(&Chronicle::of(self.ledger.entries(None).await?), set)
    }

    fn journal_in(chronicle: &Chronicle, set: &Digest) -> Result<Journal, PromoteError> {
        let journal = Journal::all(chronicle).into_iter().find(|journal| journal.set.id == *set);
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

/// Why a set stopped, which of it has moved, and how it is gone on with; unless there is nothing to go on with.
fn midway(set: &SetRecord, ready: &[Ready<'_>], Halted { error, moved, is_over }: Halted) -> PromoteError {
    if is_over || !ready.iter().any(|one| one.is_news) {
        return error;
    }
    let is_there = |image: &Name| ready.iter().take(moved).any(|one| one.passage().pinned.image == *image);
    let images = set.members.iter().map(|member| member.image.clone());
    let (moved, left) = images.partition(is_there);
    PromoteError::Midway { set: set.id.clone(), moved, left, error: Box::new(error) }
}

fn pinned_twice<S>(set: &SetPlan<S>, passage: &Passage) -> bool {
    let same = |other: &Passage| other.pinned.image == passage.pinned.image && other.to == passage.to;
    set.members().iter().filter_map(|plan| plan.passage()).filter(|other| same(other)).count() > 1
}
