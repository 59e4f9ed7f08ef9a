//! The tag `latest`, and what earns it.

use std::fmt;

use super::{semver, when::is_default_branch};
use crate::{
    BuildFacts, GitRef, SchemeError, Tag, TagScheme,
    class::{SchemeClass, TagKind},
};

/// The tag `latest`, for the builds that one of two rules picks.
///
/// `latest` is what people get who name no tag, so there is no rule that gives it to every build.
#[derive(Clone, Copy, Debug)]
pub struct Latest(Rule);

#[derive(Clone, Copy, Debug)]
enum Rule {
    DefaultBranch,
    Release,
}

impl Latest {
    /// For builds of the default branch. Silent on other branches, tags and pull requests.
    ///
    /// # Errors
    ///
    /// The scheme gives [`SchemeError::MissingDefaultBranch`] for a branch when the facts do not
    /// name the default branch. It does not guess that it is called `main`.
    pub fn on_default_branch() -> Self {
        Self(Rule::DefaultBranch)
    }

    /// For git tags that are semantic versions and no prereleases. Silent on everything else.
    ///
    /// The scheme sees one build: a fix for an older version, released after a newer one, gets
    /// `latest` too.
    pub fn on_release() -> Self {
        Self(Rule::Release)
    }
}

#[deny(clippy::missing_trait_methods)]
impl TagScheme for Latest {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let earned = match (self.0, &facts.git_ref) {
            (Rule::DefaultBranch, _) => is_default_branch(facts)?,
            (Rule::Release, GitRef::Tag(git_tag)) => semver::parse(git_tag).is_ok_and(|version| version.pre.is_empty()),
            _ => false,
        };
        Ok(if earned { vec![Tag::latest()] } else { Vec::new() })
    }

    fn classes(&self) -> Vec<SchemeClass> {
        vec![SchemeClass::floating().of_kind(TagKind::Channel).on_channel("latest")]
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Rule::DefaultBranch => "latest on the default branch",
            Rule::Release => "latest on release",
        })
    }
}
