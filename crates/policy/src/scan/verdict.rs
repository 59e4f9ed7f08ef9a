//! What is decided, and everything that it stands on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Finding, Kind, Report, VexStatus};

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a fourth decision would have to be handled by everyone")]
pub enum Verdict {
    /// Every platform was looked at, lately, and nothing was found that counts.
    Pass,
    /// Something is known that refuses the image.
    Fail,
    /// Nothing is known that refuses it, and not enough is known to let it pass.
    Undecided,
}

/// Why an image does not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reason {
    /// What it leads to, on its own: [`Verdict::Fail`] or [`Verdict::Undecided`].
    pub verdict: Verdict,
    /// What kind of reason it is, for programs.
    pub code: Code,
    /// One line for people.
    pub message: String,
}

/// What kind of reason it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// There is no report.
    NoReports,
    /// A report is about none of the image's platforms.
    NotBound,
    /// A report contradicts itself on what it is about.
    Contradiction,
    /// A report is about an attestation, which is no platform.
    Attestation,
    /// A platform has no report.
    NotCovered,
    /// The image does not have a platform that it is expected to have.
    PlatformMissing,
    /// The report is about something that is no image.
    NotAnImage,
    /// A list of packages was scanned that another tool made.
    SbomDerived,
    /// The scanner found nothing that it can scan.
    Unscannable,
    /// The report does not say which operating system it saw.
    OsUnstated,
    /// The operating system's end of life is over.
    EndOfLife,
    /// Nobody says whether it is.
    EndOfLifeUnknown,
    /// The report is not whole.
    Incomplete,
    /// The database was older than is allowed.
    DatabaseStale,
    /// Nobody says how old the database was.
    DatabaseUnknown,
    /// The scan is older than is allowed.
    EvidenceStale,
    /// Nobody says when it was made.
    EvidenceUndated,
    /// A finding that counts.
    Finding,
    /// A problem that another tool found.
    Problem,
    /// A document could not be read.
    Unreadable,
}

/// A decision on an image's scan reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ScanVerdict {
    /// The decision.
    pub verdict: Verdict,
    /// Why it is no pass: every reason, not only the first.
    pub reasons: Vec<Reason>,
    /// What is worth a look and changes nothing: exceptions that nothing needs any more, a missing baseline.
    pub warnings: Vec<String>,
    /// Everything that was found, also what does not count, and why it does not.
    pub findings: Vec<Judged>,
    /// The reports that it stands on.
    pub reports: Vec<Evidence>,
}

/// A finding, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Judged {
    /// The platform that it is on.
    pub platform: String,
    /// The finding; where several scanners have it, under the name of the first, with the worst severity of all.
    #[serde(flatten)]
    pub finding: Finding,
    /// Who found it.
    pub tools: Vec<String>,
    /// Why it does not count; nothing where it does.
    pub dropped: Option<Dropped>,
    /// Exceptions that would have covered it and do not any more, or never did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
#[non_exhaustive]
pub enum Dropped {
    /// The configuration does not count findings of this class.
    Class {
        /// The class.
        kind: Kind,
    },
    /// The scanner had been told to hide it, and is believed.
    Scanner {
        /// The file or the rule.
        by: String,
        /// The reason that it gives.
        reason: String,
    },
    /// A VEX statement.
    Vex {
        /// Who made it.
        author: Option<String>,
        /// What it says.
        status: VexStatus,
        /// Why.
        justification: String,
    },
    /// An exception.
    Exception {
        /// The exception's own id and the document that it is in.
        exception: String,
        /// Who answers for it.
        owner: Option<String>,
        /// Why.
        reason: Option<String>,
        /// Its last moment.
        expires: Option<Timestamp>,
    },
    /// There is no fix.
    Unfixed,
    /// It is so new that there is still time.
    Grace {
        /// The moment from which it counts.
        until: Timestamp,
    },
    /// An environment has it already.
    Baseline {
        /// The environment.
        environment: String,
    },
    /// It is not bad enough.
    BelowThreshold,
}

/// A report that a decision stands on, without its findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// The scanner, and its version if it is known.
    pub tool: String,
    /// The platforms that it covers.
    pub platforms: Vec<String>,
    /// When it was made.
    pub scanned_at: Option<Timestamp>,
    /// When its database was built.
    pub db_built: Option<Timestamp>,
    /// How many findings it has.
    pub findings: usize,
}

impl Verdict {
    /// What some reasons lead to: what is known to be wrong outweighs what is not known.
    #[must_use]
    pub fn of(reasons: &[Reason]) -> Self {
        let has = |verdict| reasons.iter().any(|reason| reason.verdict == verdict);
        match (has(Self::Fail), reasons.is_empty()) {
            (true, _) => Self::Fail,
            (false, true) => Self::Pass,
            (false, false) => Self::Undecided,
        }
    }

    /// The worse of two: a failure, then what is undecided, then a pass.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fail, _) | (_, Self::Fail) => Self::Fail,
            (Self::Undecided, _) | (_, Self::Undecided) => Self::Undecided,
            (Self::Pass, Self::Pass) => Self::Pass,
        }
    }

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Undecided => "undecided",
        }
    }
}

impl Reason {
    /// A reason to refuse.
    pub fn fail(code: Code, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, code, message: message.into() }
    }

    /// A reason not to decide.
    pub fn undecided(code: Code, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Undecided, code, message: message.into() }
    }
}

impl ScanVerdict {
    /// The findings that count.
    pub fn denied(&self) -> impl Iterator<Item = &Judged> {
        self.findings.iter().filter(|judged| judged.dropped.is_none())
    }

    /// One line for people: the decision, and how many findings count of how many.
    #[must_use]
    pub fn summary(&self) -> String {
        let (denied, all) = (self.denied().count(), self.findings.len());
        let reports = self.reports.len();
        format!("{}: {denied} of {all} findings count, in {reports} reports", self.verdict.as_str())
    }
}

impl Evidence {
    pub(super) fn of(report: &Report, platforms: Vec<String>) -> Self {
        let version = report.tool.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
        Self {
            tool: format!("{}{version}", report.tool.name),
            platforms,
            scanned_at: report.scanned_at,
            db_built: report.db_built,
            findings: report.findings.len(),
        }
    }
}
