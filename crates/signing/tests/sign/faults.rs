//! Every request fails once, before and after it took effect: nothing of others is lost, nothing dangles, and signing again
//! completes it.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use lockage_registry::testing::{Call, Fault, Faulty};
use lockage_registry::{DigestTagKind, ErrorKind, Repository, Source, TagOrDigest, Target};
use lockage_signing::sign::{Predicate, Signed, Signing};
use lockage_signing::{Error, Signer};

use super::shelf::{self, Shelf, image};
use super::{Toy, now};

/// Signs in both layouts; in memory, attests as well, which takes the same ways.
async fn sign(toy: &dyn Signer, target: &dyn Target, repo: &Repository) -> Result<Signed, Error> {
    let (image, signing) = (image(), Signing::with(toy).claim("env", "prod"));
    let mut signed = signing.sign(target, repo, image.root().digest(), now()).await?;
    if repo.host().as_str() == "backend.test" {
        let predicate = Predicate::new("custom".parse().unwrap(), "{}").unwrap();
        let attested = signing.attest(target, repo, image.root().digest(), &predicate, now()).await?;
        signed.marks.extend(attested.marks);
    }
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

/// The registry, and the name of its repository: over HTTP where the list of referrers is the client's to keep.
fn registry(shelf: &Shelf, bare: bool) -> (Arc<dyn Target>, Repository) {
    if bare { (Arc::new(shelf.client()), shelf.repo()) } else { (Arc::new(shelf.memory.clone()), shelf.behind()) }
}

async fn visit(bare: bool) {
    let calm = Shelf::new(bare).await;
    let (target, repo) = registry(&calm, bare);
    sign(&Toy::new(2), &target, &repo).await.unwrap();
    let counted = Faulty::new(target);
    sign(&Toy::new(1), &counted, &repo).await.unwrap();
    let calls = counted.calls();
    assert!(calls > 20, "{calls}");

    // What reads has no effect before its answer is lost.
    let cases = (0..calls).flat_map(|k| [(k, false), (k, true)]).map(|(k, after)| async move {
        let case = format!("call {k} of {calls}, after its effect: {after}, bare {bare}");
        let shelf = Shelf::new(bare).await;
        let (target, repo) = registry(&shelf, bare);
        sign(&Toy::new(2), &target, &repo).await.unwrap();
        let before = content(&shelf).await;

        let toy = Toy::new(1);
        let faulty = Faulty::new(Arc::clone(&target)).script(move |nth, call: &Call| match after {
            _ if nth != k => None,
            false => Some(Fault::Before(ErrorKind::Unavailable)),
            true => call.operation.is_write().then_some(Fault::After(ErrorKind::Unavailable)),
        });
        let failed = sign(&toy, &faulty, &repo).await;
        check(&shelf, &before, &case).await;
        if failed.is_ok() {
            return false;
        }
        if let Err(Error::Partly { done, .. }) = &failed {
            for mark in done {
                let at = TagOrDigest::Digest(mark.manifest.clone());
                shelf.memory.manifest(&shelf.behind(), &at).await.expect(&case);
            }
        }
        let again = sign(&toy, &target, &repo).await.expect(&case);
        assert_eq!(again.marks.len(), if bare { 2 } else { 4 }, "{case}");
        check(&shelf, &before, &case).await;
        let done = content(&shelf).await;
        assert!(!sign(&toy, &target, &repo).await.expect(&case).is_new(), "{case}");
        assert_eq!(content(&shelf).await, done, "{case}");
        true
    });
    let failed = join_all(cases).await.into_iter().filter(|failed| *failed).count();
    // Those that only spare an upload are not missed.
    assert!(failed >= calls, "{failed} of {calls}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_request_with_the_referrers_api() {
    visit(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_request_without_the_referrers_api() {
    visit(true).await;
}
