//! What the action warns of.

/// Something that is probably not meant. The text is the action's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// A rule of type `semver` found something else.
    #[error("{0} is not a valid semver. More info: https://semver.org/")]
    NotSemver(String),
    /// A rule of type `pep440` found something else.
    #[error("{0} does not conform to PEP 440. More info: https://www.python.org/dev/peps/pep-0440")]
    NotPep440(String),
    /// A regular expression found nothing.
    #[error("{pattern} does not match {value}.")]
    NoMatch {
        /// The regular expression.
        pattern: String,
        /// What it was to match.
        value: String,
    },
    /// A regular expression found something, and has no such group.
    #[error("Group {group} does not exist for {pattern} pattern.")]
    NoGroup {
        /// The group.
        group: String,
        /// The regular expression.
        pattern: String,
    },
    /// No rule gave a tag.
    #[error("No Docker image version has been generated. Check tags input.")]
    NoVersion,
    /// There is nothing to push.
    #[error("No Docker tag has been generated. Check tags input.")]
    NoTag,
    /// The profile [`Strict`](super::Profile::Strict) left something out of a tag, or all of it.
    #[error("{text} cannot begin a tag, {}", if tag.is_empty() { "and nothing else is left".into() } else { format!("the tag is {tag}") })]
    Trimmed {
        /// What the rule came to.
        text: String,
        /// What became the tag.
        tag: String,
    },
}
