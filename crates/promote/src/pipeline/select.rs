//! `Select`: which image is meant, in the words of those who ask.

use std::fmt;
use std::str::FromStr;

use lockage_registry::{Digest, Tag};
use serde::{Deserialize, Serialize};

use super::Name;

/// Which image is meant. It is resolved once, to a digest; nothing after that takes it.
///
/// ```
/// use lockage_promote::pipeline::Select;
/// assert_eq!("pr:42".parse::<Select>()?, Select::PullRequest(42));
/// assert_eq!("version:>=1.2, <2".parse::<Select>()?.to_string(), "version:>=1.2, <2");
/// assert!("latest".parse::<Select>().is_err());
/// # Ok::<(), lockage_promote::pipeline::SelectError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Select {
    /// `pr:42`: what was built for this pull request.
    PullRequest(u64),
    /// `sha:2b2e927`: what was built from this commit; at least seven digits of it.
    Commit(String),
    /// `version:1.4.0`, `version:>=1.2, <2`: the newest release that this matches, as cargo and semver understand it.
    Version(String),
    /// `tag:nightly`: what this tag holds now.
    Tag(Tag),
    /// `digest:sha256:…`: this very image.
    Digest(Digest),
    /// `branch:release/v1.2.0-sha-2b2e927`: the commit, or else the version, that this branch names.
    Branch(String),
    /// `branch:release/sprint-42@2b2e927`: the same of a branch whose head is this commit: it is meant where the name carries
    /// none, and where it carries one they have to be the same.
    BranchAt {
        /// The branch.
        branch: String,
        /// The commit that is its head; at least seven digits of it.
        head: String,
    },
    /// `env:stage`: what is current there.
    CurrentIn(Name),
}

/// Why a text selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} selects no image: {why}")]
pub struct SelectError {
    text: String,
    why: String,
}

impl SelectError {
    /// What to write.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        "Write pr:42, sha:2b2e927, version:1.4.0, tag:NAME, digest:sha256:…, branch:NAME, branch:NAME@HEAD or env:NAME."
    }
}

impl FromStr for Select {
    type Err = SelectError;

    fn from_str(text: &str) -> Result<Self, SelectError> {
        let refused = |why: String| SelectError { text: text.to_owned(), why };
        let (kind, value) = text.split_once(':').ok_or_else(|| refused("it does not say by what".to_owned()))?;
        match kind {
            "pr" => match value.parse() {
                Ok(number) if number > 0 => Ok(Self::PullRequest(number)),
                _ => Err(refused("a pull request is a number from 1 on".to_owned())),
            },
            "sha" if is_commit(value) => Ok(Self::Commit(value.to_owned())),
            "sha" => Err(refused("a commit is 7 to 64 hexadecimal digits in lower case".to_owned())),
            "version" if !value.trim().is_empty() => Ok(Self::Version(value.trim().to_owned())),
            "tag" => value.parse().map(Self::Tag).map_err(|error| refused(error.to_string())),
            "digest" => value.parse().map(Self::Digest).map_err(|error| refused(error.to_string())),
            "branch" if !value.is_empty() => Ok(match value.rsplit_once('@') {
                Some((branch, head)) if !branch.is_empty() && is_commit(head) => {
                    Self::BranchAt { branch: branch.to_owned(), head: head.to_owned() }
                }
                _ => Self::Branch(value.to_owned()),
            }),
            "env" => value.parse().map(Self::CurrentIn).map_err(|error: super::NameProblem| refused(error.to_string())),
            "version" | "branch" => Err(refused("nothing is behind the colon".to_owned())),
            other => Err(refused(format!("{other:?} is no way to select one"))),
        }
    }
}

fn is_commit(text: &str) -> bool {
    let is_hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (7..=64).contains(&text.len()) && is_hex
}

impl TryFrom<String> for Select {
    type Error = SelectError;

    fn try_from(text: String) -> Result<Self, SelectError> {
        text.parse()
    }
}

impl From<Select> for String {
    fn from(select: Select) -> Self {
        select.to_string()
    }
}

impl fmt::Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PullRequest(number) => write!(f, "pr:{number}"),
            Self::Commit(commit) => write!(f, "sha:{commit}"),
            Self::Version(version) => write!(f, "version:{version}"),
            Self::Tag(tag) => write!(f, "tag:{tag}"),
            Self::Digest(digest) => write!(f, "digest:{digest}"),
            Self::Branch(branch) => write!(f, "branch:{branch}"),
            Self::BranchAt { branch, head } => write!(f, "branch:{branch}@{head}"),
            Self::CurrentIn(environment) => write!(f, "env:{environment}"),
        }
    }
}
