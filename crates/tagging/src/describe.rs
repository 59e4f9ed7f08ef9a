//! What `git describe` prints: how far a commit is from the last tag.

use std::{fmt, str::FromStr};

use semver::Version;

use crate::{
    excerpt::quoted,
    scheme::{commit::is_commit, semver::parse as parse_version},
};

/// The output of `git describe --tags [--long] [--dirty]`: `v1.2.3-4-gabc1234` is four commits after `v1.2.3`.
///
/// On the tag itself git prints nothing but the tag, so any text without such an end is a base with a distance of 0.
///
/// ```
/// use lockage_tagging::describe::Describe;
///
/// let describe: Describe = "v1.2.3-4-gabc1234-dirty".parse()?;
/// assert_eq!(describe.base(), "v1.2.3");
/// assert_eq!((describe.distance(), describe.commit(), describe.is_dirty()), (4, Some("abc1234"), true));
/// assert_eq!(describe.version().map(|version| version.to_string()).as_deref(), Some("1.2.3"));
///
/// let on_the_tag: Describe = "v1.3.0-rc.1".parse()?;
/// assert_eq!((on_the_tag.base(), on_the_tag.distance(), on_the_tag.commit()), ("v1.3.0-rc.1", 0, None));
/// # Ok::<(), lockage_tagging::describe::DescribeError>(())
/// ```
///
/// A semantic version would take `4-gabc1234` for a prerelease, which is *before* 1.2.3. It is after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Describe {
    base: String,
    distance: u64,
    commit: Option<String>,
    dirty: bool,
}

/// A text that `git describe` does not print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescribeError {
    /// No text, or nothing before the distance.
    #[error("{text} names no tag")]
    NoBase {
        /// The text.
        text: String,
    },
    /// A distance of more digits than any history has.
    #[error("the distance in {text} is not a number of commits")]
    Distance {
        /// The text.
        text: String,
    },
}

impl Describe {
    /// The tag that was found.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// How many commits came after the tag.
    pub fn distance(&self) -> u64 {
        self.distance
    }

    /// The abbreviated commit, without its `g`; `None` where git printed the tag alone.
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// Whether the work tree was changed.
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The tag as a semantic version, with or without its `v`.
    pub fn version(&self) -> Option<Version> {
        parse_version(&self.base).ok()
    }
}

impl FromStr for Describe {
    type Err = DescribeError;

    fn from_str(text: &str) -> Result<Self, DescribeError> {
        let (rest, dirty) = match text.strip_suffix("-dirty") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (base, distance, commit) = match split(rest) {
            Some((base, distance, commit)) => {
                let distance = distance.parse().map_err(|_| DescribeError::Distance { text: quoted(text) })?;
                (base, distance, Some(commit.to_owned()))
            }
            None => (rest, 0, None),
        };
        if base.is_empty() {
            return Err(DescribeError::NoBase { text: quoted(text) });
        }
        Ok(Self { base: base.to_owned(), distance, commit, dirty })
    }
}

impl fmt::Display for Describe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        if let Some(commit) = &self.commit {
            write!(f, "-{}-g{commit}", self.distance)?;
        }
        f.write_str(if self.dirty { "-dirty" } else { "" })
    }
}

/// `v1.2.3-4-gabc1234` as its three parts.
pub(crate) fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (rest, commit) = text.rsplit_once("-g")?;
    let (base, distance) = rest.rsplit_once('-')?;
    let number = !distance.is_empty() && distance.bytes().all(|byte| byte.is_ascii_digit());
    // git abbreviates to 4 digits at the least, when it is told to.
    let digits = is_commit(commit) || ((4..7).contains(&commit.len()) && is_commit(&format!("{commit}000")));
    (number && digits).then_some((base, distance, commit))
}
