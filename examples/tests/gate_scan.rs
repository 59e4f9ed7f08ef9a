//! `lockage gate scan`: exit codes, what is printed, and the image as its registry has it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use lockage_registry::client::Client;
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Content, Platform, Repository};
use serde_json::{Value, json};

const NOW: &str = "2026-11-21T06:00:00Z";
const CONFIG: &str = "sha256:3250f4e60f294c6b778c363acec523064c7798933b0aeef4b2effe362480a28b";

/// A folder with a configuration, and the program run in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(config: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.file("gate.toml", config);
        folder.file(
            "db.json",
            &json!({"Version": "0.59.1", "VulnerabilityDB": {"UpdatedAt": "2026-11-20T22:00:00Z"}}).to_string(),
        );
        folder
    }

    fn strict() -> Self {
        Self::new("[scan]\nat_least = \"high\"\n")
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
        command.args(["gate", "scan", "--config", "gate.toml", "--now", NOW]).args(arguments);
        command.env("DOCKER_CONFIG", "/nonexistent").env("HOME", "/nonexistent");
        command.current_dir(self.0.path()).stdin(Stdio::null()).output().unwrap()
    }

    /// The document, checked against its schema, and the exit code, which has to agree with it.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let document: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
        let code = match document["verdict"].as_str().unwrap() {
            "pass" => 0,
            "fail" => 1,
            "undecided" => 3,
            other => panic!("{other}"),
        };
        assert_eq!(output.status.code(), Some(code), "{document}");
        assert_eq!(document["reasons"].as_array().unwrap().is_empty(), code == 0, "{document}");
        valid(&document);
        document
    }
}

fn valid(document: &Value) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/policy/schema/verdict.schema.json");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    compiler.add_resource("https://lockage.example/v", schema).unwrap();
    let index = compiler.compile("https://lockage.example/v", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(document, index) {
        panic!("{error:#}\n{document}");
    }
}

fn codes(document: &Value) -> Vec<&str> {
    document["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

/// What Trivy says of an image with this configuration.
fn trivy(config: &str, findings: &[(&str, &str)]) -> String {
    let finding = |(id, severity): &(&str, &str)| {
        json!({
            "VulnerabilityID": id, "PkgName": "openssl", "InstalledVersion": "3.0.11", "FixedVersion": "3.0.15",
            "PkgIdentifier": {"PURL": "pkg:deb/debian/openssl@3.0.11?arch=amd64"}, "Status": "fixed", "Severity": severity,
            "PublishedDate": "2024-06-27T11:15:24Z",
        })
    };
    json!({
        "SchemaVersion": 2, "CreatedAt": "2026-11-21T05:00:00Z", "ArtifactName": "app", "ArtifactType": "container_image",
        "Metadata": {"OS": {"Family": "debian", "Name": "12.5"}, "ImageID": config},
        "Results": [{
            "Target": "app (debian 12.5)", "Class": "os-pkgs", "Type": "debian",
            "Vulnerabilities": findings.iter().map(finding).collect::<Vec<_>>(),
        }],
    })
    .to_string()
}

#[test]
fn the_exit_code_is_the_verdict() {
    let folder = Folder::strict();
    folder.file("clean.json", &trivy(CONFIG, &[]));
    folder.file("bad.json", &trivy(CONFIG, &[("CVE-2024-5535", "CRITICAL")]));
    let passed = folder.json(&["--report", "clean.json", "--db", "db.json"]);
    assert_eq!(passed["verdict"], "pass");
    let failed = folder.json(&["--report", "bad.json", "--db", "db.json"]);
    assert_eq!((&failed["verdict"], codes(&failed)), (&json!("fail"), vec!["finding"]));
    assert_eq!(failed["findings"][0]["id"], "CVE-2024-5535");
    let undecided = folder.json(&["--report", "clean.json"]);
    assert_eq!((&undecided["verdict"], codes(&undecided)), (&json!("undecided"), vec!["database-unknown"]));
    let none = folder.json(&[]);
    assert_eq!((&none["verdict"], codes(&none)), (&json!("undecided"), vec!["no-reports"]));
}

#[test]
fn without_json_every_reason_is_a_line() {
    let folder = Folder::strict();
    folder.file(
        "bad.json",
        &trivy(CONFIG, &[("CVE-2024-5535", "CRITICAL"), ("CVE-2024-6119", "HIGH"), ("CVE-1", "LOW")]),
    );
    let output = folder.run(&["--report", "bad.json", "--db", "db.json"]);
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), out.lines().next()), (Some(1), Some("fail")));
    for line in
        ["critical CVE-2024-5535 in openssl 3.0.11", "high CVE-2024-6119 in openssl 3.0.11", "2 of 3 findings count"]
    {
        assert!(out.contains(line), "{line}: {out}");
    }
}

#[test]
fn a_report_that_a_failed_scan_left_is_undecided_and_one_that_is_not_there_too() {
    let folder = Folder::strict();
    folder.file("clean.json", &trivy(CONFIG, &[]));
    folder.file("empty.json", "");
    folder.file("log.json", "FATAL\timage scan error");
    folder.file("vex.json", &vex());
    for (bad, word) in
        [("empty.json", "empty"), ("log.json", "no JSON"), ("missing.json", "No such file"), ("vex.json", "--vex")]
    {
        let document = folder.json(&["--report", bad, "--report", "clean.json", "--db", "db.json"]);
        assert_eq!((&document["verdict"], codes(&document)), (&json!("undecided"), vec!["unreadable"]), "{bad}");
        let message = document["reasons"][0]["message"].as_str().unwrap();
        assert!(message.contains(bad) && message.contains(word), "{message}");
    }
}

#[test]
fn an_invalid_document_is_a_usage_error_that_names_the_file() {
    let folder = Folder::new("[scan]\nat_least = \"severe\"\n");
    folder.file("clean.json", &trivy(CONFIG, &[]));
    let output = folder.run(&["--report", "clean.json", "--json"]);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{err}");
    assert!(err.starts_with("error: gate.toml:2: ") && err.contains("severe"), "{err}");

    let folder = Folder::strict();
    folder.file("clean.json", &trivy(CONFIG, &[]));
    folder.file("exceptions.yaml", "exceptions:\n  - id: CVE-1\n    reason: r\n    expires: 2026-12-31\n");
    folder.file("text", "");
    folder.file("not.json", "{");
    for arguments in [
        &["--report", "clean.json", "--exceptions", "exceptions.yaml"][..],
        &["--report", "clean.json", "--exceptions", "text"],
        &["--report", "clean.json", "--vex", "clean.json"],
        &["--report", "clean.json", "--vex", "missing.json"],
        &["--report", "clean.json", "--db", "not.json"],
        &["--report", "clean.json", "--image", "No/Such:Reference:"],
        &["--report", "clean.json", "--now", "today"],
        &["--report", "clean.json", "--format", "clean.json=xml"],
        &["--report", "clean.json", "--scanned", "other.json=sha256:1"],
        &["--report", "clean.json", "--sbom-tool", "other.json=syft"],
        &["--exit-status", "brakeman"],
    ] {
        let output = folder.run(arguments);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{arguments:?}: {output:?}");
    }
}

#[test]
fn the_configuration_may_be_toml_yaml_or_json_and_the_examples_are_read() {
    let folder = Folder::strict();
    folder.file("clean.json", &trivy(CONFIG, &[]));
    folder.file("gate.yaml", "scan:\n  at_least: high\n  max_db_age: unlimited\n");
    folder.file("gate.json", r#"{"scan": {"at_least": "high", "max_db_age": "unlimited"}}"#);
    folder.file("gate.txt", "");
    let with = |config: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
        command.args(["gate", "scan", "--now", NOW, "--report", "clean.json", "--config", config]);
        command.current_dir(folder.0.path()).output().unwrap().status.code()
    };
    assert_eq!((with("gate.yaml"), with("gate.json"), with("gate.txt")), (Some(0), Some(0), Some(2)));
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/documents/gate.toml");
    assert_eq!(with(example), Some(3), "it asks for two platforms");
}

fn vex() -> String {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/1", "author": "us", "version": 1,
        "timestamp": "2026-11-10T00:00:00Z",
        "statements": [{
            "vulnerability": {"name": "CVE-2024-5535"}, "products": [{"@id": "pkg:deb/debian/openssl@3.0.11"}],
            "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path",
        }],
    })
    .to_string()
}

#[test]
fn exceptions_of_every_form_vex_and_a_baseline_drop_findings_and_say_so() {
    let folder = Folder::new(
        "[scan]\nat_least = \"high\"\nonly_new_since = \"prod\"\n\n[scan.exceptions]\nmax = \"unlimited\"\nwithout_owner = true\nwithout_expiry = true\n",
    );
    folder.file("bad.json", &trivy(CONFIG, &[("CVE-2024-5535", "CRITICAL")]));
    folder.file("vex.json", &vex());
    folder.file(
        "own.yaml",
        "exceptions:\n  - id: CVE-2024-5535\n    purl: pkg:deb/debian/openssl\n    environment: prod\n    reason: no client\n    owner: core\n    expires: 2026-12-31\n",
    );
    folder.file(".trivyignore", "# reviewed\nCVE-2024-5535 exp:2026-12-31\n");
    folder.file(
        ".trivyignore.yaml",
        "vulnerabilities:\n  - id: CVE-2024-5535\n    expired_at: 2026-12-31\n    statement: no client\n",
    );
    folder.file(
        ".grype.yaml",
        "check-for-app-update: false\nignore:\n  - vulnerability: CVE-2024-5535\n    package:\n      name: openssl\n",
    );
    let base = ["--report", "bad.json", "--db", "db.json"];
    for (arguments, why) in [
        (&["--exceptions", "own.yaml", "--environment", "prod"][..], "exception"),
        (&["--exceptions", ".trivyignore"], "exception"),
        (&["--exceptions", ".trivyignore.yaml"], "exception"),
        (&["--exceptions", ".grype.yaml"], "exception"),
        (&["--vex", "vex.json"], "vex"),
        (&["--baseline", "bad.json"], "baseline"),
    ] {
        let document = folder.json(&[&base, arguments].concat());
        assert_eq!(
            (&document["verdict"], &document["findings"][0]["dropped"]["why"]),
            (&json!("pass"), &json!(why)),
            "{document}"
        );
    }
    let document = folder.json(&[&base[..], &["--exceptions", "own.yaml"]].concat());
    assert_eq!(document["verdict"], "fail", "the exception is for another environment");
}

#[test]
fn reports_of_other_tools_are_bound_to_the_commit() {
    let folder = Folder::new("[checks]\nat_least = \"warning\"\n\n[checks.exit_codes]\nfail = [3]\n");
    folder.file("hadolint.json", "[]");
    folder.file("clean.json", &trivy(CONFIG, &[]));
    let clean = ["--report", "hadolint.json", "--format", "hadolint.json=hadolint"];
    let told = ["--checked", "hadolint.json=2b2e927f00", "--commit", "2b2e927"];
    assert_eq!(folder.json(&[&clean[..], &told].concat())["verdict"], "pass");
    assert_eq!(codes(&folder.json(&clean)), ["not-bound"]);
    assert_eq!(codes(&folder.json(&["--report", "hadolint.json"])), ["unreadable", "no-reports"]);
    let exit = |code: &str| folder.json(&["--exit-status", code, "--commit", "2b2e927"])["verdict"].clone();
    assert_eq!([exit("brakeman=0"), exit("brakeman=3"), exit("brakeman=1")], ["pass", "fail", "undecided"]);
    let document = folder.json(&[&clean[..], &told, &["--report", "clean.json"]].concat());
    assert_eq!(document["verdict"], "undecided", "nobody configured what a scan has to be like");
}

/// `lockage serve`, which ends with the test.
struct Serving(Child, String);

impl Serving {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let host = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self(child, host)
    }

    async fn push(&self, image: &Image) {
        let repository = Repository::new(self.1.parse().unwrap(), "app").unwrap();
        let client = Client::builder().build().unwrap();
        fixtures::push(&client, &repository, image, &"v1".parse().unwrap()).await.unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The configurations of an image's platforms, attestations left out.
fn configs(image: &Image) -> Vec<String> {
    let root = image.root().view().unwrap();
    let children: Vec<_> =
        root.children().into_iter().filter(|child| !child.is_attestation()).map(|child| child.digest.clone()).collect();
    let wanted = if children.is_empty() { vec![image.root().digest().clone()] } else { children };
    let config = |digest| {
        let manifest = image.manifests.iter().find(|manifest| manifest.digest() == digest).unwrap();
        match manifest.view().unwrap().content {
            Content::Image { config, .. } => config.digest.to_string(),
            other => panic!("{other:?}"),
        }
    };
    wanted.iter().map(config).collect()
}

#[tokio::test]
async fn an_image_in_a_registry_has_to_be_covered_on_every_platform() {
    let serving = Serving::start();
    let image = fixtures::attested_index(7, &[Platform::new("linux", "amd64"), Platform::new("linux", "arm64")]);
    serving.push(&image).await;
    let folder = Folder::strict();
    let configs = configs(&image);
    assert_eq!(configs.len(), 2);
    for (number, config) in configs.iter().enumerate() {
        folder.file(&format!("{number}.json"), &trivy(config, &[]));
    }
    folder.file("other.json", &trivy(CONFIG, &[]));
    let reference = format!("{}/app:v1", serving.1);
    let with = |reports: &[&str]| {
        let reports = reports.iter().flat_map(|report| ["--report", report]);
        let arguments: Vec<_> = reports.chain(["--db", "db.json", "--image", &reference]).collect();
        folder.json(&arguments)
    };
    let passed = with(&["0.json", "1.json"]);
    assert_eq!(passed["verdict"], "pass", "{passed}");
    assert_eq!(passed["image"]["digest"], image.root().digest().as_str());
    assert_eq!(passed["image"]["platforms"].as_array().unwrap().len(), 2);
    assert!(!passed["image"]["attestations"].as_array().unwrap().is_empty());
    assert_eq!(codes(&with(&["0.json"])), ["not-covered"]);
    assert_eq!(codes(&with(&["0.json", "0.json"])), ["not-covered"]);
    assert_eq!(codes(&with(&["0.json", "1.json", "other.json"])), ["not-bound"]);
}

#[tokio::test]
async fn an_image_of_one_manifest_has_its_platform_in_its_configuration() {
    let serving = Serving::start();
    let image = fixtures::image(3);
    serving.push(&image).await;
    let folder = Folder::strict();
    folder.file("0.json", &trivy(&configs(&image)[0], &[]));
    let reference = format!("{}/app:v1", serving.1);
    let document = folder.json(&["--report", "0.json", "--db", "db.json", "--image", &reference]);
    assert_eq!(document["verdict"], "pass", "{document}");
}

#[tokio::test]
async fn an_image_that_cannot_be_found_is_an_error_and_no_verdict() {
    let serving = Serving::start();
    let folder = Folder::strict();
    folder.file("clean.json", &trivy(CONFIG, &[]));
    let reference = format!("{}/app:v1", serving.1);
    let output = folder.run(&["--report", "clean.json", "--db", "db.json", "--image", &reference, "--json"]);
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(3), true), "{output:?}");
    let nested = fixtures::nested_index(5, &[Platform::new("linux", "amd64")]);
    serving.push(&nested).await;
    let output = folder.run(&["--report", "clean.json", "--db", "db.json", "--image", &reference, "--json"]);
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(3), true), "{output:?}");
}
