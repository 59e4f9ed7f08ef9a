//! SARIF: the same fields, and in each of them another tool means another thing.

use lockage_policy::scan::{
    Case, Code, Gap, Limit, OsClaim, OsRule, Problem, ScanConfig, Severity, Status, Verdict, decide, read,
};
use serde_json::{Value, json};

use crate::world::*;

/// A document of one run, by a tool with rules and results.
fn sarif(tool: &str, rules: Value, results: Value) -> Value {
    json!({
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": tool, "version": "1.0.0", "rules": rules}}, "results": results}]
    })
}

/// What a document of findings alone can be asked for.
fn lenient() -> ScanConfig {
    ScanConfig::at_least(Severity::High)
        .max_db_age(Limit::Unlimited)
        .max_evidence_age(Limit::Unlimited)
        .os(OsRule::MayBeUnstated)
}

#[test]
fn trivys_severity_is_a_tag_and_the_findings_are_those_of_its_json() {
    let (sarif, plain) = (report("debian12.sarif"), report("debian12.json"));
    let facts = |report: &lockage_policy::scan::Report| {
        let fact = |found: &lockage_policy::scan::Finding| {
            (found.id.clone(), found.package.name.clone(), found.severity, found.fixed_versions.clone())
        };
        let mut facts: Vec<_> = report.findings.iter().map(fact).collect();
        facts.sort_by_key(|fact| (fact.0.clone(), fact.1.clone()));
        facts
    };
    assert_eq!(facts(&sarif), facts(&plain));
    assert_eq!(sarif.claims.config, plain.claims.config);
    // The rule says 2.0, which is no critical, and NVD 9.8, which Debian does not mean.
    let low = sarif.findings.iter().find(|found| found.id == "CVE-2019-1010022").unwrap();
    assert_eq!((low.severity, low.status), (Severity::Low, Status::Affected));
}

#[test]
fn trivys_sarif_is_the_same_for_a_clean_image_and_for_one_that_could_not_be_scanned() {
    for name in ["clean.sarif", "scratch.sarif", "eol.sarif"] {
        let report = report(name);
        assert_eq!((report.findings.len(), &report.os), (0, &OsClaim::Unstated), "{name}");
        let subject = image_of(&report);
        let config = lenient().os(OsRule::Known);
        only(&judge(&subject, std::slice::from_ref(&report), &config), &[Code::OsUnstated]);
        only(&judge(&subject, &[report], &strict()), &[Code::OsUnstated, Code::EvidenceUndated, Code::DatabaseUnknown]);
    }
}

#[test]
fn a_high_severity_is_taken_from_no_other_field() {
    let mut value = json("debian12.sarif");
    for rule in value["runs"][0]["tool"]["driver"]["rules"].as_array_mut().unwrap() {
        rule["properties"]["security-severity"] = json!("0.1");
        rule["defaultConfiguration"]["level"] = json!("note");
    }
    let report = of_value(&value);
    let verdict = judge(&image(AMD64_CONFIG), &[report], &lenient());
    assert_eq!(verdict.denied().count(), 13);
}

#[test]
fn a_result_whose_severity_is_nowhere_is_an_error() {
    let mut value = json("debian12.sarif");
    value["runs"][0]["tool"]["driver"]["rules"][0]["properties"]["tags"] = json!(["vulnerability", "security"]);
    let text = value["runs"][0]["results"][0]["message"]["text"].as_str().unwrap().replace("Severity: HIGH\n", "");
    value["runs"][0]["results"][0]["message"]["text"] = json!(text);
    let error = read(value.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.place(), "$.runs[0].results[0]".replace("results[0]", "tool.driver.rules[0].properties"));
    let mut value = json("debian12.sarif");
    value["runs"][0]["tool"]["driver"]["rules"] = json!([]);
    assert!(read(value.to_string().as_bytes()).is_err(), "a result without its rule has no severity");
}

#[test]
fn one_rule_stands_for_several_results_and_each_of_them_counts() {
    // CVE-2024-5535 is one rule, and in two packages.
    let report = report("debian12.sarif");
    let packages: Vec<_> = report
        .findings
        .iter()
        .filter(|found| found.id == "CVE-2024-5535")
        .map(|found| found.package.name.as_str())
        .collect();
    assert_eq!(packages, ["libssl3", "openssl"]);
}

#[test]
fn an_index_and_an_id_that_name_different_rules_are_not_understood() {
    let mut value = json("debian12.sarif");
    value["runs"][0]["results"][0]["ruleIndex"] = json!(1);
    let error = read(value.to_string().as_bytes()).unwrap_err();
    assert!(matches!(error.problem(), Problem::Contradiction(_)), "{error}");
}

#[test]
fn a_run_without_results_did_not_finish() {
    for results in [Value::Null, json!("none")] {
        let mut value = json("clean.sarif");
        value["runs"][0]["results"] = results;
        assert!(read(value.to_string().as_bytes()).is_err());
    }
    let mut value = json("clean.sarif");
    value["runs"][0].as_object_mut().unwrap().remove("results");
    let error = read(value.to_string().as_bytes()).unwrap_err();
    assert_eq!((error.place(), error.problem()), ("$.runs[0].results", &Problem::Missing));
    value["runs"] = json!([]);
    assert!(read(value.to_string().as_bytes()).is_err());
}

#[test]
fn a_run_that_failed_or_was_told_to_leave_findings_out_is_not_whole() {
    for (invocation, expected) in [
        (json!({"executionSuccessful": false}), Gap::Failed("it was not executed successfully".to_owned())),
        (
            json!({"executionSuccessful": true, "commandLine": "trivy image --severity=CRITICAL app"}),
            Gap::Filtered("--severity".to_owned()),
        ),
        (
            json!({"executionSuccessful": true, "arguments": ["--ignore-unfixed", "app"]}),
            Gap::Filtered("--ignore-unfixed".to_owned()),
        ),
    ] {
        let mut value = json("clean.sarif");
        value["runs"][0]["invocations"] = json!([invocation]);
        let report = of_value(&value);
        assert_eq!(report.gaps, [expected]);
        only(&judge(&image(CLEAN_CONFIG), &[report], &lenient()), &[Code::Incomplete]);
    }
}

fn grype() -> Value {
    let help = |id: &str, severity: &str, package: &str, fix: &str| {
        let text = format!(
            "Vulnerability {id}\nSeverity: {severity}\nPackage: {package}\nVersion: 1.2.13\nFix Version: {fix}\nType: deb\nLocation: /var/lib/dpkg/status\nData Namespace: debian:distro:debian:12\nLink: [{id}](https://example.org)"
        );
        json!({
            "id": format!("{id}-{package}"),
            "name": "DpkgMatcherExactDirectMatch",
            "help": {"text": text},
            "properties": {"security-severity": "8.2", "purls": [format!("pkg:deb/debian/{package}@1.2.13?arch=amd64")]},
        })
    };
    sarif(
        "Grype",
        json!([help("CVE-2023-45853", "low", "zlib1g", ""), help("CVE-2024-5535", "critical", "openssl", "3.0.15")]),
        json!([
            {"ruleId": "CVE-2023-45853-zlib1g", "level": "note", "message": {"text": "a low one"}},
            {"ruleId": "CVE-2024-5535-openssl", "level": "error", "message": {"text": "a critical one"}},
        ]),
    )
}

#[test]
fn grypes_severity_is_a_line_of_the_help_and_not_the_raw_score() {
    let report = of_value(&grype());
    let [low, critical] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
    assert_eq!((low.id.as_str(), low.severity, low.status), ("CVE-2023-45853", Severity::Low, Status::Unknown));
    assert_eq!((critical.id.as_str(), critical.severity), ("CVE-2024-5535", Severity::Critical));
    assert_eq!(critical.fixed_versions, ["3.0.15"]);
    assert_eq!(critical.package.purl.as_ref().unwrap().kind(), "deb");
    let told = report.told_subject(made_up('1'));
    assert_eq!(denied(&judge(&image(CLEAN_CONFIG), &[told], &lenient())), ["CVE-2024-5535 openssl"]);
}

#[test]
fn grypes_sarif_has_no_subject_and_covers_nothing_on_its_own() {
    let mut value = grype();
    value["runs"][0]["results"] = json!([]);
    let report = of_value(&value);
    only(&judge(&image(CLEAN_CONFIG), std::slice::from_ref(&report), &lenient()), &[Code::NotBound, Code::NotCovered]);
    let told = report.told_subject(made_up('1'));
    passed(&judge(&image(CLEAN_CONFIG), std::slice::from_ref(&told), &lenient()));
    let strict = judge(&image(CLEAN_CONFIG), &[told], &strict());
    only(&strict, &[Code::OsUnstated, Code::EvidenceUndated, Code::DatabaseUnknown]);
}

#[test]
fn a_rule_of_grype_without_a_severity_is_an_error() {
    let mut value = grype();
    value["runs"][0]["tool"]["driver"]["rules"][0]["help"]["text"] = json!("Vulnerability CVE-1\nPackage: zlib1g");
    let error = read(value.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.place(), "$.runs[0].tool.driver.rules[0].help");
}

fn scout(properties: Value) -> Value {
    sarif(
        "docker scout",
        json!([{"id": "CVE-2024-5535", "name": "OsPackageVulnerability", "properties": properties}]),
        json!([{"ruleId": "CVE-2024-5535", "ruleIndex": 0, "kind": "fail", "level": "none", "message": {"text": "openssl"}}]),
    )
}

#[test]
fn docker_scouts_severity_is_a_property_and_one_rule_may_name_several_packages() {
    let old = of_value(&scout(json!({
        "affected_version": "<3.0.15", "cvssV3": 2.0, "cvssV3_severity": "CRITICAL", "fixed_version": "3.0.15",
        "purl": "pkg:deb/debian/openssl@3.0.11?os_name=debian", "security-severity": "2.0", "tags": ["CRITICAL"],
    })));
    assert_eq!(old.tool.name, "docker scout");
    let [found] = old.findings.as_slice() else { panic!("{:?}", old.findings) };
    assert_eq!((found.severity, found.status), (Severity::Critical, Status::Fixed));
    assert_eq!((found.package.name.as_str(), found.package.version.as_str()), ("openssl", "3.0.11"));

    let new = of_value(&scout(json!({
        "affected_version": ">=0", "cvssV3_severity": "UNSPECIFIED", "fixed_version": "not fixed", "tags": ["UNSPECIFIED"],
        "purls": ["pkg:deb/debian/openssl@3.0.11", "pkg:deb/debian/libssl3@3.0.11"],
    })));
    let packages: Vec<_> = new.findings.iter().map(|found| found.package.name.as_str()).collect();
    assert_eq!(packages, ["openssl", "libssl3"]);
    assert!(new.findings.iter().all(|found| found.severity == Severity::Unknown && found.is_unfixed()));
    let told = new.told_subject(made_up('1'));
    refused(&judge(&image(CLEAN_CONFIG), &[told], &lenient()), Verdict::Fail, Code::Finding);
}

#[test]
fn a_rule_of_docker_scout_without_a_severity_or_a_package_is_an_error() {
    for properties in [
        json!({"purl": "pkg:deb/debian/openssl@3", "security-severity": "9.8"}),
        json!({"cvssV3_severity": "SEVERE", "purl": "pkg:deb/debian/openssl@3"}),
        json!({"cvssV3_severity": "HIGH"}),
    ] {
        assert!(read(scout(properties.clone()).to_string().as_bytes()).is_err(), "{properties}");
    }
}

#[test]
fn a_suppressed_result_comes_back_unless_the_suppression_is_believed() {
    let mut value = grype();
    value["runs"][0]["results"][1]["suppressions"] =
        json!([{"kind": "external", "status": "accepted", "justification": "not reachable"}]);
    let report = of_value(&value).told_subject(made_up('1'));
    let case = std::slice::from_ref(&report);
    refused(&judge(&image(CLEAN_CONFIG), case, &lenient()), Verdict::Fail, Code::Finding);
    passed(&judge(&image(CLEAN_CONFIG), case, &lenient().believe_suppressed()));
    let accepted = value["runs"][0]["results"][1]["suppressions"][0].clone();
    for doubt in ["underReview", "rejected"] {
        let doubted = json!({"kind": "external", "status": doubt});
        for all in [json!([doubted]), json!([accepted, doubted]), json!([doubted, accepted]), json!([])] {
            value["runs"][0]["results"][1]["suppressions"] = all;
            let report = of_value(&value).told_subject(made_up('1'));
            let verdict = judge(&image(CLEAN_CONFIG), &[report], &lenient().believe_suppressed());
            refused(&verdict, Verdict::Fail, Code::Finding);
        }
    }
}

#[test]
fn sarif_of_a_scan_of_files_is_no_scan_of_an_image() {
    let mut value = json("clean.sarif");
    value["runs"][0].as_object_mut().unwrap().remove("properties");
    let report = of_value(&value);
    let verdict = decide(&Case::of_reports_alone(&[report]), &lenient(), now());
    only(&verdict, &[Code::NotAnImage]);
}

#[test]
fn another_version_of_sarif_is_not_guessed_at() {
    let mut value = json("clean.sarif");
    value["version"] = json!("3.0.0");
    let error = read(value.to_string().as_bytes()).unwrap_err();
    assert_eq!(*error.problem(), Problem::UnknownVersion("3.0.0".to_owned()));
}
