//! What does not count: grace, baseline, threshold, classes. Each is kept with its reason.

use lockage_policy::scan::{
    Baseline, Case, Code, DAY, Dropped, Kind, ScanConfig, ScanVerdict, Severity, Verdict, Vex, decide,
};
use serde_json::{Value, json};

use crate::world::*;

/// One finding, published three days ago.
fn finding(id: &str, severity: &str, published: Option<&str>) -> Value {
    let mut finding = json!({"VulnerabilityID": id, "PkgName": "a", "InstalledVersion": "1", "Severity": severity, "Status": "affected"});
    if let Some(day) = published {
        finding["PublishedDate"] = json!(day);
    }
    finding
}

fn with(findings: &[Value]) -> lockage_policy::scan::Report {
    let mut value = emptied("clean.json");
    value["Results"][0]["Vulnerabilities"] = json!(findings);
    fresh(of_value(&value))
}

fn judged(findings: &[Value], config: &ScanConfig) -> ScanVerdict {
    judge(&image(CLEAN_CONFIG), &[with(findings)], config)
}

#[test]
fn grace_ends_at_its_hour_and_is_for_one_severity() {
    let week = strict().grace(Severity::High, DAY * 7);
    for (severity, published, pass) in [
        ("HIGH", Some("2026-11-18T00:00:00Z"), true),
        ("HIGH", Some("2026-11-14T06:00:01Z"), true),
        ("HIGH", Some("2026-11-14T06:00:00Z"), false),
        ("HIGH", Some("2020-01-01T00:00:00Z"), false),
        ("CRITICAL", Some("2026-11-18T00:00:00Z"), false),
        // Without a date, or with one to come, there is none.
        ("HIGH", None, false),
        ("HIGH", Some("0001-01-01T00:00:00Z"), false),
        ("HIGH", Some("2026-12-24T00:00:00Z"), false),
    ] {
        let verdict = judged(&[finding("CVE-2026-1", severity, published)], &week);
        assert_eq!(verdict.verdict == Verdict::Pass, pass, "{severity} {published:?}: {:?}", verdict.reasons);
    }
    let verdict = judged(&[finding("CVE-2026-1", "HIGH", Some("2026-11-18T00:00:00Z"))], &week);
    assert_eq!(verdict.findings[0].dropped, Some(Dropped::Grace { until: at("2026-11-25T00:00:00Z") }));
}

#[test]
fn only_what_the_environment_does_not_have_counts() {
    let config = strict().only_new_since("prod");
    let (old, new) = (finding("CVE-2020-1", "CRITICAL", None), finding("CVE-2026-1", "HIGH", None));
    let baseline = Baseline::of_reports("prod", &[with(std::slice::from_ref(&old))]);
    let subject = image(CLEAN_CONFIG);
    let both = [with(&[old, new])];
    let verdict = decide(&Case::new(&subject, &both).baseline(&baseline), &config, now());
    assert_eq!(denied(&verdict), ["CVE-2026-1 a"]);
    // A baseline of another environment is none, and none makes everything new.
    for case in [Case::new(&subject, &both), Case::new(&subject, &both).baseline(&Baseline::new("stage"))] {
        let verdict = decide(&case, &config, now());
        assert_eq!(verdict.denied().count(), 2);
        assert!(
            verdict.warnings.iter().any(|warning| warning.contains("no baseline of prod")),
            "{:?}",
            verdict.warnings
        );
    }
    // Nor is it heard where nobody asked for it.
    let verdict = decide(&Case::new(&subject, &both).baseline(&baseline), &strict(), now());
    assert_eq!(verdict.denied().count(), 2);
}

#[test]
fn the_same_id_in_another_package_is_new() {
    let baseline = Baseline::of_reports("prod", &[with(&[finding("CVE-2020-1", "HIGH", None)])]);
    let mut other = finding("CVE-2020-1", "HIGH", None);
    other["PkgName"] = json!("b");
    let reports = [with(&[other])];
    let subject = image(CLEAN_CONFIG);
    let verdict = decide(&Case::new(&subject, &reports).baseline(&baseline), &strict().only_new_since("prod"), now());
    assert_eq!(denied(&verdict), ["CVE-2020-1 b"]);
}

#[test]
fn what_shares_an_advisory_with_a_known_finding_is_new_and_nothing_said_of_that_one_is_said_of_it() {
    let advised = |id: &str| {
        let mut found = finding(id, "CRITICAL", None);
        found["VendorIDs"] = json!(["DSA-1-1"]);
        found
    };
    let before = [with(&[advised("CVE-2026-1")])];
    let now_there = [with(&[advised("CVE-2026-1"), advised("CVE-2026-2")])];
    let (subject, config) = (image(CLEAN_CONFIG), strict().only_new_since("prod"));
    let baselines =
        [Baseline::of_reports("prod", &before), Baseline::of_verdict("prod", &judge(&subject, &before, &strict()))];
    for baseline in baselines {
        let verdict = decide(&Case::new(&subject, &now_there).baseline(&baseline), &config, now());
        assert_eq!(denied(&verdict), ["CVE-2026-2 a"]);
        // An advisory as a finding is all of what it stands for.
        let mut both = now_there.clone();
        both[0].findings.remove(0);
        both[0].findings[0].id = "DSA-1-1".to_owned();
        both[0].findings[0].aliases = vec!["CVE-2026-1".to_owned(), "CVE-2026-2".to_owned()];
        let verdict = decide(&Case::new(&subject, &both).baseline(&baseline), &config, now());
        assert_eq!(denied(&verdict), ["DSA-1-1 a"]);
        both[0].findings[0].aliases.pop();
        passed(&decide(&Case::new(&subject, &both).baseline(&baseline), &config, now()));
    }
    let vex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/1", "author": "us",
        "timestamp": "2026-11-20T00:00:00Z", "version": 1,
        "statements": [{
            "vulnerability": { "name": "CVE-2026-1", "aliases": ["DSA-1-1"] }, "products": [{ "@id": "pkg:deb/debian/a" }],
            "status": "not_affected", "justification": "component_not_present",
        }],
    });
    let mut reports = now_there.clone();
    for found in &mut reports[0].findings {
        found.package.purl = Some("pkg:deb/debian/a@1".parse().unwrap());
    }
    let vex = [Vex::read(vex.to_string().as_bytes()).unwrap()];
    let verdict = decide(&Case::new(&subject, &reports).vex(&vex), &strict(), now());
    assert_eq!(denied(&verdict), ["CVE-2026-2 a"]);
}

#[test]
fn what_passed_by_grace_is_no_baseline_for_later() {
    let findings = [finding("CVE-2026-1", "HIGH", Some("2026-11-18T00:00:00Z"))];
    let config = strict().grace(Severity::High, DAY * 7).only_new_since("prod");
    let let_in = judged(&findings, &config);
    passed(&let_in);
    let baseline = Baseline::of_verdict("prod", &let_in);
    let subject = image(CLEAN_CONFIG);
    let mut reports = [with(&findings)];
    reports[0].scanned_at = Some(at("2026-11-27T05:00:00Z"));
    reports[0].db_built = reports[0].scanned_at;
    let verdict = decide(&Case::new(&subject, &reports).baseline(&baseline), &config, at("2026-11-27T06:00:00Z"));
    refused(&verdict, Verdict::Fail, Code::Finding);
}

#[test]
fn classes_that_do_not_count_are_kept() {
    let mut value = emptied("clean.json");
    value["Results"].as_array_mut().unwrap().push(json!({
        "Target": "/app/.env", "Class": "secret", "Secrets": [{"RuleID": "github-pat", "Severity": "CRITICAL"}],
    }));
    let reports = [fresh(of_value(&value))];
    refused(&judge(&image(CLEAN_CONFIG), &reports, &strict()), Verdict::Fail, Code::Finding);
    let verdict = judge(&image(CLEAN_CONFIG), &reports, &strict().classes([Kind::Vulnerability]));
    passed(&verdict);
    assert_eq!(verdict.findings[0].dropped, Some(Dropped::Class { kind: Kind::Secret }));
}

#[test]
fn every_finding_that_does_not_count_says_why() {
    let verdict = judge(&image(AMD64_CONFIG), &[fresh(report("debian12.json"))], &strict().ignore_unfixed());
    let why = |id: &str| verdict.findings.iter().find(|judged| judged.finding.id == id).unwrap().dropped.clone();
    assert_eq!(why("CVE-2023-45853"), Some(Dropped::Unfixed));
    assert_eq!(why("CVE-2024-5535"), None);
    let verdict = judge(&image(AMD64_CONFIG), &[fresh(report("debian12.json"))], &strict());
    let low = verdict.findings.iter().find(|judged| judged.finding.id == "CVE-2013-4392").unwrap();
    assert_eq!(low.dropped, Some(Dropped::BelowThreshold));
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["verdict"], "fail");
    assert!(json["findings"].as_array().unwrap().iter().any(|found| found["dropped"]["why"] == "below-threshold"));
}
