//! The tag `latest`, and what earns it.

use super::semver;
use crate::{BuildFacts, GitRef, SchemeError, Tag, TagScheme, excerpt::quoted};

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

impl TagScheme for Latest {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let earned = match (self.0, &facts.git_ref) {
            (Rule::DefaultBranch, GitRef::Branch(branch)) => match &facts.default_branch {
                Some(default) => branch == default,
                None => {
                    return Err(SchemeError::MissingDefaultBranch { branch: quoted(branch) });
                }
            },
            (Rule::Release, GitRef::Tag(git_tag)) => semver::parse(git_tag).is_ok_and(|version| version.pre.is_empty()),
            _ => false,
        };
        Ok(if earned { vec![Tag::latest()] } else { Vec::new() })
    }
}
