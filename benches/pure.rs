//! The hot pure paths: names, manifests, hashing, tag schemes, metadata. `cargo bench -p lockage-benches`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::StreamExt as _;
use futures::executor::block_on;
use lockage_registry::testing::fixtures;
use lockage_registry::{Algorithm, Body, Descriptor, Digest, RawManifest, Reference, digest_of, verified};
use lockage_tagging::actions::{Action, Context, Inputs, Profile};
use lockage_tagging::{AllOf, BuildFacts, Commit, DigestTag, DigestTagKind, Latest, Semver, TagScheme};

const REFERENCE: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/payments/app:v1.2.3@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn names(c: &mut Criterion) {
    let mut group = c.benchmark_group("names");
    group.bench_function("parse reference", |b| b.iter(|| black_box(REFERENCE).parse::<Reference>().unwrap()));
    let reference: Reference = REFERENCE.parse().unwrap();
    group.bench_function("display reference", |b| b.iter(|| black_box(&reference).to_string()));
    let digest = reference.digest().unwrap().clone();
    group.bench_function("parse digest", |b| b.iter(|| black_box(digest.as_str()).parse::<Digest>().unwrap()));
    let tag = DigestTag::new(&digest, DigestTagKind::Signature).to_tag();
    group.bench_function("read digest tag", |b| b.iter(|| DigestTag::parse(black_box(&tag)).unwrap()));
    group.finish();
}

fn schemes(c: &mut Criterion) {
    let scheme = AllOf::new().with(Semver::cascade()).with(Latest::on_release()).with(Commit::short());
    let facts = BuildFacts::tag("v1.2.3").commit("2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081");
    c.bench_function("schemes/release tags", |b| b.iter(|| scheme.tags(black_box(&facts)).unwrap()));
}

/// The workflow that the readme of metadata-action begins with, for two images.
fn actions(c: &mut Criterion) {
    let mut group = c.benchmark_group("actions");
    let rules = [
        "type=schedule",
        "type=ref,event=branch",
        "type=ref,event=pr",
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}.{{minor}}",
        "type=sha,prefix={{date 'YYYYMMDD'}}-",
    ];
    let inputs = Inputs::new().image("acme/app").image("ghcr.io/acme/app").label("vendor=acme");
    let action = Action::new(rules.iter().fold(inputs, |inputs, rule| inputs.tag(*rule)));
    let commit = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
    let context = Context::push("refs/tags/v1.2.3", commit).default_branch("main");
    let now = "2024-03-09T17:05:06.789Z".parse().unwrap();
    for profile in [Profile::Strict, Profile::Compatible] {
        let action = action.clone().profile(profile);
        assert_eq!(action.evaluate(&context, now).unwrap().tags.len(), 8);
        group.bench_function(format!("evaluate, {profile:?}"), |b| {
            b.iter(|| action.evaluate(black_box(&context), black_box(now)).unwrap());
        });
    }
    group.finish();
}

fn manifests(c: &mut Criterion) {
    let mut group = c.benchmark_group("manifests");
    let platforms = ["linux/amd64", "linux/arm64"].map(|name| name.parse().unwrap());
    let index = fixtures::attested_index(1, &platforms);
    let root = index.root().clone();
    group.throughput(Throughput::Bytes(root.bytes().len() as u64));
    group.bench_function("view index", |b| b.iter(|| black_box(&root).view().unwrap()));
    group.bench_function("verify index", |b| {
        b.iter(|| RawManifest::verified(root.media_type(), black_box(root.bytes()).clone(), root.digest()).unwrap());
    });
    group.finish();
}

fn hashing(c: &mut Criterion) {
    let mut group = c.benchmark_group("hashing");
    let bytes = vec![7_u8; 1 << 20];
    let digest = digest_of(Algorithm::Sha256, &bytes).unwrap();
    let blob = Descriptor::new("application/octet-stream", digest, bytes.len() as u64);
    group.throughput(Throughput::Bytes(blob.size));
    group.bench_function("sha256 1 MiB", |b| b.iter(|| digest_of(Algorithm::Sha256, black_box(&bytes)).unwrap()));
    let body = bytes::Bytes::from(bytes);
    group.bench_function("verified stream 1 MiB", |b| {
        b.iter(|| {
            block_on(async {
                let stream = Body::bytes(body.clone()).open(0).await.unwrap();
                verified(stream, &blob).unwrap().map(|chunk| chunk.unwrap().len()).collect::<Vec<_>>().await
            })
        });
    });
    group.finish();
}

criterion_group!(benches, names, schemes, actions, manifests, hashing);
criterion_main!(benches);
