//! zot's retention, as it is after everything about it has been checked.

use super::Span;
use super::go_regex::GoRegex;
use crate::import::glob::Glob;

/// The retention section of zot's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Retention {
    pub(super) dry_run: bool,
    pub(super) delay: Span,
    pub(super) policies: Vec<Policy>,
}

/// One policy, for the repositories that no policy before it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub(super) repositories: Vec<Glob>,
    pub(super) delete_referrers: bool,
    pub(super) delete_untagged: bool,
    pub(super) keep_tags: Vec<KeepTags>,
    pub(super) keep_untagged: Option<Rules>,
}

/// A group of tags: those that one of the patterns is found in and that are in no group before it. Without patterns, all.
#[derive(Clone, Debug, PartialEq)]
pub struct KeepTags {
    pub(super) patterns: Vec<GoRegex>,
    pub(super) rules: Rules,
}

/// What is kept of a group: what any of these keeps; everything, where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub(super) pulled_count: u32,
    pub(super) pushed_count: u32,
    pub(super) pulled_within: Option<Span>,
    pub(super) pushed_within: Option<Span>,
}

impl Retention {
    /// Whether nothing is deleted, and only said what would be.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// How old an untagged manifest, or one whose subject is gone, has to be to go.
    #[must_use]
    pub fn delay(&self) -> Span {
        self.delay
    }

    /// The policies. The first that is for a repository owns it.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Whether a rule needs to know when something was pushed or pulled. Without one, zot may run without a database of
    /// that, and looks at the names of tags alone.
    pub(super) fn needs_statistics(&self) -> bool {
        self.policies.iter().any(|policy| {
            policy.keep_tags.iter().any(|keep| !keep.rules.is_empty())
                || policy.delete_untagged && policy.keep_untagged.is_some_and(|rules| !rules.is_empty())
        })
    }
}

impl Policy {
    /// Whether untagged manifests go. They do where nothing is said.
    #[must_use]
    pub fn deletes_untagged(&self) -> bool {
        self.delete_untagged
    }

    /// Whether what speaks about a manifest that is gone goes too. It stays where nothing is said.
    #[must_use]
    pub fn deletes_referrers(&self) -> bool {
        self.delete_referrers
    }

    /// The groups of tags. Where there are none all tags stay.
    #[must_use]
    pub fn keep_tags(&self) -> &[KeepTags] {
        &self.keep_tags
    }

    /// The untagged manifests that stay.
    #[must_use]
    pub fn keep_untagged(&self) -> Option<Rules> {
        self.keep_untagged
    }
}

impl KeepTags {
    /// Whether a tag is of the group, if it is of none before it.
    #[must_use]
    pub fn matches(&self, tag: &str) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.is_found_in(tag))
    }

    /// What is kept of it.
    #[must_use]
    pub fn rules(&self) -> Rules {
        self.rules
    }
}

impl Rules {
    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many of those last pulled are kept; 0 is no rule.
    #[must_use]
    pub fn most_recently_pulled(&self) -> u32 {
        self.pulled_count
    }

    /// How many of those last pushed are kept; 0 is no rule.
    #[must_use]
    pub fn most_recently_pushed(&self) -> u32 {
        self.pushed_count
    }

    /// How long ago what is kept was pulled or pushed.
    #[must_use]
    pub fn pulled_within(&self) -> Option<Span> {
        self.pulled_within
    }

    /// How long ago what is kept was pushed.
    #[must_use]
    pub fn pushed_within(&self) -> Option<Span> {
        self.pushed_within
    }
}
