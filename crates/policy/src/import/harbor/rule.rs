//! Rules of Harbor, as they are after everything about them has been checked.

use std::fmt;

use super::Selector;

/// The retention policy of a project, and its rules of immutability.
#[derive(Clone, Debug, PartialEq)]
pub struct RetentionPolicy {
    pub(super) rules: Vec<RetentionRule>,
    pub(super) project: i64,
    pub(super) cron: String,
    pub(super) immutable: Vec<ImmutableRule>,
}

/// A rule that retains.
#[derive(Clone, Debug, PartialEq)]
pub struct RetentionRule {
    pub(super) disabled: bool,
    pub(super) template: Template,
    pub(super) repositories: Vec<Selector>,
    pub(super) tags: Vec<Selector>,
}

/// A rule that lets no artifact be deleted that has a tag which it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct ImmutableRule {
    pub(super) disabled: bool,
    pub(super) repositories: Vec<Selector>,
    pub(super) tags: Vec<Selector>,
}

/// Which of the artifacts that its selectors select a rule retains. Times are in whole seconds, days of 24 hours, and one of
/// which nobody knows is 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these")]
pub enum Template {
    /// All of them.
    Always,
    /// The so many that were pushed last.
    LatestPushed(u32),
    /// The so many that were pulled last.
    LatestPulled(u32),
    /// The so many that were pushed or pulled last.
    LatestActive(u32),
    /// Those pushed so many days ago or later.
    PushedWithin(u32),
    /// Those pulled so many days ago or later.
    PulledWithin(u32),
    /// Those pushed later than so many days ago.
    PushedLater(u32),
}

impl RetentionPolicy {
    /// The rules that retain, as the document has them.
    #[must_use]
    pub fn rules(&self) -> &[RetentionRule] {
        &self.rules
    }

    /// The rules of immutability, as the document has them.
    #[must_use]
    pub fn immutable_rules(&self) -> &[ImmutableRule] {
        &self.immutable
    }
}

impl RetentionRule {
    /// Whether it is switched off.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// What it retains.
    #[must_use]
    pub fn template(&self) -> Template {
        self.template
    }

    /// The repositories that all of these select; every one if there are none.
    #[must_use]
    pub fn repositories(&self) -> &[Selector] {
        &self.repositories
    }

    /// The artifacts that all of these select.
    #[must_use]
    pub fn tags(&self) -> &[Selector] {
        &self.tags
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.parameter().map_or(Ok(()), |number| write!(f, " {number}"))
    }
}

impl Template {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::LatestPushed(_) => "latestPushedK",
            Self::LatestPulled(_) => "latestPulledN",
            Self::LatestActive(_) => "latestActiveK",
            Self::PushedWithin(_) => "nDaysSinceLastPush",
            Self::PulledWithin(_) => "nDaysSinceLastPull",
            Self::PushedLater(_) => "lastXDays",
        }
    }

    /// The parameter, which is called as the template is.
    pub(super) fn parameter(self) -> Option<u32> {
        match self {
            Self::Always => None,
            Self::LatestPushed(number)
            | Self::LatestPulled(number)
            | Self::LatestActive(number)
            | Self::PushedWithin(number)
            | Self::PulledWithin(number)
            | Self::PushedLater(number) => Some(number),
        }
    }
}
