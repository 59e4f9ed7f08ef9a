//! Cleanup policies, as they are after everything about them has been checked.

use super::Age;

/// The cleanup policies of a repository, of which a repository of a snapshot is a package: at most ten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanupPolicies {
    pub(super) policies: Vec<CleanupPolicy>,
    pub(super) dry_run: bool,
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanupPolicy {
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) criteria: Criteria,
}

/// What a policy does to the versions that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these")]
pub enum Action {
    /// Deletes them, if no policy keeps them.
    Delete,
    /// Keeps them.
    Keep,
}

/// Which versions a policy matches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these")]
pub enum Criteria {
    /// Those that a condition matches.
    Condition(Condition),
    /// The newest ones of each package. Only a policy that keeps has this.
    MostRecentVersions(MostRecentVersions),
}

/// What all has to be so of a version. An empty list of prefixes asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    pub(super) tag_state: TagState,
    pub(super) tag_prefixes: Vec<String>,
    pub(super) version_name_prefixes: Vec<String>,
    pub(super) package_name_prefixes: Vec<String>,
    pub(super) older_than: Option<Age>,
    pub(super) newer_than: Option<Age>,
}

/// Whether a version has tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these")]
pub enum TagState {
    /// It may have some or none.
    #[default]
    Any,
    /// It has some.
    Tagged,
    /// It has none.
    Untagged,
}

/// The newest versions of each package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MostRecentVersions {
    pub(super) package_name_prefixes: Vec<String>,
    pub(super) keep_count: u32,
}

impl CleanupPolicies {
    /// The policies, as the document has them.
    #[must_use]
    pub fn policies(&self) -> &[CleanupPolicy] {
        &self.policies
    }

    /// Whether they delete nothing, and only say what they would.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}

impl CleanupPolicy {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it does.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// To which versions.
    #[must_use]
    pub fn criteria(&self) -> &Criteria {
        &self.criteria
    }
}
