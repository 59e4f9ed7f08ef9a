//! Why nothing could be selected.

use super::{candidate::Passed, constraint::ConstraintError, glob::GlobError, pattern::PatternProblem};
use crate::Tag;

/// A selector that cannot be made of its configuration, or that cannot choose from a list.
///
/// The texts inside are quoted, escaped and shortened, ready for a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// There is nothing to choose from.
    #[error("the list of tags is empty")]
    Empty,

    /// Every candidate was passed over.
    #[error("none of {} tags can be selected{}", .others.len(), first(.others))]
    NoneLeft {
        /// The candidates, in the order of the list, and why not.
        others: Vec<Passed>,
    },

    /// A numerical policy came across something that is no number, which fails the whole selection.
    #[error("{value}, from the tag {tag}, is not a number that a numerical policy can compare")]
    NotNumber {
        /// The tag.
        tag: Tag,
        /// What was to be compared.
        value: String,
    },

    /// The date of an image is not known, and the strategy goes by dates.
    #[error("when the image of the tag {tag} was built is not known")]
    NoDate {
        /// The tag.
        tag: Tag,
    },

    /// The constraint on versions cannot be read.
    #[error(transparent)]
    Constraint(#[from] ConstraintError),

    /// A pattern of tags to ignore cannot be read.
    #[error(transparent)]
    Glob(#[from] GlobError),

    /// A regular expression cannot be used.
    #[error("regular expression {pattern}: {problem}")]
    Pattern {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        problem: PatternProblem,
    },

    /// A policy without one of the three rules.
    #[error("the policy has none of semver, alphabetical and numerical")]
    NoPolicy,

    /// An order that is neither ascending nor descending.
    #[error("order {order} is neither asc nor desc")]
    Order {
        /// The order.
        order: String,
    },

    /// An interval without the one policy that uses it, or that policy without an interval.
    #[error("digestReflectionPolicy {}", if *.present { "is not Always, and interval is set" } else { "is Always, and interval is not set" })]
    Interval {
        /// Whether an interval is set.
        present: bool,
    },

    /// A strategy that does not exist.
    #[error("update strategy {strategy} does not exist")]
    Strategy {
        /// The strategy.
        strategy: String,
    },

    /// A match function that does not exist.
    #[error("{allow_tags} is no match function for tags")]
    AllowTags {
        /// The value of `allowTags`.
        allow_tags: String,
    },

    /// The digest strategy without a tag to follow.
    #[error("the digest strategy follows one tag, and none is named")]
    NothingFollowed,
}

impl SelectError {
    /// What to do about it, as a short imperative for people, where there is something to say.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::Empty => "push an image, or look at another repository",
            Self::NoneLeft { .. } => "widen the rule, or push a tag that it matches",
            Self::NotNumber { .. } => "filter the tags with a pattern, and extract the number",
            Self::NoDate { .. } => "read the date from the image's configuration, or filter the tag away",
            Self::Constraint(error) => error.remedy(),
            Self::Glob(error) => error.remedy(),
            Self::Pattern { problem, .. } => problem.remedy(),
            Self::NoPolicy => "write one of semver, alphabetical and numerical under policy",
            Self::Order { .. } => "write asc or desc; ascending selects the greatest",
            Self::Interval { present: true } => "remove interval, or set digestReflectionPolicy to Always",
            Self::Interval { present: false } => "set interval, such as 10m",
            Self::Strategy { .. } => "write semver, newest-build, alphabetical or digest",
            Self::AllowTags { .. } => "write any, or regexp: and an expression",
            Self::NothingFollowed => "write the tag to follow behind the image: some/image:latest",
        })
    }
}

/// The first reason, as an example: one line is not the place for all of them.
fn first(others: &[Passed]) -> String {
    others.first().map(|passed| format!("; {}: {}", passed.tag, passed.reason)).unwrap_or_default()
}
