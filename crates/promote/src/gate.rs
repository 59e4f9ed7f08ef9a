//! `Gate`: what has to hold before an image may move.

use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lockage_registry::{Digest, Source};
use serde::{Deserialize, Serialize};

use crate::{CopyPlan, RawPredicate};

/// Any error of a gate: it is never a verdict, so the promotion stops.
pub type GateError = Box<dyn StdError + Send + Sync>;

/// Decides whether a planned promotion may happen.
///
/// A gate reads and does not write, by type. What it cannot decide is an error, and an error stops a promotion as much
/// as a [`Verdict::Fail`]: there is no conversion from one into a pass.
///
/// ```
/// use lockage_promote::{Evidence, Gate, GateContext, GateError, Verdict};
///
/// /// No more than so many bytes a release.
/// #[derive(Debug)]
/// struct Budget(u64);
///
/// #[async_trait::async_trait]
/// impl Gate for Budget {
///     fn id(&self) -> &str {
///         "budget"
///     }
///     async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
///         let bytes = context.plan.blobs().map(|blob| blob.size).sum::<u64>();
///         if bytes > self.0 {
///             return Ok(Verdict::fail(format!("{bytes} bytes, and {} are allowed", self.0)));
///         }
///         Ok(Verdict::Pass(Evidence::new(format!("{bytes} bytes"))))
///     }
/// }
/// ```
#[async_trait]
pub trait Gate: fmt::Debug + Send + Sync {
    /// The gate's name, by which plans, evidence and refusals call it.
    fn id(&self) -> &str;

    /// Looks at the image that the plan would move.
    ///
    /// # Errors
    /// Whatever keeps it from deciding.
    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError>;

    /// What the verdict depends on beside the image: limits, lists, names. Evidence of a promotion is used again only while
    /// it is the same, so a gate that says nothing here is the same as long as its name is. It is hashed and never written
    /// down; secrets have no place in it all the same.
    fn policy(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// What becomes of it on a rollback, unless the edge says otherwise: an image that passed it once goes back to where it
    /// was, and nobody waits.
    fn on_rollback(&self) -> OnRollback {
        OnRollback::Exempt
    }
}

/// What becomes of a gate on a rollback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnRollback {
    /// It is asked, and blocks, whatever the edge says: who moved the image is no less to be known in a hurry.
    Always,
    /// It is asked and recorded, and does not block: what it asks may be down.
    Advisory,
    /// It is not asked: approvals, soak times, windows.
    #[default]
    Exempt,
}

/// What a gate may look at.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GateContext<'a> {
    /// What would be moved, pinned to a digest.
    pub plan: &'a CopyPlan,
    /// The source, to read the image and what is attached to it.
    pub source: &'a dyn Source,
    /// The time at which the gates are asked.
    pub now: SystemTime,
    /// The way from environment to environment, where it is for one.
    #[cfg(feature = "pipeline")]
    pub passage: Option<Promoted<'a>>,
}

/// What a gate may know of a promotion along an edge.
#[cfg(feature = "pipeline")]
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Promoted<'a> {
    /// The image, the edge and the tags.
    pub passage: &'a crate::pipeline::Passage,
    /// What the ledger says of the image.
    pub chronicle: &'a crate::ledger::Chronicle,
    /// The digest of the plan: what approvals are bound to.
    pub plan: &'a Digest,
    /// Who promotes.
    pub actor: &'a str,
    /// Whether the image goes on, past environments, or back.
    pub way: Way,
}

/// Which way an image goes.
#[cfg(feature = "pipeline")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// On, along an edge.
    #[default]
    Promotion,
    /// On, along an edge that is a hotfix.
    Hotfix,
    /// Back to where it was.
    Rollback,
}

impl<'a> GateContext<'a> {
    /// The context of one plan, for a gate that is tested on its own.
    #[must_use]
    pub fn new(plan: &'a CopyPlan, source: &'a dyn Source, now: SystemTime) -> Self {
        Self {
            plan,
            source,
            now,
            #[cfg(feature = "pipeline")]
            passage: None,
        }
    }

    /// The same for a promotion along an edge.
    #[cfg(feature = "pipeline")]
    #[must_use]
    pub fn along(self, passage: Promoted<'a>) -> Self {
        Self { passage: Some(passage), ..self }
    }

    /// The digest that would be promoted.
    #[must_use]
    pub fn digest(&self) -> &'a Digest {
        self.plan.digest()
    }
}

#[cfg(feature = "pipeline")]
impl<'a> Promoted<'a> {
    /// What a gate may know, for a gate that is tested on its own.
    #[must_use]
    pub fn new(
        passage: &'a crate::pipeline::Passage,
        chronicle: &'a crate::ledger::Chronicle,
        plan: &'a Digest,
        actor: &'a str,
    ) -> Self {
        Self { passage, chronicle, plan, actor, way: Way::Promotion }
    }

    /// The same on another way than a promotion.
    #[must_use]
    pub fn going(self, way: Way) -> Self {
        Self { way, ..self }
    }
}

/// What a gate decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
#[expect(clippy::exhaustive_enums, reason = "a fourth verdict would have to be handled by everyone")]
pub enum Verdict {
    /// The image may move, for this reason.
    Pass(Evidence),
    /// The image may not move.
    Fail {
        /// All reasons, not only the first.
        reasons: Vec<String>,
    },
    /// Not yet.
    Wait {
        /// What is waited for.
        reason: String,
        /// When to ask again, if that is known.
        retry_after: Option<Duration>,
    },
}

/// Why a gate passed: kept with the promotion, to be read years later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evidence {
    /// One line for people.
    pub summary: String,
    /// What the verdict stands on, in the gate's own words.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub details: serde_json::Value,
    /// What is kept with the image for those who do not want to take the gate's word: reports, results. It is in no ledger
    /// and in no document.
    #[serde(skip)]
    pub predicates: Vec<RawPredicate>,
}

impl Verdict {
    /// A denial with one reason.
    pub fn fail(reason: impl Into<String>) -> Self {
        Self::Fail { reasons: vec![reason.into()] }
    }

    /// Not yet, and nobody knows until when.
    pub fn wait(reason: impl Into<String>) -> Self {
        Self::Wait { reason: reason.into(), retry_after: None }
    }
}

impl Evidence {
    /// Evidence in one line.
    pub fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), details: serde_json::Value::Null, predicates: Vec::new() }
    }

    /// Adds what the verdict stands on.
    #[must_use]
    pub fn with_details(mut self, details: serde_json::Value) -> Self {
        self.details = details;
        self
    }

    /// Adds a predicate to be signed and kept with the image.
    #[must_use]
    pub fn with_predicate(mut self, predicate: RawPredicate) -> Self {
        self.predicates.push(predicate);
        self
    }
}

/// A gate made of a name and a function that decides without waiting for anything.
///
/// ```
/// use lockage_promote::{Evidence, Verdict, gate};
/// let freeze = gate("freeze", |_| Ok(Verdict::wait("nothing moves on a Friday")));
/// ```
pub fn gate<F>(id: impl Into<String>, decide: F) -> impl Gate
where
    F: Fn(&GateContext<'_>) -> Result<Verdict, GateError> + Send + Sync,
{
    Decide { id: id.into(), decide }
}

struct Decide<F> {
    id: String,
    decide: F,
}

impl<F> fmt::Debug for Decide<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gate({:?})", self.id)
    }
}

#[async_trait]
impl<F> Gate for Decide<F>
where
    F: Fn(&GateContext<'_>) -> Result<Verdict, GateError> + Send + Sync,
{
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        (self.decide)(context)
    }
}
