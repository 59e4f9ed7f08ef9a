//! Reports that are attested: believed where they are signed, and about this image.

use lockage_policy::gate::{AttestedReports, ScanGate};
use lockage_policy::scan::OsRule;
use lockage_registry::Digest;
use serde_json::{Value, json};

use crate::world::{Child, Notary, World, asked, built, on, passes, reasons, strict, undecided};

/// What `cosign attest --type vuln` would sign.
pub(crate) fn statement(subjects: &[&Digest], child: &Child, fixture: &str) -> Value {
    let subject: Vec<_> =
        subjects.iter().map(|digest| json!({"name": "app", "digest": {"sha256": digest.hex()}})).collect();
    json!({"_type": "https://in-toto.io/Statement/v1", "subject": subject,
        "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "predicate": {"invocation": {}, "metadata": {"scanFinishedOn": "2026-11-21T01:42:00Z"},
            "scanner": {"uri": "pkg:github/aquasecurity/trivy@0.59.1", "version": "0.59.1",
                "db": {"uri": "", "version": "", "lastUpdate": "2026-11-20T22:00:00Z"},
                "result": on(child, fixture)}}})
}

fn gate() -> ScanGate {
    ScanGate::new(strict()).reports(AttestedReports::new(Notary(vec!["ci".to_owned()], false)))
}

#[tokio::test]
async fn reports_that_are_signed_and_attached_let_the_image_pass() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let [amd64, arm64] = [&built.children[0], &built.children[1]];
    world.attest(&amd64.manifest, "ci", &statement(&[&amd64.manifest], amd64, "clean.json")).await;
    undecided(asked(&gate(), &plan, &world.dev).await);
    // The second is attached to the index: its own words say of which platform it is.
    world.attest(&built.digest(), "ci", &statement(&[&built.digest()], arm64, "clean.json")).await;
    passes(asked(&gate(), &plan, &world.dev).await);
    world.attest(&built.digest(), "ci", &statement(&[&built.digest()], arm64, "debian12.json")).await;
}

#[tokio::test]
async fn what_nobody_known_has_signed_is_not_believed() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    for child in &built.children {
        world.attest(&child.manifest, "mallory", &statement(&[&child.manifest], child, "clean.json")).await;
    }
    let said = undecided(asked(&gate(), &plan, &world.dev).await);
    assert!(said.contains("not believed") && said.contains("mallory is not known"), "{said}");
    // Nor does it keep anything from passing.
    for child in &built.children {
        world.attest(&child.manifest, "ci", &statement(&[&child.manifest], child, "clean.json")).await;
    }
    let evidence = passes(asked(&gate(), &plan, &world.dev).await);
    assert_eq!(evidence.details["not-believed"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_report_on_another_image_that_is_attached_here_is_not_believed() {
    let (built, other) = (built(1), built(2));
    let (world, plan) = World::with(&built).await;
    for (child, strange) in built.children.iter().zip(&other.children) {
        world.attest(&child.manifest, "ci", &statement(&[&strange.manifest], strange, "clean.json")).await;
    }
    let said = undecided(asked(&gate(), &plan, &world.dev).await);
    assert!(said.contains("it is about another image"), "{said}");
}

#[tokio::test]
async fn the_latest_report_of_a_scanner_stands_for_those_before_it() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    for child in &built.children {
        let mut old = statement(&[&child.manifest], child, "debian12.json");
        old["predicate"]["scanner"]["result"]["CreatedAt"] = "2026-10-01T00:00:00Z".into();
        old["predicate"]["scanner"]["db"]["lastUpdate"] = "2026-09-30T00:00:00Z".into();
        world.attest(&child.manifest, "ci", &old).await;
        world.attest(&child.manifest, "ci", &statement(&[&child.manifest], child, "clean.json")).await;
    }
    passes(asked(&gate(), &plan, &world.dev).await);
    // And not the other way round.
    let child = &built.children[0];
    let mut new = statement(&[&child.manifest], child, "debian12.json");
    new["predicate"]["scanner"]["result"]["CreatedAt"] = "2026-11-21T05:00:00Z".into();
    world.attest(&child.manifest, "ci", &new).await;
    assert_eq!(reasons(asked(&gate(), &plan, &world.dev).await).len(), 13);
}

#[tokio::test]
async fn an_attested_report_that_cannot_be_read_is_never_a_pass() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    for child in &built.children {
        world.attest(&child.manifest, "ci", &statement(&[&child.manifest], child, "clean.json")).await;
    }
    let mut broken = statement(&[&built.digest()], &built.children[0], "clean.json");
    broken["predicate"]["scanner"].as_object_mut().unwrap().remove("result");
    world.attest(&built.digest(), "ci", &broken).await;
    let said = undecided(asked(&gate(), &plan, &world.dev).await);
    assert!(said.contains("signed by ci") && said.contains("it is missing"), "{said}");
}

#[tokio::test]
async fn in_totos_list_of_vulnerabilities_counts_by_its_worst_score() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let attest = async |results: Value| {
        for child in &built.children {
            let statement = json!({"_type": "https://in-toto.io/Statement/v1",
                "subject": [{"digest": {"sha256": child.manifest.hex()}}],
                "predicateType": "https://in-toto.io/attestation/vulns/v0.2",
                "predicate": {"scanner": {"uri": "pkg:github/aquasecurity/trivy@244fd47", "version": "0.59.1",
                        "db": {"lastUpdate": "2026-11-20T22:00:00Z"}, "result": results},
                    "metadata": {"scanStartedOn": "2026-11-21T01:00:00Z",
                        "scanFinishedOn": if results == json!([]) { "2026-11-21T01:05:00Z" } else { "2026-11-21T02:00:00Z" }}}});
            world.attest(&child.manifest, "ci", &statement).await;
        }
    };
    attest(json!([])).await;
    let said = undecided(asked(&gate(), &plan, &world.dev).await);
    assert!(said.contains("does not say which operating system"), "{said}");
    let lenient = || {
        let verifier = Notary(vec!["ci".to_owned()], false);
        ScanGate::new(strict().os(OsRule::MayBeUnstated)).reports(AttestedReports::new(verifier))
    };
    passes(asked(&lenient(), &plan, &world.dev).await);
    attest(json!([{"id": "CVE-2024-1",
        "severity": [{"method": "nvd", "score": "medium"}, {"method": "cvss_score", "score": "9.1"}]}]))
    .await;
    let told = reasons(asked(&lenient(), &plan, &world.dev).await);
    assert!(told[0].starts_with("critical CVE-2024-1"), "{told:#?}");
}
