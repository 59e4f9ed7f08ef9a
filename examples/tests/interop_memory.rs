//! What does not fit in memory need not: a 2 GiB layer goes from one docker-registry to another through `lockage copy`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream};
use lockage_registry::client::Client;
use lockage_registry::testing::fixtures;
use lockage_registry::{
    Algorithm, Body, Descriptor, Hasher, RawManifest, Reference, Source as _, TagOrDigest, Target as _, TargetExt as _,
    media_type,
};
use real::{DockerRegistry, peak_of};

const CHUNK: usize = 1 << 20;
const CHUNKS: usize = 2048;
/// Kilobytes.
const LIMIT: u64 = 64 * 1024;

/// An image whose only layer has 2 GiB: the same chunk, again and again.
async fn push(client: &Client, at: &Reference) -> RawManifest {
    let (_, chunk) = fixtures::layer(media_type::OCI_LAYER, 1, CHUNK);
    let mut hasher = Hasher::new(Algorithm::Sha256).unwrap();
    for _ in 0..CHUNKS {
        hasher.update(&chunk);
    }
    let layer = Descriptor::new(media_type::OCI_LAYER, hasher.finish().unwrap(), (CHUNK * CHUNKS) as u64);
    let config = fixtures::layer(media_type::OCI_CONFIG, 2, 300);
    let open = |from: u64| {
        assert_eq!(from, 0, "a loopback upload is not resumed");
        let chunk: Bytes = chunk.clone();
        let chunks = stream::repeat(chunk).take(CHUNKS).map(Ok).boxed();
        async move { Ok(chunks) }.boxed()
    };
    let repo = at.repository();
    client.put_blob(repo, &layer, Body::replayable(open)).await.unwrap();
    client.put_blob(repo, &config.0, Body::bytes(config.1)).await.unwrap();
    let json = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config.0, "layers": [layer],
    });
    let manifest = RawManifest::new(media_type::OCI_MANIFEST, json.to_string().into()).unwrap();
    client.put_manifest(repo, &manifest, &TagOrDigest::of(at)).await.unwrap();
    manifest
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn two_gibibytes_in_64_megabytes() {
    let (dev, prod, scratch) = (DockerRegistry::start(), DockerRegistry::start(), tempfile::tempdir().unwrap());
    let client = Client::builder().build().unwrap();
    let (from, to) = (dev.reference("large:v1"), prod.reference("large:v1"));
    let manifest = push(&client, &from).await;

    let lockage = std::env::var_os("LOCKAGE").expect("LOCKAGE names no release build of lockage: run scripts/interop");
    let started = Instant::now();
    let peak = peak_of(Path::new(&lockage), &["copy", &from.to_string(), &to.to_string()], scratch.path());
    let seconds = started.elapsed().as_secs_f64();
    println!("memory: {:.1} MB at most, for a layer of 2 GiB, in {seconds:.1} s", peak as f64 / 1024.0);
    let copied = client.resolve(to.repository(), &TagOrDigest::of(&to)).await.unwrap();
    assert_eq!(copied.digest, *manifest.digest());
    assert!(peak < LIMIT, "{peak} kB, and {LIMIT} are allowed");
}
