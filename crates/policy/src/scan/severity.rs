//! How bad a finding is said to be, on the one scale that the scanners' own words are translated to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How bad a finding is. Ordered: [`Unknown`](Self::Unknown) is the least, and
/// [`ScanConfig::unknown_as`](super::ScanConfig::unknown_as) says what it counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the scale is closed: a sixth step would change what a threshold means")]
pub enum Severity {
    /// The scanner did not say.
    Unknown,
    /// Grype's word for what the distribution will not even track.
    Negligible,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

/// A word that is no [`Severity`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is none of unknown, negligible, low, medium, high and critical")]
pub struct SeverityError;

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Self; 6] = [Self::Unknown, Self::Negligible, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The bucket of a CVSS base score, as FIRST defines it: from 9, from 7, from 4, above 0. What is no score between
    /// 0 and 10 is [`Unknown`](Self::Unknown), and so is 0, which says "none" and is not believed of a finding.
    #[must_use]
    pub fn of_score(score: f64) -> Self {
        match score {
            score if (9.0..=10.0).contains(&score) => Self::Critical,
            score if (7.0..9.0).contains(&score) => Self::High,
            score if (4.0..7.0).contains(&score) => Self::Medium,
            score if score > 0.0 && score < 4.0 => Self::Low,
            _ => Self::Unknown,
        }
    }

    /// The lower-case word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = SeverityError;

    /// Reads the words in any case; `UNSPECIFIED` and `none` are Docker Scout's and CycloneDX's words for unknown.
    fn from_str(text: &str) -> Result<Self, SeverityError> {
        match text.to_ascii_lowercase().as_str() {
            "unknown" | "unspecified" | "none" => Ok(Self::Unknown),
            "negligible" => Ok(Self::Negligible),
            "low" => Ok(Self::Low),
            "medium" | "moderate" => Ok(Self::Medium),
            "high" => Ok(Self::High),
            "critical" => Ok(Self::Critical),
            _ => Err(SeverityError),
        }
    }
}
