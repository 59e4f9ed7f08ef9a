//! `Wanted`: what people call an image when they ask where it is: a commit, a digest, a version, a pull request.

use std::fmt;
use std::str::FromStr;

use lockage_registry::Digest;
use serde::{Deserialize, Serialize};

use crate::ledger::{Entry, ImageFacts, Kind};

/// What an image is called, in the words of those who ask the ledger. Texts without a colon are understood by their form.
///
/// ```
/// use lockage_promote::pipeline::memory::Wanted;
/// assert_eq!("#42".parse::<Wanted>()?, Wanted::PullRequest(42));
/// assert_eq!("v1.4.0".parse::<Wanted>()?, "version:1.4.0".parse()?);
/// assert_eq!("2b2e927".parse::<Wanted>()?, Wanted::Hex("2b2e927".into()), "of a commit or of a digest");
/// assert!("latest".parse::<Wanted>().is_err());
/// # Ok::<(), lockage_promote::pipeline::memory::WantedError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Wanted {
    /// `pr:42`, `#42`: what was built for this pull request.
    PullRequest(u64),
    /// `sha:2b2e927`: what was built from this commit; at least seven digits of it.
    Commit(String),
    /// `sha256:77ab13f`, `digest:sha256:…`: the image with this digest; at least seven digits of it.
    Digest(String),
    /// `2b2e927`: the first digits of a commit or of a digest, at least seven.
    Hex(String),
    /// `1.4.0`, `v1.4.0`, `version:1.4.0`: this very version.
    Version(String),
}

/// Why a text names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} names no image: {why}")]
pub struct WantedError {
    text: String,
    why: &'static str,
}

impl WantedError {
    /// What to write.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        "Write a commit (2b2e927), a digest (sha256:…), a version (1.4.0) or a pull request (#42)."
    }
}

impl Wanted {
    /// Whether an entry is about it: by its digest, by the index that it is a child of, or by what it is known by.
    #[must_use]
    pub fn is(&self, entry: &Entry) -> bool {
        let parent = match &entry.kind {
            Kind::Promote { parent, .. } => parent.as_ref(),
            _ => None,
        };
        self.is_known_by(&entry.facts) || self.is_digest(&entry.digest) || parent.is_some_and(|one| self.is_digest(one))
    }

    /// The digest, where it is named whole.
    #[must_use]
    pub fn whole_digest(&self) -> Option<Digest> {
        match self {
            Self::Digest(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn is_digest(&self, digest: &Digest) -> bool {
        match self {
            Self::Digest(text) => digest.as_str().starts_with(text),
            Self::Hex(hex) => digest.hex().starts_with(hex),
            _ => false,
        }
    }

    fn is_known_by(&self, facts: &ImageFacts) -> bool {
        match self {
            Self::PullRequest(number) => facts.pull_request == Some(*number),
            Self::Commit(commit) | Self::Hex(commit) => facts.commit.as_ref().is_some_and(|said| is_one(said, commit)),
            Self::Version(version) => facts.version.as_ref().is_some_and(|said| bare(said) == version),
            Self::Digest(_) => false,
        }
    }
}

/// What is recorded may be short itself, where nobody knew more.
fn is_one(said: &str, asked: &str) -> bool {
    let said = said.to_ascii_lowercase();
    said.starts_with(asked) || (said.len() >= 7 && asked.starts_with(&said))
}

/// `v1.4.0` and `1.4.0` are two names of one version.
fn bare(version: &str) -> &str {
    version.strip_prefix('v').unwrap_or(version)
}

impl FromStr for Wanted {
    type Err = WantedError;

    fn from_str(text: &str) -> Result<Self, WantedError> {
        let refused = |why| WantedError { text: text.to_owned(), why };
        let is_hex =
            |text: &str| text.len() >= 7 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let number = |digits: &str| match digits.parse() {
            Ok(number) if number > 0 => Ok(Self::PullRequest(number)),
            _ => Err(refused("a pull request is a number from 1 on")),
        };
        let digest = |text: &str| match text.split_once(':') {
            Some(("sha256", hex)) if is_hex(hex) && hex.len() <= 64 => Ok(Self::Digest(text.to_owned())),
            Some(("sha512", hex)) if is_hex(hex) && hex.len() <= 128 => Ok(Self::Digest(text.to_owned())),
            _ => Err(refused("a digest is sha256: and at least seven hexadecimal digits in lower case")),
        };
        let version = |text: &str| match semver::Version::parse(bare(text)) {
            Ok(_) => Ok(Self::Version(bare(text).to_owned())),
            Err(_) => Err(refused("a version has three numbers, as 1.4.0 has")),
        };
        match text.split_once(':') {
            Some(("pr", digits)) => number(digits),
            Some(("sha", commit)) if is_hex(commit) && commit.len() <= 64 => Ok(Self::Commit(commit.to_owned())),
            Some(("sha", _)) => Err(refused("a commit is 7 to 64 hexadecimal digits in lower case")),
            Some(("digest", rest)) => digest(rest),
            Some(("version", rest)) => version(rest),
            Some(_) => digest(text),
            None => match text.strip_prefix('#') {
                Some(digits) => number(digits),
                None if is_hex(text) && text.len() <= 64 => Ok(Self::Hex(text.to_owned())),
                None if semver::Version::parse(bare(text)).is_ok() => version(text),
                None => Err(refused("it is no commit, no digest, no version and no pull request")),
            },
        }
    }
}

impl TryFrom<String> for Wanted {
    type Error = WantedError;

    fn try_from(text: String) -> Result<Self, WantedError> {
        text.parse()
    }
}

impl From<Wanted> for String {
    fn from(wanted: Wanted) -> Self {
        wanted.to_string()
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PullRequest(number) => write!(f, "pr:{number}"),
            Self::Commit(commit) => write!(f, "sha:{commit}"),
            Self::Digest(digest) => write!(f, "digest:{digest}"),
            Self::Hex(hex) => f.write_str(hex),
            Self::Version(version) => write!(f, "version:{version}"),
        }
    }
}
