//! `StepFactory`: steps from what a document says of them.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Parameters, TableProblem};
use crate::Evidence;
use crate::pipeline::step::{Step, StepContext, StepError};

/// Makes steps of some kinds. What a step does is its maker's own business: nothing in this crate starts a process.
///
/// ```
/// use std::sync::Arc;
/// use lockage_promote::Evidence;
/// use lockage_promote::pipeline::documents::{Parameters, StepFactory, TableProblem};
/// use lockage_promote::pipeline::step::{Step, StepContext, StepError};
///
/// /// `kind = "announce"`, `channel = "#releases"`.
/// #[derive(Debug)]
/// struct Announcements;
///
/// #[derive(Debug, serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Announce {
///     channel: String,
/// }
///
/// #[async_trait::async_trait]
/// impl Step for Announce {
///     fn id(&self) -> &str {
///         "announce"
///     }
///     async fn run(&self, context: &StepContext<'_>) -> Result<Evidence, StepError> {
///         Ok(Evidence::new(format!("told {} of {}", self.channel, context.digest())))
///     }
/// }
///
/// impl StepFactory for Announcements {
///     fn make(&self, _: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Step>, TableProblem> {
///         match kind {
///             "announce" => Ok(Arc::new(parameters.read::<Announce>()?)),
///             _ => Err(TableProblem::unknown(kind, ["announce"])),
///         }
///     }
/// }
/// ```
pub trait StepFactory: fmt::Debug + Send + Sync {
    /// The step `name` of this kind.
    ///
    /// # Errors
    /// [`TableProblem::Unknown`] with the kinds that it knows, where this is none of them, and
    /// [`TableProblem::Parameters`] where the step needs others.
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Step>, TableProblem>;
}

/// Makes no steps.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to say of it")]
pub struct NoSteps;

/// Several factories: the first that knows a kind makes it.
#[derive(Debug, Default)]
#[must_use]
pub struct StepFactories(Vec<Box<dyn StepFactory>>);

impl StepFactory for NoSteps {
    fn make(&self, _: &str, kind: &str, _: &Parameters) -> Result<Arc<dyn Step>, TableProblem> {
        Err(TableProblem::unknown(kind, [] as [&str; 0]))
    }
}

impl StepFactories {
    /// No factory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks `factory` too, after those that were given before.
    pub fn with(mut self, factory: impl StepFactory + 'static) -> Self {
        self.0.push(Box::new(factory));
        self
    }
}

impl StepFactory for StepFactories {
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Step>, TableProblem> {
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

/// The step under the name that the document gives it, by which edges, receipts and the ledger know it.
pub(super) fn named(
    factory: &dyn StepFactory,
    name: &str,
    kind: &str,
    parameters: &Parameters,
) -> Result<Arc<dyn Step>, TableProblem> {
    let step = factory.make(name, kind, parameters)?;
    Ok(if step.id() == name { step } else { Arc::new(Named { name: name.to_owned(), step }) })
}

/// A step under another name.
#[derive(Debug)]
struct Named {
    name: String,
    step: Arc<dyn Step>,
}

#[async_trait]
impl Step for Named {
    fn id(&self) -> &str {
        &self.name
    }

    async fn run(&self, context: &StepContext<'_>) -> Result<Evidence, StepError> {
        self.step.run(context).await
    }
}
