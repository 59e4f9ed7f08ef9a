//! Gates and steps that look outside of registry and ledger: at a forge, at a metric.

mod forge;
mod metric;

use std::sync::Arc;

use async_trait::async_trait;

use super::{GateFactory, Parameters, StepFactory, Surroundings, TableProblem};
use crate::pipeline::http::Token;
use crate::pipeline::step::{Pace, Step};
use crate::{Gate, GateContext, GateError, OnRollback, Verdict};

/// Makes gates that ask a forge, or any API that has a number.
///
/// | kind | parameters |
/// |---|---|
/// | `checks-green` | the forge's; `required`: the names of checks, else all; `ignored` |
/// | `reachable` | the forge's; `branches` |
/// | `reviewed` | the forge's; `quorum`; `stale-too` |
/// | `metric` | `url`, `pointer`, and `at-most` or `at-least`; `path`, `query`, `waits-until-there`, `token-env` |
///
/// A forge is `github = "owner/repository"` or `gitlab = "group/project"`, in which `{image}` is filled in; `api` is
/// its URL, where it is not the public one; and `token-env` names the environment variable that has the token.
#[derive(Clone, Debug)]
#[must_use]
pub struct Outside {
    surroundings: Surroundings,
    waits_for_secrets: bool,
}

/// Makes steps that watch.
///
/// | kind | parameters |
/// |---|---|
/// | `watch` | those of a `metric`; `every`, `within`, `steady-for`, `bearing-errors` |
#[derive(Clone, Debug)]
#[must_use]
pub struct Watches<C> {
    surroundings: Surroundings,
    pace: C,
}

const KINDS: [&str; 4] = ["checks-green", "metric", "reachable", "reviewed"];

impl Outside {
    /// Gates whose tokens are in the variables of `surroundings`.
    pub fn new(surroundings: Surroundings) -> Self {
        Self { surroundings, waits_for_secrets: false }
    }

    /// Makes a gate whose token nobody has set, too: it cannot decide where it is asked. For whoever has to act, or to look,
    /// without asking it, such as on a rollback.
    pub fn secrets_when_asked(self) -> Self {
        Self { waits_for_secrets: true, ..self }
    }

    fn of(
        &self,
        name: &str,
        kind: &str,
        parameters: &Parameters,
        surroundings: &Surroundings,
    ) -> Result<Arc<dyn Gate>, TableProblem> {
        match kind {
            "metric" => metric::gate(name, parameters, surroundings),
            "checks-green" | "reachable" | "reviewed" => forge::gate(name, kind, parameters, surroundings),
            _ => Err(TableProblem::unknown(kind, KINDS)),
        }
    }
}

impl<C: Pace + Clone + 'static> Watches<C> {
    /// Steps that wait by this clock.
    pub fn new(surroundings: Surroundings, pace: C) -> Self {
        Self { surroundings, pace }
    }
}

impl GateFactory for Outside {
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, TableProblem> {
        let unset = parameters.text("token-env").filter(|variable| self.surroundings.variable(variable).is_none());
        match unset.filter(|_| self.waits_for_secrets && self.surroundings.has_variables()) {
            Some(variable) => {
                // Everything else that the document says of it has to be right.
                let gate = self.of(name, kind, parameters, &Surroundings::new(self.surroundings.path("")))?;
                Ok(Arc::new(Unset { gate, variable: variable.to_owned() }))
            }
            None => self.of(name, kind, parameters, &self.surroundings),
        }
    }
}

/// A gate whose token is not there.
#[derive(Debug)]
struct Unset {
    gate: Arc<dyn Gate>,
    variable: String,
}

#[async_trait]
impl Gate for Unset {
    fn id(&self) -> &str {
        self.gate.id()
    }

    async fn evaluate(&self, _: &GateContext<'_>) -> Result<Verdict, GateError> {
        Err(format!("token-env: the environment variable {} is not set", self.variable).into())
    }

    fn policy(&self) -> serde_json::Value {
        self.gate.policy()
    }

    fn on_rollback(&self) -> OnRollback {
        self.gate.on_rollback()
    }
}

impl<C: Pace + Clone + 'static> StepFactory for Watches<C> {
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Step>, TableProblem> {
        match kind {
            "watch" => Ok(metric::watch(name, parameters, &self.surroundings, self.pace.clone())?),
            _ => Err(TableProblem::unknown(kind, ["watch"])),
        }
    }
}

/// The token in a variable, where the document names one.
pub(super) fn token(
    surroundings: &Surroundings,
    variable: Option<&str>,
    token: impl Fn(String) -> Token,
) -> Result<Option<Token>, TableProblem> {
    Ok(secret(surroundings, "token-env", variable)?.map(token))
}

/// What is secret in a variable, where the document names one by `key`.
pub(super) fn secret(
    surroundings: &Surroundings,
    key: &str,
    variable: Option<&str>,
) -> Result<Option<String>, TableProblem> {
    let Some(variable) = variable.filter(|_| surroundings.has_variables()) else { return Ok(None) };
    match surroundings.variable(variable) {
        Some(value) => Ok(Some(value)),
        None => Err(TableProblem::Parameters {
            why: format!("{key}: the environment variable {variable} is not set"),
            remedy: Some(format!("Set it, or leave {key} out where none is needed.")),
        }),
    }
}
