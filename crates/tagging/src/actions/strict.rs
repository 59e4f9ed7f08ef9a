//! What only the strict profile refuses.

use super::warning::Warning;
use crate::{NameError, excerpt::quoted};

/// What the action lets pass and [`Profile::Strict`](super::Profile::Strict) does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StrictProblem {
    /// A rule has an attribute that rules of its type do not have.
    #[error(
        "rule {} has no attribute {}; a rule of type {kind} has {}",
        quoted(entry), quoted(name), known.join(", ")
    )]
    UnknownAttribute {
        /// The attribute.
        name: String,
        /// The type of the rule.
        kind: &'static str,
        /// The attributes that a rule of the type can have.
        known: Vec<&'static str>,
        /// The whole rule.
        entry: String,
    },

    /// A priority that is no number has no place in an order.
    #[error("the priority of rule {} is not a number", quoted(entry))]
    Priority {
        /// The whole rule.
        entry: String,
    },

    /// An image that takes part is no repository.
    #[error("an image is not a repository: {0}")]
    ImageName(#[source] Box<NameError>),

    /// A template names something that does not exist.
    #[error("template {} names {}, which does not exist here", quoted(template), quoted(name))]
    UnknownName {
        /// What was not found.
        name: String,
        /// The whole template.
        template: String,
    },

    /// A date is to be shown in a zone that does not exist.
    #[error("{} is not a time zone", quoted(.0))]
    UnknownZone(String),

    /// The date of the commit cannot be read.
    #[error("the date of the commit cannot be read")]
    InvalidCommitDate,

    /// The setting must leave something of a commit, and be a whole number.
    #[error("DOCKER_METADATA_SHORT_SHA_LENGTH is not a number of digits: {}", quoted(.0))]
    ShortLength(String),

    /// The setting is no boolean.
    #[error("{setting} is not a boolean: {}", quoted(value))]
    Boolean {
        /// The environment variable.
        setting: &'static str,
        /// Its value.
        value: String,
    },

    /// The tag that a rule came to is not a legal one, and nothing legal stands for it.
    #[error("rule {} gives an illegal tag: {error}", quoted(rule))]
    Tag {
        /// The rule, or `latest`.
        rule: String,
        /// What is wrong with the tag.
        #[source]
        error: Box<NameError>,
    },

    /// The tag that a rule came to speaks about a digest, and is not for people to set.
    #[error("rule {} gives {tag}, a tag that speaks about a digest", quoted(rule))]
    Reserved {
        /// The rule, or `latest`.
        rule: String,
        /// The tag.
        tag: String,
    },

    /// There is no such annotation level.
    #[error(
        "{} is not an annotation level; there are manifest, index, manifest-descriptor and index-descriptor, \
         each with an optional [platform]", quoted(.0)
    )]
    Level(String),

    /// The event is about a pull request and does not say which.
    #[error("the event is about a pull request and has no number")]
    NoPullRequestNumber,

    /// Warnings were to be errors.
    /// Warnings were to be errors.
    #[error("{0}")]
    Warning(Warning),
}
