//! Rollback: back to an image that was there before, by its tags alone, past nothing that may be down.

pub(in crate::pipeline) mod apply;
mod canary;
pub(in crate::pipeline) mod plan;
mod to;

use std::fmt;
use std::time::SystemTime;

use lockage_registry::{Digest, Repository, Tag};
use serde::{Deserialize, Serialize};

use super::held::{self, Held};
use super::orders::reasoned;
use super::tell::About;
use super::{OrderProblem, Override, PromoteError, Promoter, Trouble, WrittenTag, break_glass, standing};
use crate::gate::{Promoted, Way};
use crate::ledger::{Chronicle, ImageFacts};
use crate::pipeline::events::What;
use crate::pipeline::{Name, Passage};
use crate::promotion::{ask, decide};
use crate::{Clearance, Cleared, Draft, Evidence, Gate, GateContext, GateError, NotCleared, Opinion, Plan, Verdict};
use lockage_tagging::OneLine;

pub use canary::Canary;
pub use to::RollbackTo;

/// A rollback as data, in one of two states, as a [`Plan`]: a draft is kept as JSON, cleared later, and only what is cleared
/// is applied.
///
/// ```compile_fail
/// # use std::time::SystemTime;
/// # use lockage_promote::{Draft, pipeline::{Promoter, RollbackPlan}};
/// async fn ungated(promoter: &Promoter, plan: RollbackPlan<Draft>) {
///     promoter.apply_rollback(plan, SystemTime::now()).await; // expected `RollbackPlan<Cleared>`
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RollbackPlan<S> {
    /// The image that is put back, where it is already, and the tags that will hold it: what gates and approvals see.
    pub plan: Plan<S>,
    /// Why.
    pub reason: String,
    /// What is denied everywhere with it: what is there now. None where the image is there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bad: Option<Digest>,
    /// What that is known by.
    #[serde(default)]
    pub bad_is: ImageFacts,
    /// The tags, each with what it held when the image was there last.
    pub tags: Vec<MovedTag>,
    /// Tags that cannot be put back, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeftTag>,
}

/// A tag that is put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MovedTag {
    /// The tag.
    pub tag: Tag,
    /// What it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Digest>,
    /// What it will hold.
    pub to: Digest,
}

/// A tag that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LeftTag {
    /// The tag.
    pub tag: Tag,
    /// What it holds; none where it does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Digest>,
    /// Why it stays so.
    pub why: String,
}

/// What a rollback did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RollbackReceipt {
    /// The image.
    pub image: Name,
    /// The environment.
    pub environment: Name,
    /// The digest that is there now.
    pub digest: Digest,
    /// The digest that was there, and is denied everywhere.
    pub bad: Option<Digest>,
    /// The digest of the plan.
    pub plan: Digest,
    /// The tags.
    pub tags: Vec<WrittenTag>,
    /// Tags that could not be put back, and why.
    pub left: Vec<LeftTag>,
    /// What the gates found.
    pub evidence: Vec<Clearance>,
    /// The entry of the ledger; none where it was there already, and said to be.
    pub entry: Option<Digest>,
    /// What went wrong beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
}

/// The image is, or was, where it is to be put back.
#[derive(Debug)]
struct BeenHere;

#[async_trait::async_trait]
impl Gate for BeenHere {
    fn id(&self) -> &str {
        "been-here"
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let Promoted { passage, chronicle, .. } = crate::pipeline::gates::along(context)?;
        let (image, digest, at) = (&passage.pinned.image, passage.digest(), &passage.to);
        let last = chronicle.stays(image, at).into_iter().rev().find(|stay| stay.digest == *digest);
        Ok(match last {
            Some(_) => Verdict::Pass(Evidence::new(format!("was in {at} before"))),
            None => Verdict::fail(format!("{digest} has never been in {at}, by the ledger")),
        })
    }
}

impl Promoter {
    /// Looks, without writing, what has to be done so that `environment` has what it had before. It asks the registry of the
    /// environment alone: a HEAD a tag and the manifests of the image.
    ///
    /// Every tag that moves gets back what it held when the image was there last. A tag that did not exist then stays as it
    /// is, as ports that write do not delete; so does one that held what is denied since. Tags that are created once are
    /// there.
    ///
    /// # Errors
    /// [`PromoteError`]: also where no reason is given, where the ledger knows of nothing to go back to, and where the image
    /// is gone from the registry.
    pub async fn plan_rollback(
        &self,
        image: &Name,
        environment: &Name,
        to: &RollbackTo,
        reason: &str,
        now: SystemTime,
    ) -> Result<RollbackPlan<Draft>, PromoteError> {
        reasoned(reason)?;
        plan::plan(self, image, environment, to, reason, now).await
    }

    /// Asks what a rollback has to pass, and clears it: that the image was there before (`been-here`), that nobody has
    /// denied it (`denied`), and those gates of the edge that are asked on a rollback
    /// ([`gates_on_rollback`](super::Edge::gates_on_rollback)). That the environment is held is no hindrance.
    ///
    /// # Errors
    /// As [`clear`](Self::clear); a plan from a document has to be the one that would be made now.
    pub async fn clear_rollback(
        &self,
        plan: RollbackPlan<Draft>,
        now: SystemTime,
    ) -> Result<RollbackPlan<Cleared>, PromoteError> {
        let opinions = self.rollback_opinions(&plan, now).await?;
        plan.into_cleared(|draft| {
            decide(draft, opinions).map_err(|refusal: NotCleared| PromoteError::NotCleared(Box::new(refusal)))
        })
    }

    /// The same, and passes by gates that are named, as [`clear_with_override`](Self::clear_with_override) does: `been-here`
    /// too, so that an image comes back that is in the registry and not in the ledger.
    ///
    /// # Errors
    /// As [`clear_with_override`](Self::clear_with_override).
    pub async fn clear_rollback_with_override(
        &self,
        plan: RollbackPlan<Draft>,
        by: &Override,
        now: SystemTime,
    ) -> Result<RollbackPlan<Cleared>, PromoteError> {
        by.judge()?;
        let opinions = self.rollback_opinions(&plan, now).await?;
        plan.into_cleared(|draft| break_glass::decide(draft, opinions, by))
    }

    /// Does what the plan says: what is about to happen into the ledger, the bad image denied everywhere, the environment
    /// held, the tags, and that it has happened. The ledger has all but the last before the first tag moves, so that nothing
    /// automatic undoes it, wherever this is killed. Done again, it comes to the same end.
    ///
    /// # Errors
    /// [`PromoteError`]: also where a tag holds neither what the plan saw nor what it is to hold, before anything is
    /// written.
    pub async fn apply_rollback(
        &self,
        plan: RollbackPlan<Cleared>,
        now: SystemTime,
    ) -> Result<RollbackReceipt, PromoteError> {
        let (passage, id, why) = (plan.passage()?.clone(), plan.plan.id()?, plan.reason.clone());
        let held = Held::take(self.leasing.as_ref(), [held::key(&passage)]).await?;
        let outcome = held.during(apply::apply(self, plan, now, &held)).await;
        let troubles = held.release().await;
        let about = About { passages: vec![&passage], plan: id, now };
        let mut receipt = match outcome {
            Ok(receipt) => receipt,
            Err(error) => return Err(self.tell_of(&about, error, troubles).await),
        };
        receipt.troubles.extend(troubles);
        if receipt.entry.is_some() {
            let what = What::RolledBack { bad: receipt.bad.clone(), why };
            receipt.troubles.extend(self.tell(&about, &what).await);
        }
        Ok(receipt)
    }

    async fn rollback_opinions(
        &self,
        rollback: &RollbackPlan<Draft>,
        now: SystemTime,
    ) -> Result<Vec<Opinion>, PromoteError> {
        let (passage, id) = (rollback.passage()?, rollback.plan.id()?);
        if !rollback.plan.is_own() {
            let to = RollbackTo::Image(passage.digest().clone().into());
            let own = plan::plan(self, &passage.pinned.image, &passage.to, &to, &rollback.reason, now).await?;
            if !rollback.is_same(&own)? {
                return Err(PromoteError::OtherGraph { edge: passage.edge.clone() });
            }
        }
        let chronicle = self.chronicle(&passage.pinned.image).await?;
        let edge = self.graph.edge(&passage.edge)?;
        let standing: [(&dyn Gate, Option<&str>); 2] = [(&BeenHere, None), (&*standing::not_denied(), None)];
        let gates = standing.into_iter().chain(edge.gates_on_rollback());
        let promoted = Promoted::new(passage, &chronicle, &id, &self.actor).going(Way::Rollback);
        let context = GateContext::new(rollback.plan.copy(), self.source(&passage.to)?, now).along(promoted);
        Ok(ask(&context, gates).await)
    }
}

impl<S> RollbackPlan<S> {
    /// The digest that is put back.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        self.plan.digest()
    }

    /// Whether every tag holds what it is to hold.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.tags.iter().all(|tag| tag.now.as_ref() == Some(&tag.to))
    }

    fn passage(&self) -> Result<&Passage, PromoteError> {
        self.plan.passage().ok_or(PromoteError::NoPassage)
    }

    /// Whether the two would do the same, to what is the same.
    fn is_same<T>(&self, other: &RollbackPlan<T>) -> Result<bool, PromoteError> {
        let (one, two) = (self.passage()?, other.passage()?);
        Ok((&self.bad, &self.tags, &self.left) == (&other.bad, &other.tags, &other.left)
            && self.plan.id()? == other.plan.id()?
            && self.plan.copy().root() == other.plan.copy().root()
            && one == two)
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(passage) = self.plan.passage() else { return Ok(()) };
        write!(f, "{}\n{} back in {}: {}", passage.pinned, passage.pinned.image, passage.to, OneLine(&self.reason))?;
        let width = self.tags.iter().map(|tag| tag.tag.as_str().len()).max().unwrap_or(0);
        for MovedTag { tag, now, to } in &self.tags {
            let (mark, now) = match now {
                Some(now) if now == to => ('=', now.short().to_owned()),
                Some(now) => ('~', now.short().to_owned()),
                None => ('+', "none".to_owned()),
            };
            write!(f, "\n  {mark} float  {:<width$}  {now} → {}", tag.as_str(), to.short())?;
        }
        for LeftTag { tag, holds, why } in &self.left {
            write!(f, "\n  ! float  {tag} stays {}: {}", shown(holds.as_ref()), OneLine(why))?;
        }
        let moves = self.tags.iter().filter(|tag| tag.now.as_ref() != Some(&tag.to)).count();
        write!(f, "\n  registry-local, {}", crate::human::Many(moves, "tag"))?;
        match &self.bad {
            Some(bad) => write!(f, "; {} denied everywhere; automation held until released", bad.short()),
            None => f.write_str("; it is there already, by the ledger"),
        }
    }
}

impl RollbackPlan<Draft> {
    fn into_cleared(
        self,
        clear: impl FnOnce(Plan<Draft>) -> Result<Plan<Cleared>, PromoteError>,
    ) -> Result<RollbackPlan<Cleared>, PromoteError> {
        let Self { plan, reason, bad, bad_is, tags, left } = self;
        Ok(RollbackPlan { plan: clear(plan)?, reason, bad, bad_is, tags, left })
    }
}

impl fmt::Display for RollbackPlan<Draft> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f)
    }
}

impl fmt::Display for RollbackPlan<Cleared> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f)?;
        self.plan.clearances().iter().try_for_each(|one| write!(f, "\n  {one}"))
    }
}

impl fmt::Display for RollbackReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} is {}", self.image, self.environment, self.digest)?;
        for written in &self.tags {
            let former = shown(written.former.as_ref());
            match written.written {
                true => write!(f, "\n  float  {}  {former} → put back", written.tag)?,
                false => write!(f, "\n  float  {}  holds it", written.tag)?,
            }
        }
        self.left.iter().try_for_each(|one| {
            write!(f, "\n  left   {}  {}: {}", one.tag, shown(one.holds.as_ref()), OneLine(&one.why))
        })?;
        if let Some(bad) = &self.bad {
            write!(f, "\n  denied everywhere  {bad}")?;
        }
        match &self.entry {
            Some(entry) => write!(f, "\n  held until released\nentry {entry}"),
            None => f.write_str("\nIt was there already; nothing was written."),
        }
    }
}

/// The chronicle's own word for the edge by which an image came, if the graph still has it; else the usual one.
pub(in crate::pipeline) fn edge_of(
    promoter: &Promoter,
    chronicle: &Chronicle,
    image: &Name,
    environment: &Name,
    digest: &Digest,
) -> Result<Name, PromoteError> {
    use crate::ledger::Kind;
    let came = chronicle.there(image, environment).rev().map(|recorded| &recorded.entry);
    let came = came.filter(|entry| entry.digest == *digest).find_map(|entry| match &entry.kind {
        Kind::Promote { edge, .. } => Some(edge),
        _ => None,
    });
    let there = came.and_then(|edge| promoter.graph.edge(edge).ok()).filter(|edge| edge.to() == environment);
    Ok(match there {
        Some(edge) => edge.name().clone(),
        None => promoter.edge_into(environment)?.name().clone(),
    })
}

fn gone(repo: &Repository, digest: &Digest) -> PromoteError {
    let reference = format!("{repo}@{digest}");
    lockage_registry::Error::new(lockage_registry::ErrorKind::NotFound, "read manifest", reference)
        .with_message("the image is not in the registry any more")
        .into()
}

fn shown(digest: Option<&Digest>) -> &str {
    digest.map_or("none", Digest::short)
}
