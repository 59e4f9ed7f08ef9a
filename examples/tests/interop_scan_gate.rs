//! A promotion through a document, with a gate that runs a real Trivy on images in docker-registry.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod real;
#[path = "../lockage/scanner.rs"]
#[allow(dead_code, unreachable_pub, reason = "the program uses more of it")]
mod scanner;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use lockage_policy::gate::documents::PolicyGates;
use lockage_promote::pipeline::documents::{Document, Format, TableProblem};
use lockage_promote::pipeline::{PassageReceipt, PromoteError, Promoter, Select};
use lockage_registry::client::Client;
use real::{DockerRegistry, peer, run, tool};
use scanner::Trivy;
use serde_json::Value;
use tempfile::TempDir;

struct World {
    registry: DockerRegistry,
    directory: TempDir,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/trivydb");
        for script in ["mkdb.py", "mkimg.py"] {
            let mut python = Command::new("python3");
            python.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(scripts);
            run(python.arg(script).arg(directory.path()));
        }
        Self { registry: DockerRegistry::start(), directory }
    }

    /// Pushes a layout to where builds arrive.
    fn push(&self, name: &str) {
        let layout = self.directory.path().join(name);
        let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
        let digest = index["manifests"][0]["digest"].as_str().unwrap();
        let from = format!("{}@{digest}", layout.display());
        let to = format!("{}/dev/{name}:pr-42", self.registry.host());
        tool("oras", &["cp", "--from-oci-layout", "--to-plain-http", &from, &to]);
    }

    async fn promote(&self, name: &str, rules: &str, program: &Path) -> Result<PassageReceipt, PromoteError> {
        let host = self.registry.host();
        let document = format!(
            r#"
            [[environments]]
            name = "dev"
            repository = "{host}/dev/{{image}}"
            [[environments]]
            name = "prod"
            repository = "{host}/prod/{{image}}"
            floats = ["prod"]
            [[edges]]
            from = "dev"
            to = "prod"
            gates = ["vulnerabilities"]
            [gates.vulnerabilities]
            kind = "scan"
            scan = {{ at_least = "high", {rules} }}
            scanner = {{ name = "trivy", program = "{}", cache-dir = ".", offline = true, timeout = "2m" }}
            "#,
            program.display()
        );
        let folder = self.directory.path().to_owned();
        let document = Document::parse(folder.join("lockage.toml"), Format::Toml, &document).unwrap();
        let client = Client::builder().build().unwrap();
        let gates = PolicyGates::new(&folder).reading(client.clone()).scanners(move |name, options| match name {
            "trivy" => Ok(Arc::new(Trivy::of(&folder, options)?)),
            other => Err(TableProblem::parameters(format!("scanner: there is no {other}"))),
        });
        let promoter = Promoter::new(document.graph(&gates).unwrap(), "tester").registry(client);
        let edge = "dev-prod".parse().unwrap();
        let pinned = promoter.resolve(&name.parse().unwrap(), &Select::PullRequest(42), &edge).await?;
        let plan = promoter.plan(&pinned, &edge).await?;
        let cleared = promoter.clear(plan, SystemTime::now()).await?;
        promoter.apply(cleared, SystemTime::now()).await
    }

    fn holds(&self, name: &str) -> bool {
        let tags = peer("crane")
            .args(["ls", "--insecure", &format!("{}/prod/{name}", self.registry.host())])
            .output()
            .unwrap();
        String::from_utf8_lossy(&tags.stdout).lines().any(|tag| tag == "prod")
    }
}

const LENIENT: &str = "max_db_age = \"unlimited\"";

fn trivy() -> PathBuf {
    peer("trivy").get_program().into()
}

#[tokio::test]
#[ignore = "needs a real scanner and a real registry"]
async fn a_clean_image_is_promoted_and_its_evidence_says_by_what() {
    let world = World::new();
    world.push("clean");
    let receipt = world.promote("clean", LENIENT, &trivy()).await.unwrap();
    assert!(world.holds("clean"));
    let said = serde_json::to_string(&receipt).unwrap();
    assert!(said.contains("trivy") && said.contains("database-age-seconds"), "{said}");
    // The database that the tests make is of long ago.
    let strict = world.promote("clean", "", &trivy()).await.unwrap_err();
    assert!(format!("{strict:?}").contains("its vulnerability database was built"), "{strict:?}");
}

#[tokio::test]
#[ignore = "needs a real scanner and a real registry"]
async fn what_trivy_finds_keeps_an_image_out() {
    let world = World::new();
    world.push("debian12");
    let refused = world.promote("debian12", LENIENT, &trivy()).await.unwrap_err();
    assert_eq!(format!("{refused:?}").matches(" in lib").count().min(1), 1, "{refused:?}");
    assert!(!world.holds("debian12"));
    // Every platform of an index, each by its own digest: the attestation is none, and one of them is at its end of life.
    world.push("multiarch");
    let refused = world.promote("multiarch", LENIENT, &trivy()).await.unwrap_err();
    let said = format!("{refused:?}");
    assert!(said.contains("on linux/amd64") && said.contains("on linux/arm64"), "{said}");
    assert!(!said.contains("no report is about"), "{said}");
    for name in ["scratch", "eol"] {
        world.push(name);
        assert!(world.promote(name, LENIENT, &trivy()).await.is_err(), "{name}");
        assert!(!world.holds(name), "{name}");
    }
}

#[tokio::test]
#[ignore = "needs a real scanner and a real registry"]
async fn a_scanner_that_fails_lets_nothing_pass() {
    let world = World::new();
    world.push("clean");
    let missing = world.promote("clean", LENIENT, Path::new("/nowhere/trivy")).await.unwrap_err();
    assert!(format!("{missing:?}").contains("cannot be run"), "{missing:?}");
    // It ends well, and says nothing.
    let silent = world.promote("clean", LENIENT, Path::new("/bin/true")).await.unwrap_err();
    assert!(format!("{silent:?}").contains("how old its database is"), "{silent:?}");
    fs::remove_dir_all(world.directory.path().join("db")).unwrap();
    let without = world.promote("clean", LENIENT, &trivy()).await.unwrap_err();
    assert!(!world.holds("clean"), "{without:?}");
}
