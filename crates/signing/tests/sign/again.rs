//! Signing twice is signing once; what others have said stays and hides nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use lockage_registry::testing::{Call, Fault, Faulty, Operation, fixtures};
use lockage_registry::{DigestTagKind, Memory, Repository, TagOrDigest, Target, referrers};
use lockage_signing::sign::{Layout, Outcome, Predicate, Signing};

use super::shelf::{Shelf, image, layers};
use super::{Toy, now};

/// The same registry, which fails whatever writes.
fn read_only(memory: &Memory) -> Faulty<Memory> {
    let refuse =
        |_, call: &Call| call.operation.is_write().then_some(Fault::Before(lockage_registry::ErrorKind::Denied));
    Faulty::new(memory.clone()).script(refuse)
}

fn passed() -> Predicate {
    Predicate::new("test-result".parse().unwrap(), r#"{"result": "PASSED", "configuration": []}"#).unwrap()
}

#[tokio::test]
async fn reruns_write_nothing_and_change_no_digest() {
    for bare in [false, true] {
        let shelf = Shelf::new(bare).await;
        let (client, repo, image, toy) = (shelf.client(), shelf.repo(), image(), Toy::new(1));
        let digest = image.root().digest();
        let signing = Signing::with(&toy).claim("env", "prod");
        let first = signing.sign(&client, &repo, digest, now()).await.unwrap();
        let attested = signing.attest(&client, &repo, digest, &passed(), now()).await.unwrap();
        assert!(first.is_new() && attested.is_new());
        let attached = shelf.attached(digest).await;
        assert_eq!(attached.len(), if bare { 5 } else { 4 }, "{attached:?}");

        let requests = shelf.server.requests().len();
        for again in 1..4 {
            let later = now() + std::time::Duration::from_secs(again);
            let signed = signing.sign(&shelf.client(), &repo, digest, later).await.unwrap();
            let attested_again = signing.attest(&shelf.client(), &repo, digest, &passed(), later).await.unwrap();
            for (then, now) in [(&first, signed), (&attested, attested_again)] {
                assert!(!now.is_new());
                for (then, now) in then.marks.iter().zip(&now.marks) {
                    assert_eq!((&then.place, &then.manifest), (&now.place, &now.manifest), "bare {bare}");
                }
            }
        }
        assert_eq!(shelf.attached(digest).await, attached, "bare {bare}");
        let writes: Vec<_> = shelf
            .server
            .requests()
            .into_iter()
            .skip(requests)
            .filter(|seen| !matches!(seen.method.as_str(), "GET" | "HEAD"))
            .collect();
        assert!(writes.is_empty(), "{writes:?}");
    }
}

#[tokio::test]
async fn another_claim_another_place_and_another_signer_are_said_beside() {
    let shelf = Shelf::new(false).await;
    let (image, first, second) = (image(), Toy::new(1), Toy::new(2));
    let (digest, repo) = (image.root().digest(), shelf.behind());
    let legacy = |toy| Signing::with(toy).layout(Layout::Legacy);
    for (n, signing) in [
        legacy(&first),
        legacy(&second),
        legacy(&first).claim("env", "prod"),
        legacy(&first).claim("env", "dev"),
        legacy(&first).docker_reference("registry.example/prod/app"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(signing.sign(&shelf.memory, &repo, digest, now()).await.unwrap().is_new());
        assert_eq!(shelf.layers(digest, DigestTagKind::Signature).await.len(), n + 1);
        assert!(!signing.sign(&read_only(&shelf.memory), &repo, digest, now()).await.unwrap().is_new());
    }
    let bundle = |toy| Signing::with(toy).layout(Layout::Bundle);
    for (n, signing) in
        [bundle(&first), bundle(&second), bundle(&first).claim("env", "prod"), bundle(&first).claim("env", 1)]
            .into_iter()
            .enumerate()
    {
        assert!(signing.sign(&shelf.memory, &repo, digest, now()).await.unwrap().is_new());
        assert_eq!(shelf.referrers(digest).await.len(), n + 1);
        assert!(!signing.sign(&read_only(&shelf.memory), &repo, digest, now()).await.unwrap().is_new());
    }
}

#[tokio::test]
async fn what_strangers_attached_is_kept_and_is_no_signature_of_ours() {
    for bare in [false, true] {
        let shelf = Shelf::new(bare).await;
        let (client, repo, image, toy) = (shelf.client(), shelf.repo(), image(), Toy::new(1));
        let subject = image.root().descriptor();
        let kinds = [
            "application/vnd.cncf.notary.signature",
            "application/vnd.example.unknown",
            // What says that it is a bundle, and is 321 bytes of anything.
            "application/vnd.dev.sigstore.bundle.v0.3+json",
        ];
        let mut foreign = BTreeSet::new();
        for (seed, kind) in (10..).zip(kinds) {
            let artifact = fixtures::artifact_for(subject, kind, seed);
            for (blob, bytes) in &artifact.blobs {
                use lockage_registry::TargetExt as _;
                client.put_blob(&repo, blob, lockage_registry::Body::bytes(bytes.clone())).await.unwrap();
            }
            referrers::attach(&client, &repo, artifact.root()).await.unwrap();
            foreign.insert(artifact.root().digest().clone());
        }
        let signing = Signing::with(&toy);
        let signed = signing.sign(&client, &repo, &subject.digest, now()).await.unwrap();
        assert!(signed.marks.iter().all(|mark| mark.outcome == Outcome::Written));
        let entries = shelf.referrers(&subject.digest).await;
        assert!(foreign.iter().all(|digest| entries.iter().any(|entry| entry.digest == *digest)));
        assert_eq!(entries.len(), kinds.len() + 1);
        // Whoever filters a list finds it, where a client keeps the list too.
        let entry = entries.iter().find(|entry| entry.digest == signed.marks[1].manifest).unwrap();
        assert_eq!(entry.artifact_type.as_deref(), Some("application/vnd.dev.sigstore.bundle.v0.3+json"));
        assert_eq!(entry.annotations["dev.sigstore.bundle.content"], "dsse-envelope");
        assert_eq!(entry.annotations["dev.sigstore.bundle.predicateType"], "https://sigstore.dev/cosign/sign/v1");
        assert!(!signing.sign(&client, &repo, &subject.digest, now()).await.unwrap().is_new());
    }
}

#[tokio::test]
async fn a_payload_that_was_lost_is_stored_again_under_the_signature_that_is_there() {
    let memory = Memory::new("registry.test".parse().unwrap());
    let (repo, other): (Repository, Repository) =
        ("registry.test/app".parse().unwrap(), "registry.test/other".parse().unwrap());
    let (image, toy) = (image(), Toy::new(1));
    for repo in [&repo, &other] {
        fixtures::push(&memory, repo, &image, &"v1".parse().unwrap()).await.unwrap();
    }
    let signing = Signing::with(&toy).layout(Layout::Legacy).docker_reference("registry.test/app");
    let digest = image.root().digest();
    let signed = signing.sign(&memory, &repo, digest, now()).await.unwrap();
    let held = super::shelf::held(&memory, &repo, digest, DigestTagKind::Signature).await.unwrap();

    // A registry that holds the manifest of the signatures, and nothing of what it points at.
    let sparse = memory.clone().sparse();
    let tag = lockage_registry::DigestTag::new(digest, DigestTagKind::Signature).to_tag();
    sparse.put_manifest(&other, &held, &TagOrDigest::Tag(tag)).await.unwrap();
    let again = signing.sign(&sparse, &other, digest, now()).await.unwrap();
    assert_eq!(again.marks[0].manifest, signed.marks[0].manifest);
    assert_eq!(again.marks[0].outcome, Outcome::Written);
    let layer = &layers(&held)[0];
    lockage_registry::Source::stat_blob(&sparse, &other, &layer.digest).await.unwrap();
    assert!(!signing.sign(&read_only(&sparse), &other, digest, now()).await.unwrap().is_new());
}

#[tokio::test]
async fn an_attached_manifest_that_is_gone_keeps_nobody_from_signing() {
    let memory = Arc::new(Memory::new("registry.test".parse().unwrap()));
    let repo: Repository = "registry.test/app".parse().unwrap();
    let (image, toy) = (image(), Toy::new(1));
    fixtures::push(&memory, &repo, &image, &"v1".parse().unwrap()).await.unwrap();
    let digest = image.root().digest();
    let attached = fixtures::artifact_for(image.root().descriptor(), "application/vnd.example", 3);
    let gone = attached.root().digest().clone();
    for (blob, bytes) in &attached.blobs {
        use lockage_registry::TargetExt as _;
        memory.put_blob(&repo, blob, lockage_registry::Body::bytes(bytes.clone())).await.unwrap();
    }
    referrers::attach(&memory, &repo, attached.root()).await.unwrap();
    let dangling = Faulty::new(Arc::clone(&memory)).script(move |_, call: &Call| {
        (call.operation == Operation::Manifest && call.what.ends_with(gone.as_str()))
            .then_some(Fault::Before(lockage_registry::ErrorKind::NotFound))
    });
    let signed = Signing::with(&toy).sign(&dangling, &repo, digest, now()).await.unwrap();
    assert_eq!(signed.marks.len(), 2);
}
