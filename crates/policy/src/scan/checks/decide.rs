//! Whether what the other tools found lets an image pass: by level, on the commit that it was built from.

use serde::{Deserialize, Serialize};

use super::super::{Code, Gap, Reason, Verdict};
use super::{Check, CheckReport, ExitCodes, Level};

/// What the other tools may have found.
///
/// ```
/// use lockage_policy::scan::{CheckReport, ChecksConfig, ExitCodes, Level, Verdict, decide_checks};
///
/// let config = ChecksConfig::at_least(Level::Warning);
/// let report = CheckReport::of_exit("brakeman", Some(0), &ExitCodes::default()).told_commit("2b2e927");
/// assert_eq!(decide_checks(&[report.clone()], Some("2b2e927"), &config).verdict, Verdict::Pass);
/// assert_eq!(decide_checks(&[report], Some("9f3c0aa"), &config).verdict, Verdict::Undecided);
/// assert_eq!(decide_checks(&[], Some("2b2e927"), &config).verdict, Verdict::Undecided);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChecksConfig {
    at_least: Level,
    #[serde(default)]
    accept_suppressed: bool,
    #[serde(default)]
    any_commit: bool,
    #[serde(default)]
    exit_codes: ExitCodes,
}

/// A decision on the reports of other tools, and what it stands on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChecksVerdict {
    /// The decision.
    pub verdict: Verdict,
    /// Why it is no pass: every reason, not only the first.
    pub reasons: Vec<Reason>,
    /// All problems, each with its tool.
    pub problems: Vec<(String, Check)>,
}

impl ChecksConfig {
    /// A problem of this level or a worse one refuses; a suppressed one too; and every report is on the commit.
    #[must_use]
    pub fn at_least(level: Level) -> Self {
        Self { at_least: level, accept_suppressed: false, any_commit: false, exit_codes: ExitCodes::default() }
    }

    /// Believes what the tools were told to hide.
    #[must_use]
    pub fn accept_suppressed(mut self) -> Self {
        self.accept_suppressed = true;
        self
    }

    /// Accepts reports that say nothing of a commit, such as those of tests on an image.
    #[must_use]
    pub fn any_commit(mut self) -> Self {
        self.any_commit = true;
        self
    }

    /// What exit codes mean.
    #[must_use]
    pub fn exit_codes(&self) -> &ExitCodes {
        &self.exit_codes
    }
}

/// Decides on reports of other tools, which are about the sources at `commit`. A commit may be abbreviated on either
/// side, to no less than seven digits.
#[must_use]
pub fn decide_checks(reports: &[CheckReport], commit: Option<&str>, config: &ChecksConfig) -> ChecksVerdict {
    let mut reasons = Vec::new();
    let mut problems = Vec::new();
    if reports.is_empty() {
        reasons.push(Reason::undecided(Code::NoReports, "there is no report of a check"));
    }
    for report in reports {
        let tool = &report.tool;
        reasons.extend(unbound(report, commit, config));
        for gap in &report.gaps {
            reasons.push(Reason::undecided(Code::Incomplete, format!("{tool}: {}", words(gap))));
        }
        for problem in &report.problems {
            let hidden = problem.suppressed.is_some() && config.accept_suppressed;
            if problem.level >= config.at_least && !hidden {
                let place = problem.place.as_ref().map_or_else(String::new, |place| format!(" in {place}"));
                let message = format!("{tool}: {}{place}: {}", problem.id, super::super::excerpt(&problem.message));
                reasons.push(Reason::fail(Code::Problem, message));
            }
            problems.push((tool.clone(), problem.clone()));
        }
    }
    ChecksVerdict { verdict: Verdict::of(&reasons), reasons, problems }
}

fn unbound(report: &CheckReport, commit: Option<&str>, config: &ChecksConfig) -> Option<Reason> {
    let tool = &report.tool;
    let message = match (&report.commit, commit) {
        (Some(own), Some(commit)) if same_commit(own, commit) => return None,
        (Some(own), Some(commit)) => {
            format!("{tool} checked commit {}, and not {commit}", super::super::excerpt(own))
        }
        _ if config.any_commit => return None,
        (None, _) => format!("{tool} does not say which commit it checked"),
        (Some(_), None) => format!("{tool} checked a commit, and the whole commit of the image is not known"),
    };
    Some(Reason::undecided(Code::NotBound, message))
}

fn same_commit(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let legal = |commit: &str| commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    legal(&one) && legal(&other) && (one.starts_with(&other) || other.starts_with(&one))
}

fn words(gap: &Gap) -> String {
    match gap {
        Gap::NoResults => "it ran no check".to_owned(),
        Gap::Failed(why) | Gap::Filtered(why) | Gap::Warned(why) => why.clone(),
        _ => "its report is not complete".to_owned(),
    }
}
