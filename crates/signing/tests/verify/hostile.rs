//! A registry that wants to be read for ever: it ends, it says so, and little was read.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_registry::testing::{Operation, Recorder};
use lockage_registry::{
    Algorithm, ByteStream, Descriptor, Digest, DigestTagKind, Memory, RawManifest, Repository, Result, Source, Tag,
    TagOrDigest, Target as _, media_type,
};
use lockage_signing::format::{PredicateType, names};
use lockage_signing::policy::Limits;
use lockage_signing::verify::Outcome;
use lockage_signing::{Error, Policy, tree};
use serde_json::json;

use super::toy::{Toy, now};
use super::world::*;

/// Lists more referrers than there are, and sends blobs that do not end; the rest is honest.
#[derive(Clone, Debug)]
struct Flood {
    inner: Memory,
    referrers: usize,
    endless: bool,
    sent: Arc<AtomicU64>,
}

impl Flood {
    fn new(inner: &Memory) -> Self {
        Self { inner: inner.clone(), referrers: 0, endless: false, sent: Arc::default() }
    }
}

impl fmt::Display for Flood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("flood")
    }
}

#[async_trait]
impl Source for Flood {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.inner.resolve(repo, what).await
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.inner.manifest(repo, what).await
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.inner.stat_blob(repo, blob).await
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        if !self.endless {
            return self.inner.blob(repo, blob, from).await;
        }
        let sent = Arc::clone(&self.sent);
        let chunks = stream::repeat_with(move || {
            sent.fetch_add(65_536, Ordering::Relaxed);
            Ok(Bytes::from_static(&[b' '; 65_536]))
        });
        Ok(chunks.boxed())
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        self.inner.tags(repo)
    }

    async fn referrers(&self, repo: &Repository, subject: &Digest, of: Option<&str>) -> Result<Vec<Descriptor>> {
        let mut all = self.inner.referrers(repo, subject, of).await?;
        let more = (0..self.referrers).map(|n| {
            let digest = numbered(n);
            let mut entry = Descriptor::new(media_type::OCI_MANIFEST, digest, 600);
            entry.artifact_type = Some(names::BUNDLE.to_owned());
            entry
        });
        all.extend(more);
        Ok(all)
    }
}

/// Some digest.
fn numbered(n: usize) -> Digest {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    Digest::from_bytes(Algorithm::Sha256, &hash).unwrap()
}

fn too_much(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Indeterminate(undecided) => {
            undecided.errors.iter().any(|error| matches!(error, Error::TooMuch { .. }))
        }
        _ => false,
    }
}

#[tokio::test]
async fn endless_referrers_end_and_hide_no_signature_in_the_other_layout() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let source = Recorder::new(Flood { referrers: 20_000, ..Flood::new(&world.registry) });
    let outcome = toy.policy().verify(&source, &world.repo, &world.digest, now()).await;
    assert!(too_much(&outcome), "not too much");
    let limit = Limits::default().candidates;
    assert!(source.calls().len() <= limit + 4, "{}", source.calls().len());
    // 300 payloads would be too many, too; ours is among the first of them.
    let mut layers: Vec<_> = (0..300).map(|n| signature(&Toy::new(2), &world.payload().claim("n", n))).collect();
    layers.insert(0, signature(&toy, &world.payload()));
    world.sig(&layers).await;
    source.clear();
    let outcome = toy.policy().verify(&source, &world.repo, &world.digest, now()).await;
    let Outcome::Verified(verified) = outcome else { panic!("not verified") };
    assert_eq!(verified.accepted.len(), 1);
    assert!(source.calls().len() <= limit + 4, "{}", source.calls().len());
    let error = tree::tree(&source, &world.repo, &world.digest, &Limits::default()).await.unwrap_err();
    assert!(matches!(error, Error::TooMuch { .. }), "{error}");
}

#[tokio::test]
async fn ten_thousand_layers_are_not_all_read() {
    let (mut world, toy) = (World::new().await, Toy::new(1));
    world.registry = world.registry.clone().sparse();
    for same in [true, false] {
        let real = |n| signature(&Toy::new(2), &world.payload().claim("n", n));
        let mut layers = Vec::new();
        for n in 0..if same { 1 } else { 300 } {
            put_blob(&world.registry, &world.repo, &real(n)).await;
            layers.push(real(n).0);
        }
        // The others are there by name only, or once more the first.
        let first = layers[0].clone();
        layers.resize_with(10_000, || first.clone());
        if !same {
            layers.iter_mut().enumerate().skip(300).for_each(|(n, layer)| layer.digest = numbered(n));
        }
        let (raw, _) = manifest(media_type::OCI_CONFIG, &layers, &json!({}));
        let at = tag(&world.digest, DigestTagKind::Signature).into();
        world.registry.put_manifest(&world.repo, &raw, &at).await.unwrap();
        let source = Recorder::new(world.registry.clone());
        let outcome = toy.policy().verify(&source, &world.repo, &world.digest, now()).await;
        assert!(too_much(&outcome), "{outcome:?}");
        let blobs = source.count(Operation::Blob);
        assert_eq!(blobs, if same { 1 } else { Limits::default().candidates });
    }
}

#[tokio::test]
async fn a_payload_of_a_hundred_megabytes_is_not_read() {
    let (mut world, toy) = (World::new().await, Toy::new(1));
    world.registry = world.registry.clone().sparse();
    let mut layer = signature(&toy, &world.payload()).0;
    layer.size = 100 << 20;
    let (raw, _) = manifest(media_type::OCI_CONFIG, &[layer], &json!({}));
    let at = tag(&world.digest, DigestTagKind::Signature).into();
    world.registry.put_manifest(&world.repo, &raw, &at).await.unwrap();
    let source = Recorder::new(world.registry.clone());
    let outcome = toy.policy().verify(&source, &world.repo, &world.digest, now()).await;
    assert!(too_much(&outcome), "{outcome:?}");
    assert_eq!(source.count(Operation::Blob), 0);
}

#[tokio::test]
async fn a_blob_that_does_not_end_is_read_no_further_than_it_should_be() {
    let (world, toy) = (World::new().await, Toy::new(1));
    world.sign_both(&toy).await;
    let source = Flood { endless: true, ..Flood::new(&world.registry) };
    let outcome = toy.policy().verify(&source, &world.repo, &world.digest, now()).await;
    assert!(matches!(outcome, Outcome::Indeterminate(_)), "{outcome:?}");
    assert!(source.sent.load(Ordering::Relaxed) <= 4 * 65_536);
}

#[tokio::test]
async fn all_documents_together_have_a_limit() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let padded = |n: usize| {
        let mut said = statement(&world.digest, PredicateType::COSIGN_SIGN);
        said["predicate"] = json!({"n": n, "padding": "x".repeat(10_000)});
        bundle(&Toy::new(2), &said)
    };
    for n in 0..30 {
        world.bundle(&padded(n)).await;
    }
    let mut limits = Limits::default();
    limits.total = 100_000;
    let policy = Policy::builder().key(toy.clone()).limits(limits).build().unwrap();
    let source = Recorder::new(world.registry.clone());
    let outcome = policy.verify(&source, &world.repo, &world.digest, now()).await;
    assert!(too_much(&outcome), "{outcome:?}");
    assert!(source.count(Operation::Blob) <= 7, "{}", source.count(Operation::Blob));
    // Each by itself may be as large as that.
    limits.total = 64 << 20;
    limits.document = 9_000;
    let policy = Policy::builder().key(toy).limits(limits).build().unwrap();
    let outcome = policy.verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(too_much(&outcome), "{outcome:?}");
}
