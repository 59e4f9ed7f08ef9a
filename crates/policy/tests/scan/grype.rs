//! Grype's JSON, written after its fields: the report that says the most, and the traps that are left.

use lockage_policy::scan::{
    Case, Code, DAY, Gap, GraceFrom, Origin, OsClaim, Problem, Severity, Status, Verdict, decide, read,
};
use serde_json::{Value, json};

use crate::world::*;

fn finding(id: &str, severity: &str, fix: Value) -> Value {
    json!({
        "vulnerability": {
            "id": id, "namespace": "debian:distro:debian:12", "severity": severity, "fix": fix,
            "cvss": [{"metrics": {"baseScore": 9.8}}], "knownExploited": [], "risk": 1.5,
        },
        "relatedVulnerabilities": [{"id": id, "namespace": "nvd:cpe"}],
        "artifact": {
            "name": "openssl", "version": "3.0.11", "type": "deb", "purl": "pkg:deb/debian/openssl@3.0.11?arch=amd64",
            "locations": [{"path": "/var/lib/dpkg/status"}],
        },
        "matchDetails": [{"type": "exact-direct-match"}],
    })
}

fn grype(matches: &[Value]) -> Value {
    json!({
        "matches": matches,
        "source": {"type": "image", "target": {
            "userInput": "registry.example/app@sha256:11", "imageID": CLEAN_CONFIG, "manifestDigest": made_up('1'),
            "repoDigests": [format!("registry.example/app@{INDEX}")], "tags": [], "architecture": "amd64", "os": "linux",
        }},
        "distro": {"name": "debian", "version": "12", "idLike": []},
        "descriptor": {
            "name": "grype", "version": "0.104.0", "timestamp": "2026-11-21T05:00:00.123456789Z",
            "db": {"status": {"schemaVersion": "v6.1.0", "built": "2026-11-21T00:00:00Z", "valid": true}},
        },
        "ignoredMatches": [],
        "alertsByPackage": [],
    })
}

fn judged(value: &Value) -> lockage_policy::scan::ScanVerdict {
    judge(&image(CLEAN_CONFIG), &[of_value(value)], &strict())
}

#[test]
fn a_clean_report_is_the_only_one_that_needs_nothing_beside_it() {
    let report = of_value(&grype(&[]));
    assert_eq!((report.origin.clone(), report.db_built), (Origin::Image, Some(at("2026-11-21T00:00:00Z"))));
    passed(&judge(&image(CLEAN_CONFIG), &[report], &strict()));
}

#[test]
fn the_database_is_found_where_older_versions_put_it_and_a_broken_one_is_not_believed() {
    let mut value = grype(&[]);
    value["descriptor"]["db"] = json!({"built": "2026-11-21T00:00:00Z", "schemaVersion": 5, "error": null});
    passed(&judged(&value));
    value["descriptor"]["db"]["built"] = json!("2025-11-21T00:00:00Z");
    refused(&judged(&value), Verdict::Fail, Code::DatabaseStale);
    value["descriptor"].as_object_mut().unwrap().remove("db");
    refused(&judged(&value), Verdict::Undecided, Code::DatabaseUnknown);
    for broken in [json!({"valid": false}), json!({"error": "the checksum differs"})] {
        let mut value = grype(&[]);
        for (name, what) in broken.as_object().unwrap() {
            value["descriptor"]["db"]["status"][name] = what.clone();
        }
        refused(&judged(&value), Verdict::Undecided, Code::Incomplete);
    }
}

#[test]
fn words_for_severities_and_fixes_are_translated() {
    for (word, severity) in [
        ("Critical", Severity::Critical),
        ("High", Severity::High),
        ("Medium", Severity::Medium),
        ("Low", Severity::Low),
        ("Negligible", Severity::Negligible),
        ("Unknown", Severity::Unknown),
    ] {
        let report = of_value(&grype(&[finding("CVE-2024-1", word, json!({"state": "fixed", "versions": ["4"]}))]));
        assert_eq!(report.findings[0].severity, severity);
    }
    for (state, status, unfixed) in [
        ("fixed", Status::Fixed, false),
        ("not-fixed", Status::Affected, true),
        ("wont-fix", Status::WillNotFix, true),
        ("unknown", Status::Unknown, false),
        ("", Status::Unknown, false),
    ] {
        let report = of_value(&grype(&[finding("CVE-2024-1", "High", json!({"state": state, "versions": []}))]));
        assert_eq!((report.findings[0].status, report.findings[0].is_unfixed()), (status, unfixed), "{state}");
    }
    let wrong = grype(&[finding("CVE-2024-1", "Severe", json!({}))]);
    let error = read(wrong.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.place(), "$.matches[0].vulnerability.severity");
}

#[test]
fn a_fix_that_nobody_says_is_missing_is_not_taken_for_missing() {
    let value = grype(&[finding("CVE-2024-1", "High", json!({"state": "unknown", "versions": []}))]);
    let verdict = judge(&image(CLEAN_CONFIG), &[of_value(&value)], &strict().ignore_unfixed());
    refused(&verdict, Verdict::Fail, Code::Finding);
}

#[test]
fn grace_runs_from_the_day_of_the_fix_and_not_for_what_is_exploited() {
    let fix = json!({"state": "fixed", "versions": ["3.0.15"], "available": [
        {"version": "3.0.15", "date": "2026-11-18", "kind": "first-observed"},
        {"version": "3.0.16", "date": "2026-11-20", "kind": "first-observed"},
    ]});
    let mut value = grype(&[finding("CVE-2024-1", "High", fix)]);
    let config = strict().grace(Severity::High, DAY * 7).grace_from(GraceFrom::FixAvailable);
    let judge = |value: &Value, config: &lockage_policy::scan::ScanConfig| {
        judge(&image(CLEAN_CONFIG), &[of_value(value)], config)
    };
    passed(&judge(&value, &config));
    refused(
        &judge(&value, &strict().grace(Severity::High, DAY * 3).grace_from(GraceFrom::FixAvailable)),
        Verdict::Fail,
        Code::Finding,
    );
    refused(&judge(&value, &strict().grace(Severity::High, DAY * 7)), Verdict::Fail, Code::Finding);
    value["matches"][0]["vulnerability"]["knownExploited"] = json!([{"cve": "CVE-2024-1"}]);
    refused(&judge(&value, &config), Verdict::Fail, Code::Finding);
}

#[test]
fn what_was_ignored_comes_back() {
    let mut ignored = finding("CVE-2024-1", "Critical", json!({"state": "fixed", "versions": ["4"]}));
    ignored["appliedIgnoreRules"] = json!([{"vulnerability": "CVE-2024-1", "reason": "accepted by me"}]);
    let mut value = grype(&[]);
    value["ignoredMatches"] = json!([ignored]);
    refused(&judged(&value), Verdict::Fail, Code::Finding);
    let believed = judge(&image(CLEAN_CONFIG), &[of_value(&value)], &strict().believe_suppressed());
    passed(&believed);
    assert_eq!(believed.findings.len(), 1, "and is kept");
}

#[test]
fn matches_that_an_option_left_out_without_a_record_are_missed() {
    let mut value = grype(&[]);
    value["descriptor"]["configuration"] = json!({"only-fixed": true});
    passed(&judged(&value));
    value.as_object_mut().unwrap().remove("ignoredMatches");
    refused(&judged(&value), Verdict::Undecided, Code::Incomplete);
}

#[test]
fn an_end_of_life_is_an_alert_and_without_alerts_nobody_knows() {
    let mut value = grype(&[]);
    value["alertsByPackage"] =
        json!([{"package": {"name": "base-files"}, "alerts": [{"type": "distro-eol", "message": "debian 9"}]}]);
    refused(&judged(&value), Verdict::Fail, Code::EndOfLife);
    value["alertsByPackage"] = json!([{"package": {"name": "base-files"}, "alerts": [{"type": "distro-unknown"}]}]);
    refused(&judged(&value), Verdict::Undecided, Code::Incomplete);
    value.as_object_mut().unwrap().remove("alertsByPackage");
    only(&judged(&value), &[Code::EndOfLifeUnknown]);
    let config = strict().end_of_life("debian 12", "2028-06-30".parse().unwrap());
    passed(&judge(&image(CLEAN_CONFIG), &[of_value(&value)], &config));
}

#[test]
fn an_image_in_which_nothing_was_recognised_is_not_clean() {
    for distro in [json!({"name": "", "version": ""}), Value::Null] {
        let mut value = grype(&[]);
        value["distro"] = distro;
        let report = of_value(&value);
        assert_eq!((&report.os, &report.gaps[..]), (&OsClaim::NoneFound, &[Gap::NoResults][..]));
        refused(&judge(&image(CLEAN_CONFIG), &[report], &strict()), Verdict::Fail, Code::Unscannable);
    }
}

#[test]
fn a_scan_of_a_folder_is_none_of_an_image_and_one_of_an_sbom_is_syfts_or_nothing() {
    let mut value = grype(&[]);
    value["source"] = json!({"type": "directory", "target": "/src"});
    let verdict = decide(&Case::of_reports_alone(&[of_value(&value)]), &strict(), now());
    only(&verdict, &[Code::NotAnImage]);
    let mut value = grype(&[]);
    value["source"]["type"] = json!("sbom-file");
    for (tool, pass) in [("syft", true), ("trivy", false)] {
        let report = of_value(&value).told_sbom_tool(tool);
        assert_eq!(judge(&image(CLEAN_CONFIG), &[report], &strict()).verdict == Verdict::Pass, pass, "{tool}");
    }
}

#[test]
fn a_document_without_matches_is_no_empty_list() {
    let mut value = grype(&[]);
    value["matches"] = Value::Null;
    assert_eq!(*read(value.to_string().as_bytes()).unwrap_err().problem(), Problem::UnknownFormat);
    let mut value = grype(&[]);
    value["matches"] = json!({});
    assert_eq!(read(value.to_string().as_bytes()).unwrap_err().place(), "$.matches");
}

#[test]
fn the_same_vulnerability_of_two_scanners_is_one_finding_with_the_worse_severity() {
    let mut other = finding("GHSA-1111-2222-3333", "Critical", json!({"state": "fixed", "versions": ["3.0.15"]}));
    other["relatedVulnerabilities"] = json!([{"id": "CVE-2024-5535"}]);
    let grype = of_value(&grype(&[other]));
    let mut trivy = emptied("clean.json");
    trivy["Results"][0]["Vulnerabilities"] = json!([{
        "VulnerabilityID": "CVE-2024-5535", "PkgName": "openssl", "InstalledVersion": "3.0.11", "Severity": "LOW",
        "Status": "affected",
    }]);
    let trivy = fresh(of_value(&trivy));
    let verdict = judge(&image(CLEAN_CONFIG), &[trivy, grype], &strict().ignore_unfixed());
    let [found] = verdict.findings.as_slice() else { panic!("{:#?}", verdict.findings) };
    assert_eq!(found.tools, ["grype", "trivy"]);
    assert_eq!((found.finding.id.as_str(), found.finding.severity), ("CVE-2024-5535", Severity::Critical));
    assert_eq!(found.finding.aliases, ["GHSA-1111-2222-3333"]);
    assert_eq!(found.dropped, None, "one of them knows a fix");
}

#[test]
fn an_advisory_that_two_findings_share_does_not_make_them_one() {
    let mut value = emptied("clean.json");
    let finding = |id: &str| json!({"VulnerabilityID": id, "VendorIDs": ["DSA-5770-1"], "PkgName": "libexpat1", "InstalledVersion": "2.5", "Severity": "HIGH"});
    value["Results"][0]["Vulnerabilities"] = json!([finding("CVE-2024-45490"), finding("CVE-2024-45491")]);
    let verdict = judge(&image(CLEAN_CONFIG), &[fresh(of_value(&value))], &strict());
    assert_eq!(verdict.denied().count(), 2);
}

#[test]
fn an_advisory_that_stands_for_two_vulnerabilities_is_neither_of_them() {
    let mut advisory = finding("GHSA-1111-2222-3333", "High", json!({"state": "fixed", "versions": ["4"]}));
    advisory["relatedVulnerabilities"] = json!([{"id": "CVE-2024-1"}, {"id": "CVE-2024-2"}]);
    let other = finding("CVE-2024-1", "High", json!({"state": "fixed", "versions": ["4"]}));
    let verdict = judged(&grype(&[advisory, other]));
    assert_eq!(denied(&verdict), ["CVE-2024-1 openssl", "GHSA-1111-2222-3333 openssl"]);
}
