//! Trivy's JSON: each way in which it looks clean and is not, on reports of the real program.

use lockage_policy::scan::{
    Case, Code, Gap, Kind, Limit, Origin, OsClaim, OsRule, Problem, ScanConfig, Severity, Status, Verdict, decide,
    read, read_trivy_version,
};
use serde_json::json;

use crate::world::*;

#[test]
fn an_image_that_was_scanned_and_found_clean_passes() {
    let report = fresh(report("clean.json"));
    assert!(report.is_complete() && report.findings.is_empty());
    passed(&judge(&image(CLEAN_CONFIG), &[report], &strict()));
}

#[test]
fn a_fatal_scan_leaves_an_empty_file_which_is_an_error_and_no_report() {
    for name in ["bad-db.json", "reg-multi-s390x.json", "reg-multi-attest.json"] {
        let error = read(&bytes(name)).unwrap_err();
        assert_eq!(*error.problem(), Problem::Empty, "{name}");
        assert!(error.remedy().is_some());
    }
    refused(&judge(&image(CLEAN_CONFIG), &[], &strict()), Verdict::Undecided, Code::NoReports);
    refused(&decide(&Case::of_reports_alone(&[]), &strict(), now()), Verdict::Undecided, Code::NoReports);
}

#[test]
fn an_image_without_a_known_operating_system_is_not_clean() {
    for name in ["scratch.json", "unknownos.json"] {
        let report = fresh(report(name));
        assert_eq!((&report.os, report.gaps.as_slice()), (&OsClaim::NoneFound, [Gap::NoResults].as_slice()), "{name}");
        let subject = image_of(&report);
        refused(&judge(&subject, std::slice::from_ref(&report), &strict()), Verdict::Fail, Code::Unscannable);
        let lenient = strict().os(OsRule::PackagesSuffice);
        refused(&judge(&subject, std::slice::from_ref(&report), &lenient), Verdict::Fail, Code::Unscannable);
        refused(&decide(&Case::of_reports_alone(&[report]), &strict(), now()), Verdict::Fail, Code::Unscannable);
    }
}

#[test]
fn packages_of_a_language_suffice_where_that_is_said() {
    let mut value = json("scratch.json");
    value["Results"] = json!([{"Target": "app", "Class": "lang-pkgs", "Type": "gobinary"}]);
    let report = fresh(of_value(&value));
    let subject = image_of(&report);
    refused(&judge(&subject, std::slice::from_ref(&report), &strict()), Verdict::Fail, Code::Unscannable);
    passed(&judge(&subject, &[report], &strict().os(OsRule::PackagesSuffice)));
}

#[test]
fn an_operating_system_of_no_release_is_one_that_no_advisories_were_looked_up_for() {
    for name in [json!(null), json!(""), json!(" ")] {
        let mut value = json("clean.json");
        value["Metadata"]["OS"]["Name"] = name.clone();
        let report = fresh(of_value(&value));
        only(&judge(&image(CLEAN_CONFIG), std::slice::from_ref(&report), &strict()), &[Code::OsUnstated]);
        // Of distributions that have no releases it may be said.
        passed(&judge(&image(CLEAN_CONFIG), &[report], &strict().os(OsRule::MayBeUnstated)));
    }
}

#[test]
fn an_operating_system_past_its_end_of_life_is_refused_though_nothing_was_found() {
    let report = fresh(report("eol.json"));
    assert!(report.findings.is_empty());
    let verdict = judge(&image_of(&report), &[report], &strict());
    refused(&verdict, Verdict::Fail, Code::EndOfLife);
    assert!(verdict.reasons[0].message.contains("debian 9.13"), "{:?}", verdict.reasons);
}

#[test]
fn a_day_of_our_own_ends_an_operating_system_too() {
    let report = fresh(report("clean.json"));
    let config = |day: &str| strict().end_of_life("debian 12", day.parse().unwrap());
    refused(
        &judge(&image(CLEAN_CONFIG), std::slice::from_ref(&report), &config("2026-06-10")),
        Verdict::Fail,
        Code::EndOfLife,
    );
    passed(&judge(&image(CLEAN_CONFIG), std::slice::from_ref(&report), &config("2028-06-30")));
    let other = strict().end_of_life("debian 1", "2000-01-01".parse().unwrap());
    passed(&judge(&image(CLEAN_CONFIG), &[report], &other));
}

#[test]
fn a_scan_that_looked_for_secrets_only_is_none_for_vulnerabilities() {
    let report = fresh(report("imgmisconf.json"));
    assert_eq!(report.gaps, [Gap::NoResults]);
    assert_eq!(report.findings[0].kind, Kind::Secret);
    let verdict = judge(&image_of(&report), &[report], &strict());
    refused(&verdict, Verdict::Fail, Code::Unscannable);
    assert_eq!(denied(&verdict), ["github-pat /app/deploy.sh"]);
}

#[test]
fn a_scan_without_the_packages_of_the_operating_system_is_not_whole() {
    let mut value = emptied("debian12.json");
    value["Results"].as_array_mut().unwrap().retain(|result| result["Class"] != "os-pkgs");
    let report = fresh(of_value(&value));
    refused(&judge(&image(AMD64_CONFIG), &[report], &strict()), Verdict::Undecided, Code::Incomplete);
}

#[test]
fn every_finding_is_read_as_trivy_means_it() {
    let report = report("debian12.json");
    assert_eq!(report.findings.len(), 15);
    let of = |id: &str, package: &str| {
        let found = report.findings.iter().find(|found| found.id == id && found.package.name == package);
        found.unwrap_or_else(|| panic!("{id} in {package}"))
    };
    let glibc = of("CVE-2023-6246", "libc6");
    assert_eq!((glibc.severity, glibc.status), (Severity::High, Status::Fixed));
    assert_eq!(
        (&glibc.aliases[..], &glibc.fixed_versions[..]),
        (&["DSA-5611-1".to_owned()][..], &["2.36-9+deb12u4".to_owned()][..])
    );
    assert_eq!(glibc.published, Some(at("2024-01-31T14:15:48Z")));
    // NVD says critical; Debian, whose package it is, says low.
    let stack = of("CVE-2019-1010022", "libc6");
    assert_eq!((stack.severity, stack.severity_source.as_deref()), (Severity::Low, Some("debian")));
    assert_eq!(of("CVE-2021-44906", "minimist").fixed_versions, ["1.2.6", "0.2.4"]);
    assert_eq!(of("CVE-2023-45853", "zlib1g").status, Status::WillNotFix);
    assert_eq!(of("CVE-2023-31484", "perl-base").status, Status::FixDeferred);
    assert_eq!(report.claims.config, Some(digest(AMD64_CONFIG)));
    assert_eq!(report.claims.platform.as_deref(), Some("linux/amd64"));
}

#[test]
fn the_thirteen_that_are_high_or_worse_count_and_nine_of_them_have_a_fix() {
    let reports = [fresh(report("debian12.json"))];
    let verdict = judge(&image(AMD64_CONFIG), &reports, &strict());
    refused(&verdict, Verdict::Fail, Code::Finding);
    assert_eq!((verdict.denied().count(), verdict.findings.len()), (13, 15));
    let verdict = judge(&image(AMD64_CONFIG), &reports, &strict().ignore_unfixed());
    let mut own = denied(&verdict);
    let filtered = report("debian12-highcrit-fixed.json");
    let mut theirs: Vec<_> =
        filtered.findings.iter().map(|found| format!("{} {}", found.id, found.package.name)).collect();
    own.sort();
    theirs.sort();
    assert_eq!(own, theirs, "as trivy itself filters with --severity HIGH,CRITICAL --ignore-unfixed");
    assert_eq!(own.len(), 9);
}

#[test]
fn a_stale_database_and_one_of_unknown_age_are_no_pass() {
    let subject = image(CLEAN_CONFIG);
    let unknown = report("clean.json");
    refused(&judge(&subject, std::slice::from_ref(&unknown), &strict()), Verdict::Undecided, Code::DatabaseUnknown);
    let mut stale = unknown.clone();
    stale.db_built = Some(at("2025-02-01T00:00:00Z"));
    refused(&judge(&subject, &[stale], &strict()), Verdict::Fail, Code::DatabaseStale);
    let mut future = unknown.clone();
    future.db_built = Some(at("2027-01-01T00:00:00Z"));
    refused(&judge(&subject, &[future], &strict()), Verdict::Undecided, Code::DatabaseUnknown);
    passed(&judge(&subject, &[unknown], &any_database()));
}

#[test]
fn the_database_of_trivy_version_is_believed_where_the_scan_used_it() {
    let version = |version: &str, updated: &str, downloaded: &str| {
        let text = format!(
            r#"{{"Version":"{version}","VulnerabilityDB":{{"Version":2,"NextUpdate":"2099-01-01T00:00:00Z","UpdatedAt":"{updated}","DownloadedAt":"{downloaded}"}}}}"#
        );
        read_trivy_version(text.as_bytes()).unwrap()
    };
    let (built, before, after) = ("2026-11-20T22:00:00Z", "2026-11-20T23:00:00Z", "2026-11-21T05:00:00Z");
    let with = |database| judge(&image(CLEAN_CONFIG), &[report("clean.json").with_database(&database)], &strict());
    passed(&with(version("0.59.1", built, before)));
    // Put in place after the scan, which cannot have used it.
    refused(&with(version("0.59.1", built, after)), Verdict::Undecided, Code::DatabaseUnknown);
    refused(&with(version("0.59.1", after, before)), Verdict::Undecided, Code::DatabaseUnknown);
    // What the next update promises says nothing of this one.
    refused(&with(version("0.59.1", "2025-02-01T00:00:00Z", before)), Verdict::Fail, Code::DatabaseStale);
    let mut newer = json("clean.json");
    newer["Trivy"] = json!({"Version": "0.69.3"});
    let newer = of_value(&newer).with_database(&version("0.59.1", built, before));
    refused(&judge(&image(CLEAN_CONFIG), &[newer], &strict()), Verdict::Undecided, Code::DatabaseUnknown);
    for text in ["{}", r#"{"Version":"0.59.1"}"#, r#"{"VulnerabilityDB":{"UpdatedAt":"0001-01-01T00:00:00Z"}}"#] {
        assert_eq!(*read_trivy_version(text.as_bytes()).unwrap_err().problem(), Problem::Missing, "{text}");
    }
}

#[test]
fn a_scan_of_last_week_and_one_without_a_date_are_no_pass() {
    let later = at("2026-11-28T06:00:00Z");
    let mut report = fresh(report("clean.json"));
    let subject = image(CLEAN_CONFIG);
    let config = any_database();
    let verdict = decide(&Case::new(&subject, std::slice::from_ref(&report)), &config, later);
    refused(&verdict, Verdict::Fail, Code::EvidenceStale);
    passed(&decide(
        &Case::new(&subject, std::slice::from_ref(&report)),
        &config.max_evidence_age(Limit::Within(lockage_policy::scan::DAY * 8)),
        later,
    ));
    report.scanned_at = None;
    refused(&judge(&subject, &[report], &any_database()), Verdict::Undecided, Code::EvidenceUndated);
}

#[test]
fn a_scan_of_another_tools_sbom_is_not_believed_and_one_of_its_own_needs_a_subject() {
    let syft = fresh(report("sbomscan-syft.json"));
    assert_eq!(syft.origin, Origin::Sbom { made_by: None });
    let own = fresh(report("sbomscan.json"));
    // Twelve findings in Debian's packages, of which the other tool's list leaves two.
    let os = |report: &lockage_policy::scan::Report| {
        report
            .findings
            .iter()
            .filter(|found| found.package.purl.as_ref().is_some_and(|purl| purl.kind() == "deb"))
            .count()
    };
    assert_eq!((os(&own), os(&syft)), (12, 2));
    let subject = image(AMD64_CONFIG);
    let critical_only = ScanConfig::at_least(Severity::Critical).ignore_unfixed();
    let mut empty = syft.clone();
    empty.findings.clear();
    for report in [syft.clone(), empty.clone()] {
        let told = report.clone().told_subject(made_up('1')).told_sbom_tool("syft");
        let verdict = judge(&subject, &[told], &critical_only);
        assert_ne!(verdict.verdict, Verdict::Pass);
        assert!(verdict.reasons.iter().any(|reason| reason.code == Code::SbomDerived), "{:?}", verdict.reasons);
        let verdict = judge(&subject, &[report], &critical_only);
        assert!(verdict.reasons.iter().any(|reason| reason.code == Code::NotBound), "{:?}", verdict.reasons);
    }
    let mut clean = own;
    clean.findings.clear();
    let unknown = clean.clone().told_subject(made_up('1'));
    refused(&judge(&subject, &[unknown], &strict()), Verdict::Undecided, Code::SbomDerived);
    let told = clean.told_subject(made_up('1')).told_sbom_tool("trivy");
    passed(&judge(&subject, &[told], &strict()));
}

#[test]
fn a_report_on_files_is_none_on_an_image() {
    let report = fresh(report("misconf.json"));
    assert_eq!(report.origin, Origin::Other("filesystem".to_owned()));
    let verdict = decide(&Case::of_reports_alone(&[report]), &strict(), now());
    assert!(verdict.reasons.iter().any(|reason| reason.code == Code::NotAnImage), "{:?}", verdict.reasons);
    assert_ne!(verdict.verdict, Verdict::Pass);
}

#[test]
fn a_severity_that_is_not_known_counts_as_critical_unless_it_is_said_otherwise() {
    let mut value = emptied("debian12.json");
    let finding =
        json!({"VulnerabilityID": "CVE-2026-1", "PkgName": "a", "InstalledVersion": "1", "Severity": "UNKNOWN"});
    value["Results"][0]["Vulnerabilities"] = json!([finding]);
    let report = fresh(of_value(&value));
    let subject = image(AMD64_CONFIG);
    let critical = ScanConfig::at_least(Severity::Critical);
    refused(&judge(&subject, std::slice::from_ref(&report), &critical), Verdict::Fail, Code::Finding);
    passed(&judge(&subject, &[report], &critical.unknown_as(Severity::Low)));
}

#[test]
fn what_trivy_was_told_to_leave_out_leaves_no_trace() {
    // Two more findings have a status that was left out; nothing in the report tells it from one in which they are not.
    let (all, filtered) = (report("debian12.json"), report("debian12-ignore-status.json"));
    assert_eq!((all.findings.len(), filtered.findings.len()), (15, 13));
    assert!(filtered.is_complete(), "it cannot be seen: the documentation says so");
}

#[test]
fn a_cosign_vuln_predicate_is_the_same_report() {
    let (plain, wrapped) = (report("debian12.json"), report("debian12.cosign-vuln.json"));
    assert_eq!((&wrapped.findings, &wrapped.claims.config), (&plain.findings, &plain.claims.config));
    assert_eq!(wrapped.db_built, None, "trivy leaves the place empty");
    let mut value = json("debian12.cosign-vuln.json");
    value["scanner"]["db"] =
        json!({"uri": "ghcr.io/aquasecurity/trivy-db", "version": "2", "lastUpdate": "2026-11-20T22:00:00Z"});
    assert_eq!(of_value(&value).db_built, Some(at("2026-11-20T22:00:00Z")));
}

#[test]
fn the_shape_of_newer_versions_is_read_with_its_version() {
    let mut value = json("clean.json");
    value["Trivy"] = json!({"Version": "0.69.3"});
    value["ReportID"] = json!("017b7d41-e09f-7000-80ea-000000000001");
    value["ArtifactID"] = json!("sha256:3250f4e60f294c6b778c363acec523064c7798933b0aeef4b2effe362480a28b");
    let report = of_value(&value);
    assert_eq!(report.tool.version.as_deref(), Some("0.69.3"));
    passed(&judge(&image(CLEAN_CONFIG), &[fresh(report)], &strict()));
}

#[test]
fn packages_are_counted_where_they_are_listed() {
    assert_eq!(report("debian12.listpkgs.json").packages_seen, Some(11));
    assert_eq!(report("debian12.json").packages_seen, None);
}
