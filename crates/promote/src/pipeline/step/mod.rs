//! `Step`: what is done beside a promotion: a migration before it, a rollout after it.

mod pace;
mod probe;
mod watch;

use std::error::Error as StdError;
use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;
use lockage_registry::{Digest, Repository};
use serde::{Deserialize, Serialize};

use super::Passage;
use crate::Evidence;

pub use pace::Pace;
pub use probe::{Probe, ProbeContext};
pub use watch::{Watch, WatchError};

/// Any error of a step: the promotion stops there.
pub type StepError = Box<dyn StdError + Send + Sync>;

/// Does something beside a promotion: migrates a database, starts a canary, rolls out.
///
/// A step has to be idempotent. A run that is killed is done again, and what the ledger does not say to be done is done
/// again with it.
///
/// ```
/// use lockage_promote::Evidence;
/// use lockage_promote::pipeline::step::{Step, StepContext, StepError};
///
/// #[derive(Debug)]
/// struct Migrate;
///
/// #[async_trait::async_trait]
/// impl Step for Migrate {
///     fn id(&self) -> &str {
///         "migrate"
///     }
///     async fn run(&self, context: &StepContext<'_>) -> Result<Evidence, StepError> {
///         Ok(Evidence::new(format!("the schema is that of {}", context.digest())))
///     }
/// }
/// ```
#[async_trait]
pub trait Step: fmt::Debug + Send + Sync {
    /// The step's name, by which edges, receipts and the ledger call it.
    fn id(&self) -> &str;

    /// Does it, or finds it done.
    ///
    /// # Errors
    /// Whatever keeps it from being done.
    async fn run(&self, context: &StepContext<'_>) -> Result<Evidence, StepError>;
}

/// When a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "before and after")]
pub enum Moment {
    /// The image and its pins are there; no tag that moves has moved.
    Before,
    /// All tags have moved, and the ledger says so.
    After,
}

/// What a step may know.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StepContext<'a> {
    /// The image, the edge and the tags.
    pub passage: &'a Passage,
    /// Where the image is: its repository in the environment that it goes to.
    pub repository: &'a Repository,
    /// The digest of the plan.
    pub plan: &'a Digest,
    /// Who promotes.
    pub actor: &'a str,
    /// Whether the tags have moved.
    pub moment: Moment,
    /// The time of the promotion.
    pub now: SystemTime,
}

impl<'a> StepContext<'a> {
    /// The context of a step that is tested on its own.
    #[must_use]
    pub fn new(passage: &'a Passage, repository: &'a Repository, plan: &'a Digest, moment: Moment) -> Self {
        Self { passage, repository, plan, actor: "", moment, now: SystemTime::UNIX_EPOCH }
    }

    /// The same in the name of `actor`.
    #[must_use]
    pub fn by(self, actor: &'a str) -> Self {
        Self { actor, ..self }
    }

    /// The same at a time.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Self {
        Self { now, ..self }
    }

    /// The digest to deploy.
    #[must_use]
    pub fn digest(&self) -> &'a Digest {
        self.passage.digest()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}
