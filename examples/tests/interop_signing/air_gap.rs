//! An image with all that is signed of it goes into a directory, is verified there, and goes from there into another registry.

use crate::bench::{Bench, Tool, VERIFY, at, image};
use crate::real::Place;

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_signed_image_crosses_an_air_gap_and_verifies_on_both_sides_and_between() {
    let bench = Bench::new();
    for (number, source) in Place::both().into_iter().enumerate() {
        let image = image(80, true);
        source.push("team/app", "v1", &image).await;
        let (root, _) = at(&source, "team/app", &image);
        bench.run(Tool::Lockage, &format!("sign --recursive --key ours.key -a env=prod {root}"));
        bench.run(Tool::Cosign2, &format!("sign --yes --key rsa.key --tlog-upload=false {root}"));
        bench.run(Tool::Cosign3, &format!("sign --yes --key stranger.key --signing-config nothing.json {root}"));
        bench.run(Tool::Lockage, &format!("attest --type spdxjson --predicate predicate.json --key ours.key {root}"));

        let layout = format!("--layout air.test=gap-{number}");
        let tag = source.at("team/app", "v1");
        bench.run(Tool::Lockage, &format!("copy {layout} {tag} air.test/team/app:v1"));
        drop(source);
        let keys = "--key ours.pub --key rsa.pub --key stranger.pub";
        bench.run(Tool::Lockage, &format!("verify --threshold 3 {keys} {layout} air.test/team/app:v1"));
        bench.run(Tool::Lockage, &format!("verify --recursive --key ours.pub {layout} air.test/team/app:v1"));

        for target in Place::both() {
            let inside = target.at("inside/app", "v1");
            bench.run(Tool::Lockage, &format!("copy {layout} air.test/team/app:v1 {inside}"));
            let (root, children) = at(&target, "inside/app", &image);
            bench.run(Tool::Lockage, &format!("verify --threshold 3 {keys} {inside}"));
            for image in children.iter().chain([&root]) {
                for tool in [Tool::Cosign2, Tool::Cosign3] {
                    bench.run(tool, &format!("{VERIFY} --key ours.pub -a env=prod {image}"));
                }
            }
            bench.run(Tool::Cosign2, &format!("{VERIFY} --key rsa.pub {root}"));
            bench.run(Tool::Cosign3, &format!("{VERIFY} --key stranger.pub {root}"));
            let attested = "verify-attestation --insecure-ignore-tlog=true --type spdxjson --key ours.pub";
            for tool in [Tool::Cosign2, Tool::Cosign3] {
                bench.run(tool, &format!("{attested} {root}"));
            }
        }
    }
}
