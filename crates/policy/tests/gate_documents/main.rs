//! Gates of this crate from documents: what they say, what is refused, and what the gates then decide.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

#[path = "../gate/world.rs"]
#[allow(dead_code, reason = "the other tests need more of it")]
mod world;

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use lockage_policy::gate::documents::{Disk, PolicyGates};
use lockage_policy::gate::{Files, MemoryFiles, Scan, Scanner};
use lockage_promote::pipeline::documents::{Document, Format, GateFactory, Parameters, TableProblem};
use lockage_promote::{Gate, GateError, Verdict};
use lockage_registry::{Memory, Reference};
use serde_json::{Map, Value, json};

use world::{Notary, World, asked, built, on, passes, reasons, trivy_version, undecided};

#[derive(Debug)]
struct Still;

#[async_trait]
impl Scanner for Still {
    fn name(&self) -> &str {
        "still"
    }

    async fn scan(&self, _: &Reference, _: &str) -> Result<Scan, GateError> {
        Err("it scans nothing".into())
    }
}

fn parameters(value: &Value) -> Parameters {
    Parameters::new(value.as_object().cloned().unwrap_or_else(Map::new))
}

fn gates(files: MemoryFiles) -> PolicyGates {
    PolicyGates::new("/doc")
        .files(files)
        .reading(Memory::new("333.registry.example".parse().unwrap()))
        .scanners(|name, _| match name {
            "trivy" => Ok(Arc::new(Still)),
            other => Err(TableProblem::parameters(format!("scanner: there is no {other}"))),
        })
        .verifiers(|signers| Ok(Arc::new(Notary(signers.to_vec(), false))))
}

fn refused(files: &MemoryFiles, kind: &str, value: &Value) -> String {
    let made = gates(files.clone()).make("it", kind, &parameters(value));
    made.expect_err("it says nothing that could be decided by").to_string()
}

#[test]
fn the_example_makes_gates() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/documents");
    let text = std::fs::read_to_string(root.join("policy-gates.toml")).unwrap();
    let document = Document::parse(root.join("policy-gates.toml"), Format::Toml, &text).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    let factory = PolicyGates::new(&root)
        .reading(Memory::new("333.registry.example".parse().unwrap()))
        .scanners(move |name, options| {
            heard.lock().unwrap().push((name.to_owned(), options.read::<Map<String, Value>>()?));
            Ok(Arc::new(Still))
        })
        .verifiers(|signers| Ok(Arc::new(Notary(signers.to_vec(), false))));
    let made = document.gates(&factory).unwrap();
    let names: Vec<_> = made.iter().map(|gate| gate.id()).collect();
    assert_eq!(names, ["hours", "tests", "vulnerabilities"]);
    let told = told.lock().unwrap();
    assert_eq!(told[0].0, "trivy");
    assert_eq!(Value::Object(told[0].1.clone()), json!({"cache-dir": "trivy-cache", "timeout": "10m"}));
}

#[tokio::test]
async fn a_scan_by_paths_is_decided_by_its_rules() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let report = |n: usize, name| on(&built.children[n], name).to_string().into_bytes();
    let exceptions =
        b"exceptions:\n  - { id: CVE-2024-45491, reason: x, owner: us, expires: \"2026-12-31\" }\n".to_vec();
    let files = MemoryFiles::new()
        .with("/doc/gate.toml", b"[scan]\nat_least = \"high\"\nignore_unfixed = true\n".to_vec())
        .with("/doc/exceptions.yaml", exceptions)
        .with("/doc/version.json", trivy_version())
        .with("/doc/app/linux-amd64.json", report(0, "clean.json"))
        .with("/doc/app/linux-arm64.json", report(1, "clean.json"));
    let ask = async |files: &MemoryFiles, value: Value| {
        let gate: Arc<dyn Gate> = gates(files.clone()).make("it", "scan", &parameters(&value)).unwrap();
        assert_eq!(gate.id(), "it");
        asked(&*gate, &plan, &world.dev).await
    };
    let inline =
        json!({"scan": {"at_least": "high"}, "reports": ["{image}/{platform}.json"], "database": ["version.json"]});
    passes(ask(&files, inline.clone()).await);
    let found = files.clone().with("/doc/app/linux-arm64.json", report(1, "debian12.json"));
    assert_eq!(reasons(ask(&found, inline.clone()).await).len(), 13);
    let of_file = json!({"config": "gate.toml", "exceptions": ["exceptions.yaml"], "reports": ["{image}/{platform}.json"],
        "database": ["version.json"]});
    assert_eq!(reasons(ask(&found, of_file).await).len(), 8);
    undecided(ask(&files.without("/doc/app/linux-arm64.json"), inline.clone()).await);
    // What else it is told to look at counts too.
    let mut also = inline;
    also["scanner"] = json!({"name": "trivy", "cache-dir": "x"});
    assert!(
        undecided(ask(&found.clone().with("/doc/app/linux-arm64.json", report(1, "clean.json")), also).await)
            .contains("it scans nothing")
    );
}

#[tokio::test]
async fn a_window_and_checks_are_decided_by_theirs() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let files = MemoryFiles::new()
        .with("/doc/windows.yaml", b"windows: [{ name: now, effect: deny, from: '2026-11-20', until: '2026-11-22', zone: UTC, except: [rollback] }]".to_vec())
        .with(format!("/doc/{}.exit", world::COMMIT), b"1".to_vec());
    let make = |gates: PolicyGates, kind: &str, value: Value| gates.make("it", kind, &parameters(&value)).unwrap();
    let closed = make(gates(files.clone()), "window", json!({"file": "windows.yaml"}));
    assert!(matches!(asked(&*closed, &plan, &world.dev).await, Ok(Verdict::Wait { retry_after: Some(_), .. })));
    let back = gates(files.clone()).action(lockage_policy::window::Action::Rollback);
    passes(asked(&*make(back, "window", json!({"file": "windows.yaml"})), &plan, &world.dev).await);
    let switch = json!({"kill-switch": {"repository": "333.registry.example/freeze", "tag": "freeze"}});
    passes(asked(&*make(gates(files.clone()), "window", switch), &plan, &world.dev).await);
    let checks = |fail: Value| {
        json!({"checks": {"at_least": "error", "exit_codes": {"pass": [0], "fail": fail}},
            "exits": [{"tool": "rspec", "path": "{commit}.exit"}]})
    };
    let gate = make(gates(files.clone()), "checks", checks(json!([1])));
    assert_eq!(reasons(asked(&*gate, &plan, &world.dev).await).len(), 1);
    let gate = make(gates(files), "checks", checks(json!([])));
    undecided(asked(&*gate, &plan, &world.dev).await);
}

#[tokio::test]
async fn tools_that_say_no_commit_ran_on_the_one_that_a_variable_has() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let sarif = |results: Value, provenance: Value| {
        let run = json!({"tool": {"driver": {"name": "Brakeman"}}, "results": results, "versionControlProvenance": provenance});
        json!({"version": "2.1.0", "runs": [run]}).to_string().into_bytes()
    };
    let found = json!([{"ruleId": "BRAKE0000", "message": {"text": "Possible SQL injection"}}]);
    let other = "91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
    let elsewhere = json!([{"repositoryUri": "https://git.example/app", "revisionId": other}]);
    let rules = json!({"at_least": "warning", "exit_codes": {"pass": [0], "fail": [1]}});
    let ask = async |report: Vec<u8>, value: Value, variables: &[(&str, &str)]| {
        let known: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let variables = move |name: &str| known.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let files = MemoryFiles::new().with("/doc/b.sarif", report);
        let gate = gates(files).variables(variables).make("it", "checks", &parameters(&value)).unwrap();
        asked(&*gate, &plan, &world.dev).await
    };
    let by_report = || json!({"checks": rules, "reports": ["b.sarif"], "commit-env": "COMMIT"});
    let commit = [("COMMIT", world::COMMIT)];
    let clean = || sarif(json!([]), json!([]));
    passes(ask(clean(), by_report(), &commit).await);
    assert!(reasons(ask(sarif(found, json!([])), by_report(), &commit).await)[0].contains("Possible SQL injection"));
    assert!(undecided(ask(clean(), by_report(), &[("COMMIT", other)]).await).contains("and not 2b2e927"));
    // The word of the report itself stands.
    assert!(undecided(ask(sarif(json!([]), elsewhere), by_report(), &commit).await).contains("and not 2b2e927"));
    for (variables, said) in [
        (&[][..], "the environment variable COMMIT is not set"),
        (&[("COMMIT", &world::COMMIT[..7])], "is no whole commit"),
    ] {
        assert!(undecided(ask(clean(), by_report(), variables).await).contains(said));
    }
    let unbound = json!({"checks": rules, "reports": ["b.sarif"]});
    assert!(undecided(ask(clean(), unbound, &commit).await).contains("does not say which commit"));
    let by_status =
        || json!({"checks": rules, "exits": [{"tool": "rubocop", "env": "STATUS"}], "commit-env": "COMMIT"});
    let ended = |status| [("COMMIT", world::COMMIT), ("STATUS", status)];
    passes(ask(clean(), by_status(), &ended("0")).await);
    assert!(reasons(ask(clean(), by_status(), &ended("1")).await)[0].contains("rubocop ended with 1"));
    for (status, said) in [("2", "means neither"), ("success", "no exit status"), ("", "STATUS is not set")] {
        let variables = ended(status);
        let variables = if status.is_empty() { &variables[..1] } else { &variables[..] };
        assert!(undecided(ask(clean(), by_status(), variables).await).contains(said), "{status}");
    }
}

#[test]
fn what_would_decide_nothing_is_refused_with_its_reason() {
    let files = MemoryFiles::new()
        .with("/doc/checks.toml", b"[checks]\nat_least = \"error\"\n".to_vec())
        .with("/doc/torn.yaml", b"exceptions: [".to_vec())
        .with("/doc/draft.json", b"{}".to_vec());
    let rules = json!({"at_least": "high"});
    for (kind, value, expected) in [
        ("scan", json!({"scan": rules}), "it has no reports"),
        ("scan", json!({"reports": ["x.json"]}), "neither scan nor config"),
        ("scan", json!({"scan": rules, "config": "checks.toml", "reports": ["x"]}), "one of them"),
        ("scan", json!({"config": "checks.toml", "reports": ["x"]}), "no section scan"),
        ("scan", json!({"config": "missing.toml", "reports": ["x"]}), "missing.toml"),
        ("scan", json!({"scan": {"at_least": "severe"}, "reports": ["x"]}), "severe"),
        ("scan", json!({"scan": rules, "report": ["x"]}), "unknown field"),
        ("scan", json!({"scan": rules, "reports": ["{digets}"]}), "there is no {digets}"),
        ("scan", json!({"scan": rules, "scanner": "grype"}), "there is no grype"),
        ("scan", json!({"scan": rules, "attested": {"signers": []}}), "nobody would be believed"),
        ("scan", json!({"scan": rules, "reports": ["x"], "exceptions": ["torn.yaml"]}), "torn.yaml"),
        ("scan", json!({"scan": rules, "reports": ["x"], "vex": ["draft.json"]}), "draft.json"),
        ("scan", json!({"scan": rules, "reports": ["x"], "baseline": {}}), "nothing asks for one"),
        ("checks", json!({"config": "checks.toml"}), "it has no reports"),
        ("checks", json!({"config": "checks.toml", "exits": [{"tool": "x"}]}), "path or env"),
        ("checks", json!({"config": "checks.toml", "exits": [{"tool": "x", "path": "x", "env": "X"}]}), "path or env"),
        ("window", json!({}), "it has no window"),
        ("window", json!({"windows": [], "file": "x"}), "x"),
        (
            "window",
            json!({"windows": [{"name": "x", "effect": "deny", "from": "a", "until": "b", "zone": "UTC"}]}),
            "from",
        ),
        ("window", json!({"kill-switch": {"repository": "NOT A NAME", "tag": "freeze"}}), "kill-switch.repository"),
        ("soak", json!({}), "there is no kind"),
    ] {
        let said = refused(&files, kind, &value);
        assert!(said.contains(expected), "{value}: {said}");
    }
    let bare = PolicyGates::new("/doc").files(files);
    for value in [
        json!({"scan": rules, "scanner": "trivy"}),
        json!({"scan": rules, "attested": {"signers": ["ci"]}}),
        json!({"scan": {"at_least": "high", "only_new_since": "prod"}, "reports": ["x"], "baseline": {"repository": "x.example/{image}"}}),
    ] {
        let said = bare.make("it", "scan", &parameters(&value)).unwrap_err().to_string();
        assert!(said.contains("nothing was given"), "{value}: {said}");
    }
}

#[test]
fn files_of_this_machine_have_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("report.json"), b"12345").unwrap();
    assert_eq!(Disk.read(&folder.path().join("report.json"), 5).unwrap(), b"12345");
    assert!(Disk.read(&folder.path().join("report.json"), 4).is_err());
    assert!(Disk.read(&folder.path().join("missing.json"), 4).is_err());
    let mut listed = Disk.list(folder.path()).unwrap();
    listed.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(
        listed.iter().map(|one| (one.name.as_str(), one.is_folder)).collect::<Vec<_>>(),
        [("report.json", false), ("sub", true)]
    );
}
