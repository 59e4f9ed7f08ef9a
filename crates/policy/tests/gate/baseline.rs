//! Only what is new since an environment: its image by the ledger, its findings from its own reports.

use async_trait::async_trait;
use lockage_policy::gate::{Asked, Cited, Found, GivenReports, Reports, ScanGate};
use lockage_policy::scan::{DAY, ExceptionsDocument, ScanConfig, Severity};
use lockage_promote::GateError;
use lockage_promote::ledger::Chronicle;
use lockage_registry::Digest;
use serde_json::json;

use crate::world::{
    Away, Built, World, asked_with, at, built, given, in_prod, now, passes, reasons, strict, undecided,
};

/// Reports of two images, each for its own digest.
#[derive(Clone, Debug)]
struct Shelf(Vec<(Digest, GivenReports)>);

#[async_trait]
impl Reports for Shelf {
    async fn reports(&self, asked: &Asked<'_>) -> Result<Found, GateError> {
        match self.0.iter().find(|(digest, _)| digest == asked.subject.digest()) {
            Some((_, reports)) => reports.reports(asked).await,
            None => Ok(Found::nothing()),
        }
    }
}

fn shelf(new: &Built, new_reports: GivenReports, old: &Built, old_reports: GivenReports) -> Shelf {
    Shelf(vec![(new.digest(), new_reports), (old.digest(), old_reports)])
}

fn since_prod() -> ScanConfig {
    strict().only_new_since("prod")
}

#[tokio::test]
async fn only_findings_that_the_environment_has_not_yet_count() {
    let (new, old) = (built(1), built(2));
    let (world, plan) = World::with(&new).await;
    world.push(&old, "pr-41").await;
    let reports = |of: &Built| given(of, ["debian12.json", "clean.json"]);
    let chronicle = in_prod(&old.digest(), "2026-11-20T12:00:00Z");
    let ask = async |reports: Shelf, chronicle: &Chronicle| {
        asked_with(&ScanGate::new(since_prod()).reports(reports), &plan, &world.dev, chronicle, now()).await
    };
    let evidence = passes(ask(shelf(&new, reports(&new), &old, reports(&old)), &chronicle).await);
    assert_eq!(evidence.details["baseline"]["digest"], old.digest().to_string());
    assert_eq!(evidence.details["ignored"].as_array().unwrap().len(), 15);
    // What prod does not have counts.
    let less = given(&old, ["clean.json", "clean.json"]);
    assert_eq!(reasons(ask(shelf(&new, reports(&new), &old, less), &chronicle).await).len(), 13);
    // Nothing is there: everything counts.
    let nothing = Chronicle::default();
    assert_eq!(reasons(ask(shelf(&new, reports(&new), &old, reports(&old)), &nothing).await).len(), 13);
}

#[tokio::test]
async fn a_baseline_that_cannot_be_read_is_an_error() {
    let (new, old) = (built(1), built(2));
    let (world, plan) = World::with(&new).await;
    world.push(&old, "pr-41").await;
    let clean = given(&new, ["clean.json", "clean.json"]);
    let ask = async |gate: ScanGate, chronicle: &Chronicle| {
        undecided(asked_with(&gate, &plan, &world.dev, chronicle, now()).await)
    };
    let gate = |old_reports| ScanGate::new(since_prod()).reports(shelf(&new, clean.clone(), &old, old_reports));
    let chronicle = in_prod(&old.digest(), "2026-11-20T12:00:00Z");
    assert!(ask(gate(GivenReports::new()), &chronicle).await.contains("there is no scan report"));
    let broken = GivenReports::new().document("prod.json", Vec::new());
    assert!(ask(gate(broken), &chronicle).await.contains("the document is empty"));
    // The new image's own reports are none of prod's.
    let swapped = given(&new, ["debian12.json", "debian12.json"]);
    assert!(ask(gate(swapped), &chronicle).await.contains("which no platform of the image has"));
    let away = ScanGate::new(since_prod()).reports(clean.clone()).baseline_reports(Away);
    assert!(ask(away, &chronicle).await.contains("is away"));
    let gone: Digest = format!("sha256:{}", "e".repeat(64)).parse().unwrap();
    ask(gate(given(&old, ["clean.json", "clean.json"])), &in_prod(&gone, "2026-11-20T12:00:00Z")).await;
}

#[tokio::test]
async fn what_passed_by_grace_or_exception_when_it_was_let_in_is_no_part_of_the_baseline() {
    let (new, old) = (built(1), built(2));
    let (world, plan) = World::with(&new).await;
    world.push(&old, "pr-41").await;
    let reports = |of: &Built| given(of, ["debian12.json", "clean.json"]);
    let shelf = shelf(&new, reports(&new), &old, reports(&old));
    // CVE-2024-6119, of 2024-09-03, had grace when the image came to prod three days later, and has it no more.
    let chronicle = in_prod(&old.digest(), "2024-09-06T00:00:00Z");
    let gate = ScanGate::new(since_prod().grace(Severity::High, DAY * 7)).reports(shelf.clone());
    let told = reasons(asked_with(&gate, &plan, &world.dev, &chronicle, now()).await);
    assert_eq!(told.len(), 2, "libssl3 and openssl: {told:#?}");
    assert!(told.iter().all(|reason| reason.contains("CVE-2024-6119")), "{told:#?}");
    // The same of an exception that ended since.
    let text = json!({"exceptions": [{"id": "CVE-2024-45491", "reason": "for now", "owner": "us@example.com",
        "expires": "2026-11-01"}]})
    .to_string();
    let document: ExceptionsDocument = serde_json::from_str(&text).unwrap();
    let gate = ScanGate::new(since_prod())
        .reports(shelf)
        .exceptions(document.into_exceptions("x.json"), Cited::new("x.json", text.as_bytes()).unwrap());
    let chronicle = in_prod(&old.digest(), "2026-10-20T00:00:00Z");
    let told = reasons(asked_with(&gate, &plan, &world.dev, &chronicle, now()).await);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("CVE-2024-45491"), "{told:#?}");
}

#[tokio::test]
async fn the_environment_is_read_where_its_images_are() {
    let (new, old) = (built(1), built(2));
    let (world, plan) = World::with(&new).await;
    let target = "prod.example/app".parse().unwrap();
    lockage_registry::testing::fixtures::push(&world.prod, &target, &old.image, &"prod".parse().unwrap())
        .await
        .unwrap();
    let reports = |of: &Built| given(of, ["debian12.json", "clean.json"]);
    let gate = || ScanGate::new(since_prod()).reports(shelf(&new, reports(&new), &old, reports(&old)));
    let chronicle = in_prod(&old.digest(), "2026-11-20T12:00:00Z");
    let ask = async |gate| asked_with(&gate, &plan, &world.dev, &chronicle, at("2026-11-21T06:00:00Z")).await;
    // It is only in prod's own registry, which the gate has to be given.
    assert_eq!(reasons(ask(gate()).await).len(), 14);
    passes(ask(gate().baseline_read_by(world.prod.clone())).await);
    let template = || "prod.example/{image}".parse().unwrap();
    passes(ask(gate().baseline_read_in(world.prod.clone(), template())).await);
}
