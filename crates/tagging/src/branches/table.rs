//! The table of a team's branches, and those of well-known workflows.

use std::fmt;

use super::{BranchError, BranchReading, BranchRole, BranchRule, PatternError};
use crate::{
    BuildFacts, GitRef, SchemeError, Tag, TagScheme,
    class::{SchemeClass, TagKind},
};

/// Rules for the names of branches, of which the first that fits counts.
///
/// As a scheme it gives the tags of that rule to builds of branches: the immutable one first. It is silent on branches
/// that no rule is about, and on tags and pull requests.
///
/// ```
/// use lockage_tagging::{BuildFacts, TagScheme, branches::BranchTable};
///
/// let table = BranchTable::git_flow();
/// let tags = |branch: &str| table.tags(&BuildFacts::branch(branch).commit("2b2e927"));
/// assert_eq!(tags("main")?, ["edge-sha-2b2e927", "edge"]);
/// assert_eq!(tags("release/v1.2.0-sha-2b2e927")?, ["1.2.0-rc-sha-2b2e927", "rc"]);
/// assert_eq!(tags("support/1.x")?, ["1-sha-2b2e927"]);
/// assert_eq!(tags("feature/login")?, ["login-sha-2b2e927"]);
/// # Ok::<(), lockage_tagging::SchemeError>(())
/// ```
///
/// # Errors
///
/// The scheme gives [`SchemeError::Branch`] when the branch carries a commit that is not the one that is built.
#[derive(Clone, Debug, Default)]
pub struct BranchTable {
    rules: Vec<BranchRule>,
}

/// Pattern, role, channel, immutable tag, floating tag; an empty text for none.
type Line = (&'static str, BranchRole, &'static str, &'static str, &'static str);

const GIT_FLOW: [Line; 6] = [
    ("{main,master}", BranchRole::Main, "edge", "edge-sha-{sha}", "edge"),
    ("dev{,elop,elopment}", BranchRole::Develop, "dev", "dev-sha-{sha}", "dev"),
    ("release{,s}{/,-}*", BranchRole::Release, "rc", "{name}-rc-sha-{sha}", "rc"),
    ("hotfix{,es}{/,-}*", BranchRole::Hotfix, "hotfix", "{name}-hotfix-sha-{sha}", ""),
    ("{support/,support-,stable/,stable-,v,}#", BranchRole::Support, "", "{name}-sha-{sha}", ""),
    ("feature{,s}{/,-}*", BranchRole::Feature, "", "{name}-sha-{sha}", ""),
];

const GIT_VERSION: [Line; 8] = [
    ("{main,master}", BranchRole::Main, "", "main-sha-{sha}", ""),
    ("dev{,elop}{,ment}", BranchRole::Develop, "alpha", "alpha-sha-{sha}", "alpha"),
    ("release{,s}{/,-}*", BranchRole::Release, "beta", "{name}-beta-sha-{sha}", "beta"),
    ("feature{,s}{/,-}*", BranchRole::Feature, "", "{name}-sha-{sha}", ""),
    ("{pull-requests,pull,pr}{/,-}#", BranchRole::PullRequest, "", "PullRequest{name}-sha-{sha}", ""),
    ("hotfix{,es}{/,-}*", BranchRole::Hotfix, "beta", "{name}-beta-sha-{sha}", "beta"),
    ("support{/,-}*", BranchRole::Support, "", "{name}-sha-{sha}", ""),
    ("*", BranchRole::Other, "", "{name}-sha-{sha}", ""),
];

impl BranchTable {
    /// A table without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `rule` at the end.
    #[must_use]
    pub fn with(mut self, rule: BranchRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// git-flow, and the branches for lines of releases that many repositories have beside it.
    ///
    /// | Branches | Role | Channel | Immutable tag | Floating tag |
    /// |---|---|---|---|---|
    /// | `main`, `master` | main | `edge` | `edge-sha-{sha}` | `edge` |
    /// | `dev`, `develop`, `development` | develop | `dev` | `dev-sha-{sha}` | `dev` |
    /// | `release/…`, `releases/…`, with `-` too | release | `rc` | `{name}-rc-sha-{sha}` | `rc` |
    /// | `hotfix/…`, `hotfixes/…`, with `-` too | hotfix | `hotfix` | `{name}-hotfix-sha-{sha}` | |
    /// | `support/1.x`, `stable/2024.1`, with `-` too, `v1.x`, `1.x` | support | | `{name}-sha-{sha}` | |
    /// | `feature/…`, `features/…`, with `-` too | feature | | `{name}-sha-{sha}` | |
    pub fn git_flow() -> Self {
        Self::of(&GIT_FLOW)
    }

    /// The branches of GitVersion's GitFlow configuration, with its labels as channels. The numbers that GitVersion
    /// computes from history are not part of it.
    ///
    /// | Branches | Role | Channel | Immutable tag | Floating tag |
    /// |---|---|---|---|---|
    /// | `main`, `master` | main | | `main-sha-{sha}` | |
    /// | `dev`, `develop`, `development` | develop | `alpha` | `alpha-sha-{sha}` | `alpha` |
    /// | `release/…` and its spellings | release | `beta` | `{name}-beta-sha-{sha}` | `beta` |
    /// | `feature/…` and its spellings | feature | | `{name}-sha-{sha}` | |
    /// | `pull/…`, `pr/…`, `pull-requests/…`, with `-` too | pull request | | `PullRequest{name}-sha-{sha}` | |
    /// | `hotfix/…` and its spellings | hotfix | `beta` | `{name}-beta-sha-{sha}` | `beta` |
    /// | `support/…`, `support-…` | support | | `{name}-sha-{sha}` | |
    /// | all others | other | | `{name}-sha-{sha}` | |
    pub fn git_version() -> Self {
        Self::of(&GIT_VERSION)
    }

    /// The rules, in their order.
    pub fn rules(&self) -> &[BranchRule] {
        &self.rules
    }

    /// Reads the name of a branch, of which `head` is the commit that is built; `None` when no rule is about it.
    ///
    /// Branches of releases, hotfixes and support can carry a commit: `-sha-2b2e927`, `-2b2e927` behind a whole version,
    /// and the `-4-g2b2e927` of `git describe`. It is never read as a prerelease, which a semantic version would do.
    ///
    /// # Errors
    ///
    /// [`BranchError`] when the branch carries a commit that is none, that is not `head`, or, without `head`, digits
    /// behind a version that can be a commit as well as a prerelease.
    pub fn read(&self, branch: &str, head: Option<&str>) -> Result<Option<BranchReading>, BranchError> {
        self.find(branch).map(|(rule, captured)| reading(rule, captured, branch, head)).transpose()
    }

    fn find<'a>(&self, branch: &'a str) -> Option<(&BranchRule, &'a str)> {
        self.rules.iter().find_map(|rule| Some((rule, rule.pattern().capture(branch)?)))
    }

    fn of(lines: &[Line]) -> Self {
        let rules = lines.iter().map(|line| rule(*line));
        let rules = rules.collect::<Result<_, _>>();
        // The tables above are constants, and tests read each of them.
        debug_assert!(rules.is_ok(), "{rules:?}");
        Self { rules: rules.unwrap_or_default() }
    }
}

fn reading(rule: &BranchRule, captured: &str, branch: &str, head: Option<&str>) -> Result<BranchReading, BranchError> {
    BranchReading::new(branch, captured, (rule.role(), rule.channel()), head)
}

fn rule((pattern, role, channel, immutable, floating): Line) -> Result<BranchRule, PatternError> {
    let rule = BranchRule::new(pattern, role)?.immutable(immutable)?;
    let rule = if channel.is_empty() { rule } else { rule.on_channel(channel) };
    if floating.is_empty() { Ok(rule) } else { rule.floating(floating) }
}

#[deny(clippy::missing_trait_methods)]
impl TagScheme for BranchTable {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let GitRef::Branch(branch) = &facts.git_ref else {
            return Ok(Vec::new());
        };
        match self.find(branch) {
            Some((rule, captured)) => rule.tags(&reading(rule, captured, branch, facts.commit.as_deref())?, facts),
            None => Ok(Vec::new()),
        }
    }

    fn classes(&self) -> Vec<SchemeClass> {
        let mut classes = Vec::new();
        for rule in &self.rules {
            classes.extend(rule.has_immutable().then(SchemeClass::immutable));
            let floating = rule.fixed_floating();
            let channel = floating.map(|tag| SchemeClass::floating().of_kind(TagKind::Channel).on_channel(tag));
            classes.extend(rule.has_floating().then(|| channel.unwrap_or_else(SchemeClass::floating)));
        }
        classes
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("branches (")?;
        for (index, rule) in self.rules.iter().enumerate() {
            write!(f, "{}{rule}", if index == 0 { "" } else { "; " })?;
        }
        f.write_str(")")
    }
}
