//! Exceptions and VEX: who answers for what, for how long, and what comes back.

use lockage_policy::scan::{
    Baseline, Case, Code, Dropped, Exceptions, ExceptionsDocument, GrypeIgnore, Limit, Problem, Report, ScanConfig,
    ScanVerdict, Severity, Subject, TrivyIgnore, Verdict, Vex, VexStatus, decide,
};
use serde_json::{Value, json};

use crate::world::*;

fn debian() -> (Subject, Vec<Report>) {
    let subject = image(AMD64_CONFIG).named("registry.example/team/app");
    (subject, vec![fresh(report("debian12.json"))])
}

fn own(entries: Value) -> Exceptions {
    let document: ExceptionsDocument = serde_json::from_value(json!({ "exceptions": entries })).unwrap();
    document.into_exceptions("exceptions.yaml")
}

/// One exception, with what it needs.
fn excepted(fields: Value) -> Exceptions {
    let mut entry = json!({"reason": "not reachable", "owner": "core", "expires": "2026-12-31"});
    entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    own(json!([entry]))
}

fn with(exceptions: &Exceptions, config: &ScanConfig) -> ScanVerdict {
    let (subject, reports) = debian();
    decide(&Case::new(&subject, &reports).exceptions(exceptions).environment("prod"), config, now())
}

fn open(verdict: &ScanVerdict, id: &str) -> usize {
    verdict.denied().filter(|judged| judged.finding.id == id).count()
}

#[test]
fn an_exception_is_for_an_id_or_an_alias_in_what_it_names() {
    for (fields, left) in [
        (json!({"id": "CVE-2024-5535"}), 0),
        (json!({"id": "cve-2024-5535"}), 0),
        (json!({"id": "CVE-2024-5535", "purl": "pkg:deb/debian/openssl"}), 1),
        (json!({"id": "CVE-2024-5535", "purl": "pkg:deb/debian/openssl@3.0.11-1~deb12u2"}), 1),
        (json!({"id": "CVE-2024-5535", "purl": "pkg:deb/debian/openssl@3.0.12"}), 2),
        (json!({"id": "CVE-2024-5535", "image": "registry.example/team/*"}), 0),
        (json!({"id": "CVE-2024-5535", "image": "registry.example/*"}), 2),
        (json!({"id": "CVE-2024-5535", "environment": "prod"}), 0),
        (json!({"id": "CVE-2024-5535", "environment": "stage"}), 2),
        (json!({"id": "CVE-2024-5535", "class": "secret"}), 2),
        (json!({"id": "CVE-2024-55"}), 2),
    ] {
        let verdict = with(&excepted(fields.clone()), &strict());
        assert_eq!(open(&verdict, "CVE-2024-5535"), left, "{fields}");
    }
    let verdict = with(&excepted(json!({"id": "DSA-5770-1"})), &strict());
    assert_eq!(open(&verdict, "CVE-2024-45491"), 0, "by its alias");
    let by_path =
        |path: &str| open(&with(&excepted(json!({"id": "CVE-2019-10744", "path": path})), &strict()), "CVE-2019-10744");
    assert_eq!((by_path("app/**/package.json"), by_path("/app/**"), by_path("app/*"), by_path("lib/**")), (0, 0, 1, 1));
}

#[test]
fn who_answers_and_why_is_kept_with_the_finding() {
    let verdict = with(&excepted(json!({"id": "CVE-2023-45853"})), &strict());
    let found = verdict.findings.iter().find(|judged| judged.finding.id == "CVE-2023-45853").unwrap();
    let Some(Dropped::Exception { owner, reason, expires, exception }) = &found.dropped else { panic!("{found:?}") };
    assert_eq!((owner.as_deref(), reason.as_deref()), (Some("core"), Some("not reachable")));
    assert_eq!(*expires, Some(at("2026-12-31T23:59:59.999999999Z")));
    assert!(exception.contains("CVE-2023-45853 in exceptions.yaml"));
}

#[test]
fn an_exception_holds_to_the_end_of_its_day_and_then_the_finding_is_back_and_says_which() {
    let exceptions = excepted(json!({"id": "CVE-2023-45853", "expires": "2026-11-21"}));
    let (subject, mut reports) = debian();
    let config = strict().max_db_age(Limit::Unlimited);
    let on = |reports: &[Report], now| decide(&Case::new(&subject, reports).exceptions(&exceptions), &config, now);
    assert_eq!(open(&on(&reports, at("2026-11-21T23:59:59Z")), "CVE-2023-45853"), 0);
    reports[0].scanned_at = Some(at("2026-11-22T00:00:00Z"));
    let verdict = on(&reports, at("2026-11-22T00:00:00Z"));
    assert_eq!(open(&verdict, "CVE-2023-45853"), 1);
    let reason = verdict.reasons.iter().find(|reason| reason.message.contains("CVE-2023-45853")).unwrap();
    assert!(
        reason.message.contains("CVE-2023-45853 in exceptions.yaml expired at 2026-11-21T23:59:59"),
        "{}",
        reason.message
    );
}

#[test]
fn what_an_expired_exception_covered_is_back_also_where_the_environment_has_it() {
    let exceptions = excepted(json!({"id": "CVE-2023-45853", "expires": "2026-11-20"}));
    let (subject, reports) = debian();
    let baseline = Baseline::of_reports("prod", &reports);
    let case = Case::new(&subject, &reports).exceptions(&exceptions).baseline(&baseline);
    let verdict = decide(&case, &strict().only_new_since("prod"), now());
    assert_eq!(denied(&verdict), ["CVE-2023-45853 zlib1g"]);
}

#[test]
fn an_exception_that_lasts_for_too_long_is_not_heard() {
    let far = excepted(json!({"id": "CVE-2023-45853", "expires": "2098-12-31"}));
    let verdict = with(&far, &strict());
    assert_eq!(open(&verdict, "CVE-2023-45853"), 1);
    assert!(
        verdict.reasons.iter().any(|reason| reason.message.contains("90d ahead is the most")),
        "{:?}",
        verdict.reasons
    );
    assert_eq!(open(&with(&far, &strict().max_exception(Limit::Unlimited)), "CVE-2023-45853"), 0);
}

#[test]
fn an_exception_that_nothing_needs_is_a_warning() {
    let verdict = with(&excepted(json!({"id": "CVE-1999-1"})), &strict());
    assert!(verdict.warnings.iter().any(|warning| warning.contains("CVE-1999-1")), "{:?}", verdict.warnings);
}

#[test]
fn an_exception_without_a_reason_an_owner_or_an_end_is_refused() {
    let whole = json!({"id": "CVE-1", "reason": "r", "owner": "o", "expires": "2026-12-31"});
    let read = |value: &Value| serde_json::from_value::<ExceptionsDocument>(json!({"exceptions": [value]}));
    assert!(read(&whole).is_ok());
    for field in ["id", "reason", "owner", "expires"] {
        let mut missing = whole.clone();
        missing.as_object_mut().unwrap().remove(field);
        assert!(read(&missing).is_err(), "without {field}");
        let mut empty = whole.clone();
        empty[field] = json!(" ");
        assert!(read(&empty).is_err(), "with an empty {field}");
    }
    for (field, wrong) in [("purl", "openssl"), ("path", "a[b"), ("severity", "low"), ("class", "virus")] {
        let mut entry = whole.clone();
        entry[field] = json!(wrong);
        assert!(read(&entry).is_err(), "{field}");
    }
}

#[test]
fn a_trivyignore_has_no_owner_and_is_heard_only_where_that_is_allowed() {
    let text = String::from_utf8(bytes("ignore/trivyignore")).unwrap();
    let exceptions = Exceptions::trivyignore(&text, ".trivyignore").unwrap();
    assert_eq!(exceptions.iter().count(), 3);
    let verdict = with(&exceptions, &strict());
    assert_eq!(verdict.denied().count(), 13);
    let lenient = strict().exceptions_without_owner().max_exception(Limit::Unlimited);
    let verdict = with(&exceptions, &lenient);
    assert_eq!((open(&verdict, "CVE-2024-5535"), open(&verdict, "CVE-2024-6119")), (0, 2), "the second expired");
    assert_eq!(open(&verdict, "CVE-2023-45853"), 1, "it has no end");
    assert_eq!(open(&with(&exceptions, &lenient.exceptions_without_expiry()), "CVE-2023-45853"), 0);
}

#[test]
fn a_line_that_a_trivyignore_cannot_have_is_named() {
    for (text, line) in
        [("CVE-1 exp:tomorrow", ".trivyignore:1"), ("# a\n\nCVE-2 expires:2026-12-31", ".trivyignore:3")]
    {
        let error = Exceptions::trivyignore(text, ".trivyignore").unwrap_err();
        assert_eq!(error.place(), line);
        assert!(matches!(error.problem(), Problem::Wrong { .. }));
    }
    assert_eq!(Exceptions::trivyignore("# nothing\n\n", "x").unwrap().iter().count(), 0);
}

#[test]
fn a_trivyignore_in_yaml_is_narrowed_by_paths_and_package_urls() {
    // What a YAML reader gives of the file.
    let document: TrivyIgnore = serde_json::from_value(json!({"vulnerabilities": [
        {"id": "CVE-2024-5535", "expired_at": "2098-12-31", "statement": "TLS client not used"},
        {"id": "CVE-2024-6119", "expired_at": "2024-10-01", "statement": "expired exception"},
        {"id": "CVE-2019-10744", "paths": ["app/node_modules/lodash/package.json"], "statement": "not reachable"},
        {"id": "CVE-2020-14343", "purls": ["pkg:pypi/pyyaml"]},
        {"id": "CVE-2021-44906", "paths": ["elsewhere/**"]},
    ]}))
    .unwrap();
    let lenient = strict().exceptions_without_owner().exceptions_without_expiry().max_exception(Limit::Unlimited);
    let verdict = with(&document.into_exceptions(".trivyignore.yaml"), &lenient);
    for (id, left) in [
        ("CVE-2024-5535", 0),
        ("CVE-2024-6119", 2),
        ("CVE-2019-10744", 0),
        ("CVE-2020-14343", 0),
        ("CVE-2021-44906", 1),
    ] {
        assert_eq!(open(&verdict, id), left, "{id}");
    }
    for wrong in [
        json!({"vulnerabilities": [{"id": "CVE-1", "only_in": "dev"}]}),
        json!({"vulnerabilities": [{"id": "CVE-1", "expired_at": "soon"}]}),
        json!({"vulnerabilities": [{}]}),
        json!({"anything": []}),
    ] {
        assert!(serde_json::from_value::<TrivyIgnore>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn grypes_list_is_heard_where_it_names_a_vulnerability() {
    let document: GrypeIgnore = serde_json::from_value(json!({"check-for-app-update": false, "ignore": [
        {"vulnerability": "CVE-2024-5535", "reason": "no client", "package": {"name": "openssl"}},
    ]}))
    .unwrap();
    let lenient = strict().exceptions_without_owner().exceptions_without_expiry();
    assert_eq!(open(&with(&document.into_exceptions(".grype.yaml"), &lenient), "CVE-2024-5535"), 1);
    for rule in [json!({"fix-state": "wont-fix"}), json!({"vulnerability": "CVE-1", "namespace": "nvd"})] {
        assert!(serde_json::from_value::<GrypeIgnore>(json!({"ignore": [rule]})).is_err());
    }
}

#[test]
fn what_the_scanner_was_told_to_hide_comes_back() {
    for name in ["debian12-ignored-plain.json", "debian12-ignored-yaml.json", "debian12-vex.json"] {
        let reports = [fresh(report(name))];
        let hidden = reports[0].findings.iter().filter(|found| found.suppressed.is_some()).count();
        assert!(hidden > 0, "{name}");
        let subject = image(AMD64_CONFIG);
        assert_eq!(judge(&subject, &reports, &strict()).denied().count(), 13, "{name}");
        let believed = judge(&subject, &reports, &strict().believe_suppressed());
        assert_eq!((believed.denied().count(), believed.findings.len()), (13 - hidden, 15), "{name}");
    }
}

fn vex(name: &str) -> Vex {
    Vex::read(&bytes(name)).unwrap()
}

fn vexed(vex: &[Vex], config: &ScanConfig) -> ScanVerdict {
    let (subject, reports) = debian();
    decide(&Case::new(&subject, &reports).vex(vex), config, now())
}

#[test]
fn only_what_is_known_to_be_harmless_is_left_out_by_vex() {
    let config = strict().max_vex_age(Limit::Unlimited);
    let verdict = vexed(&[vex("ignore/openvex.json")], &config);
    assert_eq!((open(&verdict, "CVE-2021-44906"), open(&verdict, "CVE-2023-2953")), (0, 0));
    assert_eq!(open(&verdict, "CVE-2023-52425"), 1, "under_investigation is no answer");
    let found = verdict.findings.iter().find(|judged| judged.finding.id == "CVE-2021-44906").unwrap();
    let expected = Dropped::Vex {
        author: Some("Platform Security".to_owned()),
        status: VexStatus::NotAffected,
        justification: "vulnerable_code_not_in_execute_path".to_owned(),
    };
    assert_eq!(found.dropped, Some(expected));
}

#[test]
fn a_statement_grows_old_and_its_author_may_not_be_one_of_ours() {
    let document = vex("ignore/openvex.json");
    assert_eq!(vexed(std::slice::from_ref(&document), &strict()).denied().count(), 13, "two years old");
    let named = strict().max_vex_age(Limit::Unlimited).vex_author("Platform Security");
    assert_eq!(vexed(std::slice::from_ref(&document), &named).denied().count(), 11);
    let other = strict().max_vex_age(Limit::Unlimited).vex_author("Somebody Else");
    assert_eq!(vexed(&[document], &other).denied().count(), 13);
}

fn statement(products: Value, status: &str, at: &str) -> Vex {
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/1", "author": "us", "version": 1,
        "timestamp": at,
        "statements": [{
            "vulnerability": {"name": "GHSA-xvch-5gv4-984h", "aliases": ["CVE-2021-44906"]},
            "products": products, "status": status, "justification": "component_not_present",
        }],
    });
    Vex::read(document.to_string().as_bytes()).unwrap()
}

#[test]
fn the_latest_statement_wins_and_of_two_at_once_the_one_that_does_not_help() {
    let minimist = json!([{"@id": "pkg:npm/minimist@1.2.5"}]);
    let (old, new) = ("2026-11-01T00:00:00Z", "2026-11-10T00:00:00Z");
    for (first, second, left) in [
        (("not_affected", old), ("affected", new), 1),
        (("affected", old), ("not_affected", new), 0),
        (("not_affected", new), ("affected", new), 1),
        (("affected", new), ("not_affected", new), 1),
        (("not_affected", old), ("not_affected", "2026-12-01T00:00:00Z"), 0),
    ] {
        let documents =
            [statement(minimist.clone(), first.0, first.1), statement(minimist.clone(), second.0, second.1)];
        assert_eq!(open(&vexed(&documents, &strict()), "CVE-2021-44906"), left, "{first:?} {second:?}");
    }
}

#[test]
fn a_statement_is_about_its_product_and_about_no_other() {
    let at = "2026-11-10T00:00:00Z";
    let image = format!("pkg:oci/app@{}", made_up('1').as_str().replace(':', "%3A"));
    let other = format!("pkg:oci/app@{}", made_up('2').as_str().replace(':', "%3A"));
    for (products, left) in [
        (json!([{"@id": "pkg:npm/minimist"}]), 0),
        (json!([{"@id": "https://example.org/minimist", "identifiers": {"purl": "pkg:npm/minimist@1.2.5"}}]), 0),
        (json!([{"@id": "pkg:npm/minimist@1.2.6"}]), 1),
        (json!([{"@id": "pkg:npm/lodash"}]), 1),
        (json!([{"@id": "https://example.org/minimist"}]), 1),
        (json!([{"@id": image}]), 0),
        (json!([{"@id": image, "subcomponents": [{"@id": "pkg:npm/minimist"}]}]), 0),
        (json!([{"@id": image, "subcomponents": [{"@id": "pkg:npm/lodash"}]}]), 1),
        (json!([{"@id": other}]), 1),
        (json!([{"@id": "pkg:oci/app"}]), 1),
        (json!([{"@id": "pkg:npm/minimist@1.2.5", "subcomponents": [{"@id": "pkg:npm/left-pad"}]}]), 1),
    ] {
        let verdict = vexed(&[statement(products.clone(), "not_affected", at)], &strict());
        assert_eq!(open(&verdict, "CVE-2021-44906"), left, "{products}");
    }
}

#[test]
fn a_statement_without_a_reason_a_product_or_a_date_is_an_error() {
    let whole = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "author": "us", "timestamp": "2026-11-10T00:00:00Z",
        "statements": [{"vulnerability": {"name": "CVE-1"}, "products": [{"@id": "pkg:npm/a"}], "status": "not_affected", "justification": "component_not_present"}],
    });
    let read = |value: &Value| Vex::read(value.to_string().as_bytes());
    assert!(read(&whole).is_ok());
    for (place, wrong) in [
        ("/statements/0/justification", Value::Null),
        ("/statements/0/products", json!([])),
        ("/statements/0/status", json!("harmless")),
        ("/statements/0/vulnerability", json!({})),
        ("/timestamp", Value::Null),
        ("/statements", Value::Null),
    ] {
        let mut broken = whole.clone();
        *broken.pointer_mut(place).unwrap() = wrong;
        assert!(read(&broken).is_err(), "{place}");
    }
}

#[test]
fn an_analysis_in_cyclonedx_is_vex_too() {
    let document = |state: &str| {
        json!({
            "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "metadata": {"timestamp": "2026-11-10T00:00:00Z", "supplier": {"name": "us"}},
            "vulnerabilities": [{
                "id": "CVE-2021-44906",
                "analysis": {"state": state, "justification": "code_not_reachable"},
                "affects": [{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:npm/minimist@1.2.5"}],
            }],
        })
    };
    for (state, left) in [
        ("not_affected", 0),
        ("false_positive", 0),
        ("resolved", 0),
        ("resolved_with_pedigree", 0),
        ("exploitable", 1),
        ("in_triage", 1),
    ] {
        let vex = Vex::read(document(state).to_string().as_bytes()).unwrap();
        assert_eq!(vex.author.as_deref(), Some("us"));
        assert_eq!(open(&vexed(&[vex], &strict()), "CVE-2021-44906"), left, "{state}");
    }
    assert!(Vex::read(document("fine").to_string().as_bytes()).is_err());
}

#[test]
fn an_exception_for_one_place_leaves_the_same_package_at_another() {
    let mut value = emptied("clean.json");
    let finding = |path: &str| json!({"VulnerabilityID": "CVE-2021-44906", "PkgName": "minimist", "InstalledVersion": "1.2.5", "PkgPath": path, "Severity": "CRITICAL"});
    value["Results"][0]["Vulnerabilities"] = json!([finding("a/package.json"), finding("b/package.json")]);
    let reports = [fresh(of_value(&value))];
    let subject = image(CLEAN_CONFIG);
    let exceptions = excepted(json!({"id": "CVE-2021-44906", "path": "a/**"}));
    let verdict = decide(&Case::new(&subject, &reports).exceptions(&exceptions), &strict(), now());
    refused(&verdict, Verdict::Fail, Code::Finding);
    let both = exceptions.and(excepted(json!({"id": "CVE-2021-44906", "path": "b/**"})));
    passed(&decide(&Case::new(&subject, &reports).exceptions(&both), &strict(), now()));
}

#[test]
fn severity_has_no_part_in_an_exception() {
    let verdict = with(&excepted(json!({"id": "CVE-2024-5535"})), &ScanConfig::at_least(Severity::Low));
    assert_eq!(open(&verdict, "CVE-2024-5535"), 0);
}
