//! `ResolveError`: nothing is meant, or more than one thing, or something that is not whole.

use lockage_registry::{Digest, NameError, Repository};

use crate::pipeline::{Name, Select};

/// Why a selection names no image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// There is no such image.
    #[error("{select}: there is no such image in {repository}")]
    None {
        /// What was asked for.
        select: Select,
        /// Where.
        repository: Repository,
    },
    /// The environment has none, by the ledger.
    #[error("env:{environment}: nothing of {image} is in {environment}, by the ledger")]
    NotIn {
        /// The image.
        image: Name,
        /// The environment.
        environment: Name,
    },
    /// There are several.
    #[error("{select}: it names {} images in {repository}", .found.len())]
    Ambiguous {
        /// What was asked for.
        select: Select,
        /// Where.
        repository: Repository,
        /// Each, and where it was found.
        found: Vec<(Digest, String)>,
    },
    /// The commit was built more than once.
    #[error("commit {commit} was built more than once: {digest} is not the only image of it")]
    Rebuilt {
        /// The commit.
        commit: String,
        /// The image that was found.
        digest: Digest,
        /// The others, and where they are known from.
        others: Vec<(Digest, String)>,
    },
    /// The image says that it was built from something else.
    #[error("{digest} says that it was built from commit {said}, and not from {asked}")]
    OtherCommit {
        /// The image.
        digest: Digest,
        /// What its label says.
        said: String,
        /// What was asked for.
        asked: String,
    },
    /// A child of an index is not there.
    #[error("{digest} is not whole: its child {child} is missing in {repository}")]
    Incomplete {
        /// The index.
        digest: Digest,
        /// The child.
        child: Digest,
        /// Where.
        repository: Repository,
    },
    /// It has no platform that could run.
    #[error("{digest} has no image of any platform")]
    NoPlatform {
        /// The index.
        digest: Digest,
    },
    /// A branch whose name does not say what is meant.
    #[error("branch {branch:?}: {why}")]
    Branch {
        /// The branch.
        branch: String,
        /// What is wrong with it.
        why: String,
    },
    /// The head of a branch is another commit than the one that its name carries.
    #[error("branch {branch:?} carries commit {carried}, and its head is {head}: it went on after it was named")]
    BranchMoved {
        /// The branch.
        branch: String,
        /// The commit in its name.
        carried: String,
        /// Its head.
        head: String,
    },
    /// A version that is none.
    #[error("{select}: {why}")]
    Version {
        /// What was asked for.
        select: Select,
        /// What is wrong with it.
        why: String,
    },
    /// A convention that makes no tag.
    #[error("{select}: {source}")]
    Tag {
        /// What was asked for.
        select: Select,
        /// What is wrong.
        source: Box<NameError>,
    },
    /// The registry failed, which says nothing about the image.
    #[error(transparent)]
    Registry(#[from] lockage_registry::Error),
}

impl ResolveError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::None { .. } => "See whether the build has pushed it, and to this environment. A digest, or env:NAME for what is in one, can be \
                 selected as well."
                .to_owned(),
            Self::NotIn { .. } => "Promote it there first, or see whether this is the ledger that says so.".to_owned(),
            Self::Ambiguous { found, .. } | Self::Rebuilt { others: found, .. } => {
                let list: Vec<_> = found.iter().map(|(digest, by)| format!("{digest} ({by})")).collect();
                format!("Select by digest. There are {}.", list.join(", "))
            }
            Self::OtherCommit { .. } => {
                "The tag was moved to another build: select by digest, or build again.".to_owned()
            }
            Self::Incomplete { .. } => "Nothing was moved. Push the image again, whole.".to_owned(),
            Self::NoPlatform { .. } => "An index of attestations alone is nothing to promote.".to_owned(),
            Self::Branch { .. } => {
                "Select the commit or the digest, say its head (branch:NAME@SHA), or add a rule for such branches."
                    .to_owned()
            }
            Self::BranchMoved { carried, head, .. } => {
                format!("Select sha:{head} or sha:{carried}, whichever is meant, or name the branch anew.")
            }
            Self::Version { .. } => "Write 1.4.0, or a range such as >=1.2, <2.".to_owned(),
            Self::Tag { .. } => "Look at the graph's conventions for tags.".to_owned(),
            Self::Registry(error) => error.remedy().unwrap_or_default().to_owned(),
        }
    }
}
