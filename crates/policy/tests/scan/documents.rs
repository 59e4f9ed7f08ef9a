//! Documents of every kind: told apart by their content, read whole or not at all; CycloneDX, linters, tests.

use lockage_policy::scan::{
    CheckReport, ChecksConfig, Code, Document, ExitCodes, Finding, Format, Gap, Level, OsClaim, Problem, Report,
    ScanConfig, Severity, Verdict, decide_checks, read, read_as,
};
use serde_json::{Value, json};

use crate::world::*;

#[test]
fn a_format_is_told_by_what_only_it_has() {
    for (name, format) in [
        ("debian12.json", Format::Trivy),
        ("debian12.cosign-vuln.json", Format::TrivyCosignVuln),
        ("debian12.sarif", Format::TrivySarif),
        ("debian12.cdx-vuln.json", Format::CycloneDx),
        ("sbomscan.json", Format::Trivy),
    ] {
        assert_eq!(report(name).format, format, "{name}");
    }
    for (name, format) in
        [("hadolint.json", Format::Hadolint), ("hadolint.sarif", Format::Sarif), ("cst.json", Format::StructureTest)]
    {
        assert_eq!(checks_in(&bytes(name)).format, format, "{name}");
    }
    assert!(matches!(read(&bytes("ignore/openvex.json")).unwrap(), Document::Vex(_)));
    for name in ["trivy", "trivy-cosign-vuln", "trivy-sarif", "grype", "osv", "cyclonedx", "openvex", "exit-status"] {
        let format: Format = name.parse().unwrap();
        assert_eq!((format.to_string().as_str(), serde_json::to_value(format).unwrap()), (name, json!(name)));
    }
    assert!("xml".parse::<Format>().is_err());
}

#[test]
fn what_is_no_known_format_is_an_error() {
    for (text, problem) in [
        ("", Problem::Empty),
        (" \n\t", Problem::Empty),
        ("[]", Problem::UnknownFormat),
        ("{}", Problem::UnknownFormat),
        ("null", Problem::UnknownFormat),
        ("0", Problem::UnknownFormat),
        (r#"[{"Target":"app","Vulnerabilities":null}]"#, Problem::UnknownFormat),
        (r#"{"SchemaVersion":2,"matches":[],"descriptor":{}}"#, Problem::UnknownFormat),
        (r#"{"SchemaVersion":1,"Results":[]}"#, Problem::UnknownVersion("1".to_owned())),
        (r#"{"SchemaVersion":3,"Results":[]}"#, Problem::UnknownVersion("3".to_owned())),
    ] {
        assert_eq!(*read(text.as_bytes()).unwrap_err().problem(), problem, "{text}");
    }
    for text in ["{", "FATAL\tscan error", "\u{1f}\u{8b}", r#"{"SchemaVersion":2,"SchemaVersion":2}"#] {
        assert!(matches!(read(text.as_bytes()).unwrap_err().problem(), Problem::Syntax(_)), "{text}");
    }
    assert!(matches!(read(b"\xff\xfe").unwrap_err().problem(), Problem::Syntax(_)));
    let deep = "[".repeat(100_000);
    assert!(matches!(read(deep.as_bytes()).unwrap_err().problem(), Problem::Syntax(_)));
}

#[test]
fn a_member_that_is_there_twice_could_hide_the_first() {
    let text = json("debian12.json").to_string();
    let twice = format!(r#"{},"Results":[{{"Target":"a","Class":"os-pkgs"}}]}}"#, text.strip_suffix('}').unwrap());
    let error = read(twice.as_bytes()).unwrap_err();
    assert!(error.to_string().contains(r#""Results" is there twice"#), "{error}");
}

#[test]
fn a_report_has_a_size_that_is_too_much() {
    let spaces = vec![b' '; Format::LARGEST + 1];
    assert_eq!(*read(&spaces).unwrap_err().problem(), Problem::TooLarge { limit: Format::LARGEST });
    let mut padded = bytes("hadolint.json");
    padded.resize(Format::Hadolint.limit() + 1, b' ');
    let error = read(&padded).unwrap_err();
    assert_eq!(
        (error.format(), error.problem()),
        (Some(Format::Hadolint), &Problem::TooLarge { limit: Format::Hadolint.limit() })
    );
}

#[test]
fn fields_that_are_not_known_are_not_looked_at_and_missing_ones_are_named() {
    let mut value = json("debian12.json");
    value["Future"] = json!({"a": [1, 2]});
    value["Results"][0]["Vulnerabilities"][0]["Future"] = json!("x");
    assert_eq!(of_value(&value).findings.len(), 15);
    for (pointer, field) in [
        ("/Results/0/Vulnerabilities/3", "VulnerabilityID"),
        ("/Results/0/Vulnerabilities/3", "PkgName"),
        ("/Results/0/Vulnerabilities/3", "Severity"),
        ("/Results/0", "Class"),
        ("", "ArtifactType"),
    ] {
        let mut value = json("debian12.json");
        value.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(field);
        let error = read(value.to_string().as_bytes()).unwrap_err();
        let place = format!(
            "${}.{field}",
            pointer.replace("/Results/0", ".Results[0]").replace("/Vulnerabilities/3", ".Vulnerabilities[3]")
        );
        assert_eq!(
            (error.place(), error.problem(), error.format()),
            (place.as_str(), &Problem::Missing, Some(Format::Trivy))
        );
        assert!(error.to_string().starts_with(&format!("trivy: {place}: ")), "{error}");
    }
}

#[test]
fn a_wrong_field_is_named_with_what_is_there() {
    let mut value = json("debian12.json");
    value["Results"][0]["Vulnerabilities"][0]["Status"] = json!("mostly_fixed");
    let error = read(value.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.place(), "$.Results[0].Vulnerabilities[0].Status");
    value["Results"][0]["Vulnerabilities"] = json!("none");
    let error = read(value.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), r#"trivy: $.Results[0].Vulnerabilities: a list is expected, not "none""#);
}

#[test]
fn an_empty_list_is_hadolints_only_where_that_is_said() {
    let Document::Checks(report) = read_as(Format::Hadolint, b"[]").unwrap() else { panic!() };
    assert!(report.problems.is_empty());
    assert_eq!(*read_as(Format::Trivy, b"[]").unwrap_err().problem(), Problem::UnknownFormat);
    assert_eq!(*read_as(Format::Grype, &bytes("clean.json")).unwrap_err().problem(), Problem::UnknownFormat);
    // Any tool's SARIF may be read by its levels alone.
    assert!(matches!(read_as(Format::Sarif, &bytes("clean.sarif")), Ok(Document::Checks(_))));
}

#[test]
fn trivys_cyclonedx_has_the_severities_of_its_json() {
    let (bom, plain) = (report("debian12.cdx-vuln.json"), report("debian12.json"));
    let facts = |report: &Report| {
        let fact =
            |found: &Finding| (found.id.clone(), found.package.name.to_lowercase(), found.severity, found.published);
        let mut facts: Vec<_> = report.findings.iter().map(fact).collect();
        facts.sort();
        facts
    };
    assert_eq!(facts(&bom), facts(&plain), "one rating a vendor, low and critical side by side");
    assert_eq!(bom.claims.config, plain.claims.config);
    let fixed = |report: &Report| report.findings.iter().filter(|found| !found.fixed_versions.is_empty()).count();
    assert!(fixed(&bom) >= 9, "{}", fixed(&bom));
    // That there will be no fix cannot be said in it, and is not guessed.
    assert!(bom.findings.iter().all(|found| !found.is_unfixed()));
}

#[test]
fn ratings_that_differ_and_have_no_order_are_no_severity() {
    let mut value = json("debian12.cdx-vuln.json");
    let found = value["vulnerabilities"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find(|found| found["id"] == "CVE-2023-6246")
        .unwrap();
    for (ratings, severity) in [
        (
            json!([{"source": {"name": "a"}, "severity": "low"}, {"source": {"name": "b"}, "severity": "critical"}]),
            Severity::Unknown,
        ),
        (
            json!([{"source": {"name": "a"}, "severity": "low"}, {"source": {"name": "b"}, "severity": "low"}]),
            Severity::Low,
        ),
        (
            json!([{"source": {"name": "nvd"}, "severity": "high"}, {"source": {"name": "debian"}, "severity": "low"}]),
            Severity::Low,
        ),
        (
            json!([{"source": {"name": "nvd"}, "severity": "high"}, {"source": {"name": "redhat"}, "severity": "low"}]),
            Severity::High,
        ),
        (json!([{"score": 9.1}]), Severity::Critical),
        (json!([]), Severity::Unknown),
    ] {
        found["ratings"] = ratings;
        let document = json!({
            "bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"tools": [{"name": "x"}]}, "vulnerabilities": [found.clone()],
        });
        assert_eq!(of_value(&document).findings[0].severity, severity, "{}", found["ratings"]);
    }
}

#[test]
fn an_inventory_in_which_nothing_was_looked_for_is_not_clean() {
    let report = report("debian12.cdx.json");
    assert_eq!((report.gaps.as_slice(), report.packages_seen), ([Gap::Inventory].as_slice(), Some(11)));
    assert!(matches!(&report.os, OsClaim::Known(os) if os.family == "debian" && os.end_of_life.is_none()));
    let config = ScanConfig::at_least(Severity::High).end_of_life("debian 12", "2028-06-30".parse().unwrap());
    only(&judge(&image(AMD64_CONFIG), &[fresh(report)], &config), &[Code::Incomplete]);
}

#[test]
fn a_cyclonedx_of_two_tools_is_of_an_sbom() {
    let mut value = json("debian12.cdx-vuln.json");
    let tools = value["metadata"]["tools"]["components"].as_array_mut().unwrap();
    tools.push(json!({"type": "application", "name": "syft", "version": "1.18.1"}));
    let verdict = judge(&image(AMD64_CONFIG), &[fresh(of_value(&value))], &ScanConfig::at_least(Severity::High));
    assert!(verdict.reasons.iter().any(|reason| reason.code == Code::SbomDerived));
}

const COMMIT: &str = "2b2e927f00000000000000000000000000000000";

fn judged(report: CheckReport, level: Level) -> Verdict {
    decide_checks(&[report.told_commit(COMMIT)], Some(COMMIT), &ChecksConfig::at_least(level)).verdict
}

#[test]
fn hadolints_levels_count_from_the_one_that_is_asked_for() {
    let report = checks_in(&bytes("hadolint.json"));
    assert_eq!(report.problems.len(), 5);
    assert_eq!(report.problems[2].place.as_deref(), Some("df/Dockerfile:3"));
    let mut mild = report.clone();
    mild.problems.retain(|problem| problem.level < Level::Warning);
    assert_eq!((judged(report, Level::Error), mild.problems.len()), (Verdict::Fail, 2));
    assert_eq!((judged(mild.clone(), Level::Warning), judged(mild, Level::Note)), (Verdict::Pass, Verdict::Fail));
    let (json, sarif) = (checks_in(&bytes("hadolint.json")), checks_in(&bytes("hadolint.sarif")));
    let facts = |report: &CheckReport| {
        report.problems.iter().map(|problem| (problem.id.clone(), problem.level)).collect::<Vec<_>>()
    };
    assert_eq!(facts(&json), facts(&sarif), "in both of its formats");
}

#[test]
fn tests_that_failed_fail_and_counts_that_do_not_agree_are_an_error() {
    let report = checks_in(&bytes("cst.json"));
    assert_eq!((report.checked, report.problems.len()), (Some(4), 2));
    assert!(report.problems[1].message.contains("65532"));
    assert_eq!(judged(report, Level::Error), Verdict::Fail);
    let all = json!({"Pass": 1, "Fail": 0, "Total": 1, "Results": [{"Name": "a", "Pass": true}]});
    assert_eq!(judged(checks_in(all.to_string().as_bytes()), Level::Error), Verdict::Pass);
    let none = json!({"Pass": 0, "Fail": 0, "Total": 0, "Results": null});
    assert_eq!(judged(checks_in(none.to_string().as_bytes()), Level::Error), Verdict::Undecided);
    for wrong in [
        json!({"Pass": 2, "Fail": 0, "Total": 2, "Results": [{"Name": "a", "Pass": true}]}),
        json!({"Pass": 1, "Fail": 1, "Total": 1, "Results": [{"Name": "a", "Pass": true}]}),
        json!({"Pass": 1, "Fail": 0, "Total": 1, "Results": [{"Name": "a", "Pass": false}]}),
        json!({"Pass": 0, "Fail": 0, "Total": 1, "Results": [{"Name": "a"}]}),
    ] {
        assert!(read(wrong.to_string().as_bytes()).is_err(), "{wrong}");
    }
}

fn brakeman(results: Value) -> Value {
    json!({
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "Brakeman", "rules": [{"id": "BRAKE0001", "defaultConfiguration": {"level": "error"}}, {"id": "BRAKE0002"}]}},
            "results": results,
        }],
    })
}

#[test]
fn a_level_is_the_results_then_the_rules_then_a_warning() {
    let report = checks_in(
        brakeman(json!([
            {"ruleId": "BRAKE0001", "message": {"text": "SQL injection"}},
            {"ruleId": "BRAKE0001", "level": "note", "message": {"text": "maybe"}},
            {"ruleId": "BRAKE0002", "message": {"text": "something"}},
            {"ruleId": "elsewhere", "message": {"text": "unknown"}},
            {"ruleId": "BRAKE0001", "kind": "pass", "message": {"text": "fine"}},
        ]))
        .to_string()
        .as_bytes(),
    );
    let levels: Vec<_> = report.problems.iter().map(|problem| problem.level).collect();
    assert_eq!(levels, [Level::Error, Level::Note, Level::Warning, Level::Warning]);
}

#[test]
fn a_report_is_on_the_images_commit_or_says_nothing() {
    let config = ChecksConfig::at_least(Level::Error);
    let mut value = brakeman(json!([]));
    let verdict =
        |value: &Value, commit| decide_checks(&[checks_in(value.to_string().as_bytes())], commit, &config).verdict;
    assert_eq!(verdict(&value, Some(COMMIT)), Verdict::Undecided, "it does not say");
    value["runs"][0]["versionControlProvenance"] =
        json!([{"repositoryUri": "https://example.org", "revisionId": COMMIT}]);
    assert_eq!(verdict(&value, Some(COMMIT)), Verdict::Pass);
    assert_eq!(verdict(&value, Some("2b2e927")), Verdict::Pass);
    for other in [Some("9f3c0aa"), Some("2b2e92"), Some(""), None] {
        assert_eq!(verdict(&value, other), Verdict::Undecided, "{other:?}");
    }
    let told = checks_in(value.to_string().as_bytes()).told_commit("9f3c0aa");
    assert_eq!(decide_checks(&[told], Some("9f3c0aa"), &config).verdict, Verdict::Undecided, "the report knows better");
    value["runs"][0]["invocations"] = json!([{"executionSuccessful": false}]);
    assert_eq!(verdict(&value, Some(COMMIT)), Verdict::Undecided);
}

#[test]
fn an_exit_status_means_what_it_was_said_to_mean() {
    let codes: ExitCodes = serde_json::from_value(json!({"pass": [0], "fail": [2, 3]})).unwrap();
    let verdict = |code| judged(CheckReport::of_exit("trivy", code, &codes), Level::Error);
    assert_eq!((verdict(Some(0)), verdict(Some(2)), verdict(Some(3))), (Verdict::Pass, Verdict::Fail, Verdict::Fail));
    assert_eq!(
        (verdict(Some(1)), verdict(Some(127)), verdict(None)),
        (Verdict::Undecided, Verdict::Undecided, Verdict::Undecided)
    );
    let default = |code| judged(CheckReport::of_exit("trivy", Some(code), &ExitCodes::default()), Level::Error);
    assert_eq!((default(0), default(1)), (Verdict::Pass, Verdict::Undecided), "1 is a finding and a fatal error alike");
}

#[test]
fn a_suppressed_problem_counts_unless_the_suppression_is_believed() {
    let value =
        brakeman(json!([{"ruleId": "BRAKE0001", "message": {"text": "x"}, "suppressions": [{"kind": "inSource"}]}]));
    let report = checks_in(value.to_string().as_bytes()).told_commit(COMMIT);
    let config = ChecksConfig::at_least(Level::Error);
    assert_eq!(decide_checks(std::slice::from_ref(&report), Some(COMMIT), &config).verdict, Verdict::Fail);
    assert_eq!(decide_checks(&[report], Some(COMMIT), &config.accept_suppressed()).verdict, Verdict::Pass);
}
