//! Applying, in phases: the content and the pins; the evidence and the intent; the floats; and that it is done.

use std::time::SystemTime;

use lockage_registry::{Digest, RawManifest, Repository, TagOrDigest};

use super::at::At;
use super::held::Held;
use super::intent::{intent, records};
use super::move_tags::move_tags;
use super::plan::copy;
use super::{PassageReceipt, PromoteError, Promoter, WrittenTag, break_glass, standing, steps};
use crate::ledger::{Chronicle, Entry, Kind, LedgerError, Phase, SetRecord, TagRecord};
use crate::pipeline::evidence::{self, EvidenceReceipt};
use crate::pipeline::set::SetError;
use crate::pipeline::{Edge, Passage};
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
    let ready = [placed.begin().await?];
    let floats = move_tags(&ready, held).await.map_err(|halted| halted.error)?.concat();
    let [ready] = ready;
    Moved { ready, floats }.done().await?.finish().await
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
    /// Whether one that moves does.
    has_moved: bool,
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
    pub(super) is_news: bool,
    /// The plan of a run before this one, where that has begun it.
    begun: Option<Digest>,
}

/// The floats have moved.
pub(super) struct Moved<'p> {
    pub(super) ready: Ready<'p>,
    pub(super) floats: Vec<WrittenTag>,
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
        // What nobody answers for is refused before the first byte moves, and not when it is entered.
        LedgerError::named(&promoter.actor)?;
        let passage = promoter.passage(plan)?.clone();
        let id = set.map_or_else(|| plan.id(), |set| Ok(set.id.clone()))?;
        let edge = promoter.graph.edge(&passage.edge)?;
        let (_, repo) = promoter.repositories(&passage.pinned.image, edge)?;
        Ok(Self { promoter, plan, passage, edge, repo, id, set, now, is_there: true, has_moved: false })
    }

    fn at(&self) -> Result<At<'_>, PromoteError> {
        let target = self.promoter.target(&self.passage.to)?;
        Ok(At { target, repo: &self.repo, digest: self.passage.digest() })
    }

    /// Before the first byte moves: has the world moved since the plan was made?
    pub(super) async fn expect(&mut self) -> Result<(), PromoteError> {
        let (mut is_there, mut has_moved) = (true, false);
        for float in &self.passage.floats {
            let holds_it = self.at()?.expect(float).await?.as_ref() == Some(self.passage.digest());
            (is_there, has_moved) = (is_there && holds_it, has_moved || holds_it);
        }
        (self.is_there, self.has_moved) = (is_there, has_moved);
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
        self.told(Kind::Promote {
            phase,
            from: self.passage.from.clone(),
            edge: self.passage.edge.clone(),
            plan: self.id.clone(),
            tags: records.to_vec(),
            evidence: self.plan.clearances().iter().chain(steps).map(Clearance::without_predicates).collect(),
            parent: self.passage.parent.clone(),
        })
    }

    fn told(&self, kind: Kind) -> Entry {
        let (image, digest) = (self.passage.pinned.image.clone(), self.passage.digest().clone());
        let entry = Entry::new(kind, image, digest, &self.promoter.actor, self.time())
            .in_environment(self.passage.to.clone())
            .with_facts(self.passage.pinned.facts.clone());
        match self.set {
            Some(set) => entry.of_set(set.clone()),
            None => entry,
        }
    }

    fn time(&self) -> SystemTime {
        self.promoter.time(self.now)
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
        standing::refuse_stopped(passage, &chronicle, self.passing.time())?;
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
        let begun = begun.map(|begun| begun.plan.clone());
        if is_news && begun.is_none() {
            promoter.ledger.append(self.passing.entry(&records, &steps, Phase::Intent)).await?;
        }
        Ok(Ready { placed: self, chronicle, attached, records, steps, is_news, begun })
    }

    async fn attach(&self) -> Result<Option<EvidenceReceipt>, PromoteError> {
        let Passing { promoter, plan, passage, edge, repo, id, .. } = &self.passing;
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
            now: self.passing.time(),
        };
        Ok(Some(evidence::write(&written).await?))
    }
}

impl<'p> Ready<'p> {
    /// Moves its tags, and puts each with those that have.
    pub(super) async fn float(&self, held: &Held, floats: &mut Vec<WrittenTag>) -> Result<(), PromoteError> {
        let passing = &self.placed.passing;
        for float in &passing.passage.floats {
            held.confirm().await?;
            floats.push(passing.at()?.float(&self.placed.raw, float).await?);
        }
        Ok(())
    }

    /// Whether a run before this one has moved a tag.
    pub(super) fn was_on_its_way(&self) -> bool {
        self.begun.is_some() && self.placed.passing.has_moved
    }

    /// Ends what was begun: no tag has moved, and none is to.
    pub(super) async fn take_back(&self, reason: &str) -> Result<(), PromoteError> {
        let (passing, tags) = (&self.placed.passing, self.records.clone());
        let plan = self.begun.as_ref().unwrap_or(&passing.id).clone();
        let kind = Kind::Revert { plan, reason: reason.to_owned(), tags };
        passing.promoter.ledger.append(passing.told(kind)).await?;
        Ok(())
    }

    pub(super) fn promoter(&self) -> &'p Promoter {
        self.placed.passing.promoter
    }

    pub(super) fn passage(&self) -> &Passage {
        &self.placed.passing.passage
    }

    pub(super) fn time(&self) -> SystemTime {
        self.placed.passing.time()
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
            evidence: passing.plan.clearances().into(),
            attached,
            steps,
            entry,
            troubles: Vec::new(),
            passage: passing.passage,
        })
    }
}

impl At<'_> {
    async fn manifest(&self) -> Result<RawManifest, PromoteError> {
        let raw = self.target.manifest(self.repo, &TagOrDigest::Digest(self.digest.clone())).await?;
        Ok(RawManifest::verified(raw.media_type(), raw.bytes().clone(), self.digest)?)
    }
}
