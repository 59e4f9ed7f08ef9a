//! `Promotion`: a copy behind gates: plan, clear, apply.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::future::join_all;

use crate::{
    Against, Clearance, Cleared, Draft, Evidence, Gate, GateContext, GateError, ImageCopy, Plan, Receipt, Result,
    Verdict,
};
use lockage_tagging::OneLine;

/// One image on its way through gates.
///
/// ```
/// use std::time::SystemTime;
/// use lockage_promote::{Evidence, ImageCopy, Promotion, Verdict, gate};
/// # use lockage_registry::{Memory, RawManifest, Reference, Target, TagOrDigest};
/// # futures::executor::block_on(async {
/// # let dev = Memory::new("dev.test".parse()?);
/// # let prod = Memory::new("prod.test".parse()?);
/// # let staged: Reference = "dev.test/app:pr-42".parse()?;
/// # let empty = RawManifest::new("application/vnd.oci.image.index.v1+json", r#"{"manifests":[]}"#.into())?;
/// # dev.put_manifest(staged.repository(), &empty, &TagOrDigest::of(&staged)).await?;
/// let copy = ImageCopy::new(&dev, &staged).to(&prod, &"prod.test/app:v1".parse()?);
/// let promotion = Promotion::of(copy).gate(gate("tests", |_| Ok(Verdict::Pass(Evidence::new("all green")))));
/// let draft = promotion.plan().await?;
/// let cleared = promotion.clear(draft, SystemTime::now()).await?;
/// let receipt = promotion.apply(cleared).await?;
/// println!("{receipt}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Promotion<'a> {
    copy: ImageCopy<'a>,
    gates: Vec<Placed>,
}

/// A gate, and whether it blocks.
#[derive(Clone, Debug)]
struct Placed {
    gate: Arc<dyn Gate>,
    advisory: Option<String>,
}

/// A promotion that may not happen, or not yet: what every gate said.
#[derive(Debug)]
pub struct NotCleared {
    plan: Box<Plan<Draft>>,
    opinions: Vec<Opinion>,
}

/// What one gate said.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opinion {
    /// The gate.
    pub gate: String,
    /// Its verdict, or why it could not decide.
    pub verdict: Result<Verdict, GateError>,
    /// For a gate that does not block: why it need not.
    pub advisory: Option<String>,
}

impl<'a> Promotion<'a> {
    /// Promotes by this copy.
    pub fn of(copy: ImageCopy<'a>) -> Self {
        Self { copy, gates: Vec::new() }
    }

    /// Adds a gate that has to pass.
    pub fn gate(mut self, gate: impl Gate + 'static) -> Self {
        self.gates.push(Placed { gate: Arc::new(gate), advisory: None });
        self
    }

    /// Adds a gate that is asked and recorded, and does not block, for a reason that is recorded too.
    pub fn advisory(mut self, gate: impl Gate + 'static, reason: impl Into<String>) -> Self {
        self.gates.push(Placed { gate: Arc::new(gate), advisory: Some(reason.into()) });
        self
    }

    /// Looks, without writing, what has to be done.
    ///
    /// # Errors
    /// As [`ImageCopy::plan`].
    pub async fn plan(&self) -> Result<Plan<Draft>> {
        self.copy.plan().await.map(Plan::draft)
    }

    /// Asks all gates, at once, and clears the plan if every one that blocks has passed.
    ///
    /// # Errors
    /// [`NotCleared`] with the word of every gate; it gives the plan back.
    pub async fn clear(&self, plan: Plan<Draft>, now: SystemTime) -> Result<Plan<Cleared>, NotCleared> {
        let context = GateContext::new(plan.copy(), self.copy.source(), now);
        let gates = self.gates.iter().map(|placed| (&*placed.gate, placed.advisory.as_deref()));
        let opinions = ask(&context, gates).await;
        decide(plan, opinions)
    }

    /// Moves the image.
    ///
    /// # Errors
    /// As [`ImageCopy::apply`].
    pub async fn apply(&self, plan: Plan<Cleared>) -> Result<Receipt> {
        self.copy.apply(plan.copy()).await
    }
}

/// The word of every gate; all are asked, at once.
pub(crate) async fn ask<'g>(
    context: &GateContext<'_>,
    gates: impl Iterator<Item = (&'g dyn Gate, Option<&'g str>)>,
) -> Vec<Opinion> {
    join_all(gates.map(|(gate, advisory)| async move {
        Opinion {
            gate: gate.id().to_owned(),
            verdict: gate.evaluate(context).await,
            advisory: advisory.map(str::to_owned),
        }
    }))
    .await
}

/// Clears the plan if every opinion that blocks is in its favour.
pub(crate) fn decide(plan: Plan<Draft>, opinions: Vec<Opinion>) -> Result<Plan<Cleared>, NotCleared> {
    match opinions.iter().map(Opinion::clearance).collect() {
        Some(clearances) => Ok(plan.cleared(clearances)),
        None => Err(NotCleared { plan: Box::new(plan), opinions }),
    }
}

impl NotCleared {
    /// What every gate said, those that passed included.
    #[must_use]
    pub fn opinions(&self) -> &[Opinion] {
        &self.opinions
    }

    /// True where nothing failed and nothing was undecided: it may be cleared later.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let blocking = || self.opinions.iter().filter(|opinion| opinion.clearance().is_none());
        blocking().all(|opinion| matches!(opinion.verdict, Ok(Verdict::Wait { .. })))
    }

    /// True where a gate could not decide.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.opinions.iter().any(|opinion| opinion.clearance().is_none() && opinion.verdict.is_err())
    }

    /// When to ask again, where every gate that waits knows.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let waits = self.opinions.iter().filter_map(|opinion| match &opinion.verdict {
            Ok(Verdict::Wait { retry_after, .. }) => Some(*retry_after),
            _ => None,
        });
        waits.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan<Draft> {
        &self.plan
    }

    /// The plan, to be cleared another time.
    #[must_use]
    pub fn into_plan(self) -> Plan<Draft> {
        *self.plan
    }

    pub(crate) fn remedy(&self) -> Option<String> {
        self.is_waiting().then(|| "Nothing was written. Clear the plan again later.".to_owned())
    }
}

impl Opinion {
    /// The gate's word in favour: it passed, or it does not block.
    pub(crate) fn clearance(&self) -> Option<Clearance> {
        let evidence = match (&self.verdict, &self.advisory) {
            (Ok(Verdict::Pass(evidence)), _) => evidence.clone(),
            (_, Some(_)) => Evidence::new(self.to_string()),
            (_, None) => return None,
        };
        let clearance = Clearance::new(&self.gate, evidence);
        Some(Clearance { against: self.against(), advisory: self.advisory.clone(), ..clearance })
    }

    /// What it says, unless it passes.
    pub(crate) fn against(&self) -> Option<Against> {
        match &self.verdict {
            Ok(Verdict::Pass(_)) => None,
            Ok(Verdict::Fail { .. }) => Some(Against::Fail),
            Ok(Verdict::Wait { .. }) => Some(Against::Wait),
            Err(_) => Some(Against::Undecided),
        }
    }
}

impl fmt::Display for Opinion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gate = OneLine(&self.gate);
        match &self.verdict {
            Ok(Verdict::Pass(evidence)) => write!(f, "{gate} passed: {}", OneLine(&evidence.summary)),
            Ok(Verdict::Fail { reasons }) => write!(f, "{gate} failed: {}", OneLine(reasons.join("; "))),
            Ok(Verdict::Wait { reason, .. }) => write!(f, "{gate} waits: {}", OneLine(reason)),
            Err(error) => write!(f, "{gate} could not decide: {}", OneLine(error)),
        }
    }
}

impl fmt::Display for NotCleared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_waiting() { "not yet cleared" } else { "not cleared" };
        write!(f, "{} to {}: {word}: ", self.plan.digest().short(), self.plan.copy().target())?;
        let blocking = self.opinions.iter().filter(|opinion| opinion.clearance().is_none());
        for (n, opinion) in blocking.enumerate() {
            write!(f, "{}{opinion}", if n == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for NotCleared {}
