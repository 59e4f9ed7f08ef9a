//! Reports in files: which a path means, and what it says of them.

use lockage_policy::gate::{CheckGate, FileReports, MemoryFiles, ScanGate};
use lockage_policy::scan::{ChecksConfig, ExitCodes, Format, Level, OsRule};
use serde_json::json;

use crate::world::{COMMIT, World, any_age, asked, built, on, passes, reasons, strict, trivy_version, undecided};

#[tokio::test]
async fn paths_have_the_platform_the_image_and_its_digest() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let report = |n: usize, name| on(&built.children[n], name).to_string().into_bytes();
    let dashed = built.digest().to_string().replace(':', "-");
    let files = MemoryFiles::new()
        .with("/ci/version.json", trivy_version())
        .with("/ci/app/linux-amd64.json", report(0, "clean.json"))
        .with("/ci/app/linux-arm64.json", report(1, "clean.json"))
        .with(format!("/ci/by/{dashed}/deep/amd64.json"), report(0, "clean.json"))
        .with(format!("/ci/by/{dashed}/arm64.json"), report(1, "clean.json"))
        .with("/ci/by/another/amd64.json", b"fatal".to_vec());
    let ask = async |files: &MemoryFiles, path: &str| {
        let reports = FileReports::new(files.clone(), "/ci").path(path).unwrap().database("version.json").unwrap();
        asked(&ScanGate::new(strict()).reports(reports), &plan, &world.dev).await
    };
    for path in ["{image}/{platform}.json", "{image}/*.json", "by/{digest}/**/*.json", "/ci/app/linux-a*64.json"] {
        passes(ask(&files, path).await);
    }
    for path in ["{image}/{platform}.sarif", "by/*/*.json", "by/**", "nowhere/*.json", "app/linux-amd64.json"] {
        undecided(ask(&files, path).await);
    }
    undecided(ask(&files.clone().without("/ci/app/linux-arm64.json"), "{image}/{platform}.json").await);
    undecided(ask(&files.clone().without("/ci/version.json"), "{image}/{platform}.json").await);
    let bad = files.with("/ci/app/linux-arm64.json", report(1, "debian12.json"));
    assert_eq!(reasons(ask(&bad, "{image}/{platform}.json").await).len(), 13);
}

#[tokio::test]
async fn a_manifest_in_a_path_says_what_the_scanner_was_run_on() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let sarif = json!({"version": "2.1.0", "runs": [
        {"tool": {"driver": {"name": "docker scout", "version": "1.0", "rules": []}}, "results": []}]})
    .to_string();
    let files = built.children.iter().fold(MemoryFiles::new(), |files, child| {
        files.with(format!("/ci/{}.json", child.manifest.to_string().replace(':', "-")), sarif.clone())
    });
    let ask = async |path: &str| {
        let reports = FileReports::new(files.clone(), "/ci").path(path).unwrap();
        let config = any_age().os(OsRule::MayBeUnstated);
        asked(&ScanGate::new(config).reports(reports), &plan, &world.dev).await
    };
    passes(ask("{manifest}.json").await);
    assert!(undecided(ask("*.json").await).contains("does not say which image"));
}

#[tokio::test]
async fn a_commit_in_a_path_says_what_was_checked() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let files = MemoryFiles::new()
        .with(format!("/ci/{COMMIT}/rspec.exit"), b"0\n".to_vec())
        .with(format!("/ci/{COMMIT}/hadolint.json"), b"[]".to_vec())
        .with(format!("/ci/{COMMIT}/words.exit"), b"fine".to_vec())
        .with("/ci/rspec.exit", b"0".to_vec());
    let ask = async |reports: FileReports| {
        asked(&CheckGate::new(ChecksConfig::at_least(Level::Error)).reports(reports), &plan, &world.dev).await
    };
    let reports = || FileReports::new(files.clone(), "/ci");
    let exit = |path: &str| reports().exit_status(path, "rspec", ExitCodes::default()).unwrap();
    passes(ask(exit("{commit}/rspec.exit").path_of("{commit}/hadolint.json", Format::Hadolint).unwrap()).await);
    assert!(undecided(ask(exit("rspec.exit")).await).contains("does not say which commit"));
    undecided(ask(exit("{commit}/words.exit")).await);
}

#[test]
fn a_path_with_a_variable_that_there_is_not_is_refused_at_once() {
    for path in ["{digets}.json", "{image", "", "{}"] {
        let reports = FileReports::new(MemoryFiles::new(), "/ci");
        assert!(reports.path(path).is_err(), "{path}");
    }
}
