//! `Edge`: a way from one environment to the next, and what has to hold to take it.

use std::fmt;
use std::sync::Arc;

use lockage_registry::{Algorithm, Digest, Error, ErrorKind, digest_of};
use serde::{Deserialize, Serialize};

use super::{GraphError, Trigger};
use crate::pipeline::Name;
use crate::pipeline::promoter::standing;
use crate::pipeline::step::{Moment, Step};
use crate::{Gate, OnRollback};

/// An edge as it is written down. It is judged when the graph is built.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[must_use]
pub struct EdgeSpec {
    from: String,
    to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    hotfix: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gates: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    advisory: Vec<AdvisorySpec>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    before: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    after: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollback: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    on: Vec<Trigger>,
    #[serde(skip)]
    given: Vec<PlacedGate>,
    #[serde(skip)]
    given_steps: Vec<PlacedStep>,
}

/// A gate that is asked and recorded, and does not block.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AdvisorySpec {
    gate: String,
    reason: String,
}

/// A way from one environment to the next.
#[derive(Clone, Debug)]
pub struct Edge {
    name: Name,
    from: Name,
    to: Name,
    hotfix: bool,
    gates: Vec<PlacedGate>,
    rollback: Option<Vec<String>>,
    steps: Vec<PlacedStep>,
    on: Vec<Trigger>,
}

/// A step of an edge, and when it is done.
type PlacedStep = (Moment, Arc<dyn Step>);

/// A gate on an edge.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlacedGate {
    /// The gate.
    pub gate: Arc<dyn Gate>,
    /// For a gate that does not block: why it need not.
    pub advisory: Option<String>,
}

impl EdgeSpec {
    /// A way from one environment to another. It is called `FROM-TO` unless it is given a name.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: to.into(), ..Self::default() }
    }

    /// Gives it a name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Makes it a way that is taken only where it is named, past environments that are usually in between. What takes it is
    /// recorded as having done so.
    pub fn hotfix(mut self, name: impl Into<String>) -> Self {
        self.hotfix = true;
        self.named(name)
    }

    /// Adds a gate that has to pass.
    pub fn gate(mut self, gate: impl Gate + 'static) -> Self {
        self.given.push(PlacedGate { gate: Arc::new(gate), advisory: None });
        self
    }

    /// Adds a gate that is asked and recorded, and does not block, for a reason that is recorded too.
    pub fn advisory(mut self, gate: impl Gate + 'static, reason: impl Into<String>) -> Self {
        self.given.push(PlacedGate { gate: Arc::new(gate), advisory: Some(reason.into()) });
        self
    }

    /// Adds a gate that has to pass, by the name under which the graph has it.
    pub fn gate_named(mut self, gate: impl Into<String>) -> Self {
        self.gates.push(gate.into());
        self
    }

    /// Adds a step that is done before a tag moves, when the image and its pins are there.
    pub fn before(mut self, step: impl Step + 'static) -> Self {
        self.given_steps.push((Moment::Before, Arc::new(step)));
        self
    }

    /// Adds a step that is done after all tags have moved.
    pub fn after(mut self, step: impl Step + 'static) -> Self {
        self.given_steps.push((Moment::After, Arc::new(step)));
        self
    }

    /// Adds a step that is done before a tag moves, by the name under which the graph has it.
    pub fn before_named(mut self, step: impl Into<String>) -> Self {
        self.before.push(step.into());
        self
    }

    /// Adds a step that is done after all tags have moved, by the name under which the graph has it.
    pub fn after_named(mut self, step: impl Into<String>) -> Self {
        self.after.push(step.into());
        self
    }

    /// Asks this gate of the edge on a rollback too, by its name. Once this is said, those that are not named are not asked,
    /// but for those that always are ([`OnRollback::Always`]); where it is not said, each gate has its own word.
    pub fn rollback_asks(mut self, gate: impl Into<String>) -> Self {
        self.rollback.get_or_insert_default().push(gate.into());
        self
    }

    /// Makes it one of the edges that are for this ([`Graph::edges_on`](super::Graph::edges_on)). A hotfix that is, is named by
    /// it. It decides nothing: whoever names the edge takes it on any occasion.
    pub fn on(mut self, trigger: Trigger) -> Self {
        self.on.push(trigger);
        self
    }

    pub(super) fn build(self, known: &[Arc<dyn Gate>], known_steps: &[Arc<dyn Step>]) -> Result<Edge, GraphError> {
        let place = format!("edge {}", self.name.clone().unwrap_or_else(|| format!("{}-{}", self.from, self.to)));
        let name = |text: &str| text.parse().map_err(|problem| GraphError::Name { place: place.clone(), problem });
        let named = |id: &str| {
            known.iter().find(|gate| gate.id() == id).cloned().ok_or_else(|| GraphError::UnknownGate {
                place: place.clone(),
                gate: id.to_owned(),
                known: known.iter().map(|gate| gate.id().to_owned()).collect(),
            })
        };
        let mut gates = Vec::new();
        for id in &self.gates {
            gates.push(PlacedGate { gate: named(id)?, advisory: None });
        }
        for AdvisorySpec { gate, reason } in &self.advisory {
            gates.push(PlacedGate { gate: named(gate)?, advisory: Some(reason.clone()) });
        }
        gates.extend(self.given.iter().cloned());
        for (n, placed) in gates.iter().enumerate() {
            if gates.iter().take(n).any(|before| before.gate.id() == placed.gate.id()) {
                return Err(GraphError::GateTwice { place, gate: placed.gate.id().to_owned() });
            }
            if standing::NAMES.contains(&placed.gate.id()) {
                return Err(GraphError::Reserved { place, gate: placed.gate.id().to_owned() });
            }
            if placed.advisory.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
                return Err(GraphError::NoReason { place, gate: placed.gate.id().to_owned() });
            }
        }
        let unknown = |id: &&String| !gates.iter().any(|placed| placed.gate.id() == id.as_str());
        if let Some(id) = self.rollback.iter().flatten().find(unknown) {
            let known = gates.iter().map(|placed| placed.gate.id().to_owned()).collect();
            return Err(GraphError::UnknownGate { place: format!("{place}, rollback"), gate: id.clone(), known });
        }
        for (n, trigger) in self.on.iter().enumerate() {
            let twice = self.on.iter().take(n).any(|before| before == trigger).then_some("it is there twice");
            if let Some(why) = twice.or_else(|| trigger.problem()) {
                return Err(GraphError::Trigger { place, trigger: trigger.to_string(), why });
            }
        }
        let steps = self.steps(&place, known_steps)?;
        let (from, to) = (name(&self.from)?, name(&self.to)?);
        let own = match &self.name {
            Some(own) => name(own)?,
            None => name(&format!("{from}-{to}"))?,
        };
        Ok(Edge { name: own, from, to, hotfix: self.hotfix, gates, rollback: self.rollback, steps, on: self.on })
    }

    /// The steps, those that are named first; one of a name at each moment.
    fn steps(&self, place: &str, known: &[Arc<dyn Step>]) -> Result<Vec<PlacedStep>, GraphError> {
        let named =
            self.before.iter().map(|id| (Moment::Before, id)).chain(self.after.iter().map(|id| (Moment::After, id)));
        let mut steps = Vec::new();
        for (moment, id) in named {
            let step = known.iter().find(|step| step.id() == id).cloned().ok_or_else(|| GraphError::UnknownStep {
                place: place.to_owned(),
                step: id.clone(),
                known: known.iter().map(|step| step.id().to_owned()).collect(),
            })?;
            steps.push((moment, step));
        }
        steps.extend(self.given_steps.iter().cloned());
        for (n, (moment, step)) in steps.iter().enumerate() {
            if steps.iter().take(n).any(|(other, before)| other == moment && before.id() == step.id()) {
                return Err(GraphError::StepTwice { place: place.to_owned(), step: step.id().to_owned() });
            }
        }
        Ok(steps)
    }
}

impl Edge {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Where it leads from.
    #[must_use]
    pub fn from(&self) -> &Name {
        &self.from
    }

    /// Where it leads to.
    #[must_use]
    pub fn to(&self) -> &Name {
        &self.to
    }

    /// Whether it is taken only where it is named.
    #[must_use]
    pub fn is_hotfix(&self) -> bool {
        self.hotfix
    }

    /// What it is for, where that is said.
    #[must_use]
    pub fn triggers(&self) -> &[Trigger] {
        &self.on
    }

    /// What has to hold to take it.
    #[must_use]
    pub fn gates(&self) -> &[PlacedGate] {
        &self.gates
    }

    /// The digest of what has to hold to take it: the edge, its gates, and what they decide by ([`Gate::policy`]). Evidence
    /// names it, and counts for no other.
    ///
    /// # Errors
    /// None that can happen: it is always JSON.
    pub fn policy(&self) -> lockage_registry::Result<Digest> {
        let gates: Vec<_> =
            self.gates.iter().map(|placed| (placed.gate.id(), &placed.advisory, placed.gate.policy())).collect();
        let policy = serde_json::to_vec(&(&self.name, &self.from, &self.to, self.hotfix, gates));
        let bytes = policy.map_err(|e| Error::new(ErrorKind::Invalid, "name policy of", &self.name).with_source(e))?;
        digest_of(Algorithm::Sha256, &bytes)
    }

    /// What has to hold to go back to an image that was in the environment before, and why a gate does not block there.
    pub fn gates_on_rollback(&self) -> impl Iterator<Item = (&dyn Gate, Option<&str>)> {
        const ADVISORY: &str = "on a rollback it is asked, and does not block";
        self.gates.iter().filter_map(|placed| {
            let own = placed.gate.on_rollback();
            let is_named = self.rollback.as_ref().map(|named| named.iter().any(|id| id == placed.gate.id()));
            let advisory = match (own, is_named) {
                (OnRollback::Always, _) | (_, Some(true)) => placed.advisory.as_deref(),
                (OnRollback::Advisory, None) => placed.advisory.as_deref().or(Some(ADVISORY)),
                _ => return None,
            };
            Some((&*placed.gate, advisory))
        })
    }

    /// What is done on the way at `moment`, in this order.
    pub fn steps(&self, moment: Moment) -> impl Iterator<Item = &dyn Step> {
        self.steps.iter().filter(move |(when, _)| *when == moment).map(|(_, step)| &**step)
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.from, self.to)?;
        if self.hotfix {
            write!(f, " [{}]", self.name)?;
        }
        for (n, placed) in self.gates.iter().enumerate() {
            write!(f, "{}{}", if n == 0 { " (" } else { ", " }, placed.gate.id())?;
        }
        f.write_str(if self.gates.is_empty() { "" } else { ")" })
    }
}
