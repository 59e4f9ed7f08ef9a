//! Tags for commits, the ones that never need to move.

use crate::{BuildFacts, SchemeError, Tag, TagScheme, excerpt::quoted};

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

impl TagScheme for Commit {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let commit = facts.commit.as_deref().ok_or(SchemeError::MissingCommit)?;
        let Some(short) = commit.get(..SHORT).filter(|_| is_commit(commit)) else {
            return Err(SchemeError::BrokenCommit { commit: quoted(commit) });
        };
        let digits = match self.0 {
            Length::Short => short,
            Length::Long if WHOLE.contains(&commit.len()) => commit,
            Length::Long => {
                return Err(SchemeError::AbbreviatedCommit { commit: quoted(commit) });
            }
        };
        Ok(vec![format!("sha-{}", digits.to_ascii_lowercase()).parse()?])
    }
}

fn is_commit(text: &str) -> bool {
    (SHORT..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
