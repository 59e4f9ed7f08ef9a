//! Outputs: a promotion as people and later steps of a pipeline read it.

mod escape;
mod github;
mod markdown;
mod text;
pub(crate) mod times;

use std::time::{Duration, SystemTime};

use lockage_registry::{Digest, Reference, Repository, Tag};
use serde::Serialize;

use super::{Name, Passage, PassageReceipt, PlannedTag};
use crate::ledger::{Chronicle, ImageFacts};
use crate::{Against, AttachmentKind, Clearance, Cleared, Draft, NotCleared, Opinion, Plan, Verdict};

pub use github::GithubOutput;

/// A promotion, told: a diff before, every gate, and what was done. It is made of a plan and grows with what becomes of it.
///
/// [`Display`](std::fmt::Display) is for a terminal, [`markdown`](Self::markdown) for a comment, [`github`](Self::github) for
/// later steps, and serde for everybody else.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Report {
    /// What came of it so far.
    pub standing: Standing,
    /// The image.
    pub image: Name,
    /// Its digest.
    pub digest: Digest,
    /// What it is known by.
    pub facts: ImageFacts,
    /// The edge.
    pub edge: Name,
    /// Where it comes from.
    pub from: Name,
    /// Where it goes.
    pub to: Name,
    /// The digest of the plan: what approvals are bound to.
    pub plan: Digest,
    /// The repository that it comes from.
    pub source: Repository,
    /// The repository that it goes to.
    pub target: Repository,
    /// The tags that it will have there.
    pub tags: Vec<ReportedTag>,
    /// What will be moved, in words.
    pub content: String,
    /// What was moved, in words, once it was.
    pub copied: Option<String>,
    /// What people should know who look at it.
    pub notes: Vec<String>,
    /// What every gate said.
    pub gates: Vec<ReportedGate>,
    /// The names that the image has there now: what to deploy. None before it is done.
    pub references: Vec<Reference>,
    /// When it was told.
    #[serde(skip)]
    now: SystemTime,
}

/// What came of a promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Standing {
    /// Nobody has asked the gates.
    Planned,
    /// All gates passed, and nothing was written.
    Ready,
    /// A gate said no.
    Refused,
    /// A gate could not decide, and none said no.
    Undecided,
    /// Gates wait, and nothing else is in the way.
    Waiting,
    /// The image is there.
    Done,
}

/// A tag, what it holds, and what will become of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ReportedTag {
    /// The tag.
    pub tag: Tag,
    /// Whether it moves; one that does not is created once.
    pub floats: bool,
    /// What it holds before.
    pub former: Option<Digest>,
    /// What that is known by, where the ledger knows: its version or commit, and since when it is there.
    pub former_is: Option<String>,
}

/// What one gate said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ReportedGate {
    /// The gate.
    pub gate: String,
    /// Its verdict.
    pub said: Said,
    /// All that it found.
    pub found: Vec<String>,
    /// For a gate that does not block: why it need not.
    pub advisory: Option<String>,
    /// For a gate that did not pass and was passed by: why.
    pub overridden: Option<String>,
    /// When to ask again, where a gate that waits knows.
    pub retry_after: Option<Duration>,
}

/// A verdict, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Said {
    /// It passed.
    Pass,
    /// It said no.
    Fail,
    /// Not yet.
    Wait,
    /// It could not decide.
    Undecided,
    /// It did not pass, and somebody has passed it by, for a reason.
    PassedBy,
}

impl Report {
    /// What the plan says; `chronicle` knows what its tags hold now.
    ///
    /// # Errors
    /// Where the plan is for no edge of a graph.
    pub fn of(plan: &Plan<Draft>, chronicle: &Chronicle, now: SystemTime) -> Result<Self, super::PromoteError> {
        let Some(passage) = plan.passage() else { return Err(super::PromoteError::NoPassage) };
        let reported = |floats: bool| {
            move |planned: &PlannedTag| ReportedTag {
                tag: planned.tag.clone(),
                floats,
                former: planned.now.clone(),
                former_is: planned.now.as_ref().and_then(|held| known_as(chronicle, passage, held, now)),
            }
        };
        let pins = passage.pins.iter().map(reported(false));
        let part = passage.parent.as_ref().zip(passage.pinned.platforms.first());
        let part = part.map(|(index, one)| format!("it is {} alone, of the index {index}", one.platform));
        Ok(Self {
            standing: Standing::Planned,
            image: passage.pinned.image.clone(),
            digest: passage.digest().clone(),
            facts: passage.pinned.facts.clone(),
            edge: passage.edge.clone(),
            from: passage.from.clone(),
            to: passage.to.clone(),
            plan: plan.id()?,
            source: plan.copy().source().repository().clone(),
            target: plan.copy().target().repository().clone(),
            tags: pins.chain(passage.floats.iter().map(reported(true))).collect(),
            content: text::content(plan.copy()),
            copied: None,
            notes: passage.pinned.notes.iter().cloned().chain(part).collect(),
            gates: Vec::new(),
            references: Vec::new(),
            now,
        })
    }

    /// The same with every gate in favour, or passed by.
    #[must_use]
    pub fn cleared(self, plan: &Plan<Cleared>) -> Self {
        self.passed(plan.clearances())
    }

    /// The same with what the gates found that are in favour, or passed by.
    #[must_use]
    pub fn passed(mut self, clearances: &[Clearance]) -> Self {
        self.gates = clearances.iter().map(ReportedGate::cleared).collect();
        self.standing = Standing::Ready;
        self
    }

    /// The same with what every gate said, of which one at least is not in favour.
    #[must_use]
    pub fn not_cleared(mut self, refusal: &NotCleared) -> Self {
        self.gates = refusal.opinions().iter().map(ReportedGate::of).collect();
        let blocks = |said: Said| self.gates.iter().any(|gate| gate.advisory.is_none() && gate.said == said);
        self.standing = if blocks(Said::Fail) {
            Standing::Refused
        } else if blocks(Said::Undecided) {
            Standing::Undecided
        } else {
            Standing::Waiting
        };
        self
    }

    /// The same with what was done.
    #[must_use]
    pub fn done(mut self, receipt: &PassageReceipt) -> Self {
        self.references = receipt.references();
        if self.references.is_empty() {
            self.references.push(Reference::new(self.target.clone()).with_digest(receipt.digest.clone()));
        }
        self.copied = Some(receipt.copy.to_string());
        self.notes.extend(receipt.troubles.iter().map(ToString::to_string));
        self.standing = Standing::Done;
        self
    }

    /// Markdown for a comment, whose first line is a [`marker`](Self::marker). All that is not ours is escaped: it makes
    /// no markup, no link and no mention.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::comment(self)
    }

    /// The line by which the comment is found again, to be replaced: `<!-- lockage:promote:prod:payment-svc -->`.
    #[must_use]
    pub fn marker(&self) -> String {
        format!("<!-- lockage:promote:{}:{} -->", self.to, self.image)
    }

    /// Outputs for later steps. `image`, `images` and `tags` are empty until it is done, so that nobody deploys what is
    /// not there.
    #[must_use]
    pub fn github(&self) -> GithubOutput {
        github::outputs(self)
    }
}

/// What the ledger knows of what a tag holds: `v1.3.2, since 12 days`.
fn known_as(chronicle: &Chronicle, passage: &Passage, held: &Digest, now: SystemTime) -> Option<String> {
    let current = chronicle.current(&passage.pinned.image, &passage.to)?;
    if current.entry.digest != *held {
        return None;
    }
    let stays = chronicle.stays(&passage.pinned.image, &passage.to);
    let since = stays.last().and_then(|stay| now.duration_since(stay.from).ok()).map(times::rough);
    let facts = &current.entry.facts;
    let commit = || facts.commit.as_ref().map(|commit| format!("commit {}", commit.get(..7).unwrap_or(commit)));
    let name = facts.version.clone().or_else(commit);
    let since = since.map(|since| format!("since {since}"));
    let words: Vec<String> = name.into_iter().chain(since).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

impl ReportedGate {
    pub(crate) fn of(opinion: &Opinion) -> Self {
        let (said, found, retry_after) = match &opinion.verdict {
            Ok(Verdict::Pass(evidence)) => (Said::Pass, vec![evidence.summary.clone()], None),
            Ok(Verdict::Fail { reasons }) => (Said::Fail, reasons.clone(), None),
            Ok(Verdict::Wait { reason, retry_after }) => (Said::Wait, vec![reason.clone()], *retry_after),
            Err(error) => (Said::Undecided, causes(error.as_ref()), None),
        };
        Self {
            gate: opinion.gate.clone(),
            said,
            found,
            advisory: opinion.advisory.clone(),
            overridden: None,
            retry_after,
        }
    }

    /// A gate that does not block may have said something else.
    fn cleared(clearance: &Clearance) -> Self {
        let said = match (&clearance.overridden, clearance.against) {
            (Some(_), _) => Said::PassedBy,
            (None, None) => Said::Pass,
            (None, Some(Against::Fail)) => Said::Fail,
            (None, Some(Against::Wait)) => Said::Wait,
            (None, Some(Against::Undecided)) => Said::Undecided,
        };
        Self {
            gate: clearance.gate.clone(),
            said,
            found: vec![clearance.evidence.summary.clone()],
            advisory: clearance.advisory.clone(),
            overridden: clearance.overridden.clone(),
            retry_after: None,
        }
    }
}

fn causes(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
}

/// The kinds of attachments in the order in which they are told.
const KINDS: [(AttachmentKind, &str); 4] = [
    (AttachmentKind::Signature, "signature"),
    (AttachmentKind::Attestation, "attestation"),
    (AttachmentKind::Sbom, "SBOM"),
    (AttachmentKind::Other, "other attachment"),
];
