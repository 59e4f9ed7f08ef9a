//! Applying: the copy, the pins, the intent, the floats, and that it is done.

use std::time::SystemTime;

use lockage_registry::{Digest, ErrorKind, RawManifest, Reference, Repository, Tag, TagOrDigest, Target};

use super::plan::{copy, current};
use super::{PassageReceipt, PromoteError, Promoter, WrittenTag, break_glass, standing, steps};
use crate::ledger::{Chronicle, Entry, Kind, Phase, TagRecord};
use crate::pipeline::{Passage, PlannedTag};
use crate::{Clearance, Cleared, Plan};

pub(super) async fn apply(
    promoter: &Promoter,
    plan: Plan<Cleared>,
    now: SystemTime,
) -> Result<PassageReceipt, PromoteError> {
    let (passage, id) = (promoter.passage(&plan)?.clone(), plan.id()?);
    let edge = promoter.graph.edge(&passage.edge)?;
    let (_, repo) = promoter.repositories(&passage.pinned.image, edge)?;
    let at = At { target: promoter.target(&passage.to)?, repo: &repo, passage: &passage };

    // Before the first byte moves: has the world moved since the plan was made?
    let mut is_there = true;
    for float in &passage.floats {
        is_there &= at.expect(float).await?.as_ref() == Some(passage.digest());
    }
    break_glass::record(promoter, &plan, &passage, &id, now).await?;
    let receipt = copy(promoter, &passage)?.apply(plan.copy()).await?;
    let raw = at.manifest().await?;
    let mut pins = Vec::new();
    for pin in &passage.pins {
        pins.push(at.pin(&raw, pin).await?);
    }
    is_there &= pins.iter().all(|pin| !pin.written);

    let chronicle = promoter.chronicle(&passage.pinned.image).await?;
    standing::refuse_stopped(&passage, &chronicle, now)?;
    let begun = intent(&chronicle, &passage);
    let formers = |float: &PlannedTag| match &float.now {
        // A run before this one has moved it, and has said from what.
        Some(held) if held == passage.digest() => {
            let begun = begun.iter().flat_map(|begun| begun.tags);
            begun.into_iter().find(|record| record.tag == float.tag)?.former.clone()
        }
        held => held.clone(),
    };
    let records: Vec<TagRecord> = passage
        .pins
        .iter()
        .map(|pin| TagRecord::pin(pin.tag.clone()))
        .chain(passage.floats.iter().map(|float| TagRecord::float(float.tag.clone(), formers(float))))
        .collect();
    let recorded = chronicle.current(&passage.pinned.image, &passage.to);
    let is_recorded = recorded.is_some_and(|recorded| recorded.entry.digest == *passage.digest());

    // What is there, and said to be, is not said again.
    let is_news = !(is_recorded && begun.is_none() && is_there);
    let run = steps::Run { promoter, edge, passage: &passage, repository: &repo, plan: &id, now };
    let mut done_steps = match (&begun, is_news) {
        (Some(begun), _) => begun.evidence.iter().filter(|done| done.step.is_some()).cloned().collect(),
        (None, true) => run.before().await?,
        (None, false) => Vec::new(),
    };
    let evidence: Vec<Clearance> = plan.clearances().iter().chain(&done_steps).cloned().collect();
    let entry = |phase: Phase| entry(promoter, &passage, &id, &records, &evidence, phase, now);
    if is_news && begun.is_none() {
        promoter.ledger.append(entry(Phase::Intent)).await?;
    }
    let mut floats = Vec::new();
    for float in &passage.floats {
        floats.push(at.float(&raw, float).await?);
    }
    let done = if is_news { Some(promoter.ledger.append(entry(Phase::Done)).await?) } else { None };
    done_steps.extend(run.after(if is_news { None } else { Some(&chronicle) }).await?);
    Ok(PassageReceipt {
        digest: passage.digest().clone(),
        environment: passage.to.clone(),
        plan: id,
        copy: receipt,
        pins,
        floats,
        evidence: plan.clearances().to_vec(),
        steps: done_steps,
        entry: done,
        passage,
    })
}

/// An intent of a run that was killed.
pub(crate) struct Begun<'c> {
    pub(crate) plan: &'c Digest,
    tags: &'c [TagRecord],
    evidence: &'c [Clearance],
}

/// The intent for this very passage that nothing has come of yet.
pub(crate) fn intent<'c>(chronicle: &'c Chronicle, passage: &Passage) -> Option<Begun<'c>> {
    let mut open = None;
    for entry in chronicle.entries().iter().map(|recorded| &recorded.entry) {
        if entry.image != passage.pinned.image || entry.environment.as_ref() != Some(&passage.to) {
            continue;
        }
        match &entry.kind {
            Kind::Promote { phase: Phase::Intent, edge, tags, plan, evidence, .. }
                if entry.digest == *passage.digest() && *edge == passage.edge =>
            {
                open = Some(Begun { plan, tags, evidence });
            }
            // Whatever arrived after it has ended it.
            _ if entry.arrives() => open = None,
            _ => {}
        }
    }
    open
}

fn entry(
    promoter: &Promoter,
    passage: &Passage,
    id: &Digest,
    tags: &[TagRecord],
    evidence: &[Clearance],
    phase: Phase,
    now: SystemTime,
) -> Entry {
    let kind = Kind::Promote {
        phase,
        from: passage.from.clone(),
        edge: passage.edge.clone(),
        plan: id.clone(),
        tags: tags.to_vec(),
        evidence: evidence.to_vec(),
        parent: passage.parent.clone(),
    };
    Entry::new(kind, passage.pinned.image.clone(), passage.digest().clone(), &promoter.actor, now)
        .in_environment(passage.to.clone())
        .with_facts(passage.pinned.facts.clone())
}

/// Where the image goes.
struct At<'a> {
    target: &'a dyn Target,
    repo: &'a Repository,
    passage: &'a Passage,
}

impl At<'_> {
    async fn manifest(&self) -> Result<RawManifest, PromoteError> {
        let digest = self.passage.digest();
        let raw = self.target.manifest(self.repo, &TagOrDigest::Digest(digest.clone())).await?;
        Ok(RawManifest::verified(raw.media_type(), raw.bytes().clone(), digest)?)
    }

    /// The tag holds what it held when the plan was made, or the image.
    async fn expect(&self, float: &PlannedTag) -> Result<Option<Digest>, PromoteError> {
        let found = current(self.target, self.repo, &float.tag).await?;
        if found == float.now || found.as_ref() == Some(self.passage.digest()) {
            return Ok(found);
        }
        let tag = Box::new(self.reference(&float.tag));
        Err(crate::Error::Moved { tag, expected: float.now.clone(), found }.into())
    }

    /// Creates the tag, unless it is there. Registries have no "create", so it is asked right before.
    async fn pin(&self, raw: &RawManifest, pin: &PlannedTag) -> Result<WrittenTag, PromoteError> {
        let written = match current(self.target, self.repo, &pin.tag).await? {
            None => self.put(raw, &pin.tag).await?,
            Some(held) if held == *self.passage.digest() => false,
            Some(held) => return Err(self.held(&pin.tag, held)),
        };
        Ok(WrittenTag { tag: pin.tag.clone(), written, former: None })
    }

    async fn float(&self, raw: &RawManifest, float: &PlannedTag) -> Result<WrittenTag, PromoteError> {
        let found = self.expect(float).await?;
        let written = found.as_ref() != Some(self.passage.digest()) && self.put(raw, &float.tag).await?;
        Ok(WrittenTag { tag: float.tag.clone(), written, former: found.filter(|_| written) })
    }

    /// A registry that refuses to write a tag that holds the image already has done what was wanted.
    async fn put(&self, raw: &RawManifest, tag: &Tag) -> Result<bool, PromoteError> {
        let refused = match self.target.put_manifest(self.repo, raw, &TagOrDigest::Tag(tag.clone())).await {
            Ok(_) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::TagImmutable => error,
            Err(error) => return Err(error.into()),
        };
        match current(self.target, self.repo, tag).await {
            Ok(Some(held)) if held == *self.passage.digest() => Ok(false),
            Ok(Some(held)) => Err(self.held(tag, held)),
            _ => Err(refused.into()),
        }
    }

    fn held(&self, tag: &Tag, current: Digest) -> PromoteError {
        let wanted = self.passage.digest().clone();
        PromoteError::PinHeld { tag: Box::new(self.reference(tag)), current, wanted }
    }

    fn reference(&self, tag: &Tag) -> Reference {
        Reference::new(self.repo.clone()).with_tag(tag.clone())
    }
}
