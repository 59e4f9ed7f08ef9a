//! What the tests decide on: the images that the fixtures are about, and their reports as they would be this morning.

use lockage_policy::jiff::Timestamp;
use lockage_policy::scan::{
    Case, CheckReport, Code, Document, Limit, Report, ScanConfig, ScanVerdict, Severity, Subject, Verdict, decide, read,
};
use lockage_tagging::Digest;
use serde_json::Value;

/// The index of the two platforms, which the reports of both name.
pub(crate) const INDEX: &str = "sha256:877e861e85d103b7e45dfde71adfa0b0d053052abafe5eb34b0323fb270fe9d4";
pub(crate) const AMD64_CONFIG: &str = "sha256:a847e8ddcd90fe1fbd58e1d1b90274a03bcad54f85a74905c1eb13fbc54d9d51";
pub(crate) const ARM64_CONFIG: &str = "sha256:c7b18c2e270075ea52e53ab6b0167d762ddd31d3fca2d6854eb93980f49eb8a2";
pub(crate) const CLEAN_CONFIG: &str = "sha256:3250f4e60f294c6b778c363acec523064c7798933b0aeef4b2effe362480a28b";

pub(crate) fn digest(text: &str) -> Digest {
    text.parse().unwrap()
}

/// A digest of one digit.
pub(crate) fn made_up(digit: char) -> Digest {
    digest(&format!("sha256:{}", digit.to_string().repeat(64)))
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A few hours after the fixtures were made.
pub(crate) fn now() -> Timestamp {
    at("2026-11-21T06:00:00Z")
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/scans/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn json(name: &str) -> Value {
    serde_json::from_slice(&bytes(name)).unwrap()
}

pub(crate) fn report_in(bytes: &[u8]) -> Report {
    match read(bytes).unwrap() {
        Document::Report(report) => *report,
        other => panic!("a scanner's report is expected, not {other:?}"),
    }
}

pub(crate) fn checks_in(bytes: &[u8]) -> CheckReport {
    match read(bytes).unwrap() {
        Document::Checks(report) => report,
        other => panic!("a report of checks is expected, not {other:?}"),
    }
}

pub(crate) fn report(name: &str) -> Report {
    report_in(&bytes(name))
}

pub(crate) fn of_value(value: &Value) -> Report {
    report_in(value.to_string().as_bytes())
}

/// With a database of last night, as `trivy version` would have told of it.
pub(crate) fn fresh(mut report: Report) -> Report {
    report.db_built = Some(at("2026-11-20T22:00:00Z"));
    report
}

/// High and worse, everything else as strict as it comes.
pub(crate) fn strict() -> ScanConfig {
    ScanConfig::at_least(Severity::High)
}

/// As [`strict`], where the age of the database is not what a test is about.
pub(crate) fn any_database() -> ScanConfig {
    strict().max_db_age(Limit::Unlimited)
}

/// An image of one platform with this configuration.
pub(crate) fn image(config: &str) -> Subject {
    Subject::new(made_up('1')).platform("linux/amd64", made_up('1'), digest(config))
}

/// The image whose configuration the report names.
pub(crate) fn image_of(report: &Report) -> Subject {
    image(report.claims.config.as_ref().unwrap().as_str())
}

/// The index of the fixtures: two platforms and an attestation.
pub(crate) fn two_platforms() -> Subject {
    Subject::new(digest(INDEX))
        .platform("linux/amd64", made_up('a'), digest(AMD64_CONFIG))
        .platform("linux/arm64", made_up('b'), digest(ARM64_CONFIG))
        .attestation(made_up('c'))
}

/// The report without what it found, of an operating system that is cared for.
pub(crate) fn emptied(name: &str) -> Value {
    let mut value = json(name);
    for result in value["Results"].as_array_mut().unwrap() {
        result.as_object_mut().unwrap().remove("Vulnerabilities");
    }
    value["Metadata"]["OS"].as_object_mut().unwrap().remove("EOSL");
    value
}

pub(crate) fn judge(subject: &Subject, reports: &[Report], config: &ScanConfig) -> ScanVerdict {
    decide(&Case::new(subject, reports), config, now())
}

/// The decision has this code among its reasons, and is no pass.
#[track_caller]
pub(crate) fn refused(verdict: &ScanVerdict, expected: Verdict, code: Code) {
    assert_eq!(verdict.verdict, expected, "{:#?}", verdict.reasons);
    assert!(verdict.reasons.iter().any(|reason| reason.code == code), "{code:?}: {:#?}", verdict.reasons);
}

/// The reasons have exactly these codes.
#[track_caller]
pub(crate) fn only(verdict: &ScanVerdict, codes: &[Code]) {
    let found: Vec<_> = verdict.reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(found, codes, "{:#?}", verdict.reasons);
}

#[track_caller]
pub(crate) fn passed(verdict: &ScanVerdict) {
    assert_eq!(verdict.verdict, Verdict::Pass, "{:#?}", verdict.reasons);
}

/// `ID package`, of what counts.
pub(crate) fn denied(verdict: &ScanVerdict) -> Vec<String> {
    verdict.denied().map(|judged| format!("{} {}", judged.finding.id, judged.finding.package.name)).collect()
}
