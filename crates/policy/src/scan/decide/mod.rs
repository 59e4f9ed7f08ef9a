//! The decision: what the reports are about, whether they can be believed, what they found, and what of it counts.

mod bind;
mod count;
mod merge;
mod trust;

use std::collections::BTreeSet;

use jiff::Timestamp;

use self::bind::Bound;
use super::{Baseline, Code, Evidence, Exceptions, Reason, Report, ScanConfig, ScanVerdict, Subject, Verdict, Vex};

/// What is decided on: an image, its reports, and what is known beside them.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    reports: &'a [Report],
    subject: Option<&'a Subject>,
    exceptions: Option<&'a Exceptions>,
    vex: &'a [Vex],
    baseline: Option<&'a Baseline>,
    environment: Option<&'a str>,
}

impl<'a> Case<'a> {
    /// An image and its reports.
    #[must_use]
    pub fn new(subject: &'a Subject, reports: &'a [Report]) -> Self {
        Self { subject: Some(subject), ..Self::of_reports_alone(reports) }
    }

    /// Reports of which nobody says what image they are about. Nothing shows then that every platform was scanned, or
    /// that it was this image: not for a promotion.
    #[must_use]
    pub fn of_reports_alone(reports: &'a [Report]) -> Self {
        Self { reports, subject: None, exceptions: None, vex: &[], baseline: None, environment: None }
    }

    /// Findings that somebody answers for.
    #[must_use]
    pub fn exceptions(mut self, exceptions: &'a Exceptions) -> Self {
        self.exceptions = Some(exceptions);
        self
    }

    /// What is known not to be affected.
    #[must_use]
    pub fn vex(mut self, vex: &'a [Vex]) -> Self {
        self.vex = vex;
        self
    }

    /// What an environment has already.
    #[must_use]
    pub fn baseline(mut self, baseline: &'a Baseline) -> Self {
        self.baseline = Some(baseline);
        self
    }

    /// The environment that the image is on its way to.
    #[must_use]
    pub fn environment(mut self, environment: &'a str) -> Self {
        self.environment = Some(environment);
        self
    }
}

/// Decides whether an image's scan reports let it pass.
///
/// In this order: what each report is about; whether it is whole, lately made, of an operating system that is cared for;
/// the same finding of several scanners made one; then what does not count, by VEX, exceptions, a missing fix, grace,
/// baseline and threshold, each kept with its reason. What is known to be wrong fails; what is not known is undecided;
/// only what is left passes. No report, and a report of nothing, are not known.
///
/// What this cannot see: findings that a scanner was told to leave out without a trace, as Trivy does with `--severity`,
/// `--ignore-status`, `--ignore-unfixed`, `--pkg-types` and `--skip-files`. Scan without them, and decide here.
///
/// ```
/// use lockage_policy::jiff::Timestamp;
/// use lockage_policy::scan::{
///     Case, Document, ScanConfig, Severity, Subject, Verdict, decide, read, read_trivy_version,
/// };
///
/// let json = br#"{
///     "SchemaVersion": 2,
///     "CreatedAt": "2026-11-21T01:30:32Z",
///     "ArtifactType": "container_image",
///     "Metadata": {
///         "OS": { "Family": "debian", "Name": "12.5" },
///         "ImageID": "sha256:3250f4e60f294c6b778c363acec523064c7798933b0aeef4b2effe362480a28b"
///     },
///     "Results": [{ "Target": "app (debian 12.5)", "Class": "os-pkgs", "Type": "debian" }]
/// }"#;
/// let version = br#"{"Version": "0.59.1", "VulnerabilityDB": {"UpdatedAt": "2026-11-20T12:00:00Z"}}"#;
///
/// let Document::Report(report) = read(json)? else { panic!("a scanner's report is expected") };
/// // Trivy does not write how old its database is: `trivy version -f json` says it.
/// let report = report.with_database(&read_trivy_version(version)?);
/// # let manifest: lockage_tagging::Digest =
/// #     "sha256:baec717f79a026627af740bd17fd037d8759f6f80203c721f1881f99d083303d".parse()?;
/// # let config = "sha256:3250f4e60f294c6b778c363acec523064c7798933b0aeef4b2effe362480a28b".parse()?;
/// let subject = Subject::new(manifest.clone()).platform("linux/amd64", manifest, config);
///
/// let now: Timestamp = "2026-11-21T06:00:00Z".parse()?;
/// let verdict = decide(&Case::new(&subject, &[report]), &ScanConfig::at_least(Severity::High), now);
/// assert_eq!(verdict.verdict, Verdict::Pass, "{:?}", verdict.reasons);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn decide(case: &Case<'_>, config: &ScanConfig, now: Timestamp) -> ScanVerdict {
    let mut reasons = Vec::new();
    let mut warnings = Vec::new();
    if case.reports.is_empty() {
        reasons.push(Reason::undecided(Code::NoReports, "there is no scan report"));
    }
    let bound: Vec<Bound<'_>> =
        case.reports.iter().enumerate().map(|(n, report)| bind::bind(n, report, case)).collect();
    for bound in &bound {
        reasons.extend(bound.reasons.iter().cloned());
        reasons.extend(trust::doubts(bound.report, config, now));
    }
    bind::coverage(&bound, case, config, &mut reasons);
    let findings = count::judge(&merge::merge(&bound), case, config, now, &mut warnings);
    for judged in findings.iter().filter(|judged| judged.dropped.is_none()) {
        reasons.push(Reason::fail(Code::Finding, count::denial(judged)));
    }
    if case.subject.is_none() {
        warnings.push("nobody said which image this is: nothing shows that it was the one that was scanned".to_owned());
    }
    if let Some(environment) = &config.only_new_since
        && case.baseline.is_none_or(|baseline| baseline.environment() != environment)
    {
        warnings.push(format!("there is no baseline of {environment}: every finding is new"));
    }
    let reports = bound.iter().map(|bound| Evidence::of(bound.report, bound.platforms.clone())).collect();
    let distinct: BTreeSet<String> = warnings.into_iter().collect();
    ScanVerdict { verdict: Verdict::of(&reasons), reasons, warnings: distinct.into_iter().collect(), findings, reports }
}
