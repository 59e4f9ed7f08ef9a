//! What users describe of gates on scans, checks and windows, a test for each.

use lockage_policy::gate::{CheckGate, Cited, GivenReports, ScanGate, ScannedReports, Told};
use lockage_policy::scan::{CheckReport, ChecksConfig, ExceptionsDocument, ExitCodes, Format, Level, Limit, Vex};
use lockage_promote::ledger::Chronicle;
use lockage_registry::Digest;
use serde_json::json;

use crate::scanners::Bench;
use crate::world::{
    COMMIT, World, any_age, asked, asked_with, at, built, clean, database, fixture, given, on, passes, reasons, strict,
    undecided,
};

#[tokio::test]
async fn a_scan_before_a_promotion_by_digest_or_by_a_report_that_is_there() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let by_report = ScanGate::new(strict()).reports(clean(&built));
    let evidence = passes(asked(&by_report, &plan, &world.dev).await);
    assert_eq!(evidence.details["digest"], built.digest().to_string());
    assert_eq!(evidence.details["reports"][1]["platforms"], json!(["linux/arm64"]));
    assert_eq!(evidence.details["reports"][0]["database-age-seconds"], json!(8 * 3600));
    let bench = Bench::clean(&built);
    passes(asked(&ScanGate::new(strict()).reports(ScannedReports::new(bench.clone())), &plan, &world.dev).await);
    let expected: Vec<_> = built
        .children
        .iter()
        .map(|child| format!("dev.example/app@{} linux/{}", child.manifest, child.architecture))
        .collect();
    assert_eq!(bench.asked(), expected, "each platform, by its own digest");
}

#[tokio::test]
async fn severity_and_ignore_unfixed_are_decided_from_the_json() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let reports = || given(&built, ["debian12.json", "clean.json"]);
    let told = reasons(asked(&ScanGate::new(strict()).reports(reports()), &plan, &world.dev).await);
    assert_eq!(told.len(), 13, "every reason and not only the first: {told:#?}");
    assert!(told.iter().any(|reason| reason.contains("CVE-2024-45491 in libexpat1") && reason.contains("linux/amd64")));
    let fixed = reasons(asked(&ScanGate::new(strict().ignore_unfixed()).reports(reports()), &plan, &world.dev).await);
    assert_eq!(fixed.len(), 9, "{fixed:#?}");
}

#[tokio::test]
async fn a_scan_of_long_ago_or_with_a_database_of_long_ago_is_none() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let ask = async |config, when: &str| {
        let gate = ScanGate::new(config).reports(clean(&built));
        asked_with(&gate, &plan, &world.dev, &Chronicle::default(), at(when)).await
    };
    passes(ask(strict(), "2026-11-21T06:00:00Z").await);
    let later = reasons(ask(strict(), "2026-11-23T06:00:00Z").await);
    assert!(later.iter().any(|reason| reason.contains("it was made at")), "{later:#?}");
    assert!(later.iter().any(|reason| reason.contains("its vulnerability database was built")), "{later:#?}");
    let now = strict().max_evidence_age(Limit::Within(std::time::Duration::ZERO));
    assert!(!reasons(ask(now, "2026-11-21T06:00:00Z").await).is_empty(), "nothing that is there already will do");
    let undated = built.children.iter().fold(GivenReports::new(), |all, child| {
        all.document(child.architecture, on(child, "clean.json").to_string().into_bytes())
    });
    let said = undecided(asked(&ScanGate::new(strict()).reports(undated), &plan, &world.dev).await);
    assert!(said.contains("nobody says how old its vulnerability database was"), "{said}");
}

#[tokio::test]
async fn what_became_known_since_the_image_was_let_in_is_found_when_it_is_asked_again() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    passes(asked(&ScanGate::new(strict()).reports(clean(&built)), &plan, &world.dev).await);
    let gate = ScanGate::new(strict()).reports(given(&built, ["clean.json", "debian12.json"]));
    assert_eq!(reasons(asked(&gate, &plan, &world.dev).await).len(), 13);
}

#[tokio::test]
async fn docker_scouts_sarif_of_critical_and_high_counts_for_the_digest_it_was_run_on() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let sarif = |results: serde_json::Value| {
        json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "docker scout", "version": "1.0", "rules": [
            {"id": "CVE-2024-1", "properties": {"cvssV3_severity": "CRITICAL", "tags": ["CRITICAL"],
                "fixed_version": "2.0", "affected_version": "<2.0", "purls": ["pkg:npm/left-pad@1.0.0"]}}]}},
            "results": results}]})
        .to_string()
        .into_bytes()
    };
    let config = || any_age().os(lockage_policy::scan::OsRule::MayBeUnstated);
    let told = |child: &Digest| Told::nothing().manifest(child.clone());
    let [amd64, arm64] = [&built.children[0].manifest, &built.children[1].manifest];
    let finding = json!([{"ruleId": "CVE-2024-1", "ruleIndex": 0, "message": {"text": "x"}}]);
    let reports = |results| {
        GivenReports::new().told("amd64.sarif", sarif(results), told(amd64)).told(
            "arm64.sarif",
            sarif(json!([])),
            told(arm64),
        )
    };
    passes(asked(&ScanGate::new(config()).reports(reports(json!([]))), &plan, &world.dev).await);
    let said = reasons(asked(&ScanGate::new(config()).reports(reports(finding)), &plan, &world.dev).await);
    assert!(said[0].contains("critical CVE-2024-1 in left-pad"), "{said:#?}");
    // `:latest` as somebody scanned it is nobody's digest.
    let unbound = GivenReports::new().document("latest.sarif", sarif(json!([])));
    undecided(asked(&ScanGate::new(config()).reports(unbound), &plan, &world.dev).await);
}

#[tokio::test]
async fn brakeman_runs_on_a_commit_and_counts_for_the_image_that_was_built_from_it() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let sarif = |level: &str, commit: &str| {
        json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Brakeman", "rules": []}},
            "versionControlProvenance": [{"repositoryUri": "https://git.example/app", "revisionId": commit}],
            "results": [{"ruleId": "SQL", "level": level, "message": {"text": "injection"}}]}]})
        .to_string()
        .into_bytes()
    };
    let other = "91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
    let ask = async |reports| {
        let gate = CheckGate::new(ChecksConfig::at_least(Level::Warning)).tool("brakeman").reports(reports);
        asked(&gate, &plan, &world.dev).await
    };
    let document = |bytes| GivenReports::new().document("brakeman.sarif", bytes);
    let evidence = passes(ask(document(sarif("note", COMMIT))).await);
    assert_eq!(evidence.details["commit"], COMMIT);
    assert!(reasons(ask(document(sarif("error", COMMIT))).await)[0].contains("SQL: injection"));
    assert!(undecided(ask(document(sarif("note", other))).await).contains("and not 2b2e927"));
    undecided(ask(GivenReports::new()).await);
    let codes = ExitCodes::default().fails(3);
    let exit = |code| CheckReport::of_exit("brakeman", Some(code), &codes).told_commit(COMMIT);
    let given = |code| GivenReports::new().check(exit(code), None);
    passes(ask(given(0)).await);
    assert_eq!(reasons(ask(given(3)).await).len(), 1);
    assert!(undecided(ask(given(1)).await).contains("means neither"), "an exit status of which nobody said anything");
}

#[tokio::test]
async fn hadolint_on_the_dockerfile_is_bound_to_the_commit() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let gate = |bytes: Vec<u8>, told: Told| {
        let reports = GivenReports::new().told("hadolint.json", bytes, told.format(Format::Hadolint));
        CheckGate::new(ChecksConfig::at_least(Level::Warning)).reports(reports)
    };
    let found = std::fs::read(format!("{}/tests/scans/hadolint.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let told = || Told::nothing().commit(COMMIT);
    passes(asked(&gate(b"[]".to_vec(), told()), &plan, &world.dev).await);
    assert!(!reasons(asked(&gate(found, told()), &plan, &world.dev).await).is_empty());
    undecided(asked(&gate(b"[]".to_vec(), Told::nothing()), &plan, &world.dev).await);
    undecided(asked(&gate(Vec::new(), told()), &plan, &world.dev).await);
}

#[tokio::test]
async fn container_structure_tests_are_bound_to_the_digest_of_the_image() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let ask = async |pass: bool, told: Told| {
        let (good, bad) = if pass { (1, 0) } else { (0, 1) };
        let report = json!({"Pass": good, "Fail": bad, "Total": 1, "Results": [{"Name": "user", "Pass": pass}]});
        let reports = GivenReports::new().told("cst.json", report.to_string().into_bytes(), told);
        asked(&CheckGate::new(ChecksConfig::at_least(Level::Error)).reports(reports), &plan, &world.dev).await
    };
    passes(ask(true, Told::nothing().image(built.digest())).await);
    passes(ask(true, Told::nothing().manifest(built.children[1].manifest.clone())).await);
    assert_eq!(reasons(ask(false, Told::nothing().image(built.digest())).await).len(), 1);
    undecided(ask(true, Told::nothing()).await);
    let another = format!("sha256:{}", "e".repeat(64)).parse().unwrap();
    assert!(undecided(ask(true, Told::nothing().image(another)).await).contains("no platform of the image"));
}

#[tokio::test]
async fn exceptions_have_an_owner_and_end_and_their_document_is_in_the_evidence() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let text = |expires: &str, environment: &str, image: &str| {
        let ids = [
            "CVE-2024-45491",
            "CVE-2023-6246",
            "CVE-2024-5535",
            "CVE-2024-6119",
            "CVE-2019-10744",
            "CVE-2021-44906",
            "CVE-2020-14343",
        ];
        let all = ids.map(|id| {
            json!({"id": id, "reason": "not reachable", "owner": "platform@example.com", "expires": expires,
                "environment": environment, "image": image})
        });
        json!({"exceptions": all}).to_string()
    };
    let ask = async |text: String| {
        let document: ExceptionsDocument = serde_json::from_str(&text).unwrap();
        let cited = Cited::new("exceptions.json", text.as_bytes()).unwrap();
        let gate = ScanGate::new(strict().ignore_unfixed())
            .reports(given(&built, ["debian12.json", "clean.json"]))
            .exceptions(document.into_exceptions("exceptions.json"), cited);
        asked(&gate, &plan, &world.dev).await
    };
    let evidence = passes(ask(text("2026-12-31", "prod", "dev.example/*")).await);
    let ignored = evidence.details["ignored"].as_array().unwrap();
    assert_eq!(ignored.len(), 15, "nine by exceptions, six that have no fix");
    let one = ignored.iter().find(|one| one["id"] == "CVE-2024-45491").unwrap();
    assert_eq!(one["ignored"]["owner"], "platform@example.com");
    assert!(evidence.details["documents"][0]["digest"].as_str().unwrap().starts_with("sha256:"));
    let expired = reasons(ask(text("2026-11-20", "prod", "dev.example/*")).await);
    assert!(expired.iter().any(|reason| reason.contains("expired at")), "{expired:#?}");
    assert_eq!(reasons(ask(text("2026-12-31", "stage", "dev.example/*")).await).len(), 9, "on another way");
    assert_eq!(reasons(ask(text("2026-12-31", "prod", "other.example/*")).await).len(), 9, "in another image");
}

#[tokio::test]
async fn vex_that_is_given_leaves_out_what_does_no_harm() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let vex = json!({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "us",
        "timestamp": "2026-11-20T00:00:00Z", "version": 1, "statements": [{
            "vulnerability": {"name": "CVE-2024-5535"}, "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
            "products": [{"@id": "pkg:deb/debian/libssl3"}, {"@id": "pkg:deb/debian/openssl"}]}]})
    .to_string();
    let gate = ScanGate::new(strict())
        .reports(given(&built, ["debian12.json", "clean.json"]))
        .vex(Vex::read(vex.as_bytes()).unwrap(), Cited::new("vex.json", vex.as_bytes()).unwrap());
    assert_eq!(reasons(asked(&gate, &plan, &world.dev).await).len(), 11);
}

#[tokio::test]
async fn a_multi_platform_image_is_scanned_on_every_platform() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let only = on(&built.children[0], "clean.json").to_string().into_bytes();
    let gate = |given| ScanGate::new(strict()).reports(given);
    let one = GivenReports::new().database(database()).document("amd64.json", only);
    let said = undecided(asked(&gate(one), &plan, &world.dev).await);
    assert!(said.contains("no report is about linux/arm64"), "{said}");
    let two = given(&built, ["clean.json", "debian12.json"]);
    assert_eq!(
        reasons(asked(&gate(two), &plan, &world.dev).await).len(),
        13,
        "the second platform counts as the first"
    );
}

#[tokio::test]
async fn a_scanner_that_failed_is_no_clean_image() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let with = |bytes: Vec<u8>| clean(&built).document("another.json", bytes);
    let gate = |given| ScanGate::new(strict()).reports(given);
    for bytes in [Vec::new(), b"{}".to_vec(), b"[]".to_vec(), b"fatal error".to_vec()] {
        let said = undecided(asked(&gate(with(bytes)), &plan, &world.dev).await);
        assert!(said.contains("another.json"), "{said}");
    }
    let eol = given(&built, ["clean.json", "eol.json"]);
    assert!(reasons(asked(&gate(eol), &plan, &world.dev).await)[0].contains("end of life"));
    let scratch = fixture("scratch.json");
    assert!(scratch.get("Results").is_none(), "it looks clean");
    let scratch = given(&built, ["clean.json", "scratch.json"]);
    assert!(!reasons(asked(&gate(scratch), &plan, &world.dev).await).is_empty());
}
