//! Signatures of identities both ways, with a Sigstore on loopback: a log of version 1, the same with timestamps, and a log of
//! version 2.

use lockage_signing_mock::token::{ACTIONS_ISSUER, WORKFLOW};
use lockage_signing_mock::{Mock, Services};

use crate::bench::{Bench, Tool, at, image};
use crate::real::Place;

/// A bench with the files of a Sigstore, which cosign 2 takes from its environment.
async fn start() -> (Mock, Bench) {
    let mock = Mock::start().await.unwrap();
    let bench = Bench::new();
    mock.write_files(bench.path()).unwrap();
    let file = |name: &str| bench.path().join(name).display().to_string();
    let environment = [
        ("SIGSTORE_ROOT_FILE", file("fulcio.pem")),
        ("SIGSTORE_REKOR_PUBLIC_KEY", file("rekor.pub")),
        ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", file("ctfe.pub")),
    ];
    let bench = bench.with(environment);
    (mock, bench)
}

/// Which services, and what cosign 3 has to be told to look at their times.
fn services() -> [(String, &'static str); 3] {
    let file = |services: Services| format!("{}.json", services.file().trim_end_matches(".json"));
    [
        (file(Services::V1), ""),
        (file(Services::V1Timestamp), "--use-signed-timestamps"),
        (file(Services::V2Timestamp), "--use-signed-timestamps"),
    ]
}

fn theirs(identity: &str) -> String {
    format!(
        "--trusted-root trusted_root.json --certificate-identity {identity} --certificate-oidc-issuer {ACTIONS_ISSUER}"
    )
}

fn ours(identity: &str) -> String {
    format!("--trusted-root trusted_root.json --identity {identity} --issuer {ACTIONS_ISSUER}")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real registries and clients"]
async fn what_we_sign_as_an_identity_verifies_with_cosign() {
    let (_mock, bench) = start().await;
    for place in Place::both() {
        for (seed, (config, times)) in (90..).zip(services()) {
            let (repository, image) = (format!("ours/{seed}"), image(seed, true));
            place.push(&repository, "v1", &image).await;
            let (root, children) = at(&place, &repository, &image);
            let by = format!("--identity-token token.jwt --signing-config {config} --trusted-root trusted_root.json");
            bench.run(Tool::Lockage, &format!("sign --recursive -a env=prod {by} {root}"));
            bench.run(Tool::Lockage, &format!("attest --type slsaprovenance1 --predicate predicate.json {by} {root}"));
            for image in children.iter().chain([&root]) {
                let with = format!("{times} -a env=prod {image}");
                bench.run(Tool::Cosign3, &format!("verify {} {with}", theirs(WORKFLOW)));
                bench.refuses(Tool::Cosign3, &format!("verify {} {with}", theirs("https://github.com/acme/other")));
            }
            let attested = "verify-attestation --type slsaprovenance1";
            bench.run(Tool::Cosign3, &format!("{attested} {} {times} {root}", theirs(WORKFLOW)));
            bench.run(Tool::Lockage, &format!("verify --recursive -a env=prod {} {root}", ours(WORKFLOW)));
            bench.run(Tool::Lockage, &format!("{attested} {} {root}", ours(WORKFLOW)));
            if config.starts_with("sc-v1") {
                // The old layout, which holds the promise of a log of version 1.
                let by = format!("--certificate-identity {WORKFLOW} --certificate-oidc-issuer {ACTIONS_ISSUER}");
                bench.run(Tool::Cosign2, &format!("verify --offline -a env=prod {by} {root}"));
                bench.run(Tool::Cosign2, &format!("{attested} --offline {by} {root}"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real registries and clients"]
async fn what_cosign_signs_as_an_identity_verifies_with_us() {
    let (mock, bench) = start().await;
    let url = mock.url();
    let old = format!("--fulcio-url {url} --rekor-url {url}");
    let mut ways = vec![(Tool::Cosign2, old)];
    let new = |config: &str| format!("--signing-config {config} --trusted-root trusted_root.json");
    ways.extend(services().iter().map(|(config, _)| (Tool::Cosign3, new(config))));
    for place in Place::both() {
        for (number, (tool, how)) in ways.iter().enumerate() {
            let (repository, image) = (format!("theirs/{number}"), image(95, false));
            place.push(&repository, "v1", &image).await;
            let (root, _) = at(&place, &repository, &image);
            let by = format!("--yes --identity-token token.jwt {how}");
            bench.run(*tool, &format!("sign -a env=prod {by} {root}"));
            bench.run(*tool, &format!("attest --type https://acme.test/t/v1 --predicate predicate.json {by} {root}"));

            bench.run(Tool::Lockage, &format!("verify -a env=prod {} {root}", ours(WORKFLOW)));
            let pattern = r"https://github\.com/acme/app/\.github/workflows/[a-z]+\.yml@refs/heads/main";
            let whom = format!("--trusted-root trusted_root.json --identity-regex {pattern} --issuer {ACTIONS_ISSUER}");
            let out = bench.run(Tool::Lockage, &format!("verify --json --require-log {whom} {root}"));
            assert!(out.contains("transparency-log") && out.contains(WORKFLOW), "{out}");
            bench.run(
                Tool::Lockage,
                &format!("verify-attestation --type https://acme.test/t/v1 {} {root}", ours(WORKFLOW)),
            );

            for refused in [
                ours("https://github.com/acme/app"),
                format!("--trusted-root trusted_root.json --identity {WORKFLOW} --issuer https://evil.test"),
                format!("--trusted-root trusted_root.json --identity-regex acme/app --issuer {ACTIONS_ISSUER}"),
                // Sigstore's public instance has not vouched for it.
                format!("--identity {WORKFLOW} --issuer {ACTIONS_ISSUER}"),
                format!("{} -a env=dev", ours(WORKFLOW)),
                "--key ours.pub".to_owned(),
            ] {
                bench.ends(1, Tool::Lockage, &format!("verify {refused} {root}"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real registries and clients"]
async fn a_key_whose_signature_is_in_a_log_or_has_a_timestamp_verifies_with_us() {
    let (_mock, bench) = start().await;
    for place in Place::both() {
        // What a log of version 1 has signed has a time too.
        let ways = [(Services::V1, 0), (Services::Timestamp, 1)];
        for (seed, (services, logged)) in (100..).zip(ways) {
            let config = format!("{}.json", services.file().trim_end_matches(".json"));
            let (repository, image) = (format!("key/{seed}"), image(seed, false));
            place.push(&repository, "v1", &image).await;
            let (root, _) = at(&place, &repository, &image);
            let how = format!("--key ours.key --signing-config {config} --trusted-root trusted_root.json");
            bench.run(Tool::Cosign3, &format!("sign --yes {how} {root}"));
            let verify = "verify --key ours.pub --trusted-root trusted_root.json";
            bench.run(Tool::Lockage, &format!("{verify} --require-timestamp {root}"));
            bench.ends(logged, Tool::Lockage, &format!("{verify} --require-log {root}"));
        }
    }
}
