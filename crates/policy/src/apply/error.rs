//! Why a run does not begin, or ends before its end.

use std::error::Error as StdError;
use std::time::Duration;

use jiff::Timestamp;

use crate::retain::Refusal;

/// Why a run does not begin, or ends before its end. What was done until then is in the journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// Guards stop the plan. Nothing was deleted.
    #[error("the plan is not to be executed: {}", words(.0))]
    Refused(Vec<Refusal>),
    /// It deletes and archives more than the run may take. Nothing was deleted.
    #[error(
        "the plan is not to be executed: of {of} manifests it would delete {deletes} and archive {archives}, and may take {limit}"
    )]
    TooMany {
        /// How many it deletes.
        deletes: u64,
        /// How many it archives.
        archives: u64,
        /// How many there are.
        of: u64,
        /// How many it may take, or which part of them.
        limit: String,
    },
    /// It keeps no more than another system would: it was made to be compared with that. Nothing was deleted.
    #[error("the plan is faithful to another system, which is for comparisons: it is never executed")]
    Faithful,
    /// It is another plan than the one that was approved. Nothing was deleted.
    #[error("the plan has changed: {0}")]
    Changed(String),
    /// It was made too long ago: what it says may not hold any more. Nothing was deleted.
    #[error("the plan is of {planned}, longer ago than {longest:?}")]
    Stale {
        /// The moment that it is for.
        planned: Timestamp,
        /// The longest that a plan is executed after.
        longest: Duration,
    },
    /// It is for a moment that is yet to come, and would delete what is not due. Nothing was deleted.
    #[error("the plan is for {planned}, and it is {now}")]
    Early {
        /// The moment that it is for.
        planned: Timestamp,
        /// The moment of the run.
        now: Timestamp,
    },
    /// It takes a tag that is never taken. Nothing was deleted.
    #[error("the plan takes {0}, which is protected")]
    Protected(String),
    /// The plan says something that no registry can be asked. Nothing was deleted.
    #[error("the plan makes no sense: {0}")]
    Invalid(String),
    /// The registry refused the credentials, failed for good, or said something that makes it unsafe to go on.
    #[error("the run stops")]
    Stopped(#[source] lockage_registry::Error),
    /// Who runs what could not be found out.
    #[error("it could not be found out what is in use")]
    InUse(#[source] Box<dyn StdError + Send + Sync>),
    /// The journal holds something else than what runs write, or cannot be read. Nothing was deleted.
    #[error("the journal cannot be read")]
    Unread(#[source] Box<dyn StdError + Send + Sync>),
    /// The journal, or what is told of every delete, cannot be written.
    #[error("the journal cannot be kept")]
    Journal(#[source] Box<dyn StdError + Send + Sync>),
}

impl ApplyError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Refused(_) => "Look at the plan; if it is right, raise the guard in the policy and plan again.",
            Self::TooMany { .. } => "Look at the plan; if it is right, raise the limit of the run.",
            Self::Faithful => "Plan again without faithful, look at it, and apply the new plan.",
            Self::Changed(_) => "Plan again, look at it, and apply the new plan.",
            Self::Stale { .. } => "Plan again, look at it, and apply the new plan; or allow older ones.",
            Self::Early { .. } => "Plan for now, or apply it when its time has come; or set the clock.",
            Self::Protected(_) => {
                "Keep the tag by a rule of the policy and plan again, or take it out of what is protected."
            }
            Self::Invalid(_) => "Plan over a registry: its repositories are written host/path, manifests by digest.",
            Self::Stopped(_) => "Apply the plan again with the same journal: it goes on where it stopped.",
            Self::InUse(_) => "Nothing is deleted while it is not known what is in use. Try again when it is.",
            Self::Unread(_) => {
                "Mend the line, or name the journal of the runs before: without it nobody knows what they did."
            }
            Self::Journal(_) => "Name a journal that can be written, on a disk that has room.",
        }
    }
}

fn words(refusals: &[Refusal]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
