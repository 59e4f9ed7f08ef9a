//! Signatures of several tools on one image: none takes anything from another.

use crate::bench::{Bench, Tool, VERIFY, at, image};
use crate::real::Place;
use crate::real::signers::{Notation, Signer as _, Who};

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn notation_and_both_lines_of_cosign_and_we_sign_one_image_and_all_verify() {
    let bench = Bench::new();
    let directory = tempfile::tempdir().unwrap();
    let notation = Notation::new(directory.path());
    for place in Place::both() {
        let image = image(70, true);
        place.push("team/app", "v1", &image).await;
        let (root, children) = at(&place, "team/app", &image);
        notation.sign(Who::Developer, &root, &children);
        bench.run(Tool::Lockage, &format!("sign --recursive --key ours.key {root}"));
        bench.run(Tool::Cosign2, &format!("sign --yes --recursive --key rsa.key --tlog-upload=false {root}"));
        bench.run(
            Tool::Cosign3,
            &format!("sign --yes --recursive --key stranger.key --signing-config nothing.json {root}"),
        );
        bench.run(
            Tool::Lockage,
            &format!("attest --recursive --type custom --predicate predicate.json --key ours.key {root}"),
        );
        notation.sign(Who::Releaser, &root, &[]);

        for image in children.iter().chain([&root]) {
            notation.verifies(Who::Developer, image).unwrap();
            for key in ["ours", "rsa"] {
                bench.run(Tool::Cosign2, &format!("{VERIFY} --key {key}.pub {image}"));
            }
            for key in ["ours", "stranger"] {
                bench.run(Tool::Cosign3, &format!("{VERIFY} --key {key}.pub {image}"));
            }
        }
        notation.verifies(Who::Releaser, &root).unwrap();
        let keys = "--key ours.pub --key rsa.pub --key stranger.pub";
        bench.run(Tool::Lockage, &format!("verify --recursive --threshold 3 {keys} {root}"));
        let tree = bench.run(Tool::Lockage, &format!("tree {root}"));
        assert!(tree.contains("application/vnd.cncf.notary.signature"), "{tree}");
    }
}
