//! Reports that are about something else than an image's packages: linters, tests, any SARIF, any exit status.

mod decide;
mod hadolint;
mod sarif;
mod structure_test;

use serde::{Deserialize, Serialize};

use super::{Format, Gap, Suppressed};

pub use self::decide::{ChecksConfig, ChecksVerdict, decide_checks};
pub(super) use self::hadolint::read as read_hadolint;
pub(super) use self::sarif::read as read_sarif;
pub(super) use self::structure_test::read as read_structure_test;

/// What a tool checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// The document it was read from.
    pub format: Format,
    /// Who checked.
    pub tool: String,
    /// The commit that was checked, as the report says or as whoever ran the tool does.
    pub commit: Option<String>,
    /// How many checks were made, where the report counts them.
    pub checked: Option<u64>,
    /// Why an absence of problems means nothing.
    pub gaps: Vec<Gap>,
    /// What is wrong.
    pub problems: Vec<Check>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Check {
    /// The rule or the test.
    pub id: String,
    /// How bad it is.
    pub level: Level,
    /// What is said of it.
    pub message: String,
    /// The file, and the line if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Set where the tool had been told to hide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppressed>,
}

/// How bad a problem is, in SARIF's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the scale is SARIF's and closed")]
pub enum Level {
    /// hadolint's `style`, SARIF's `none`.
    None,
    /// hadolint's `info`, SARIF's `note`.
    Note,
    /// A warning.
    Warning,
    /// An error, or a test that failed.
    Error,
}

/// What the exit codes of a program mean. By default 0 is a pass and every other is undecided: scanners end with the
/// same code for what they found and for what kept them from looking.
///
/// ```
/// use lockage_policy::scan::{CheckReport, ExitCodes};
///
/// let codes = ExitCodes::default().fails(3);
/// assert!(CheckReport::of_exit("brakeman", Some(0), &codes).problems.is_empty());
/// assert_eq!(CheckReport::of_exit("brakeman", Some(3), &codes).problems.len(), 1);
/// assert_eq!(CheckReport::of_exit("brakeman", Some(1), &codes).gaps.len(), 1, "nobody said what 1 means");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExitCodes {
    pass: Vec<i32>,
    fail: Vec<i32>,
}

impl Default for ExitCodes {
    fn default() -> Self {
        Self { pass: vec![0], fail: Vec::new() }
    }
}

impl ExitCodes {
    /// The same, and this code says that something is wrong with what was checked.
    #[must_use]
    pub fn fails(mut self, code: i32) -> Self {
        self.fail.push(code);
        self
    }
}

impl CheckReport {
    pub(super) fn new(format: Format, tool: &str) -> Self {
        Self { format, tool: tool.to_lowercase(), commit: None, checked: None, gaps: Vec::new(), problems: Vec::new() }
    }

    /// What a program's end means. A program that was ended by a signal has no code. A code that is said to mean both is
    /// a failure.
    #[must_use]
    pub fn of_exit(tool: &str, code: Option<i32>, codes: &ExitCodes) -> Self {
        let mut report = Self::new(Format::ExitStatus, tool);
        match code {
            Some(code) if codes.fail.contains(&code) => report.problems.push(Check {
                id: format!("exit-{code}"),
                level: Level::Error,
                message: format!("{} ended with {code}", report.tool),
                place: None,
                suppressed: None,
            }),
            Some(code) if codes.pass.contains(&code) => report.checked = Some(1),
            Some(code) => report.gaps.push(Gap::Failed(format!("it ended with {code}, which means neither"))),
            None => report.gaps.push(Gap::Failed("it was ended by a signal".to_owned())),
        }
        report
    }

    /// Says which commit was checked. Only for a caller that ran the tool on this commit; what the report says stays.
    #[must_use]
    pub fn told_commit(mut self, commit: &str) -> Self {
        self.commit = self.commit.or_else(|| Some(commit.to_owned()));
        self
    }
}
