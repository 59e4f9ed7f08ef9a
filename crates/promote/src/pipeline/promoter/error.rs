//! `PromoteError`: why an image did not pass along an edge.

use lockage_registry::{Digest, Reference, Tag};
use lockage_tagging::SchemeError;

use super::Trouble;
use crate::ledger::LedgerError;
use crate::pipeline::evidence::EvidenceError;
use crate::pipeline::lease::LeaseError;
use crate::pipeline::set::SetError;
use crate::pipeline::step::{Moment, StepError};
use crate::pipeline::{GraphError, Name, OrderProblem, OverrideProblem, ResolveError};
use crate::{GateError, NotCleared};

/// Why an image did not pass along an edge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PromoteError {
    /// The graph has no such environment or edge, or a template gives nothing.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The selection names no image.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The copy, or a tag.
    #[error(transparent)]
    Copy(#[from] crate::Error),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A registry, beside the copy.
    #[error(transparent)]
    Registry(#[from] lockage_registry::Error),
    /// An environment that nobody has given a registry to read, or to write.
    #[error("environment {environment}: nothing was given to read it by, or to write it")]
    NoRegistry {
        /// Which.
        environment: Name,
    },
    /// No way leads there, or several do.
    #[error("environment {to}: {} edges lead there, and one has to be named", .edges.len())]
    Edges {
        /// Where.
        to: Name,
        /// Those that are no hotfixes.
        edges: Vec<Name>,
    },
    /// The image was found in another environment than the one where the edge begins.
    #[error("{image} was found in {found}, and the edge {edge} begins in {from}")]
    Elsewhere {
        /// The image.
        image: Name,
        /// Where it was found.
        found: Name,
        /// The edge.
        edge: Name,
        /// Where it begins.
        from: Name,
    },
    /// A plan that is for no edge.
    #[error("the plan is for no edge of a graph")]
    NoPassage,
    /// A tag of the environment cannot be made of what is known of the image.
    #[error("environment {environment}: the tag {template:?}: {source}")]
    Tags {
        /// The environment.
        environment: Name,
        /// The template.
        template: String,
        /// What is missing.
        source: Box<SchemeError>,
    },
    /// No template of the environment makes a tag of this image.
    #[error("environment {environment}: none of its tags is for this image")]
    NoTag {
        /// The environment.
        environment: Name,
    },
    /// One tag is to be created once and to move.
    #[error("environment {environment}: the tag {tag} would be both a pin and a float")]
    PinAndFloat {
        /// The environment.
        environment: Name,
        /// The tag.
        tag: Tag,
    },
    /// A tag that is created once holds another image.
    #[error("{tag}: the tag is created once and holds another image")]
    PinHeld {
        /// The tag.
        tag: Box<Reference>,
        /// What it holds.
        current: Digest,
        /// What it was to hold.
        wanted: Digest,
    },
    /// The image has nothing for the platform that the environment takes.
    #[error("environment {environment}: {digest} has nothing for its platform {platform}")]
    NoSuchPlatform {
        /// The environment.
        environment: Name,
        /// The image.
        digest: Digest,
        /// The platform.
        platform: String,
    },
    /// A plan that was made for another graph, or does not agree with itself.
    #[error("the plan is not one that the edge {edge} of this graph makes")]
    OtherGraph {
        /// The edge.
        edge: Name,
    },
    /// A plan from a document with a fact that neither the image nor its tags nor the ledger have.
    #[error("the plan says that {digest} is of {fact}, and neither the image nor a tag of it nor the ledger says so")]
    OtherFacts {
        /// The image.
        digest: Digest,
        /// The fact, in words.
        fact: String,
    },
    /// A plan from a document with tags that the environment does not give to this image.
    #[error("environment {environment}: the plan has the tags {}, and the image is given {}", told(.planned), told(.made))]
    OtherTags {
        /// The environment.
        environment: Name,
        /// Those of the plan.
        planned: Vec<Tag>,
        /// Those that the environment's templates make.
        made: Vec<Tag>,
    },
    /// An override that is none.
    #[error(transparent)]
    Override(#[from] OverrideProblem),
    /// Somebody has denied the image, or holds the environment, since the gates were asked.
    #[error("environment {environment}: {why}, since the gates were asked")]
    Stopped {
        /// The environment.
        environment: Name,
        /// Why.
        why: String,
    },
    /// What was ordered, a rollback, a denial, a hold or a release, makes no sense.
    #[error(transparent)]
    Order(#[from] OrderProblem),
    /// It could not be known whether the evidence of what is there is whole.
    #[error("whether its evidence is whole could not be known")]
    Proof(#[source] GateError),
    /// A step failed.
    #[error("the step {step:?}, {moment} the promotion to {environment}, failed: {source}")]
    Step {
        /// The step.
        step: String,
        /// When it was to be done. After a promotion, its tags have moved and the ledger says so; before, no floating tag
        /// has.
        moment: Moment,
        /// The environment.
        environment: Name,
        /// Why.
        source: StepError,
    },
    /// The evidence could not be signed or attached.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// Somebody else is at it, or the lease was lost.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// It failed, and something went wrong beside it: somebody could not be told, a lease could not be given back.
    #[error("{error}")]
    Beside {
        /// What failed: this error has its words, its details and its remedy.
        #[source]
        error: Box<PromoteError>,
        /// What went wrong beside it.
        troubles: Vec<Trouble>,
    },
    /// A set of images.
    #[error(transparent)]
    Set(#[from] SetError),
    /// A set stopped on its way: the ledger says that its tags are about to move, and those of some may have.
    #[error("{error}")]
    Midway {
        /// The set.
        set: Digest,
        /// The images whose tags have all moved.
        moved: Vec<Name>,
        /// The others.
        left: Vec<Name>,
        /// Why: this error has the words and the details.
        #[source]
        error: Box<PromoteError>,
    },
    /// Gates did not pass.
    #[error(transparent)]
    NotCleared(Box<NotCleared>),
}

impl PromoteError {
    /// What failed, whatever went wrong beside it.
    #[must_use]
    pub fn cause(&self) -> &Self {
        match self {
            Self::Beside { error, .. } | Self::Midway { error, .. } => error.cause(),
            other => other,
        }
    }

    /// What failed, and what went wrong beside it.
    #[must_use]
    pub fn apart(self) -> (Self, Vec<Trouble>) {
        match self {
            Self::Beside { error, troubles } => (*error, troubles),
            other => (other, Vec::new()),
        }
    }

    /// The same with what went wrong beside it, if anything did.
    #[must_use]
    pub fn beside(self, troubles: Vec<Trouble>) -> Self {
        match troubles.is_empty() {
            true => self,
            false => Self::Beside { error: Box::new(self), troubles },
        }
    }

    /// True where gates wait, and none refuses.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        match self.cause() {
            Self::NotCleared(refusal) => refusal.is_waiting(),
            Self::Set(SetError::NotCleared(refusal)) => refusal.is_waiting(),
            _ => false,
        }
    }

    /// What to show below the error's own line: a word, and what it stands for.
    #[must_use]
    pub fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Copy(error) => error.details(),
            Self::Beside { error, troubles } => {
                let beside = troubles.iter().map(|trouble| ("beside", trouble.to_string()));
                error.details().into_iter().chain(beside).collect()
            }
            Self::Midway { set, moved, left, error } => {
                let own = [("set", set.to_string()), ("moved", told(moved)), ("left", told(left))];
                error.details().into_iter().chain(own).collect()
            }
            Self::PinHeld { current, wanted, .. } => {
                vec![("holds", current.to_string()), ("wanted", wanted.to_string())]
            }
            _ => Vec::new(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Graph(error) => error.remedy(),
            Self::Resolve(error) => error.remedy(),
            Self::Copy(error) => return error.remedy(),
            Self::Ledger(
                error @ (LedgerError::TooLarge { .. } | LedgerError::NotBegun { .. } | LedgerError::Nobody { .. }),
            ) => return error.remedy(),
            Self::Ledger(_) => "Nothing is promoted while its history cannot be read and written.".to_owned(),
            Self::Registry(error) => return error.remedy().map(str::to_owned),
            Self::NoRegistry { .. } => "Give it a registry.".to_owned(),
            Self::Edges { edges, .. } if edges.is_empty() => {
                "Builds arrive there by themselves; promote from it.".to_owned()
            }
            Self::Edges { edges, .. } => {
                let edges: Vec<_> = edges.iter().map(Name::as_str).collect();
                format!("Name one, as with --edge: {}.", edges.join(", "))
            }
            Self::Elsewhere { .. } => "Resolve it where the edge begins.".to_owned(),
            Self::NoPassage => "Plan with the promoter that clears and applies it.".to_owned(),
            Self::OtherTags { .. } => "Nothing was written. Plan again; tags are the environment's to give.".to_owned(),
            Self::OtherFacts { .. } => "Nothing was written. Plan again.".to_owned(),
            Self::OtherGraph { .. } => "Nothing was written. Plan again, with this graph.".to_owned(),
            Self::Override(problem) => problem.remedy(),
            Self::Stopped { .. } => "No tag that moves has moved. Release it, or leave it.".to_owned(),
            Self::Order(problem) => problem.remedy(),
            Self::Proof(_) => "What cannot be read is not there to be relied on; look again.".to_owned(),
            Self::Step { moment: Moment::Before, .. } => {
                "No tag has moved. Promote again when it can be done; what is there is not copied again.".to_owned()
            }
            Self::Step { moment: Moment::After, .. } => {
                "The tags have moved. Promote again, and only what is left is done; or roll back.".to_owned()
            }
            Self::Tags { .. } => "Select by what the tag is made of, or label the image when it is built.".to_owned(),
            Self::NoTag { .. } => {
                "Select a release for tags of versions, or give the environment a tag for every image.".to_owned()
            }
            Self::PinAndFloat { .. } => "Leave one of the two out.".to_owned(),
            Self::PinHeld { .. } => {
                "Nothing was written. Choose another version, or promote without this pin.".to_owned()
            }
            Self::NoSuchPlatform { .. } => "Build for it, or let the environment take the whole image.".to_owned(),
            Self::Evidence(error) => return error.remedy(),
            Self::Lease(error) => error.remedy(),
            Self::Set(error) => return error.remedy(),
            Self::Beside { error, .. } => return error.remedy(),
            Self::Midway { .. } => {
                "Go on with the set (promote --resume), or take it back (promote --revert): the ledger knows it."
                    .to_owned()
            }
            Self::NotCleared(refusal) => return refusal.remedy(),
        })
    }
}

fn told(names: &[impl ToString]) -> String {
    match names {
        [] => "none".to_owned(),
        _ => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}
