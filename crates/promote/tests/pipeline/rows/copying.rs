//! Copying.

use lockage_registry::{Source as _, TagOrDigest};

use crate::world::{COMMIT, World, built, digest, pass};

#[tokio::test]
async fn the_whole_index_arrives_byte_for_byte_with_the_attestations_in_it() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let receipt = pass(&world.promoter(), "pr:42", "dev-stage").await.unwrap();
    let (from, to) = ("dev.example/app".parse().unwrap(), "stage.example/app".parse().unwrap());
    for manifest in &image.manifests {
        let at = TagOrDigest::Digest(manifest.digest().clone());
        let (source, target) =
            (world.dev.manifest(&from, &at).await.unwrap(), world.stage.manifest(&to, &at).await.unwrap());
        assert_eq!((source.bytes(), source.media_type()), (target.bytes(), target.media_type()));
    }
    assert_eq!(image.manifests.len(), 5, "two platforms, their attestations, and the index");
    for (descriptor, _) in &image.blobs {
        assert!(world.stage.stat_blob(&to, &descriptor.digest).await.is_ok());
    }
    assert_eq!(receipt.digest, digest(&image));
    assert_eq!(receipt.passage.pinned.platforms.len(), 2, "an attestation is carried, and is no platform");
}

#[tokio::test]
async fn what_broke_off_is_done_again_and_what_is_there_is_not() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let promoter = world.promoter();
    let first = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    assert!(first.copy.bytes() > 0);
    let again = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    assert_eq!((again.copy.bytes(), again.entry), (0, None));
    assert!(again.pins.iter().chain(&again.floats).all(|tag| !tag.written));
}
