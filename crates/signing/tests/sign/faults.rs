//! Every request fails once, before and after it took effect: nothing of others is lost, nothing dangles, and signing again
//! completes it.

use std::collections::BTreeSet;

use futures::future::join_all;
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{DigestTagKind, ErrorKind, Source};
use lockage_signing::sign::{Predicate, Signed, Signing};
use lockage_signing::{Error, Signer};

use super::shelf::{self, Shelf, image};
use super::{Toy, now};

async fn sign<T: lockage_registry::Target>(toy: &dyn Signer, target: &T, shelf: &Shelf) -> Result<Signed, Error> {
    let image = image();
    let (signing, repo) = (Signing::with(toy).claim("env", "prod"), shelf.repo());
    let predicate = Predicate::new("custom".parse().unwrap(), "{}").unwrap();
    let mut signed = signing.sign(target, &repo, image.root().digest(), now()).await?;
    let attested = signing.attest(target, &repo, image.root().digest(), &predicate, now()).await?;
    signed.marks.extend(attested.marks);
    Ok(signed)
}

/// All that is attached has what it points at, and what was there before.
async fn check(shelf: &Shelf, before: &BTreeSet<String>, case: &str) {
    let now = content(shelf).await;
    let lost: Vec<_> = before.difference(&now).collect();
    assert!(lost.is_empty(), "{case}: {lost:?}");
    for kind in [DigestTagKind::Signature, DigestTagKind::Attestation] {
        let Some(held) = shelf::held(&shelf.memory, &shelf.behind(), image().root().digest(), kind).await else {
            continue;
        };
        for blob in held.view().unwrap().blobs() {
            let size = shelf.memory.stat_blob(&shelf.behind(), &blob.digest).await.unwrap();
            assert_eq!(size, blob.size, "{case}");
        }
    }
}

/// Signatures, attestations and referrers, without what the manifests that hold them are called.
async fn content(shelf: &Shelf) -> BTreeSet<String> {
    let digest = image().root().digest().clone();
    let mut all: BTreeSet<_> =
        shelf.referrers(&digest).await.into_iter().map(|entry| entry.digest.to_string()).collect();
    for kind in [DigestTagKind::Signature, DigestTagKind::Attestation] {
        let held = shelf::held(&shelf.memory, &shelf.behind(), &digest, kind).await;
        let layers = held.map(|held| shelf::layers(&held)).unwrap_or_default();
        all.extend(layers.into_iter().map(|layer| format!("{} {:?}", layer.digest, layer.annotations)));
    }
    all
}

async fn visit(bare: bool) {
    let calm = Shelf::new(bare).await;
    let counted = Faulty::new(calm.client());
    sign(&Toy::new(1), &counted, &calm).await.unwrap();
    let calls = counted.calls();
    assert!(calls > 20, "{calls}");

    let faults = [Fault::Before(ErrorKind::Unavailable), Fault::After(ErrorKind::Unavailable)];
    let cases = (0..calls).flat_map(|k| faults.map(|fault| (k, fault))).map(|(k, fault)| async move {
        let case = format!("call {k} of {calls}, {fault:?}, bare {bare}");
        let shelf = Shelf::new(bare).await;
        sign(&Toy::new(2), &shelf.client(), &shelf).await.unwrap();
        let before = content(&shelf).await;

        let toy = Toy::new(1);
        let failed = sign(&toy, &Faulty::new(shelf.client()).fail(k, fault), &shelf).await;
        check(&shelf, &before, &case).await;
        if let Err(Error::Partly { done, .. }) = &failed {
            for mark in done {
                shelf
                    .memory
                    .manifest(&shelf.behind(), &lockage_registry::TagOrDigest::Digest(mark.manifest.clone()))
                    .await
                    .expect(&case);
            }
        }

        let target = shelf.client();
        let again = sign(&toy, &target, &shelf).await.expect(&case);
        assert_eq!(again.marks.len(), 4, "{case}");
        check(&shelf, &before, &case).await;
        let done = content(&shelf).await;
        assert!(!sign(&toy, &target, &shelf).await.expect(&case).is_new(), "{case}");
        assert_eq!(content(&shelf).await, done, "{case}");
        // The uploads of blobs and the like are tried again without anybody's knowledge; most failures are told.
        failed.is_err()
    });
    let failed = join_all(cases).await.into_iter().filter(|failed| *failed).count();
    assert!(failed > calls, "{failed} of {}", 2 * calls);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_request_with_the_referrers_api() {
    visit(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_request_without_the_referrers_api() {
    visit(true).await;
}
