//! The scan gate fails closed: whatever source of what it asks fails, nothing passes.

use std::sync::Arc;

use lockage_policy::gate::{
    AttestedReports, CheckGate, FileReports, GivenReports, MemoryFiles, Reports, ScanGate, ScannedReports, Scanner,
};
use lockage_policy::scan::{ChecksConfig, Level};
use lockage_promote::pipeline::simulate::{Build, Simulation};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, Name, Override, PromoteError, RollbackTo, Select};
use lockage_promote::{Gate, GateContext, GateError, Verdict};
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{ErrorKind, Reference};

use crate::world::{
    Away, Notary, World, asked, asked_with, at, built, clean, in_prod, now, passes, reasons, strict, undecided,
};

#[derive(Debug)]
struct Broken;

#[async_trait::async_trait]
impl Scanner for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    async fn scan(&self, _: &Reference, _: &str) -> Result<lockage_policy::gate::Scan, GateError> {
        Err("it was not found".into())
    }
}

#[tokio::test]
async fn an_error_in_any_source_is_never_a_pass() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    world.attest(&built.children[0].manifest, "ci", &serde_json::json!({"predicateType": "x/vuln/v1"})).await;
    let files = MemoryFiles::new();
    let sources: Vec<(&str, Arc<dyn Reports>)> = vec![
        ("a store that is away", Arc::new(Away)),
        ("a scanner that is not there", Arc::new(ScannedReports::new(Broken))),
        ("a verifier that is blind", Arc::new(AttestedReports::new(Notary(vec!["ci".to_owned()], true)))),
        ("a file that is not there", Arc::new(FileReports::new(files.clone(), "/r").path("trivy.json").unwrap())),
        ("a pattern without files", Arc::new(FileReports::new(files.clone(), "/r").path("**/*.json").unwrap())),
        ("a file of a database", Arc::new(FileReports::new(files, "/r").database("version.json").unwrap())),
        ("an unreadable report", Arc::new(GivenReports::new().document("x", b"{".to_vec()))),
        (
            "VEX for a report",
            Arc::new(
                GivenReports::new().document(
                    "x",
                    br#"{"@context": "https://openvex.dev/ns", "timestamp": "2026-01-01T00:00:00Z", "statements": []}"#
                        .to_vec(),
                ),
            ),
        ),
    ];
    for (what, source) in sources {
        // What else there is would let it pass.
        let gate = ScanGate::new(strict()).reports(clean(&built)).reports(source.clone());
        assert!(asked(&gate, &plan, &world.dev).await.is_err(), "{what}");
        let alone = ScanGate::new(strict()).reports(source.clone());
        assert!(asked(&alone, &plan, &world.dev).await.is_err(), "{what}, alone");
        let checks = CheckGate::new(ChecksConfig::at_least(Level::Error)).reports(source);
        assert!(asked(&checks, &plan, &world.dev).await.is_err(), "{what}, for checks");
    }
    passes(asked(&ScanGate::new(strict()).reports(clean(&built)), &plan, &world.dev).await);
    undecided(asked(&ScanGate::new(strict()), &plan, &world.dev).await);
}

#[tokio::test]
async fn what_is_known_to_be_wrong_is_told_though_another_source_fails() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let bad = crate::world::given(&built, ["debian12.json", "clean.json"]);
    let gate = ScanGate::new(strict()).reports(bad).reports(Away);
    let told = reasons(asked(&gate, &plan, &world.dev).await);
    assert_eq!(told.len(), 14, "{told:#?}");
    assert!(told.iter().any(|reason| reason == "the store of reports is away"), "{told:#?}");
}

#[tokio::test]
async fn whatever_request_fails_nothing_passes() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let notary = Notary(vec!["ci".to_owned()], false);
    for child in &built.children {
        world.attest(&child.manifest, "ci", &crate::attested::statement(&[&child.manifest], child, "clean.json")).await;
    }
    // A copy along no edge reads the image itself.
    let plain = ScanGate::new(strict()).reports(clean(&built));
    let attested = ScanGate::new(strict()).reports(AttestedReports::new(notary));
    let baseline = ScanGate::new(strict().only_new_since("prod")).reports(clean(&built));
    let chronicle = in_prod(&built.digest(), "2026-11-21T05:00:00Z");
    for (gate, along) in [(&plain, false), (&attested, true), (&baseline, true)] {
        let ask = async |source: &Faulty<lockage_registry::Memory>| -> Result<Verdict, GateError> {
            match along {
                true => asked_with(gate, &plan, source, &chronicle, now()).await,
                false => gate.evaluate(&GateContext::new(plan.copy(), source, now())).await,
            }
        };
        let calm = Faulty::new(world.dev.clone());
        passes(ask(&calm).await);
        assert!(calm.calls() > 0);
        for nth in 0..calm.calls() {
            let faulty = Faulty::new(world.dev.clone()).fail(nth, Fault::Before(ErrorKind::Denied));
            assert!(ask(&faulty).await.is_err(), "{gate:?}: request {nth}");
        }
    }
}

#[tokio::test]
async fn a_scan_that_takes_long_is_not_of_the_future() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let gate = ScanGate::new(strict()).reports(clean(&built));
    // Asked an hour before the reports were made: no clock is that wrong.
    let early = asked_with(&gate, &plan, &world.dev, &Default::default(), at("2026-11-21T00:30:00Z")).await;
    assert!(undecided(early).contains("in the future"));
}

#[tokio::test]
async fn on_a_rollback_it_is_asked_and_holds_nobody_back_unless_the_edge_says_so() {
    let graph = |edge: EdgeSpec| {
        let edge = edge.gate(ScanGate::new(strict()).reports(GivenReports::new()));
        let environment = |name: &str| EnvironmentSpec::new(name, format!("{name}.example/{{image}}")).float("now");
        let graph = Graph::builder().environment(environment("dev")).environment(environment("prod")).edge(edge);
        Simulation::of(graph.build().unwrap()).unwrap()
    };
    let (app, edge, now): (Name, Name, _) = ("app".parse().unwrap(), "dev-prod".parse().unwrap(), now());
    for (rollback, blocks) in
        [(EdgeSpec::new("dev", "prod"), false), (EdgeSpec::new("dev", "prod").rollback_asks("scan"), true)]
    {
        let simulation = graph(rollback);
        let promoter = simulation.promoter();
        let mut digests = Vec::new();
        for number in [1, 2] {
            digests
                .push(simulation.push(&app, &"dev".parse().unwrap(), &Build::of_pull_request(number)).await.unwrap());
            let pinned = promoter.resolve(&app, &Select::PullRequest(number), &edge).await.unwrap();
            let plan = promoter.plan(&pinned, &edge).await.unwrap();
            // There is no report, today as then.
            let by = Override::because("the first days").gate("scan");
            let cleared = promoter.clear_with_override(plan, &by, now).await.unwrap();
            promoter.apply(cleared, now).await.unwrap();
        }
        let to: RollbackTo = digests[0].to_string().parse().unwrap();
        let plan = promoter.plan_rollback(&app, &"prod".parse().unwrap(), &to, "latency", now).await.unwrap();
        match promoter.clear_rollback(plan, now).await {
            Ok(cleared) => {
                let receipt = promoter.apply_rollback(cleared, now).await.unwrap();
                let scan = receipt.evidence.iter().find(|one| one.gate == "scan").unwrap();
                assert!(
                    !blocks && scan.advisory.is_some() && scan.evidence.summary.contains("no scan report"),
                    "{scan}"
                );
            }
            Err(PromoteError::NotCleared(refusal)) => assert!(blocks && refusal.is_undecided()),
            Err(error) => panic!("{error}"),
        }
    }
}
