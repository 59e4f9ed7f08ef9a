//! Tags for commits, the ones that never need to move.

use std::fmt;

use crate::{
    BuildFacts, SchemeError, Tag, TagScheme,
    class::{SchemeClass, TagKind},
    excerpt::quoted,
};

/// The commit that was built: `sha-2b2e927`. Applies to every build.
///
/// For a pull request the facts hold the head commit, so that is what the tag names.
///
/// # Errors
///
/// [`SchemeError::MissingCommit`] when the facts name no commit, [`SchemeError::BrokenCommit`]
/// when it is not 7 to 64 hexadecimal digits, and, for the long form,
/// [`SchemeError::AbbreviatedCommit`] when it is not a whole one. Upper-case digits are lowered.
#[derive(Clone, Copy, Debug)]
pub struct Commit(Length);

#[derive(Clone, Copy, Debug)]
enum Length {
    Short,
    Long,
}

/// The fewest digits git abbreviates a commit to by default, and as many as the short form shows.
const SHORT: usize = 7;

/// The digits of a whole commit, in repositories of git's SHA-1 and SHA-256 formats.
const WHOLE: [usize; 2] = [40, LONGEST];

const LONGEST: usize = 64;

impl Commit {
    /// `sha-` and the first seven digits.
    pub fn short() -> Self {
        Self(Length::Short)
    }

    /// `sha-` and the whole commit.
    pub fn long() -> Self {
        Self(Length::Long)
    }
}

#[deny(clippy::missing_trait_methods)]
impl TagScheme for Commit {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let digits = match self.0 {
            Length::Short => short(facts)?,
            Length::Long => whole(facts)?,
        };
        Ok(vec![format!("sha-{digits}").parse()?])
    }

    fn classes(&self) -> Vec<SchemeClass> {
        vec![SchemeClass::immutable().of_kind(TagKind::Commit)]
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Length::Short => "commit",
            Length::Long => "whole commit",
        })
    }
}

/// The first seven digits of the commit, in lower case.
pub(crate) fn short(facts: &BuildFacts) -> Result<String, SchemeError> {
    let commit = checked(facts)?;
    Ok(commit.chars().take(SHORT).collect::<String>().to_ascii_lowercase())
}

/// The commit in lower case, when the facts hold a whole one.
pub(crate) fn whole(facts: &BuildFacts) -> Result<String, SchemeError> {
    let commit = checked(facts)?;
    match WHOLE.contains(&commit.len()) {
        true => Ok(commit.to_ascii_lowercase()),
        false => Err(SchemeError::AbbreviatedCommit { commit: quoted(commit) }),
    }
}

fn checked(facts: &BuildFacts) -> Result<&str, SchemeError> {
    let commit = facts.commit.as_deref().ok_or(SchemeError::MissingCommit)?;
    match is_commit(commit) {
        true => Ok(commit),
        false => Err(SchemeError::BrokenCommit { commit: quoted(commit) }),
    }
}

/// Whether `text` is 7 to 64 hexadecimal digits.
pub(crate) fn is_commit(text: &str) -> bool {
    (SHORT..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
