//! What a key costs: signing, checking, and opening a private key under its password. `cargo bench -p lockage-benches`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use futures::executor::block_on;
use lockage_signing::key::{KeyPair, Password, VerifyingKey};
use lockage_signing::{Signer as _, Verifier as _};

/// The bytes that cosign's signature of an image is over.
const PAYLOAD: &[u8] = br#"{"critical":{"identity":{"docker-reference":"registry.example/team/app"},"image":{"docker-manifest-digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"type":"cosign container image signature"},"optional":null}"#;

fn p256(c: &mut Criterion) {
    let mut group = c.benchmark_group("p256");
    let key = KeyPair::generate().unwrap();
    group.bench_function("sign", |b| b.iter(|| block_on(key.sign(black_box(PAYLOAD))).unwrap()));
    let signature = block_on(key.sign(PAYLOAD)).unwrap();
    let pem = key.public_key().to_pem();
    group.bench_function("read a public key", |b| b.iter(|| VerifyingKey::from_pem(black_box(&pem)).unwrap()));
    let verifier = VerifyingKey::from_pem(&pem).unwrap();
    assert!(block_on(verifier.verify(PAYLOAD, &signature)).unwrap());
    group.bench_function("verify", |b| {
        b.iter(|| block_on(verifier.verify(black_box(PAYLOAD), &signature)).unwrap());
    });
    group.finish();
}

/// Expensive on purpose; as much again for every key that is read.
fn passwords(c: &mut Criterion) {
    let mut group = c.benchmark_group("private key");
    group.sample_size(10);
    let (key, password) = (KeyPair::generate().unwrap(), Password::new("correct horse"));
    group.bench_function("encrypt", |b| b.iter(|| key.to_encrypted_pem(&password).unwrap()));
    let ours = key.to_encrypted_pem(&password).unwrap();
    group.bench_function("open ours, N 32768", |b| b.iter(|| KeyPair::from_pem(&ours, Some(&password)).unwrap()));
    let cosigns = include_str!("../crates/signing/tests/keys/fixtures/cosign3-p256.key");
    group.bench_function("open cosign's, N 65536", |b| {
        b.iter(|| KeyPair::from_pem(black_box(cosigns), Some(&password)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, p256, passwords);
criterion_main!(benches);
