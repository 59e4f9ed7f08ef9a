//! `GateFactory`: gates from what a document says of them.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Gate, GateContext, GateError, OnRollback, Verdict};

/// Makes gates of some kinds. A crate that has gates has a factory; [`Factories`] asks one after the other.
///
/// ```
/// use std::sync::Arc;
/// use lockage_promote::pipeline::documents::{GateFactory, GateProblem, Parameters};
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
///     fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, GateProblem> {
///         if kind != "budget" {
///             return Err(GateProblem::unknown(kind, ["budget"]));
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
    /// [`GateProblem::Unknown`] with the kinds that it knows, where this is none of them, and
    /// [`GateProblem::Parameters`] where the gate needs others.
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, GateProblem>;
}

/// What a document says of a gate, beside its kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(Map<String, Value>);

/// Several factories: the first that knows a kind makes it.
#[derive(Debug, Default)]
#[must_use]
pub struct Factories(Vec<Box<dyn GateFactory>>);

/// Why a gate could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GateProblem {
    /// Nobody makes such gates.
    #[error("there is no gate of kind {kind:?}")]
    Unknown {
        /// The kind.
        kind: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The document does not say of which kind it is.
    #[error("it has no kind")]
    NoKind,
    /// The gate needs other parameters.
    #[error("{why}")]
    Parameters {
        /// What is wrong with them.
        why: String,
        /// What to write, where that is known.
        remedy: Option<String>,
    },
}

impl GateProblem {
    /// A kind that is not among `known`.
    pub fn unknown<K: Into<String>>(kind: impl Into<String>, known: impl IntoIterator<Item = K>) -> Self {
        Self::Unknown { kind: kind.into(), known: known.into_iter().map(Into::into).collect() }
    }

    /// Parameters that are wrong, for this reason.
    pub fn parameters(why: impl Into<String>) -> Self {
        Self::Parameters { why: why.into(), remedy: None }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Unknown { known, .. } if known.is_empty() => "No kinds are known here.".to_owned(),
            Self::Unknown { known, .. } => format!("There are: {}.", known.join(", ")),
            Self::NoKind => "Write kind = \"…\" below it.".to_owned(),
            Self::Parameters { remedy, .. } => remedy
                .clone()
                .unwrap_or_else(|| "examples/lockage.toml and examples/documents show gates of each kind.".to_owned()),
        }
    }
}

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
    /// [`GateProblem::Parameters`] with what does not fit.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, GateProblem> {
        serde_json::from_value(Value::Object(self.0.clone()))
            .map_err(|error| GateProblem::parameters(error.to_string()))
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
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, GateProblem> {
        let mut all = Vec::new();
        for factory in &self.0 {
            match factory.make(name, kind, parameters) {
                Err(GateProblem::Unknown { known, .. }) => all.extend(known),
                made => return made,
            }
        }
        all.sort();
        all.dedup();
        Err(GateProblem::unknown(kind, all))
    }
}

/// The gate under the name that the document gives it, by which edges know it.
pub(super) fn named(
    factory: &dyn GateFactory,
    name: &str,
    kind: &str,
    parameters: &Parameters,
) -> Result<Arc<dyn Gate>, GateProblem> {
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
