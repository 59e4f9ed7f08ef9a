//! How long a fleet takes to sign: a hundred images, with one key that is decrypted once. By itself, so that nothing else runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::path::PathBuf;
use std::time::Instant;

use lockage_registry::Reference;
use lockage_registry::client::Client;
use lockage_registry::testing::fixtures;
use real::{Place, isolated, lockage, run};

const IMAGES: u64 = 100;
/// Seconds, on a quiet machine and on any.
const MOST: f64 = 5.0;
const MOST_ANYWHERE: f64 = 3.0 * MOST;

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_hundred_images_are_signed_in_five_seconds() {
    // The program as it is shipped, where there is one.
    let program = std::env::var_os("LOCKAGE").map_or_else(lockage, PathBuf::from);
    let client = Client::builder().build().unwrap();
    for place in Place::both() {
        let directory = tempfile::tempdir().unwrap();
        let command = || {
            let mut command = isolated(&program);
            command.current_dir(directory.path()).env("COSIGN_PASSWORD", "for the test");
            command
        };
        run(command().args(["keygen", "--out", "k"]));
        let mut images = Vec::new();
        for number in 0..IMAGES {
            let image = place.at(&format!("fleet/app-{number}"), "v1");
            let at: Reference = image.parse().unwrap();
            let content = fixtures::image_with_layers(number, &[100]);
            fixtures::push(&client, at.repository(), &content, at.tag().unwrap()).await.unwrap();
            images.push(image);
        }
        for (format, count) in [("both", 2), ("legacy", 1), ("bundle", 1)] {
            let sign = || {
                let mut sign = command();
                sign.args(["sign", "--json", "--key", "k.key", "--format", format, "-a", &format!("as={format}")]);
                sign.args(&images);
                sign
            };
            let started = Instant::now();
            let out = run(&mut sign());
            let seconds = started.elapsed().as_secs_f64();
            println!("{IMAGES} images signed in {seconds:.2} s: {format}, {}", place.name());
            let document: serde_json::Value = serde_json::from_str(&out).unwrap();
            let marks =
                document["images"].as_array().unwrap().iter().map(|image| image["marks"].as_array().unwrap().len());
            assert!(marks.eq(std::iter::repeat_n(count, images.len())), "{document}");
            assert!(seconds < MOST_ANYWHERE, "{seconds:.2} s, where {MOST} are enough on a quiet machine");
        }
        let mut verify = command();
        run(verify.args(["verify", "--key", "k.pub", "-a", "as=both"]).args(&images));
    }
}
