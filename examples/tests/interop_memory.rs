//! What does not fit in memory need not: a 2 GiB layer goes from one docker-registry to another through `lockage copy`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream};
use lockage_registry::client::Client;
use lockage_registry::testing::fixtures;
use lockage_registry::{
    Algorithm, Body, Descriptor, Hasher, RawManifest, Reference, Source as _, TagOrDigest, Target as _, TargetExt as _,
    media_type,
};
use real::DockerRegistry;

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

/// Runs the command to its end; the most memory that it held, in kilobytes.
fn peak_of(program: &Path, arguments: &[&str], scratch: &Path) -> u64 {
    let (time, figure) = (Path::new("/usr/bin/time"), scratch.join("peak"));
    if time.exists() {
        let measured = real::isolated(time).args(["-f", "%M", "-o"]).arg(&figure).arg(program).args(arguments).output();
        let output = measured.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return fs::read_to_string(figure).unwrap().trim().parse().unwrap();
    }
    // The kernel keeps the peak, as long as the process lives.
    let mut child = real::isolated(program).args(arguments).stdout(Stdio::null()).spawn().unwrap();
    let (mut peak, status) = (0, format!("/proc/{}/status", child.id()));
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak).max(peak);
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{ended}");
            assert!(peak > 0, "{status} does not say");
            return peak;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
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
