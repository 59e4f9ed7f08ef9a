//! Conditions on the facts of a build.

use std::{fmt, sync::Arc};

use super::semver;
use crate::{BuildFacts, Event, GitRef, SchemeError, excerpt::quoted};

/// A condition on the facts of a build, for [`only_if`](crate::TagSchemeExt::only_if).
///
/// ```
/// use lockage_tagging::{BuildFacts, When};
///
/// let when = When::branch("release").or(When::pull_request().and(When::label("publish")));
/// assert!(when.holds(&BuildFacts::pull_request(42).label("publish"))?);
/// assert!(!when.holds(&BuildFacts::pull_request(42))?);
/// assert_eq!(when.to_string(), r#"(branch "release" or (pull request and label "publish"))"#);
/// # Ok::<(), lockage_tagging::SchemeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct When(Condition);

#[derive(Clone)]
enum Condition {
    Tag,
    Release,
    Prerelease,
    Branch(String),
    DefaultBranch,
    PullRequest,
    Event(Event),
    Label(String),
    Test(String, Arc<Test>),
    Not(Box<When>),
    And(Box<When>, Box<When>),
    Or(Box<When>, Box<When>),
}

type Test = dyn Fn(&BuildFacts) -> Result<bool, SchemeError> + Send + Sync;

impl When {
    /// A git tag is built.
    pub fn tag() -> Self {
        Self(Condition::Tag)
    }

    /// A git tag is built that is a semantic version and no prerelease.
    pub fn release() -> Self {
        Self(Condition::Release)
    }

    /// A git tag is built that is a prerelease of a semantic version.
    pub fn prerelease() -> Self {
        Self(Condition::Prerelease)
    }

    /// The branch `name` is built.
    pub fn branch(name: impl Into<String>) -> Self {
        Self(Condition::Branch(name.into()))
    }

    /// The default branch is built.
    ///
    /// # Errors
    ///
    /// The condition gives [`SchemeError::MissingDefaultBranch`] for a branch when the facts do not name the default.
    pub fn default_branch() -> Self {
        Self(Condition::DefaultBranch)
    }

    /// A pull request is built.
    pub fn pull_request() -> Self {
        Self(Condition::PullRequest)
    }

    /// `event` made the build run.
    ///
    /// # Errors
    ///
    /// The condition gives [`SchemeError::MissingFact`] when the facts do not say what did.
    pub fn event(event: Event) -> Self {
        Self(Condition::Event(event))
    }

    /// The pull request has the label `name`.
    pub fn label(name: impl Into<String>) -> Self {
        Self(Condition::Label(name.into()))
    }

    /// What the closure `test` says, printed as `name`.
    pub fn test(
        name: impl Into<String>,
        test: impl Fn(&BuildFacts) -> Result<bool, SchemeError> + Send + Sync + 'static,
    ) -> Self {
        Self(Condition::Test(name.into(), Arc::new(test)))
    }

    /// The opposite.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a word that reads on in a chain, as and() and or() do")]
    pub fn not(self) -> Self {
        Self(Condition::Not(Box::new(self)))
    }

    /// Both. The second is not asked when the first does not hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(Condition::And(Box::new(self), Box::new(other)))
    }

    /// One or both. The second is not asked when the first holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(Condition::Or(Box::new(self), Box::new(other)))
    }

    /// Whether the condition holds for `facts`.
    ///
    /// # Errors
    ///
    /// When a fact that it needs is missing.
    pub fn holds(&self, facts: &BuildFacts) -> Result<bool, SchemeError> {
        let git_ref = &facts.git_ref;
        let prerelease = || match git_ref {
            GitRef::Tag(name) => semver::parse(name).ok().map(|version| !version.pre.is_empty()),
            GitRef::Branch(_) | GitRef::PullRequest(_) => None,
        };
        Ok(match &self.0 {
            Condition::Tag => matches!(git_ref, GitRef::Tag(_)),
            Condition::Release => prerelease() == Some(false),
            Condition::Prerelease => prerelease() == Some(true),
            Condition::Branch(name) => matches!(git_ref, GitRef::Branch(built) if built == name),
            Condition::DefaultBranch => is_default_branch(facts)?,
            Condition::PullRequest => matches!(git_ref, GitRef::PullRequest(_)),
            Condition::Event(event) => {
                facts.event.as_ref().ok_or(SchemeError::MissingFact { fact: "what made it run" })? == event
            }
            Condition::Label(name) => facts.labels.contains(name),
            Condition::Test(_, test) => test(facts)?,
            Condition::Not(when) => !when.holds(facts)?,
            Condition::And(first, second) => first.holds(facts)? && second.holds(facts)?,
            Condition::Or(first, second) => first.holds(facts)? || second.holds(facts)?,
        })
    }
}

/// Whether a branch is built, and it is the default one.
pub(super) fn is_default_branch(facts: &BuildFacts) -> Result<bool, SchemeError> {
    match (&facts.git_ref, &facts.default_branch) {
        (GitRef::Branch(branch), Some(default)) => Ok(branch == default),
        (GitRef::Branch(branch), None) => Err(SchemeError::MissingDefaultBranch { branch: quoted(branch) }),
        (GitRef::Tag(_) | GitRef::PullRequest(_), _) => Ok(false),
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Condition::Tag => f.write_str("git tag"),
            Condition::Release => f.write_str("release"),
            Condition::Prerelease => f.write_str("prerelease"),
            Condition::Branch(name) => write!(f, "branch {name:?}"),
            Condition::DefaultBranch => f.write_str("default branch"),
            Condition::PullRequest => f.write_str("pull request"),
            Condition::Event(event) => write!(f, "event {event}"),
            Condition::Label(name) => write!(f, "label {name:?}"),
            Condition::Test(name, _) => f.write_str(name),
            Condition::Not(when) => write!(f, "not {when}"),
            Condition::And(first, second) => write!(f, "({first} and {second})"),
            Condition::Or(first, second) => write!(f, "({first} or {second})"),
        }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&When(self.clone()), f)
    }
}
