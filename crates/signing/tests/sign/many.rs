//! A hundred images at once, with one key: the waits for quiet overlap.

use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::testing::fixtures;
use lockage_signing::sign::Signing;

use super::shelf::Shelf;
use super::{Toy, now};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_images_wait_together() {
    for bare in [false, true] {
        let (shelf, toy) = (Shelf::new(bare).await, Toy::new(1));
        let mut digests = Vec::new();
        for seed in 100..200 {
            let image = fixtures::image_with_layers(seed, &[10]);
            let tag = format!("v{seed}").parse().unwrap();
            fixtures::push(&shelf.memory, &shelf.behind(), &image, &tag).await.unwrap();
            digests.push(image.root().digest().clone());
        }
        let (client, repo, signing) = (shelf.client(), shelf.repo(), Signing::with(&toy));
        let started = Instant::now();
        let signed: Vec<_> = stream::iter(&digests)
            .map(|digest| signing.sign(&client, &repo, digest, now()))
            .buffer_unordered(100)
            .try_collect()
            .await
            .unwrap();
        let took = started.elapsed();
        assert!(signed.iter().all(|signed| signed.marks.len() == 2 && signed.is_new()));
        // One after the other would be 100 quarters of a second and more.
        assert!(took < Duration::from_secs(15), "{took:?}");
    }
}
