//! `Plan`: a promotion that becomes applicable only by passing its gates.

use std::fmt;

use lockage_registry::{Algorithm, Digest, digest_of};
use serde::{Deserialize, Serialize};

#[cfg(feature = "pipeline")]
use crate::pipeline::Passage;
use crate::{CopyPlan, Evidence};
use lockage_tagging::OneLine;

/// A promotion as data, in one of two states: [`Draft`] or [`Cleared`].
///
/// Only [`Promotion::clear`](crate::Promotion::clear) makes a cleared one, and only a cleared one can be applied. A draft
/// can be kept as JSON and cleared later; a cleared plan cannot be read back from a document, so nobody can write one.
///
/// ```compile_fail
/// # use lockage_promote::{Draft, Plan, Promotion};
/// async fn ungated(promotion: &Promotion<'_>, plan: Plan<Draft>) {
///     promotion.apply(plan).await; // expected `Plan<Cleared>`, found `Plan<Draft>`
/// }
/// ```
///
/// ```compile_fail
/// # use lockage_promote::{Cleared, Plan};
/// fn forged(json: &str) -> Plan<Cleared> {
///     serde_json::from_str(json).unwrap() // `Cleared` is not `Deserialize`
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan<S> {
    copy: CopyPlan,
    #[cfg(feature = "pipeline")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    passage: Option<Box<Passage>>,
    state: S,
}

/// The state of a plan whose gates have not been asked.
///
/// One that was read from a document is known to have been: what it says of the image is read again before it is cleared.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Draft {
    #[serde(skip)]
    #[cfg_attr(not(feature = "pipeline"), expect(dead_code, reason = "a copy alone is planned by nothing but itself"))]
    is_own: bool,
}

impl PartialEq for Draft {
    /// Where a plan comes from is no part of it.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Draft {}

/// The state of a plan whose gates have passed, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cleared(Vec<Clearance>);

/// One gate's word in favour of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Clearance {
    /// The gate.
    pub gate: String,
    /// Why it passed, or what it found where it is advisory.
    pub evidence: Evidence,
    /// What it said, where it did not pass: it does not block, or was passed by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
    /// For a gate that does not block: why it need not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisory: Option<String>,
    /// For a gate that did not pass and was passed by all the same: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<String>,
    /// For a step, which is no gate: when it was done.
    #[cfg(feature = "pipeline")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<crate::pipeline::step::Moment>,
}

/// What a gate says that does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Against {
    /// No.
    Fail,
    /// Not yet.
    Wait,
    /// It could not decide.
    Undecided,
}

impl<S> Plan<S> {
    /// What is moved, and how.
    #[must_use]
    pub fn copy(&self) -> &CopyPlan {
        &self.copy
    }

    /// The way from environment to environment that it is for, if it is for one.
    #[cfg(feature = "pipeline")]
    #[must_use]
    pub fn passage(&self) -> Option<&Passage> {
        self.passage.as_deref()
    }

    /// The digest of the image.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        self.copy.digest()
    }

    /// The digest of the plan itself: what an approval is bound to. It covers what is moved, where, and what each tag that
    /// moves held before; not what the gates found, nor what is attached to the image, which may grow without the image
    /// changing. Along an edge it is the same when half of the work is done: what is there already is not in it.
    ///
    /// # Errors
    /// None that can happen: a plan is always JSON.
    pub fn id(&self) -> lockage_registry::Result<Digest> {
        use lockage_registry::{Error, ErrorKind};
        let moved = (
            self.copy.source(),
            self.copy.target(),
            self.copy.digest(),
            self.copy.former(),
            self.copy.manifests().map(|manifest| &manifest.digest).collect::<Vec<_>>(),
        );
        #[cfg(feature = "pipeline")]
        let bytes = match self.passage() {
            // The digest of the image covers its manifests, of which fewer are left to move each time.
            Some(passage) => {
                serde_json::to_vec(&(self.copy.source(), self.copy.target(), self.copy.digest(), passage.named()))
            }
            None => serde_json::to_vec(&moved),
        };
        #[cfg(not(feature = "pipeline"))]
        let bytes = serde_json::to_vec(&moved);
        let bytes =
            bytes.map_err(|e| Error::new(ErrorKind::Invalid, "name plan for", self.copy.target()).with_source(e))?;
        digest_of(Algorithm::Sha256, &bytes)
    }
}

impl Plan<Draft> {
    pub(crate) fn draft(copy: CopyPlan) -> Self {
        Self {
            copy,
            #[cfg(feature = "pipeline")]
            passage: None,
            state: Draft { is_own: true },
        }
    }

    /// Whether it was made in this process, and not read from a document that somebody may have edited.
    #[cfg(feature = "pipeline")]
    pub(crate) fn is_own(&self) -> bool {
        self.state.is_own
    }

    #[cfg(feature = "pipeline")]
    pub(crate) fn along(self, passage: Passage) -> Self {
        Self { passage: Some(Box::new(passage)), ..self }
    }

    pub(crate) fn cleared(self, by: Vec<Clearance>) -> Plan<Cleared> {
        Plan {
            copy: self.copy,
            #[cfg(feature = "pipeline")]
            passage: self.passage,
            state: Cleared(by),
        }
    }
}

impl Plan<Cleared> {
    /// What each gate found.
    #[must_use]
    pub fn clearances(&self) -> &[Clearance] {
        &self.state.0
    }
}

impl<S> Plan<S> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "pipeline")]
        if let Some(passage) = &self.passage {
            writeln!(f, "{passage}")?;
        }
        write!(f, "{}", self.copy)
    }
}

impl fmt::Display for Plan<Draft> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f)
    }
}

impl fmt::Display for Plan<Cleared> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f)?;
        for clearance in &self.state.0 {
            write!(f, "\n  {clearance}")?;
        }
        Ok(())
    }
}

impl Clearance {
    pub(crate) fn new(gate: impl Into<String>, evidence: Evidence) -> Self {
        Self {
            gate: gate.into(),
            evidence,
            against: None,
            advisory: None,
            overridden: None,
            #[cfg(feature = "pipeline")]
            step: None,
        }
    }

    /// As it is kept in a ledger: what was seen stays with the image.
    #[cfg(feature = "pipeline")]
    pub(crate) fn without_predicates(&self) -> Self {
        let mut kept = self.clone();
        kept.evidence.predicates.clear();
        kept
    }

    fn is_step(&self) -> bool {
        #[cfg(feature = "pipeline")]
        let is_step = self.step.is_some();
        #[cfg(not(feature = "pipeline"))]
        let is_step = false;
        is_step
    }
}

impl fmt::Display for Clearance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match (&self.advisory, &self.overridden) {
            (_, Some(_)) => "OVER",
            (Some(_), None) => "note",
            (None, None) if self.is_step() && self.against.is_some() => "FAIL",
            (None, None) if self.is_step() => "done",
            (None, None) => "pass",
        };
        write!(f, "{word}  {:<12}  {}", OneLine(&self.gate).to_string(), OneLine(&self.evidence.summary))?;
        match (&self.advisory, &self.overridden) {
            (_, Some(reason)) => write!(f, " (overridden: {})", OneLine(reason)),
            (Some(reason), None) => write!(f, " (advisory: {})", OneLine(reason)),
            (None, None) => Ok(()),
        }
    }
}
