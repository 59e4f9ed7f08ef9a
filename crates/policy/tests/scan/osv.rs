//! OSV-Scanner's JSON, written after its fields: no words for severities, and findings that go by several names.

use lockage_policy::scan::{Code, Gap, Limit, Origin, OsClaim, OsRule, ScanConfig, Severity, Status, Verdict};
use serde_json::{Value, json};

use crate::world::*;

fn osv(packages: Value) -> Value {
    json!({
        "results": [{"source": {"path": "/var/lib/dpkg/status", "type": "os"}, "packages": packages}],
        "image_metadata": {"os": "Debian GNU/Linux 12 (bookworm)", "layer_metadata": [], "base_images": []},
    })
}

fn package(max_severity: Value) -> Value {
    json!({
        "package": {"name": "openssl", "version": "3.0.11", "ecosystem": "Debian:12"},
        "vulnerabilities": [
            {
                "id": "DSA-5764-1", "aliases": [], "published": "2024-09-03T00:00:00Z", "modified": "2024-09-04T00:00:00Z",
                "affected": [
                    {"package": {"name": "openssl", "ecosystem": "Debian:11"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1.1"}]}]},
                    {"package": {"name": "openssl", "ecosystem": "Debian:12"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.14"}]}]},
                    {"package": {"name": "other", "ecosystem": "Debian:12"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9"}]}]},
                ],
            },
            {"id": "CVE-2024-6119", "aliases": ["GHSA-x"], "published": "2024-09-01T00:00:00Z", "affected": []},
        ],
        "groups": [{"ids": ["DSA-5764-1", "CVE-2024-6119"], "aliases": ["CVE-2024-6119", "DSA-5764-1"], "max_severity": max_severity}],
    })
}

fn config() -> ScanConfig {
    strict()
        .max_db_age(Limit::Unlimited)
        .max_evidence_age(Limit::Unlimited)
        .end_of_life("debian 12", "2028-06-30".parse().unwrap())
}

#[test]
fn a_group_is_one_finding_and_its_severity_a_bucket_of_its_score() {
    for (score, severity) in [
        (json!("9.8"), Severity::Critical),
        (json!("9.0"), Severity::Critical),
        (json!("7.5"), Severity::High),
        (json!("4"), Severity::Medium),
        (json!("0.1"), Severity::Low),
        (json!(""), Severity::Unknown),
        (json!("0.0"), Severity::Unknown),
        (Value::Null, Severity::Unknown),
    ] {
        let report = of_value(&osv(json!([package(score.clone())])));
        let [found] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
        assert_eq!(found.severity, severity, "{score}");
        assert_eq!((found.id.as_str(), found.status), ("DSA-5764-1", Status::Fixed));
        assert_eq!(found.aliases, ["CVE-2024-6119", "GHSA-x"]);
        assert_eq!(found.published, Some(at("2024-09-01T00:00:00Z")));
        assert!(found.fixed_versions.contains(&"3.0.14".to_owned()) && !found.fixed_versions.contains(&"9".to_owned()));
    }
    for wrong in [json!("high"), json!(true), json!("NaN")] {
        assert!(lockage_policy::scan::read(osv(json!([package(wrong)])).to_string().as_bytes()).is_err());
    }
}

#[test]
fn a_finding_without_a_score_counts() {
    let report = of_value(&osv(json!([package(json!(""))]))).told_subject(made_up('1'));
    refused(&judge(&image(CLEAN_CONFIG), &[report], &config()), Verdict::Fail, Code::Finding);
}

#[test]
fn a_finding_outside_of_every_group_is_not_lost() {
    let mut package = package(json!("9.8"));
    package["groups"] = json!([]);
    let report = of_value(&osv(json!([package])));
    let ids: Vec<_> = report.findings.iter().map(|found| (found.id.as_str(), found.severity)).collect();
    assert_eq!(ids, [("DSA-5764-1", Severity::Unknown), ("CVE-2024-6119", Severity::Unknown)]);
}

#[test]
fn what_the_analysis_of_calls_leaves_out_comes_back() {
    let mut package = package(json!("9.8"));
    package["groups"][0]["experimental_analysis"] =
        json!({"DSA-5764-1": {"called": false}, "CVE-2024-6119": {"called": false}});
    let report = of_value(&osv(json!([package]))).told_subject(made_up('1'));
    refused(&judge(&image(CLEAN_CONFIG), std::slice::from_ref(&report), &config()), Verdict::Fail, Code::Finding);
    passed(&judge(&image(CLEAN_CONFIG), &[report], &config().believe_suppressed()));
}

#[test]
fn no_packages_and_nothing_found_look_the_same() {
    let report = of_value(&json!({"results": []}));
    assert_eq!((&report.gaps[..], &report.origin), (&[Gap::NoResults][..], &Origin::Unstated));
    let told = report.told_subject(made_up('1'));
    let lenient = config().os(OsRule::MayBeUnstated);
    refused(&judge(&image(CLEAN_CONFIG), &[told], &lenient), Verdict::Fail, Code::Unscannable);
}

#[test]
fn all_packages_listed_and_none_of_them_found_wanting_is_clean() {
    let clean = json!([{"package": {"name": "openssl", "version": "3.0.15", "ecosystem": "Debian:12"}}]);
    let report = of_value(&osv(clean));
    assert_eq!(report.packages_seen, Some(1));
    assert!(matches!(&report.os, OsClaim::Known(os) if os.family == "debian" && os.version == "12"));
    let told = report.told_subject(made_up('1'));
    passed(&judge(&image(CLEAN_CONFIG), std::slice::from_ref(&told), &config()));
    only(
        &judge(&image(CLEAN_CONFIG), &[told], &strict()),
        &[Code::EndOfLifeUnknown, Code::EvidenceUndated, Code::DatabaseUnknown],
    );
}

#[test]
fn a_scan_of_lock_files_is_none_of_an_image() {
    let mut value = osv(json!([package(json!("9.8"))]));
    value.as_object_mut().unwrap().remove("image_metadata");
    value["results"][0]["source"]["type"] = json!("lockfile");
    let report = of_value(&value).told_subject(made_up('1'));
    assert_eq!(report.origin, Origin::Other("lockfile".to_owned()));
    let verdict = judge(&image(CLEAN_CONFIG), &[report], &config());
    assert!(verdict.reasons.iter().any(|reason| reason.code == Code::NotAnImage));
}

#[test]
fn the_release_of_an_operating_system_is_read_from_its_name() {
    for (text, family, version) in [
        ("Debian GNU/Linux 12 (bookworm)", "debian", "12"),
        ("Alpine Linux v3.19", "alpine", "3.19"),
        ("Ubuntu 24.04.1 LTS", "ubuntu", "24.04.1"),
        ("Arch Linux", "arch", ""),
    ] {
        let mut value = osv(json!([package(json!("1.0"))]));
        value["image_metadata"]["os"] = json!(text);
        let OsClaim::Known(os) = of_value(&value).os else { panic!("{text}") };
        assert_eq!((os.family.as_str(), os.version.as_str()), (family, version));
    }
}
