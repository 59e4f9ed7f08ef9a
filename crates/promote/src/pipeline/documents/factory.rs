//! `GateFactory`: gates from what a document says of them.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::TableProblem;
use crate::{Gate, GateContext, GateError, OnRollback, Verdict};

/// Makes gates of some kinds. A crate that has gates has a factory; [`Factories`] asks one after the other.
///
/// ```
/// use std::sync::Arc;
/// use lockage_promote::pipeline::documents::{GateFactory, TableProblem, Parameters};
/// use lockage_promote::{Evidence, Gate, Verdict, gate};
///
/// /// `kind = "budget"`, `bytes = 1000000`.
/// #[derive(Debug)]
/// struct Budgets;
///
/// #[derive(serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Budget {
///     bytes: u64,
/// }
///
/// impl GateFactory for Budgets {
///     fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, TableProblem> {
///         if kind != "budget" {
///             return Err(TableProblem::unknown(kind, ["budget"]));
///         }
///         let Budget { bytes } = parameters.read()?;
///         Ok(Arc::new(gate(name.to_owned(), move |context| {
///             let needed: u64 = context.plan.blobs().map(|blob| blob.size).sum();
///             Ok(match needed <= bytes {
///                 true => Verdict::Pass(Evidence::new(format!("{needed} bytes"))),
///                 false => Verdict::fail(format!("{needed} bytes, and {bytes} are allowed")),
///             })
///         })))
///     }
/// }
/// ```
pub trait GateFactory: fmt::Debug + Send + Sync {
    /// The gate `name` of this kind.
    ///
    /// # Errors
    /// [`TableProblem::Unknown`] with the kinds that it knows, where this is none of them, and
    /// [`TableProblem::Parameters`] where the gate needs others.
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, TableProblem>;
}

/// What a document says of a gate, beside its kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(Map<String, Value>);

/// Several factories: the first that knows a kind makes it.
#[derive(Debug, Default)]
#[must_use]
pub struct Factories(Vec<Box<dyn GateFactory>>);

impl Parameters {
    /// A parameter that is a text.
    #[cfg(feature = "http")]
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// Parameters that are not from a document.
    #[must_use]
    pub fn new(parameters: Map<String, Value>) -> Self {
        Self(parameters)
    }

    /// The parameters as a type, which should deny unknown fields.
    ///
    /// # Errors
    /// [`TableProblem::Parameters`] with what does not fit.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, TableProblem> {
        serde_json::from_value(Value::Object(self.0.clone()))
            .map_err(|error| TableProblem::parameters(error.to_string()))
    }

    /// Those that are named, and all others.
    pub(super) fn split(&self, named: &[&str]) -> (Self, Self) {
        let (of, others) = self.0.clone().into_iter().partition(|(key, _)| named.contains(&key.as_str()));
        (Self(of), Self(others))
    }
}

impl Factories {
    /// No factory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks `factory` too, after those that were given before.
    pub fn with(mut self, factory: impl GateFactory + 'static) -> Self {
        self.0.push(Box::new(factory));
        self
    }
}

impl GateFactory for Factories {
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, TableProblem> {
        let mut all = Vec::new();
        for factory in &self.0 {
            match factory.make(name, kind, parameters) {
                Err(TableProblem::Unknown { known, .. }) => all.extend(known),
                made => return made,
            }
        }
        all.sort();
        all.dedup();
        Err(TableProblem::unknown(kind, all))
    }
}

/// The gate under the name that the document gives it, by which edges know it.
pub(super) fn named(
    factory: &dyn GateFactory,
    name: &str,
    kind: &str,
    parameters: &Parameters,
) -> Result<Arc<dyn Gate>, TableProblem> {
    let gate = factory.make(name, kind, parameters)?;
    let policy = serde_json::json!({ "kind": kind, "parameters": parameters.0 });
    Ok(Arc::new(Named { name: name.to_owned(), policy, gate }))
}

/// A gate under the name that the document gives it, by the parameters that the document gives it.
#[derive(Debug)]
struct Named {
    name: String,
    policy: Value,
    gate: Arc<dyn Gate>,
}

#[async_trait]
impl Gate for Named {
    fn id(&self) -> &str {
        &self.name
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        self.gate.evaluate(context).await
    }

    fn policy(&self) -> Value {
        serde_json::json!([self.policy, self.gate.policy()])
    }

    fn on_rollback(&self) -> OnRollback {
        self.gate.on_rollback()
    }
}
