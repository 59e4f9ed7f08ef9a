//! Documents: what they say, and what is refused, with its line.
#![cfg(feature = "documents")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

#[cfg(feature = "http")]
mod outside;
mod refused;
mod schema;
mod steps;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockage_promote::pipeline::documents::{
    BuiltIn, Document, Factories, Format, GateFactory, LedgerPlace, Parameters, TableProblem,
};
use lockage_promote::pipeline::simulate::StandIns;
use lockage_promote::pipeline::{Graph, Rebuilds};
use lockage_promote::{Evidence, Gate, GateContext, GateError, OnRollback, Verdict, gate};
use lockage_registry::Memory;

pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/lockage.toml")
}

/// `kind = "always"`, `says = "…"`.
#[derive(Debug)]
pub(crate) struct Always;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    says: String,
}

impl GateFactory for Always {
    fn make(&self, _: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, TableProblem> {
        if kind != "always" {
            return Err(TableProblem::unknown(kind, ["always"]));
        }
        let Says { says } = parameters.read()?;
        Ok(Arc::new(gate("always", move |_| Ok(Verdict::Pass(Evidence::new(says.clone()))))))
    }
}

#[test]
fn the_example_is_a_graph() {
    let document = Document::read(example()).unwrap();
    let registry = Memory::new("333.registry.example".parse().unwrap());
    // Signers, scanners and processes are other crates'.
    let stand_ins = StandIns::new();
    let graph = document
        .graph_with(&Factories::new().with(BuiltIn::new().reading(registry)).with(stand_ins.clone()), &stand_ins);
    let graph = graph.unwrap();
    let order: Vec<_> = graph.environments().map(|environment| environment.name().as_str()).collect();
    assert_eq!(order, ["dev", "stage", "prod", "edge-devices"]);
    let repository = graph.repository(&"payment-svc".parse().unwrap(), &"dev".parse().unwrap()).unwrap();
    assert_eq!(repository.to_string(), "ghcr.io/acme/payment-svc");
    let Some(LedgerPlace::File(file)) = document.ledger() else { panic!("{document:?}") };
    assert!(file.ends_with("examples/ledger.jsonl"));
    assert!(document.credentials(&"prod".parse().unwrap()).unwrap().ends_with("examples/prod-docker.json"));
    assert_eq!(document.credentials(&"stage".parse().unwrap()), None);
    assert_eq!((document.conventions().commit.as_str(), document.conventions().rebuilds), ("sha-", Rebuilds::Refuse));
}

#[test]
fn toml_and_yaml_say_the_same() {
    let toml = r#"
        [conventions]
        pull-request = "mr-"
        rebuilds = "report"
        [[environments]]
        name = "dev"
        repository = "{host}/{image}"
        [[environments]]
        name = "prod"
        repository = "prod.example/{image}"
        floats = ["prod"]
        [[edges]]
        from = "dev"
        to = "prod"
        gates = ["first"]
        advisory = [{ gate = "second", reason = "on trial" }]
        on = [{ pull-request = "main" }, { tag = "v[0-9]*" }]
        [variables]
        host = "dev.example"
        [gates.first]
        kind = "always"
        says = "yes"
        [gates.second]
        kind = "always"
        says = "no"
    "#;
    let yaml = r#"
conventions: { pull-request: mr-, rebuilds: report }
variables: { host: dev.example }
environments:
  - { name: dev, repository: "{host}/{image}" }
  - name: prod
    repository: "prod.example/{image}"
    floats: [prod]
edges:
  - from: dev
    to: prod
    gates: [first]
    advisory:
      - { gate: second, reason: on trial }
    on: [{ pull-request: main }, { tag: "v[0-9]*" }]
gates:
  first: { kind: always, says: "yes" }
  second: { kind: always, says: "no" }
"#;
    for (file, format, text) in [("lockage.toml", Format::Toml, toml), ("lockage.yaml", Format::Yaml, yaml)] {
        let document = Document::parse(file, format, text).unwrap();
        let graph = document.graph(&Factories::new().with(BuiltIn::new()).with(Always)).unwrap();
        assert_eq!(graph.to_string(), "dev → prod (first, second)", "{file}: gates have the names of the document");
        let edge = graph.edges().next().unwrap();
        assert_eq!(edge.gates()[1].advisory.as_deref(), Some("on trial"), "{file}");
        let triggers: Vec<_> = edge.triggers().iter().map(ToString::to_string).collect();
        assert_eq!(triggers, ["pull-request = \"main\"", "tag = \"v[0-9]*\""], "{file}");
        assert_eq!(document.conventions().pull_request, "mr-", "{file}");
        assert_eq!(document.conventions().rebuilds, Rebuilds::Report, "{file}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        std::fs::write(&path, text).unwrap();
        assert!(Document::read(&path).unwrap().graph(&Always).is_ok(), "the end of the name says the format");
    }
}

/// Asked on every rollback, too.
#[derive(Debug)]
struct Strict;

#[async_trait::async_trait]
impl Gate for Strict {
    fn id(&self) -> &str {
        "strict"
    }

    async fn evaluate(&self, _: &GateContext<'_>) -> Result<Verdict, GateError> {
        Ok(Verdict::fail("no"))
    }

    fn on_rollback(&self) -> OnRollback {
        OnRollback::Always
    }
}

#[derive(Debug)]
struct MakesStrict;

impl GateFactory for MakesStrict {
    fn make(&self, _: &str, _: &str, _: &Parameters) -> Result<Arc<dyn Gate>, TableProblem> {
        Ok(Arc::new(Strict))
    }
}

#[test]
fn a_gate_from_a_document_is_no_weaker_than_one_from_a_program() {
    let read = |limit: u8, rollback: &str| {
        let text = format!(
            "[[environments]]\nname = 'dev'\nrepository = 'dev.example/{{image}}'\n\
             [[environments]]\nname = 'prod'\nrepository = 'prod.example/{{image}}'\nfloats = ['prod']\n\
             [[edges]]\nfrom = 'dev'\nto = 'prod'\ngates = ['asked']\n{rollback}\n\
             [gates.asked]\nkind = 'strict'\nlimit = {limit}\n"
        );
        Document::parse("lockage.toml", Format::Toml, &text).unwrap().graph(&MakesStrict).unwrap()
    };
    let policy = |graph: &Graph| graph.edges().next().unwrap().policy().unwrap();
    assert_eq!(policy(&read(1, "")), policy(&read(1, "")));
    assert_ne!(policy(&read(1, "")), policy(&read(2, "")), "evidence for one limit counts for no other");
    for rollback in ["", "rollback = []"] {
        let graph = read(1, rollback);
        let asked: Vec<_> =
            graph.edges().next().unwrap().gates_on_rollback().map(|(gate, by)| (gate.id(), by)).collect();
        assert_eq!(asked, [("asked", None)], "it blocks on a rollback whatever the edge says");
    }
}

#[test]
fn every_kind_is_made_and_says_what_it_lacks() {
    let made = |text: &str| {
        let registry = Memory::new("prod.example".parse().unwrap());
        let document = Document::parse("lockage.toml", Format::Toml, &format!("[gates.one]\n{text}")).unwrap();
        let factory = BuiltIn::new().reading(registry);
        document.gates(&factory).map(|gates| gates[0].id().to_owned()).map_err(|error| error.to_string())
    };
    for text in [
        "kind = 'soak'\nenvironment = 'stage'\nfor = '2d 4h'\nin-total = true",
        "kind = 'platforms'\nplatforms = ['linux/amd64']\nno-others = true",
        "kind = 'sbom'",
        "kind = 'kill-switch'\nrepository = 'prod.example/freeze'\ntag = 'freeze'",
        "kind = 'config'\nnon-root = ['app']\nentrypoint = true\nlabels = { a = 'b' }\nports = ['8080/tcp']",
    ] {
        assert_eq!(made(text).unwrap(), "one", "{text}");
    }
    for (text, said) in [
        ("kind = 'soak'\nenvironment = 'stage'", "missing field `for`"),
        ("kind = 'soak'\nenvironment = 'stage'\nfor = 'long'", "for: \"long\" is no duration"),
        ("kind = 'soak'\nenvironment = 'stage'\nfor = '-1d'", "for: \"-1d\" is no duration"),
        ("kind = 'platforms'\nplatforms = []", "platforms: none is asked for"),
        ("kind = 'platforms'\nplatforms = ['amd64']", "platforms: "),
        ("kind = 'sbom'\nformat = 'spdx'", "unknown field `format`"),
        ("kind = 'kill-switch'\nrepository = 'Freeze!'\ntag = 'x'", "repository: "),
        ("kind = 'config'\nnonroot = true", "unknown field `nonroot`"),
        ("kind = 'approval'\nquorum = 2", "nothing was given to verify them by"),
        ("kind = 'scan'", "there is no kind \"scan\""),
    ] {
        let error = made(text).unwrap_err();
        assert!(error.starts_with("lockage.toml:1: gates.one: ") && error.contains(said), "{error}");
    }
}

#[test]
fn signers_are_handed_on_with_their_places() {
    let text = "[signers.alice]\nkey = 'alice.pub'\n\n[signers.ci]\nidentity = 'x'\nuntil = 2027-01-01T00:00:00Z\n";
    let document = Document::parse("conf/lockage.toml", Format::Toml, text).unwrap();
    let signers: Vec<_> = document.signers().collect();
    assert_eq!(signers.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["alice", "ci"]);
    let ci: serde_json::Value = signers[1].1.read().unwrap();
    assert_eq!(ci, serde_json::json!({ "identity": "x", "until": "2027-01-01T00:00:00Z" }));
    assert_eq!(document.folder(), Path::new("conf"));
    let error = document.signer_error("ci", TableProblem::parameters("nobody vouches for it"));
    assert_eq!(error.to_string(), "conf/lockage.toml:4: signers.ci: nobody vouches for it");
}

#[test]
fn a_ledger_may_be_in_a_registry() {
    let text = "[ledger]\nrepository = 'a.example/acme/ledger'\nsigners = ['release']\nname = 'acme'\n";
    let document = Document::parse("lockage.toml", Format::Toml, text).unwrap();
    let Some(LedgerPlace::Repository(ledger)) = document.ledger() else { panic!("{document:?}") };
    assert_eq!(ledger.repository.to_string(), "a.example/acme/ledger");
    assert_eq!(
        (&ledger.signers[..], ledger.unsigned, ledger.name.as_deref()),
        (&["release".to_owned()][..], false, Some("acme"))
    );
    let inline = "ledger = { repository = 'a.example/acme/ledger', unsigned = true }";
    assert!(Document::parse("lockage.toml", Format::Toml, inline).is_ok());
    let wrong =
        Document::parse("lockage.toml", Format::Toml, "ledger = { repository = 'a b' }").unwrap_err().to_string();
    assert!(wrong.contains("lockage.toml:1"), "{wrong}");
}
