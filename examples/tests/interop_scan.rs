//! A real Trivy, with a small database of our own, on images in docker-registry: what it reports, and what is decided.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod real;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use real::{DockerRegistry, isolated, peer, run, tool};
use serde_json::Value;
use tempfile::TempDir;

/// Images, the database, a registry that holds the images, and what Trivy said of them.
struct World {
    registry: DockerRegistry,
    directory: TempDir,
}

/// What Trivy left: its report, and how it ended.
struct Scanned {
    file: PathBuf,
    code: Option<i32>,
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
        let world = Self { registry: DockerRegistry::start(), directory };
        let version = isolated_trivy(&world).args(["version", "-f", "json"]).output().unwrap();
        fs::write(world.path("db.json"), version.stdout).unwrap();
        fs::write(world.path("strict.toml"), "[scan]\nat_least = \"high\"\n").unwrap();
        fs::write(world.path("gate.toml"), "[scan]\nat_least = \"high\"\nmax_db_age = \"unlimited\"\n").unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Pushes a layout as it is, and gives its reference with a digest.
    fn push(&self, name: &str) -> String {
        let layout = self.path(name);
        let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
        let digest = index["manifests"][0]["digest"].as_str().unwrap();
        let (from, to) = (format!("{}@{digest}", layout.display()), format!("{}/{name}:v1", self.registry.host()));
        tool("oras", &["cp", "--from-oci-layout", "--to-plain-http", &from, &to]);
        format!("{}/{name}@{digest}", self.registry.host())
    }

    /// The digests that an index lists: of each platform, by its name.
    fn child(&self, reference: &str, architecture: &str) -> String {
        let raw = tool("crane", &["manifest", "--insecure", reference]);
        let index: Value = serde_json::from_str(&raw).unwrap();
        let children = index["manifests"].as_array().unwrap();
        let child = children.iter().find(|child| child["platform"]["architecture"] == architecture).unwrap();
        format!("{}@{}", reference.split_once('@').unwrap().0, child["digest"].as_str().unwrap())
    }

    fn scan(&self, reference: &str, name: &str, options: &[&str]) -> Scanned {
        let file = self.path(name);
        let output = isolated_trivy(self)
            .args(["image", "-f", "json", "--skip-db-update", "--skip-java-db-update", "--offline-scan"])
            .args(["--scanners", "vuln", "--image-src", "remote"])
            .args(options)
            .arg(reference)
            .output()
            .unwrap();
        fs::write(&file, &output.stdout).unwrap();
        Scanned { file, code: output.status.code() }
    }

    fn judge(&self, config: &str, image: &str, reports: &[&Scanned]) -> (Option<i32>, Value) {
        let mut command = isolated(real::lockage());
        command.args(["gate", "scan", "--json", "--image", image, "--config"]).arg(self.path(config));
        command.arg("--db").arg(self.path("db.json"));
        for report in reports {
            command.arg("--report").arg(&report.file);
        }
        let output = command.output().unwrap();
        let document = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code(), document)
    }
}

fn isolated_trivy(world: &World) -> Command {
    let mut command = peer("trivy");
    command.arg("--quiet").arg("--cache-dir").arg(world.directory.path());
    command
}

fn codes(document: &Value) -> Vec<&str> {
    document["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

#[test]
#[ignore = "needs a real scanner and a real registry"]
fn a_clean_image_passes_and_a_stale_database_does_not() {
    let world = World::new();
    let image = world.push("clean");
    let report = world.scan(&image, "report.json", &[]);
    let (code, document) = world.judge("gate.toml", &image, &[&report]);
    assert_eq!((code, &document["verdict"]), (Some(0), &"pass".into()), "{document}");
    let (code, document) = world.judge("strict.toml", &image, &[&report]);
    assert_eq!((code, codes(&document)), (Some(1), vec!["database-stale"]), "{document}");
}

#[test]
#[ignore = "needs a real scanner and a real registry"]
fn what_trivy_finds_counts_whatever_it_exits_with() {
    let world = World::new();
    let image = world.push("debian12");
    let report = world.scan(&image, "report.json", &[]);
    assert_eq!(report.code, Some(0), "it ends as for a clean image");
    let (code, document) = world.judge("gate.toml", &image, &[&report]);
    assert_eq!((code, codes(&document)), (Some(1), vec!["finding"; 13]), "{document}");
    let strict = world.scan(&image, "strict.json", &["--exit-code", "1"]);
    let missing = world.scan(&format!("{}/missing:v1", world.registry.host()), "missing.json", &["--exit-code", "1"]);
    assert_eq!((strict.code, missing.code), (Some(1), Some(1)), "a finding and a fatal error end alike");
    let (code, document) = world.judge("gate.toml", &image, &[&missing]);
    assert_eq!((code, codes(&document)), (Some(3), vec!["unreadable", "no-reports", "not-covered"]), "{document}");
}

#[test]
#[ignore = "needs a real scanner and a real registry"]
fn each_platform_of_an_index_is_scanned_by_its_own_digest() {
    let world = World::new();
    let image = world.push("multiarch");
    // By default one platform is scanned, and the index named.
    let default = world.scan(&image, "default.json", &[]);
    let (code, document) = world.judge("gate.toml", &image, &[&default]);
    assert_ne!(code, Some(0));
    assert!(codes(&document).contains(&"not-covered"), "{document}");
    let amd64 = world.scan(&world.child(&image, "amd64"), "amd64.json", &[]);
    let arm64 = world.scan(&world.child(&image, "arm64"), "arm64.json", &["--platform", "linux/arm64"]);
    let (code, document) = world.judge("gate.toml", &image, &[&amd64, &arm64]);
    let reports = document["reports"].as_array().unwrap();
    let covered: Vec<_> = reports.iter().flat_map(|report| report["platforms"].as_array().unwrap()).collect();
    assert_eq!(covered, ["linux/amd64", "linux/arm64"], "{document}");
    assert!(!codes(&document).contains(&"not-covered") && code == Some(1), "{document}");
    // The attestation of the index, and a platform that it has not, cannot be scanned, and leave nothing.
    let attestation = world.scan(&world.child(&image, "unknown"), "attestation.json", &[]);
    let s390x = world.scan(&image, "s390x.json", &["--platform", "linux/s390x"]);
    for failed in [&attestation, &s390x] {
        assert_ne!(failed.code, Some(0));
        let (code, document) = world.judge("gate.toml", &image, &[failed]);
        assert_eq!(code, Some(3), "{document}");
    }
}

#[test]
#[ignore = "needs a real scanner and a real registry"]
fn what_looks_clean_and_is_not_is_refused() {
    let world = World::new();
    for (name, expected) in [("scratch", "unscannable"), ("eol", "end-of-life")] {
        let image = world.push(name);
        let report = world.scan(&image, "report.json", &[]);
        assert_eq!(report.code, Some(0), "{name}: Trivy has nothing to say against it");
        let (code, document) = world.judge("gate.toml", &image, &[&report]);
        assert_eq!(code, Some(1), "{name}: {document}");
        assert!(codes(&document).contains(&expected), "{name}: {document}");
    }
}

#[test]
#[ignore = "needs a real scanner and a real registry"]
fn sarif_of_the_real_program_says_what_its_json_says() {
    let world = World::new();
    let image = world.push("debian12");
    let lenient = "[scan]\nat_least = \"high\"\nmax_db_age = \"unlimited\"\nmax_evidence_age = \"unlimited\"\nos = \"may-be-unstated\"\n";
    fs::write(world.path("lenient.toml"), lenient).unwrap();
    let json = world.scan(&image, "report.json", &[]);
    let sarif = world.scan(&image, "report.sarif", &["-f", "sarif"]);
    assert!(fs::read_to_string(&sarif.file).unwrap().contains("\"runs\""), "it is SARIF");
    let denied = |report: &Scanned| {
        let (code, document) = world.judge("lenient.toml", &image, &[report]);
        assert_eq!(code, Some(1), "{document}");
        let messages = document["reasons"].as_array().unwrap().iter().map(|reason| reason["message"].clone());
        let mut messages: Vec<_> = messages.map(|message| message.as_str().unwrap().to_owned()).collect();
        messages.sort();
        messages
    };
    assert_eq!(denied(&json), denied(&sarif));
}
