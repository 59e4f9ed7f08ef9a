//! A rollback, done: the intent, the denial and the hold, the tags, and that it is done.

use std::time::SystemTime;

use lockage_registry::{Digest, ErrorKind, RawManifest, Reference, Repository, Tag, TagOrDigest, Target};

use super::super::held::Held;
use super::super::plan::current;
use super::super::{WrittenTag, break_glass, standing};
use super::{MovedTag, RollbackPlan, RollbackReceipt, gone};
use crate::Cleared;
use crate::ledger::{Chronicle, Entry, ImageFacts, Kind, Phase, TagRecord};
use crate::pipeline::{Name, PromoteError, Promoter};

pub(super) async fn apply(
    promoter: &Promoter,
    rollback: RollbackPlan<Cleared>,
    now: SystemTime,
    held: &Held,
) -> Result<RollbackReceipt, PromoteError> {
    let (passage, id) = (rollback.passage()?.clone(), rollback.plan.id()?);
    let (image, environment) = (&passage.pinned.image, &passage.to);
    let repo = promoter.graph.repository(image, environment)?;
    let registry = Registry { target: promoter.target(environment)?, repo: &repo };

    // Before the first entry: has the world moved since the plan was made?
    for tag in &rollback.tags {
        registry.expect(tag).await?;
    }
    let chronicle = promoter.chronicle(image).await?;
    if let Some(why) = standing::denials(&passage, &chronicle).into_iter().next() {
        return Err(PromoteError::Stopped { environment: environment.clone(), why });
    }
    let begun = begun(&chronicle, image, environment, passage.digest());
    let is_recorded = chronicle.current(image, environment).is_some_and(|one| one.entry.digest == *passage.digest());
    // What is there already is news where something else was on its way, which ends here.
    let is_news = begun.is_some() || !is_recorded || !rollback.is_there() || rollback.bad.is_some();

    let records: Vec<TagRecord> = rollback.tags.iter().map(|tag| record(tag, &passage, begun.as_ref())).collect();
    // What a run before this one has found there, though it is recorded to be gone since.
    let bad = rollback.bad.clone().or_else(|| begun.as_ref().and_then(|begun| begun.bad.clone()));
    let facts = &passage.pinned.facts;
    let entry = |phase: Phase| {
        let kind = Kind::Rollback {
            phase,
            reason: rollback.reason.clone(),
            edge: Some(passage.edge.clone()),
            plan: Some(id.clone()),
            bad: bad.clone(),
            tags: records.clone(),
            evidence: rollback.plan.clearances().into(),
        };
        told(promoter, kind, image, passage.digest(), Some(environment), facts, now)
    };
    let mut done = None;
    let mut tags = Vec::new();
    if is_news {
        break_glass::record(promoter, &rollback.plan, &passage, &id, now).await?;
        if begun.is_none() {
            promoter.ledger.append(entry(Phase::Intent)).await?;
        }
        let stop = Stop { reason: &rollback.reason, bad: bad.as_ref(), digest: passage.digest(), facts };
        stop.say(promoter, &chronicle, image, environment, now).await?;
        // Once more, right before the first moves. What a run before this one has moved is for healing to put back.
        let chronicle = promoter.chronicle(image).await?;
        if let Some(why) = standing::denials(&passage, &chronicle).into_iter().next() {
            if begun.is_none() {
                let kind = Kind::Revert { plan: id, reason: why.clone(), tags: records };
                let over = told(promoter, kind, image, passage.digest(), Some(environment), facts, now);
                promoter.ledger.append(over).await?;
            }
            return Err(PromoteError::Stopped { environment: environment.clone(), why });
        }
    }
    for tag in &rollback.tags {
        held.confirm().await?;
        tags.push(registry.put_back(tag).await?);
    }
    if is_news {
        done = Some(promoter.ledger.append(entry(Phase::Done)).await?);
    }
    Ok(RollbackReceipt {
        image: image.clone(),
        environment: environment.clone(),
        digest: passage.digest().clone(),
        bad,
        plan: id,
        tags,
        left: rollback.left,
        evidence: rollback.plan.clearances().to_vec(),
        entry: done,
        troubles: Vec::new(),
    })
}

/// What is said so that nothing automatic undoes a rollback.
pub(in crate::pipeline) struct Stop<'a> {
    pub(in crate::pipeline) reason: &'a str,
    pub(in crate::pipeline) bad: Option<&'a Digest>,
    pub(in crate::pipeline) digest: &'a Digest,
    pub(in crate::pipeline) facts: &'a ImageFacts,
}

impl Stop<'_> {
    /// The bad image is denied everywhere, and the environment held, unless they are.
    pub(in crate::pipeline) async fn say(
        &self,
        promoter: &Promoter,
        chronicle: &Chronicle,
        image: &Name,
        environment: &Name,
        now: SystemTime,
    ) -> Result<(), PromoteError> {
        let reason = format!("rolled back in {environment}: {}", self.reason);
        // A denial of another image ends without this one.
        let is_said = |bad: &Digest| {
            let mut own = chronicle.denials_of(bad).into_iter().filter(|denial| denial.image == *image);
            own.any(|denial| denial.environment.is_none())
        };
        if let Some(bad) = self.bad.filter(|bad| !is_said(bad)) {
            let facts = crate::pipeline::memory::known(chronicle, image, environment, bad);
            let kind = Kind::Deny { reason: reason.clone() };
            promoter.ledger.append(told(promoter, kind, image, bad, None, &facts, now)).await?;
        }
        // A hold that ends by itself does not keep automation away until somebody has looked.
        if !chronicle.is_held_until_released(image, environment) {
            let kind = Kind::Hold { reason, until: None };
            let entry = told(promoter, kind, image, self.digest, Some(environment), self.facts, now);
            promoter.ledger.append(entry).await?;
        }
        Ok(())
    }
}

pub(in crate::pipeline) fn told(
    promoter: &Promoter,
    kind: Kind,
    image: &Name,
    digest: &Digest,
    environment: Option<&Name>,
    facts: &ImageFacts,
    now: SystemTime,
) -> Entry {
    let entry = Entry::new(kind, image.clone(), digest.clone(), &promoter.actor, promoter.time(now));
    let entry = entry.with_facts(facts.clone());
    match environment {
        Some(at) => entry.in_environment(at.clone()),
        None => entry,
    }
}

/// A rollback that a run before this one has begun.
struct Begun {
    bad: Option<Digest>,
    tags: Vec<TagRecord>,
}

fn begun(chronicle: &Chronicle, image: &Name, environment: &Name, digest: &Digest) -> Option<Begun> {
    let entry = &chronicle.begun(image, environment)?.entry;
    match &entry.kind {
        Kind::Rollback { bad, tags, .. } if entry.digest == *digest => {
            Some(Begun { bad: bad.clone(), tags: tags.clone() })
        }
        _ => None,
    }
}

fn record(tag: &MovedTag, passage: &crate::pipeline::Passage, begun: Option<&Begun>) -> TagRecord {
    let former = match &tag.now {
        // A run before this one has moved it, and has said from what.
        Some(now) if *now == tag.to => {
            let records = begun.into_iter().flat_map(|begun| &begun.tags);
            let said = records.into_iter().find(|record| record.tag == tag.tag);
            said.map_or_else(|| Some(now.clone()), |record| record.former.clone())
        }
        now => now.clone(),
    };
    let record = TagRecord::float(tag.tag.clone(), former);
    if tag.to == *passage.digest() { record } else { record.holding(tag.to.clone()) }
}

/// The repository of an image in one environment.
pub(in crate::pipeline) struct Registry<'a> {
    pub(in crate::pipeline) target: &'a dyn Target,
    pub(in crate::pipeline) repo: &'a Repository,
}

impl Registry<'_> {
    /// The tag holds what was seen, or what it is to hold.
    pub(in crate::pipeline) async fn expect(&self, tag: &MovedTag) -> Result<Option<Digest>, PromoteError> {
        let found = current(self.target, self.repo, &tag.tag).await?;
        if found == tag.now || found.as_ref() == Some(&tag.to) {
            return Ok(found);
        }
        let reference = Box::new(self.reference(&tag.tag));
        Err(crate::Error::Moved { tag: reference, expected: tag.now.clone(), found }.into())
    }

    /// Makes the tag hold what it is to hold: a GET and a PUT, unless it does.
    pub(in crate::pipeline) async fn put_back(&self, tag: &MovedTag) -> Result<WrittenTag, PromoteError> {
        let found = self.expect(tag).await?;
        let written = found.as_ref() != Some(&tag.to);
        if written {
            let raw = self.manifest(&tag.to).await?;
            let put = self.target.put_manifest(self.repo, &raw, &TagOrDigest::Tag(tag.tag.clone())).await;
            match put {
                Ok(_) => {}
                // What refuses to write a tag that holds it already has done what was wanted.
                Err(error) if error.kind() == ErrorKind::TagImmutable => {
                    let held = current(self.target, self.repo, &tag.tag).await;
                    if !matches!(&held, Ok(Some(held)) if *held == tag.to) {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(WrittenTag { tag: tag.tag.clone(), written, former: found.filter(|_| written) })
    }

    async fn manifest(&self, digest: &Digest) -> Result<RawManifest, PromoteError> {
        match self.target.manifest(self.repo, &TagOrDigest::Digest(digest.clone())).await {
            Ok(raw) => Ok(RawManifest::verified(raw.media_type(), raw.bytes().clone(), digest)?),
            Err(error) if error.is_not_found() => Err(gone(self.repo, digest)),
            Err(error) => Err(error.into()),
        }
    }

    fn reference(&self, tag: &Tag) -> Reference {
        Reference::new(self.repo.clone()).with_tag(tag.clone())
    }
}
