//! CSAF: what it says is not affected, of which product, and what in it says nothing.

use lockage_policy::scan::{Case, Document, ScanVerdict, Vex, VexStatus, decide, read};
use serde_json::{Value, json};

use crate::world::{any_database, denied, image_of, made_up, now, report};

const LIBSSL: &str = "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64";

/// One product, of this package URL, that is not affected by a vulnerability of the fixture.
fn csaf() -> Value {
    json!({
        "document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "x",
            "publisher": {"category": "vendor", "name": "Debian", "namespace": "https://debian.example"},
            "tracking": {"current_release_date": "2026-11-20T10:00:00Z", "id": "x", "status": "final", "version": "1",
                "initial_release_date": "2026-11-20T10:00:00Z", "revision_history": []}},
        "product_tree": {"branches": [{"category": "vendor", "name": "Debian", "branches": [
            {"category": "product_version", "name": "3.0.11", "product": {"product_id": "P1", "name": "libssl3",
                "product_identification_helper": {"purl": LIBSSL}}}]}]},
        "vulnerabilities": [{"cve": "CVE-2024-5535", "product_status": {"known_not_affected": ["P1"]},
            "flags": [{"label": "vulnerable_code_not_in_execute_path", "product_ids": ["P1"]}]}]
    })
}

fn judge(document: &Value) -> ScanVerdict {
    let report = report("debian12.json");
    let vex = [Vex::read(document.to_string().as_bytes()).unwrap()];
    decide(&Case::new(&image_of(&report), &[report]).vex(&vex), &any_database(), now())
}

fn refused(document: &Value) -> String {
    Vex::read(document.to_string().as_bytes()).expect_err("it says nothing").to_string()
}

fn counts(document: &Value) -> bool {
    denied(&judge(document)).contains(&"CVE-2024-5535 libssl3".to_owned())
}

#[test]
fn a_product_that_is_known_not_to_be_affected_is_left_out_and_no_other() {
    let verdict = judge(&csaf());
    assert!(!denied(&verdict).contains(&"CVE-2024-5535 libssl3".to_owned()));
    assert!(denied(&verdict).contains(&"CVE-2024-5535 openssl".to_owned()), "the same in another package");
    let dropped =
        verdict.findings.iter().find(|judged| judged.finding.package.name == "libssl3" && judged.dropped.is_some());
    let dropped = serde_json::to_value(&dropped.unwrap().dropped).unwrap();
    assert_eq!(
        (&dropped["author"], &dropped["justification"]),
        (&json!("Debian"), &json!("vulnerable_code_not_in_execute_path"))
    );
    assert!(matches!(read(csaf().to_string().as_bytes()), Ok(Document::Vex(_))), "it is told from its content");
}

#[test]
fn only_not_affected_and_fixed_leave_anything_out() {
    for (status, left_out) in [
        ("known_not_affected", true),
        ("fixed", true),
        ("first_fixed", true),
        ("known_affected", false),
        ("under_investigation", false),
        ("recommended", false),
    ] {
        let mut document = csaf();
        document["vulnerabilities"][0]["product_status"] = json!({ status: ["P1"] });
        assert_eq!(!counts(&document), left_out, "{status}");
    }
    assert!(!VexStatus::UnderInvestigation.suppresses());
}

#[test]
fn not_affected_needs_a_flag_or_an_impact_for_the_product() {
    let mut bare = csaf();
    bare["vulnerabilities"][0]["flags"] = json!([]);
    assert!(refused(&bare).contains("needs a flag"));
    bare["vulnerabilities"][0]["threats"] =
        json!([{"category": "impact", "details": "not called", "product_ids": ["P1"]}]);
    assert!(!counts(&bare));
    bare["vulnerabilities"][0]["threats"] =
        json!([{"category": "exploit_status", "details": "none", "product_ids": ["P1"]}]);
    refused(&bare);
    let mut other = csaf();
    other["vulnerabilities"][0]["flags"][0]["product_ids"] = json!(["P2"]);
    refused(&other);
    let mut made_up = csaf();
    made_up["vulnerabilities"][0]["flags"][0]["label"] = json!("we_think_it_is_fine");
    assert!(refused(&made_up).contains("a label of CSAF"));
}

#[test]
fn flags_may_name_groups_of_products() {
    let mut document = csaf();
    document["product_tree"]["product_groups"] = json!([{"group_id": "G1", "product_ids": ["P1"]}]);
    document["vulnerabilities"][0]["flags"] = json!([{"label": "component_not_present", "group_ids": ["G1"]}]);
    assert!(!counts(&document));
    document["vulnerabilities"][0]["flags"] = json!([{"label": "component_not_present", "group_ids": ["G2"]}]);
    assert!(refused(&document).contains("not in the tree"));
}

#[test]
fn a_product_is_found_by_its_package_url_alone() {
    for (purl, left_out) in [
        (json!({"purl": "pkg:deb/debian/libssl3"}), true),
        (json!({"purls": ["pkg:deb/debian/openssl", LIBSSL]}), true),
        (json!({"purl": "pkg:deb/debian/libssl3?arch=arm64"}), false),
        (json!({"purl": "pkg:deb/debian/libssl3@1.0"}), false),
        (json!({"cpe": "cpe:/a:openssl:openssl:3.0.11"}), false),
        (json!({"purl": format!("pkg:oci/app@{}", made_up('1'))}), true),
        (json!({"purl": format!("pkg:oci/app@{}", made_up('2'))}), false),
    ] {
        let mut document = csaf();
        let product = &mut document["product_tree"]["branches"][0]["branches"][0]["product"];
        product["product_identification_helper"] = purl.clone();
        assert_eq!(!counts(&document), left_out, "{purl}");
    }
}

#[test]
fn a_component_of_something_is_meant_in_that_alone() {
    let part_of = |whole: Value| {
        let mut document = csaf();
        document["product_tree"]["full_product_names"] =
            json!([{"product_id": "W", "name": "the whole", "product_identification_helper": whole}]);
        document["product_tree"]["relationships"] = json!([{"category": "default_component_of",
            "product_reference": "P1", "relates_to_product_reference": "W",
            "full_product_name": {"product_id": "W:P1", "name": "libssl3 as a component of the whole"}}]);
        document["vulnerabilities"][0]["product_status"] = json!({"known_not_affected": ["W:P1"]});
        document["vulnerabilities"][0]["flags"][0]["product_ids"] = json!(["W:P1"]);
        document
    };
    assert!(!counts(&part_of(json!({"purl": format!("pkg:oci/app@{}", made_up('1'))}))), "this very image");
    assert!(counts(&part_of(json!({"purl": format!("pkg:oci/app@{}", made_up('2'))}))), "another image");
    assert!(
        counts(&part_of(json!({"cpe": "cpe:/o:redhat:enterprise_linux:9"}))),
        "a distribution: nobody says it is ours"
    );
}

#[test]
fn what_contradicts_itself_or_is_not_finished_says_nothing() {
    let with = |change: fn(&mut Value)| {
        let mut document = csaf();
        change(&mut document);
        refused(&document)
    };
    assert!(with(|document| document["document"]["tracking"]["status"] = json!("draft")).contains("draft"));
    assert!(with(|document| document["document"]["csaf_version"] = json!("3.0")).contains("3.0"));
    assert!(with(|document| document["document"]["category"] = json!("csaf_base")).contains("csaf_vex"));
    let twice = |document: &mut Value| {
        document["vulnerabilities"][0]["product_status"] = json!({"fixed": ["P1"], "known_affected": ["P1"]});
    };
    assert!(with(twice).contains("two statuses"));
    let unknown = |document: &mut Value| {
        document["vulnerabilities"][0]["product_status"] = json!({"fixed": ["P9"]});
    };
    assert!(with(unknown).contains("the tree does not have"));
    let same = |document: &mut Value| {
        document["product_tree"]["full_product_names"] = json!([{"product_id": "P1", "name": "another"}]);
    };
    assert!(with(same).contains("one id"));
    assert!(
        with(|document| document["document"]["tracking"]["current_release_date"] = Value::Null).contains("missing")
    );
    assert!(with(|document| document["vulnerabilities"][0]["cve"] = Value::Null).contains("no name"));
}

#[test]
fn a_statement_of_long_ago_or_of_another_author_is_not_heard() {
    let mut old = csaf();
    old["document"]["tracking"]["current_release_date"] = json!("2026-01-01T00:00:00Z");
    assert!(counts(&old));
    let report = report("debian12.json");
    let vex = [Vex::read(csaf().to_string().as_bytes()).unwrap()];
    let config = any_database().vex_author("Somebody Else");
    let verdict = decide(&Case::new(&image_of(&report), &[report]).vex(&vex), &config, now());
    assert!(denied(&verdict).contains(&"CVE-2024-5535 libssl3".to_owned()));
}
