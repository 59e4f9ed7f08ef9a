//! Applying, in phases: the content and the pins; the evidence and the intent; the floats; and that it is done.

use std::time::SystemTime;

use lockage_registry::{Digest, RawManifest, Repository, TagOrDigest};

use super::at::At;
use super::held::Held;
use super::plan::copy;
use super::{PassageReceipt, PromoteError, Promoter, WrittenTag, break_glass, standing, steps};
use crate::ledger::{Chronicle, Entry, Kind, Phase, SetRecord, TagRecord};
use crate::pipeline::evidence::{self, EvidenceReceipt};
use crate::pipeline::set::SetError;
use crate::pipeline::{Edge, Passage, PlannedTag};
use crate::{Clearance, Cleared, Plan, Receipt, Route};

pub(super) async fn apply(
    promoter: &Promoter,
    plan: &Plan<Cleared>,
    now: SystemTime,
    held: &Held,
) -> Result<PassageReceipt, PromoteError> {
    let mut passing = Passing::new(promoter, plan, None, now)?;
    passing.expect().await?;
    let placed = passing.place().await?;
    let begun = placed.begin().await?;
    begun.float(held).await?.done().await?.finish().await
}

/// A plan, by itself or of a set, on its way.
pub(super) struct Passing<'p> {
    pub(super) promoter: &'p Promoter,
    plan: &'p Plan<Cleared>,
    pub(super) passage: Passage,
    edge: &'p Edge,
    repo: Repository,
    /// The digest of what was planned: the plan's, or the set's.
    id: Digest,
    set: Option<&'p SetRecord>,
    now: SystemTime,
    /// Whether every tag holds the image.
    is_there: bool,
}

/// The image, what is attached to it, and its pins are there.
pub(super) struct Placed<'p> {
    passing: Passing<'p>,
    copy: Receipt,
    raw: RawManifest,
    pins: Vec<WrittenTag>,
}

/// Its evidence is there, and the ledger says that the floats are about to move.
pub(super) struct Ready<'p> {
    placed: Placed<'p>,
    chronicle: Chronicle,
    attached: Option<EvidenceReceipt>,
    records: Vec<TagRecord>,
    steps: Vec<Clearance>,
    is_news: bool,
}

/// The floats have moved.
pub(super) struct Moved<'p> {
    ready: Ready<'p>,
    floats: Vec<WrittenTag>,
}

/// The ledger says so.
pub(super) struct Done<'p> {
    moved: Moved<'p>,
    entry: Option<Digest>,
}

impl<'p> Passing<'p> {
    pub(super) fn new(
        promoter: &'p Promoter,
        plan: &'p Plan<Cleared>,
        set: Option<&'p SetRecord>,
        now: SystemTime,
    ) -> Result<Self, PromoteError> {
        let passage = promoter.passage(plan)?.clone();
        let id = set.map_or_else(|| plan.id(), |set| Ok(set.id.clone()))?;
        let edge = promoter.graph.edge(&passage.edge)?;
        let (_, repo) = promoter.repositories(&passage.pinned.image, edge)?;
        Ok(Self { promoter, plan, passage, edge, repo, id, set, now, is_there: true })
    }

    fn at(&self) -> Result<At<'_>, PromoteError> {
        let target = self.promoter.target(&self.passage.to)?;
        Ok(At { target, repo: &self.repo, digest: self.passage.digest() })
    }

    /// Before the first byte moves: has the world moved since the plan was made?
    pub(super) async fn expect(&mut self) -> Result<(), PromoteError> {
        let mut is_there = true;
        for float in &self.passage.floats {
            is_there &= self.at()?.expect(float).await?.as_ref() == Some(self.passage.digest());
        }
        self.is_there = is_there;
        Ok(())
    }

    pub(super) async fn place(mut self) -> Result<Placed<'p>, PromoteError> {
        break_glass::record(self.promoter, self.plan, &self.passage, &self.id, self.now).await?;
        let copy = copy(self.promoter, &self.passage)?.apply(self.plan.copy()).await?;
        let at = self.at()?;
        let raw = match self.just_written(&copy) {
            Some(raw) => raw,
            None => at.manifest().await?,
        };
        let mut pins = Vec::new();
        for pin in &self.passage.pins {
            pins.push(at.pin(&raw, pin).await?);
        }
        self.is_there &= pins.iter().all(|pin| !pin.written);
        Ok(Placed { passing: self, copy, raw, pins })
    }

    /// The manifest that the copy has written this moment, as it was read where it comes from. One that was there already is
    /// read again: it may be gone.
    fn just_written(&self, copy: &Receipt) -> Option<RawManifest> {
        let is_written = copy.route() != Route::Present;
        let shelf = &self.promoter.flights.shelf;
        shelf.find(&self.passage.pinned.repository, self.passage.digest()).filter(|_| is_written)
    }

    /// The entry of the ledger. What gates gave to be kept with the image stays there.
    fn entry(&self, records: &[TagRecord], steps: &[Clearance], phase: Phase) -> Entry {
        let kind = Kind::Promote {
            phase,
            from: self.passage.from.clone(),
            edge: self.passage.edge.clone(),
            plan: self.id.clone(),
            tags: records.to_vec(),
            evidence: self.plan.clearances().iter().chain(steps).map(Clearance::without_predicates).collect(),
            parent: self.passage.parent.clone(),
        };
        let (image, digest) = (self.passage.pinned.image.clone(), self.passage.digest().clone());
        let entry = Entry::new(kind, image, digest, &self.promoter.actor, self.now)
            .in_environment(self.passage.to.clone())
            .with_facts(self.passage.pinned.facts.clone());
        match self.set {
            Some(set) => entry.of_set(set.clone()),
            None => entry,
        }
    }

    fn run(&self) -> steps::Run<'_> {
        steps::Run {
            promoter: self.promoter,
            edge: self.edge,
            passage: &self.passage,
            repository: &self.repo,
            plan: &self.id,
            now: self.now,
        }
    }
}

impl<'p> Placed<'p> {
    pub(super) async fn begin(self) -> Result<Ready<'p>, PromoteError> {
        let Passing { promoter, passage, is_there, .. } = &self.passing;
        let chronicle = promoter.chronicle(&passage.pinned.image).await?;
        standing::refuse_stopped(passage, &chronicle, self.passing.now)?;
        let begun = intent(&chronicle, passage);
        if let Some(set) = begun.as_ref().and_then(|begun| begun.set).filter(|set| Some(*set) != self.passing.set) {
            // By itself it would leave the rest of the set behind.
            let (image, environment) = (passage.pinned.image.clone(), passage.to.clone());
            return Err(SetError::Open { id: set.id.clone(), image, environment }.into());
        }
        let recorded = chronicle.current(&passage.pinned.image, &passage.to);
        let is_recorded = recorded.is_some_and(|recorded| recorded.entry.digest == *passage.digest());
        // What is there, and said to be, is not said again.
        let is_news = !(is_recorded && begun.is_none() && *is_there);
        let steps = match (&begun, is_news) {
            (Some(begun), _) => begun.evidence.iter().filter(|done| done.step.is_some()).cloned().collect(),
            (None, true) => self.passing.run().before().await?,
            (None, false) => Vec::new(),
        };
        let attached = self.attach().await?;
        let records = records(passage, begun.as_ref());
        if is_news && begun.is_none() {
            promoter.ledger.append(self.passing.entry(&records, &steps, Phase::Intent)).await?;
        }
        Ok(Ready { placed: self, chronicle, attached, records, steps, is_news })
    }

    async fn attach(&self) -> Result<Option<EvidenceReceipt>, PromoteError> {
        let Passing { promoter, plan, passage, edge, repo, id, now, .. } = &self.passing;
        let Some(signing) = &promoter.signing else { return Ok(None) };
        let written = evidence::Written {
            signing,
            target: promoter.target(&passage.to)?,
            repo,
            passage,
            plan: id,
            policy: edge.policy()?,
            clearances: plan.clearances(),
            root: &self.raw,
            now: *now,
        };
        Ok(Some(evidence::write(&written).await?))
    }
}

impl<'p> Ready<'p> {
    pub(super) async fn float(self, held: &Held) -> Result<Moved<'p>, PromoteError> {
        let mut floats = Vec::new();
        let passing = &self.placed.passing;
        for float in &passing.passage.floats {
            held.confirm().await?;
            floats.push(passing.at()?.float(&self.placed.raw, float).await?);
        }
        Ok(Moved { ready: self, floats })
    }
}

impl<'p> Moved<'p> {
    pub(super) async fn done(self) -> Result<Done<'p>, PromoteError> {
        let Ready { placed, records, steps, is_news, .. } = &self.ready;
        let entry = placed.passing.entry(records, steps, Phase::Done);
        let entry = if *is_news { Some(placed.passing.promoter.ledger.append(entry).await?) } else { None };
        Ok(Done { moved: self, entry })
    }
}

impl Done<'_> {
    pub(super) async fn finish(self) -> Result<PassageReceipt, PromoteError> {
        let Self { moved: Moved { ready, floats }, entry } = self;
        let Ready { placed: Placed { passing, copy, pins, .. }, chronicle, attached, mut steps, is_news, .. } = ready;
        steps.extend(passing.run().after(if is_news { None } else { Some(&chronicle) }).await?);
        Ok(PassageReceipt {
            digest: passing.passage.digest().clone(),
            environment: passing.passage.to.clone(),
            plan: passing.id,
            copy,
            pins,
            floats,
            evidence: passing.plan.clearances().to_vec(),
            attached,
            steps,
            entry,
            troubles: Vec::new(),
            passage: passing.passage,
        })
    }
}

fn records(passage: &Passage, begun: Option<&Begun<'_>>) -> Vec<TagRecord> {
    let formers = |float: &PlannedTag| match &float.now {
        // A run before this one has moved it, and has said from what.
        Some(held) if held == passage.digest() => {
            let begun = begun.into_iter().flat_map(|begun| begun.tags);
            begun.into_iter().find(|record| record.tag == float.tag)?.former.clone()
        }
        held => held.clone(),
    };
    let pins = passage.pins.iter().map(|pin| TagRecord::pin(pin.tag.clone()));
    pins.chain(passage.floats.iter().map(|float| TagRecord::float(float.tag.clone(), formers(float)))).collect()
}

/// An intent of a run that was killed.
pub(crate) struct Begun<'c> {
    pub(crate) plan: &'c Digest,
    tags: &'c [TagRecord],
    evidence: &'c [Clearance],
    set: Option<&'c SetRecord>,
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
                open = Some(Begun { plan, tags, evidence, set: entry.set.as_ref() });
            }
            // It was taken back.
            Kind::Revert { plan, .. } if open.as_ref().is_some_and(|open| open.plan == plan) => open = None,
            // Whatever arrived after it has ended it.
            _ if entry.arrives() => open = None,
            _ => {}
        }
    }
    open
}

impl At<'_> {
    async fn manifest(&self) -> Result<RawManifest, PromoteError> {
        let raw = self.target.manifest(self.repo, &TagOrDigest::Digest(self.digest.clone())).await?;
        Ok(RawManifest::verified(raw.media_type(), raw.bytes().clone(), self.digest)?)
    }
}
