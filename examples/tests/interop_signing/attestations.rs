//! Attestations both ways, in both layouts and both versions of the statement.

use crate::bench::{Bench, PREDICATE, Tool, at, image};
use crate::real::Place;

/// What each of them has to be told to read one layout.
const READ: [(Tool, &str, &str); 4] = [
    (Tool::Cosign2, "legacy", "--insecure-ignore-tlog=true"),
    (Tool::Cosign3, "legacy", "--insecure-ignore-tlog=true"),
    (Tool::Cosign2, "bundle", "--insecure-ignore-tlog=true --new-bundle-format --trusted-root nobody.json"),
    (Tool::Cosign3, "bundle", "--insecure-ignore-tlog=true"),
];

const TYPES: [&str; 6] =
    ["slsaprovenance1", "spdxjson", "cyclonedx", "openvex", "custom", "https://acme.test/load-test/v1"];

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_we_attest_verifies_with_cosign_2_and_cosign_3() {
    let bench = Bench::new();
    for place in Place::both() {
        for (layout, statement) in [("legacy", "v0.1"), ("legacy", "v1"), ("bundle", "v0.1"), ("bundle", "v1")] {
            let (repository, image) = (format!("ours/{layout}-{statement}"), image(50, false));
            place.push(&repository, "v1", &image).await;
            let (root, _) = at(&place, &repository, &image);
            for kind in TYPES {
                let how = format!("--format {layout} --statement {statement} --predicate predicate.json");
                bench.run(Tool::Lockage, &format!("attest --type {kind} {how} --key ours.key {root}"));
            }
            for (tool, _, how) in READ.into_iter().filter(|(_, reads, _)| *reads == layout) {
                for kind in TYPES {
                    bench.run(tool, &format!("verify-attestation --type {kind} --key ours.pub {how} {root}"));
                }
                bench.refuses(tool, &format!("verify-attestation --type vuln --key ours.pub {how} {root}"));
                bench.refuses(tool, &format!("verify-attestation --type custom --key stranger.pub {how} {root}"));
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_cosign_attests_verifies_with_us() {
    let bench = Bench::new();
    // Of these cosign reads what they mean, and writes that.
    bench.write("sbom.json", r#"{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3"}"#);
    let ways = [
        (Tool::Cosign2, "--tlog-upload=false"),
        (Tool::Cosign2, "--tlog-upload=false --new-bundle-format"),
        (Tool::Cosign3, "--signing-config nothing.json"),
    ];
    for place in Place::both() {
        for (number, (tool, how)) in ways.into_iter().enumerate() {
            let (repository, image) = (format!("theirs/{number}"), image(51, true));
            place.push(&repository, "v1", &image).await;
            let (root, _) = at(&place, &repository, &image);
            for (kind, predicate) in [("spdxjson", "sbom.json"), ("https://acme.test/load-test/v1", "predicate.json")] {
                let what = format!("attest --yes --type {kind} --predicate {predicate} --key rsa.key");
                bench.run(tool, &format!("{what} {how} {root}"));
                let said = bench.run(Tool::Lockage, &format!("verify-attestation --type {kind} --key rsa.pub {root}"));
                assert_eq!(said.lines().count(), 2, "the digest, and the predicate: {said}");
                bench.ends(1, Tool::Lockage, &format!("verify-attestation --type {kind} --key ours.pub {root}"));
            }
            bench.ends(1, Tool::Lockage, &format!("verify-attestation --type cyclonedx --key rsa.pub {root}"));
        }
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_we_attest_is_kept_byte_by_byte() {
    let bench = Bench::new();
    for place in Place::both() {
        let image = image(52, false);
        place.push("team/bytes", "v1", &image).await;
        let (root, _) = at(&place, "team/bytes", &image);
        bench.run(
            Tool::Lockage,
            &format!("attest --type slsaprovenance1 --predicate predicate.json --key ours.key {root}"),
        );
        let said =
            bench.run(Tool::Lockage, &format!("verify-attestation --type slsaprovenance1 --key ours.pub {root}"));
        assert_eq!(said.lines().nth(1), Some(PREDICATE));
    }
}
