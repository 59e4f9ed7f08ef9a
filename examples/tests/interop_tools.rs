//! Other people's tools: docker-registry on both sides of `lockage copy`; crane, oras and skopeo before `lockage serve`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::fs;
use std::path::Path;

use lockage_registry::client::Client;
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Algorithm, digest_of};
use real::{DockerRegistry, Serving, copy, copy_alone, tool, two_platforms};
use serde_json::{Value, json};

/// Manifests and distinct blobs of [`two_platforms`].
const M: usize = 3;
const B: usize = 5;

async fn push(registry: &DockerRegistry, name: &str, image: &Image) {
    let to = registry.reference(name);
    let client = Client::builder().build().unwrap();
    fixtures::push(&client, to.repository(), image, to.tag().unwrap()).await.unwrap();
}

/// The requests that were made to the registries meanwhile.
fn asked<T>(registries: &[&DockerRegistry], what: impl FnOnce() -> T) -> (T, Vec<String>) {
    let before: Vec<_> = registries.iter().map(|registry| registry.requests().len()).collect();
    let done = what();
    let asked = registries.iter().zip(before).flat_map(|(registry, n)| registry.requests().split_off(n)).collect();
    (done, asked)
}

fn same_digest(expected: &str, references: &[&str]) {
    for reference in references {
        assert_eq!(tool("crane", &["digest", reference]), expected, "crane digest {reference}");
        assert_eq!(tool("oras", &["resolve", "--plain-http", reference]), expected, "oras resolve {reference}");
        let docker = format!("docker://{reference}");
        let raw = tool("skopeo", &["inspect", "--raw", "--tls-verify=false", &docker]);
        assert_eq!(digest_of(Algorithm::Sha256, raw.as_bytes()).unwrap().to_string(), expected, "skopeo {reference}");
        tool("crane", &["validate", "--insecure", "--remote", reference]);
    }
}

/// The contract of `copy --json`: every key, whatever the result.
fn contract(copy: &Value, result: &str) {
    for key in ["source", "target", "digest", "result", "former_digest", "bytes", "requests", "attachments", "error"] {
        assert!(copy.get(key).is_some(), "no {key} in {copy}");
    }
    assert_eq!(copy["result"], result, "{copy}");
    assert!(copy["attachments"].is_array() && copy["bytes"].is_u64() && copy["requests"].is_u64(), "{copy}");
    assert_eq!(copy["error"].is_null(), result != "failed", "{copy}");
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn docker_registry_on_both_sides() {
    let (dev, prod) = (DockerRegistry::start(), DockerRegistry::start());
    let image = two_platforms(1);
    let digest = image.root().digest().to_string();
    push(&dev, "app:v1", &image).await;
    let bytes: u64 = image.blobs.iter().map(|(blob, _)| blob.size).sum();
    let (from, to) = (format!("{}/app:v1", dev.host()), format!("{}/team/app:v1", prod.host()));

    let (done, requests) = asked(&[&dev, &prod], || copy_alone(&from, &to));
    contract(&done, "copied");
    assert_eq!((&done["source"], &done["target"], &done["digest"]), (&json!(from), &json!(to), &json!(digest)));
    assert_eq!((&done["bytes"], &done["former_digest"]), (&json!(bytes), &Value::Null));
    assert!(requests.len() <= 3 * B + 2 * M + 1, "{}: {requests:#?}", requests.len());
    assert_eq!(done["requests"], json!(requests.len()), "the receipt counts what the registries saw: {requests:#?}");
    println!("requests: {} across registries, at most {}", requests.len(), 3 * B + 2 * M + 1);
    same_digest(&digest, &[&from, &to]);

    let (done, requests) = asked(&[&dev, &prod], || copy_alone(&from, &to));
    contract(&done, "present");
    assert_eq!((&done["digest"], &done["bytes"], &done["former_digest"]), (&json!(digest), &json!(0), &json!(digest)));
    assert_eq!(requests, ["HEAD /v2/app/manifests/v1", "HEAD /v2/team/app/manifests/v1"]);
    assert_eq!(done["requests"], json!(2));

    let retagged = format!("{}/app:v1.0", dev.host());
    let (done, requests) = asked(&[&dev], || copy_alone(&from, &retagged));
    contract(&done, "copied");
    assert_eq!((requests.len(), &done["bytes"]), (3, &json!(0)), "{requests:#?}");

    let beside = format!("{}/released/app:v1", dev.host());
    let (done, requests) = asked(&[&dev], || copy_alone(&from, &beside));
    contract(&done, "copied");
    assert_eq!((requests.len(), &done["bytes"]), (2 * M + B + 1, &json!(0)), "{requests:#?}");
    let moves =
        |request: &&String| request.starts_with("GET") && request.contains("/blobs/") || request.starts_with("PATCH");
    assert_eq!(requests.iter().find(moves), None);
    assert_eq!(requests.iter().filter(|request| request.starts_with("PUT") && request.contains("/blobs/")).count(), 0);
    same_digest(&digest, &[&retagged, &beside]);

    // The tag holds another image: one request more, and the former digest is told.
    let newer = two_platforms(2);
    push(&dev, "app:v1", &newer).await;
    let (done, requests) = asked(&[&dev, &prod], || copy_alone(&from, &to));
    contract(&done, "copied");
    assert_eq!((&done["former_digest"], &done["digest"]), (&json!(digest), &json!(newer.root().digest())));
    assert!(requests.len() <= 3 * B + 2 * M + 2, "{}: {requests:#?}", requests.len());
    same_digest(newer.root().digest().as_str(), &[&from, &to]);
}

#[test]
#[ignore = "needs real registries and clients"]
fn a_failed_copy_keeps_the_contract() {
    let registry = DockerRegistry::start();
    let (from, to) = (format!("{}/nothing:v1", registry.host()), format!("{}/app:v1", registry.host()));
    let output = real::isolated(real::lockage()).args(["copy", "--json", &from, &to]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    contract(&document["copies"][0], "failed");
    assert!(document["copies"][0]["error"].as_str().unwrap().contains("not found"), "{document}");
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn clients_before_a_registry_in_memory() {
    clients(&Serving::start(None)).await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn clients_before_a_registry_on_disk() {
    let content = tempfile::tempdir().unwrap();
    let serving = Serving::start(Some(content.path()));
    let digest = clients(&serving).await;

    // Other tools read what is on disk, while it is served and afterwards.
    for running in [Some(serving), None] {
        for name in ["app:crane", "team/deep/app:skopeo"] {
            let layout = format!("{}/{name}", content.path().display());
            let raw = tool("skopeo", &["inspect", "--raw", &format!("oci:{layout}")]);
            assert_eq!(digest_of(Algorithm::Sha256, raw.as_bytes()).unwrap().to_string(), digest, "{layout}");
            let found = tool("oras", &["manifest", "fetch", "--oci-layout", "--descriptor", &layout]);
            assert_eq!(serde_json::from_str::<Value>(&found).unwrap()["digest"], json!(digest), "{layout}");
            let copied = tempfile::tempdir().unwrap();
            let copied = format!("{}/copy:v1", copied.path().display());
            tool("oras", &["copy", "--from-oci-layout", "--to-oci-layout", &layout, &copied]);
        }
        drop(running);
    }
    let again = Serving::start(Some(content.path()));
    same_digest(&digest, &[&format!("{}/app:crane", again.host()), &format!("{}/team/deep/app:skopeo", again.host())]);
}

/// Every client pushes to, pulls from and copies through what is served; gives the digest of `app:crane` and
/// `team/deep/app:skopeo`.
async fn clients(serving: &Serving) -> String {
    let (staged, scratch) = (DockerRegistry::start(), tempfile::tempdir().unwrap());
    let image = two_platforms(3);
    let digest = image.root().digest().to_string();
    push(&staged, "app:v1", &image).await;
    let from = format!("{}/app:v1", staged.host());
    let served = |name: &str| format!("{}/{name}", serving.host());
    let on_disk = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();

    crane(&from, &served, &staged, &on_disk("layout"));
    skopeo(&from, &served, &staged, &on_disk);
    oras(&from, &served, &staged, scratch.path());

    // And this project's own.
    let (ours, back) = (served("app:lockage"), format!("{}/from/lockage:v1", staged.host()));
    contract(&copy(&from, &ours), "copied");
    contract(&copy(&from, &ours), "present");
    contract(&copy(&served("team/deep/app:skopeo"), &served("other/app:lockage")), "copied");
    contract(&copy(&ours, &back), "copied");

    let names = ["app:crane", "app:pushed", "team/deep/app:skopeo", "app:archive", "app:oras", "app:lockage"];
    let all: Vec<_> = names.iter().map(|name| served(name)).chain([served("other/app:lockage"), back]).collect();
    let through = ["crane", "skopeo", "oras"].map(|client| format!("{}/through/{client}:v1", staged.host()));
    same_digest(&digest, &all.iter().chain(&through).map(String::as_str).collect::<Vec<_>>());
    let tags = tool("crane", &["ls", "--insecure", &served("app")]);
    assert_eq!(tags.lines().collect::<Vec<_>>(), ["archive", "crane", "lockage", "oras", "pushed"]);
    digest
}

fn crane(from: &str, served: &impl Fn(&str) -> String, staged: &DockerRegistry, layout: &str) {
    tool("crane", &["copy", "--insecure", from, &served("app:crane")]);
    tool("crane", &["pull", "--insecure", "--format", "oci", from, layout]);
    tool("crane", &["push", "--insecure", "--index", layout, &served("app:layout")]);
    // A layout's index is an index of its own, which lists the image.
    let outer: Value =
        serde_json::from_str(&tool("crane", &["manifest", "--insecure", &served("app:layout")])).unwrap();
    let inner = outer["manifests"][0]["digest"].as_str().unwrap();
    tool("crane", &["tag", "--insecure", &format!("{}@{inner}", served("app")), "pushed"]);
    tool("crane", &["delete", "--insecure", &served("app:layout")]);
    tool("crane", &["copy", "--insecure", &served("app:crane"), &format!("{}/through/crane:v1", staged.host())]);
}

fn skopeo(from: &str, served: &impl Fn(&str) -> String, staged: &DockerRegistry, on_disk: &impl Fn(&str) -> String) {
    let copy = |from: &str, to: &str| {
        let tls = ["--src-tls-verify=false", "--dest-tls-verify=false"];
        tool("skopeo", &[&["--insecure-policy", "copy", "--all", "--preserve-digests"], &tls[..], &[from, to]].concat())
    };
    let (archive, layout) = (format!("oci-archive:{}:v1", on_disk("app.tar")), format!("oci:{}:v1", on_disk("skopeo")));
    let remote = |reference: &str| format!("docker://{reference}");
    copy(&remote(from), &archive);
    copy(&archive, &remote(&served("app:archive")));
    copy(&remote(&served("app:archive")), &layout);
    copy(&layout, &remote(&served("team/deep/app:skopeo")));
    copy(&remote(&served("team/deep/app:skopeo")), &remote(&format!("{}/through/skopeo:v1", staged.host())));
}

fn oras(from: &str, served: &impl Fn(&str) -> String, staged: &DockerRegistry, scratch: &Path) {
    let copy = |from: &str, to: &str| tool("oras", &["copy", "--from-plain-http", "--to-plain-http", "-r", from, to]);
    copy(from, &served("app:oras"));
    copy(&served("app:oras"), &format!("{}/through/oras:v1", staged.host()));

    let (files, pulled, artifact) = (scratch.join("files"), scratch.join("pulled"), served("notes/app:v1"));
    fs::create_dir(&files).unwrap();
    fs::write(files.join("notes.txt"), "what has changed").unwrap();
    fs::write(files.join("empty.txt"), "").unwrap();
    let within = |command: &[&str]| real::run(real::peer("oras").current_dir(&files).args(command));
    within(&[
        "push",
        "--plain-http",
        "--artifact-type",
        "application/vnd.example.notes",
        &artifact,
        "notes.txt",
        "empty.txt",
    ]);
    tool("oras", &["pull", "--plain-http", "-o", pulled.to_str().unwrap(), &artifact]);
    assert_eq!(fs::read(pulled.join("notes.txt")).unwrap(), b"what has changed");
    assert_eq!(fs::read(pulled.join("empty.txt")).unwrap(), b"");

    // What is attached is found, by type too, and comes along.
    let sbom = "application/vnd.example.sbom";
    within(&["attach", "--plain-http", "--artifact-type", sbom, &artifact, "notes.txt"]);
    let attached = |kind: &str, to: &str| {
        let found = tool("oras", &["discover", "--plain-http", "--format", "json", "--artifact-type", kind, to]);
        let found: Value = serde_json::from_str(&found).unwrap();
        found["referrers"].as_array().or(found["manifests"].as_array()).map_or(0, Vec::len)
    };
    assert_eq!((attached(sbom, &artifact), attached("application/vnd.example.other", &artifact)), (1, 0));
    copy(&artifact, &served("notes/copy:v1"));
    assert_eq!(attached(sbom, &served("notes/copy:v1")), 1);
}
