//! `lockage lint` and `lockage simulate`: what needs no registry.

use std::fs;
use std::path::Path;
use std::process::Command;

const PINNED: &str = "prod.example/app:v1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lockage")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const GRAPH: &str = r#"
[[environments]]
name = "dev"
repository = "dev.example/{image}"
[[environments]]
name = "stage"
repository = "one.example/{env}/{image}"
pins = ["sha-{sha}"]
floats = ["stage"]
[[environments]]
name = "prod"
repository = "prod.example/{image}"
pins = ["{version}"]
floats = ["prod"]
[[edges]]
from = "dev"
to = "stage"
[[edges]]
from = "stage"
to = "prod"
gates = ["soak", "frozen"]
[gates.soak]
kind = "soak"
environment = "stage"
for = "1d"
[gates.frozen]
kind = "kill-switch"
repository = "prod.example/freeze"
tag = "freeze"
"#;

#[test]
fn what_is_deployed_by_a_floating_tag_is_found_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("good.yaml", &format!("spec:\n  - image: {PINNED}\n"));
    write("bad.yaml", &format!("spec:\n  - image: {PINNED}\n  - image: prod.example/app:prod\n"));
    write("Dockerfile", "FROM rust:1 AS build\nFROM build\n");
    write("lockage.toml", GRAPH);
    assert_eq!(run(folder.path(), &["lint", "good.yaml"]), (0, String::new(), String::new()));
    let (code, out, _) = run(folder.path(), &["lint", "good.yaml", "bad.yaml", "Dockerfile"]);
    assert_eq!(
        (code, out.as_str()),
        (1, "bad.yaml:3: prod.example/app:prod has no digest\nDockerfile:1: rust:1 has no digest\n")
    );
    let (code, out, _) = run(folder.path(), &["lint", "--config", "lockage.toml", "bad.yaml"]);
    assert_eq!(code, 1);
    assert!(out.contains("every promotion to prod moves it"), "{out}");
    let (_, out, _) = run(folder.path(), &["lint", "--json", "--config", "lockage.toml", "bad.yaml"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let finding = &json["findings"][0];
    assert_eq!((finding["line"].as_u64(), finding["problem"].as_str()), (Some(3), Some("floating")));
    assert_eq!((finding["environment"].as_str(), finding["floats"].as_bool()), (Some("prod"), Some(true)));
    let (code, _, err) = run(folder.path(), &["lint", "none.yaml"]);
    assert_eq!((code, err.lines().next()), (2, Some("error: none.yaml: cannot be read")));
}

#[test]
fn a_graph_is_tried_without_any_registry() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lockage.toml"), GRAPH).unwrap();
    let (code, out, err) = run(folder.path(), &["simulate"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("pass  dev-stage") && out.contains("prod.example/app:1.4.0@sha256:"), "{out}");
    let (code, out, _) = run(folder.path(), &["simulate", "--say", "soak=wait"]);
    assert_eq!(code, 4, "{out}");
    assert!(
        out.contains("pass  dev-stage") && out.contains("stop  stage-prod") && out.contains("told to wait"),
        "{out}"
    );
    let (code, out, _) = run(folder.path(), &["simulate", "--say", "soak=wait", "--say", "frozen=fail", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["result"].as_str()), (1, Some("refused")));
    assert_eq!(json["edges"][0]["result"], "done");
    let (code, _, err) = run(folder.path(), &["simulate", "--say", "scan=fail"]);
    assert!(code == 2 && err.contains("There are: frozen, soak."), "{err}");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("lockage.toml");
    let (code, out, err) = run(folder.path(), &["simulate", "--config", example.to_str().unwrap()]);
    assert_eq!(code, 0, "the example is a graph that works: {out}{err}");
}
