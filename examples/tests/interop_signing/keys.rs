//! Signatures of keys, P-256 and RSA, both ways, in both layouts, with claims, and of whole indexes.

use crate::bench::{BUNDLE, Bench, KEYS, Tool, VERIFY, at, image};
use crate::real::Place;

const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_we_sign_with_a_key_verifies_with_cosign_2_and_cosign_3() {
    let bench = Bench::new();
    for place in Place::both() {
        for (seed, key) in (20..).zip(KEYS) {
            for (format, index) in [("both", false), ("both", true), ("legacy", false), ("bundle", true)] {
                let repository = format!("ours/{key}/{format}-{index}");
                let image = image(seed, index);
                place.push(&repository, "v1", &image).await;
                let (root, children) = at(&place, &repository, &image);
                let tag = place.at(&repository, "v1");
                bench.run(
                    Tool::Lockage,
                    &format!("sign --recursive --key {key}.key -a env=prod -a n=1 --format {format} {tag}"),
                );
                for image in children.iter().chain([&root]) {
                    let claims = "-a env=prod -a n=1";
                    if format != "bundle" {
                        bench.run(Tool::Cosign2, &format!("{VERIFY} --key {key}.pub {claims} {image}"));
                    }
                    bench.run(Tool::Cosign3, &format!("{VERIFY} --key {key}.pub {claims} {image}"));
                    if format != "legacy" {
                        bench.run(Tool::Cosign2, &format!("{BUNDLE} --type {SIGN} --key {key}.pub {image}"));
                    }
                    bench.refuses(Tool::Cosign3, &format!("{VERIFY} --key {key}.pub -a env=dev {image}"));
                    bench.refuses(Tool::Cosign3, &format!("{VERIFY} --key stranger.pub {image}"));
                }
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_cosign_signs_with_a_key_verifies_with_us() {
    let bench = Bench::new();
    let ways = [
        (Tool::Cosign2, "--tlog-upload=false", "legacy"),
        (Tool::Cosign3, "--use-signing-config=false --tlog-upload=false --new-bundle-format=false", "legacy"),
        (Tool::Cosign3, "--signing-config nothing.json", "bundle"),
    ];
    for place in Place::both() {
        for (seed, key) in (30..).zip(KEYS) {
            for (number, (tool, how, layout)) in ways.into_iter().enumerate() {
                let (repository, image) = (format!("theirs/{key}/{number}"), image(seed, true));
                place.push(&repository, "v1", &image).await;
                let (root, children) = at(&place, &repository, &image);
                bench.run(tool, &format!("sign --yes --recursive --key {key}.key -a env=prod {how} {root}"));
                let tag = place.at(&repository, "v1");
                let verify = "verify --json --recursive -a env=prod";
                let out = bench.run(Tool::Lockage, &format!("{verify} --key stranger.pub --key {key}.pub {tag}"));
                let found: serde_json::Value = serde_json::from_str(&out).unwrap();
                let found = &found["images"][0]["verified"];
                assert_eq!(found["accepted"][0]["place"]["layout"], layout, "{found}");
                assert_eq!(found["children"].as_array().unwrap().len(), children.len(), "{found}");
                for refused in [format!("--key {key}.pub -a env=dev"), "--key stranger.pub".to_owned()] {
                    bench.ends(1, Tool::Lockage, &format!("verify {refused} {root}"));
                }
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_key_that_cosign_made_signs_with_us_and_ours_with_cosign() {
    let (bench, place) = (Bench::new(), Place::both().into_iter().next().unwrap());
    let image = image(40, false);
    place.push("team/keys", "v1", &image).await;
    let (root, _) = at(&place, "team/keys", &image);
    bench.run(Tool::Lockage, &format!("sign --key stranger.key {root}"));
    bench.run(Tool::Cosign2, &format!("{VERIFY} --key stranger.pub {root}"));
    bench.run(Tool::Cosign3, &format!("sign --yes --key ours.key --signing-config nothing.json {root}"));
    bench.run(Tool::Lockage, &format!("verify --threshold 2 --key ours.pub --key stranger.pub {root}"));
}
