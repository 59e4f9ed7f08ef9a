//! Tags for semantic versions.

use std::fmt;

use semver::Version;

use crate::{
    BuildFacts, GitRef, SchemeError, Tag, TagScheme,
    class::{self, SchemeClass},
    excerpt::quoted,
};

/// The semantic version in the git tag, with or without a leading `v`. Silent on everything that
/// is not a git tag.
///
/// * A prerelease gives its full version only: `1.3.0-rc.1` must not become what `1.3` means.
/// * A version `0.y.z` gives no bare `0`: before 1.0.0 nothing is promised from one minor version
///   to the next, so there is nothing that `0` could stand for.
/// * Build metadata follows a `_` instead of a `+`, which no tag can hold: `1.2.3+b7` gives
///   `1.2.3_b7`. That is how Helm writes it; a `-` would make a prerelease of it.
/// * A git tag that is no semantic version gives nothing, or an error if versions are
///   [required](Self::required).
///
/// A scheme sees one build. That `1` and `1.2` move backwards when `1.2.9` is released after
/// `2.0.0` or `1.3.0` is for whoever knows the other releases to prevent.
///
/// ```
/// use lockage_tagging::{BuildFacts, Semver, TagScheme};
///
/// assert_eq!(Semver::cascade().tags(&BuildFacts::tag("v1.2.3"))?, ["1.2.3", "1.2", "1"]);
/// assert_eq!(Semver::cascade().tags(&BuildFacts::tag("v1.3.0-rc.1"))?, ["1.3.0-rc.1"]);
/// # Ok::<(), lockage_tagging::SchemeError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Semver {
    precision: Precision,
    strictness: Strictness,
}

#[derive(Clone, Copy, Debug)]
enum Precision {
    Full,
    Cascade,
}

#[derive(Clone, Copy, Debug)]
enum Strictness {
    Lenient,
    Required,
}

impl Semver {
    /// The full version only: `1.2.3`.
    pub fn full() -> Self {
        Self { precision: Precision::Full, strictness: Strictness::Lenient }
    }

    /// The full version and what floats above it: `1.2.3`, `1.2`, `1`.
    pub fn cascade() -> Self {
        Self { precision: Precision::Cascade, strictness: Strictness::Lenient }
    }

    /// Makes a git tag that is no semantic version an error. Other builds stay silent.
    #[must_use]
    pub fn required(self) -> Self {
        Self { strictness: Strictness::Required, ..self }
    }
}

#[deny(clippy::missing_trait_methods)]
impl TagScheme for Semver {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let GitRef::Tag(git_tag) = &facts.git_ref else {
            return Ok(Vec::new());
        };
        let version = match (parse(git_tag), self.strictness) {
            (Ok(version), _) => version,
            (Err(_), Strictness::Lenient) => return Ok(Vec::new()),
            (Err(error), Strictness::Required) => {
                return Err(SchemeError::NotSemver { git_tag: quoted(git_tag), reason: error.to_string() });
            }
        };
        let mut tags = vec![version.to_string().replace('+', "_").parse()?];
        if matches!(self.precision, Precision::Cascade) && version.pre.is_empty() {
            tags.push(format!("{}.{}", version.major, version.minor).parse()?);
            if version.major > 0 {
                tags.push(version.major.to_string().parse()?);
            }
        }
        Ok(tags)
    }

    fn classes(&self) -> Vec<SchemeClass> {
        let whole = SchemeClass::immutable().with_precision(class::Precision::Patch);
        let line = |precision| SchemeClass::floating().with_precision(precision);
        match self.precision {
            Precision::Full => vec![whole],
            Precision::Cascade => vec![whole, line(class::Precision::Minor), line(class::Precision::Major)],
        }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.precision {
            Precision::Full => "semver",
            Precision::Cascade => "semver cascade",
        })?;
        match self.strictness {
            Strictness::Lenient => Ok(()),
            Strictness::Required => f.write_str(", required"),
        }
    }
}

/// Reads a git tag as a version, with or without a leading `v`.
pub(crate) fn parse(git_tag: &str) -> Result<Version, semver::Error> {
    git_tag.strip_prefix('v').unwrap_or(git_tag).parse()
}
