//! Constraints on versions in the dialect of Go's Masterminds library, which Flux, Argo CD and Helm read.

mod compare;
mod error;
mod hyphen;
mod parse;

use std::{fmt, str::FromStr};

use semver::Version;
use serde::{Deserialize, Serialize};

pub use error::{ConstraintError, ConstraintProblem};

/// Which versions are wanted: `>=1.2 <2`, `~1.4`, `^1.x-0`, `1.2 - 1.4.5 || 2.x`.
///
/// The dialect is that of [Masterminds/semver] 3.4 and 3.5, which Flux, Argo CD Image Updater and Helm read. It is not
/// that of cargo: there `1.2` means `^1.2`, here it means `1.2.x`, and here are alternatives and hyphen ranges.
///
/// | Text | Versions |
/// |---|---|
/// | `1.2.3`, `=1.2.3` | that one |
/// | `1.2`, `1.2.x`, `=1.2.*`, `~1.2`, `~>1.2`, `~1.2.0` | 1.2.0 and up, below 1.3 |
/// | `1`, `1.x`, `~1`, `^1` | 1.0.0 and up, below 2 |
/// | `^1.2.3` | 1.2.3 and up, below 2 |
/// | `^0.2.3`, `^0.2` | from there, below 0.3 |
/// | `^0.0.3` | that one |
/// | `^0.x` | below 1 |
/// | `*`, `>=0` | all |
/// | `!=1.2.x` | all but 1.2.0, 1.2.1 and so on |
/// | `>1.2` | 1.3.0 and up |
/// | `<=1.2` | all below 1.3 |
/// | `1.2 - 1.4.5` | `>=1.2 <=1.4.5` |
/// | `>=1.2, <2`, `>=1.2 <2` | both hold |
/// | `1.2.x \|\| >=2` | one of them holds |
///
/// **Pre-releases** are matched only by an alternative in which some version has a pre-release itself. `>=1.2` does
/// not match `1.3.0-rc.1`, `>=1.2-0` does: `0` is the least of all pre-releases.
///
/// Some corners of the dialect surprise, and are kept, so that the answer is that of the programs that read it:
/// `~0.0.0` matches everything, `^*` and `<=*` match `0.0.0` and `0.0.z` only, and a hyphen range that follows another
/// term needs a comma before it.
///
/// ```
/// use lockage_tagging::select::Constraint;
///
/// let constraint: Constraint = ">=1.2 <2 || ^3.1-0".parse()?;
/// assert!(constraint.matches(&semver::Version::new(1, 9, 0)));
/// assert!(!constraint.matches(&"1.9.0-rc.1".parse().unwrap()));
/// assert!(constraint.matches(&"3.2.0-rc.1".parse().unwrap()));
///
/// let error = ">=1.2 <two".parse::<Constraint>().unwrap_err();
/// assert_eq!(error.to_string(), r#"version constraint ">=1.2 <two": a version is expected at byte 7, found 't'"#);
/// # Ok::<(), lockage_tagging::select::ConstraintError>(())
/// ```
///
/// [Masterminds/semver]: https://github.com/Masterminds/semver#checking-version-constraints
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Constraint {
    alternatives: Vec<Alternative>,
}

/// Terms that must all hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Alternative {
    terms: Vec<Term>,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Term {
    operator: Operator,
    /// With zeros where the text has a wildcard or nothing.
    version: Version,
    depth: Depth,
    /// The version as it was written.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operator {
    /// Written as `=` or not at all.
    Equal {
        written: bool,
    },
    NotEqual,
    Greater,
    Less,
    /// Written as `>=` or `=>`.
    GreaterOrEqual {
        swapped: bool,
    },
    /// Written as `<=` or `=<`.
    LessOrEqual {
        swapped: bool,
    },
    /// Written as `~` or `~>`.
    Tilde {
        arrow: bool,
    },
    Caret,
}

/// How much of the version was written, before the first wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Depth {
    Nothing,
    Major,
    Minor,
    Patch,
}

impl Constraint {
    /// `*`, the constraint that every release satisfies, and no pre-release.
    pub fn any() -> Self {
        let term = Term {
            operator: Operator::Equal { written: false },
            version: Version::new(0, 0, 0),
            depth: Depth::Nothing,
            text: "*".into(),
        };
        Self { alternatives: vec![Alternative { terms: vec![term] }] }
    }

    /// Whether `version` satisfies the constraint. Build metadata is not looked at.
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|alternative| alternative.matches(version))
    }

    /// Whether pre-releases can satisfy some alternative of the constraint.
    pub fn admits_prereleases(&self) -> bool {
        self.alternatives.iter().any(Alternative::admits_prereleases)
    }
}

impl Alternative {
    fn matches(&self, version: &Version) -> bool {
        (version.pre.is_empty() || self.admits_prereleases()) && self.terms.iter().all(|term| term.matches(version))
    }

    fn admits_prereleases(&self) -> bool {
        self.terms.iter().any(|term| !term.version.pre.is_empty())
    }
}

impl FromStr for Constraint {
    type Err = ConstraintError;

    fn from_str(text: &str) -> Result<Self, ConstraintError> {
        parse::constraint(text)
    }
}

impl TryFrom<String> for Constraint {
    type Error = ConstraintError;

    fn try_from(text: String) -> Result<Self, ConstraintError> {
        text.parse()
    }
}

impl From<Constraint> for String {
    fn from(constraint: Constraint) -> Self {
        constraint.to_string()
    }
}

/// Prints a text that reads as the same constraint: terms with blanks between them, hyphen ranges as two terms.
impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, alternative) in self.alternatives.iter().enumerate() {
            if place > 0 {
                f.write_str(" || ")?;
            }
            for (place, term) in alternative.terms.iter().enumerate() {
                if place > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{}{}", term.operator.sign(), term.text)?;
            }
        }
        Ok(())
    }
}

impl Operator {
    /// Every operator, the longer signs first, so that the first that fits is the one that is meant.
    const ALL: [Self; 12] = [
        Self::NotEqual,
        Self::GreaterOrEqual { swapped: false },
        Self::GreaterOrEqual { swapped: true },
        Self::LessOrEqual { swapped: false },
        Self::LessOrEqual { swapped: true },
        Self::Tilde { arrow: true },
        Self::Equal { written: true },
        Self::Greater,
        Self::Less,
        Self::Tilde { arrow: false },
        Self::Caret,
        Self::Equal { written: false },
    ];

    fn sign(self) -> &'static str {
        match self {
            Self::Equal { written: false } => "",
            Self::Equal { written: true } => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::GreaterOrEqual { swapped: false } => ">=",
            Self::GreaterOrEqual { swapped: true } => "=>",
            Self::LessOrEqual { swapped: false } => "<=",
            Self::LessOrEqual { swapped: true } => "=<",
            Self::Tilde { arrow: false } => "~",
            Self::Tilde { arrow: true } => "~>",
            Self::Caret => "^",
        }
    }
}
