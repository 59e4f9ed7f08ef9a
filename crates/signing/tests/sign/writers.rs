//! Eight signers at once, each with its own key and its own client, on both kinds of registry: all signatures are there.

use std::collections::BTreeSet;

use lockage_registry::DigestTagKind;
use lockage_signing::sign::{Predicate, Signing};

use super::shelf::{Shelf, image};
use super::{Toy, now};

const SIGNERS: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_signers_lose_nothing() {
    for bare in [false, true] {
        let shelf = Shelf::new(bare).await;
        let image = image();
        let digest = image.root().digest();
        let tasks: Vec<_> = (0..SIGNERS)
            .map(|n| {
                let (client, repo, digest) = (shelf.client(), shelf.repo(), digest.clone());
                tokio::spawn(async move {
                    let toy = Toy::new(n);
                    let predicate = Predicate::new("custom".parse().unwrap(), "{}").unwrap();
                    let signing = Signing::with(&toy);
                    let signed = signing.sign(&client, &repo, &digest, now()).await.unwrap();
                    let attested = signing.attest(&client, &repo, &digest, &predicate, now()).await.unwrap();
                    [signed, attested]
                })
            })
            .collect();
        let mut bundles = BTreeSet::new();
        for task in tasks {
            bundles.extend(task.await.unwrap().map(|signed| signed.marks[1].manifest.clone()));
        }
        let listed: BTreeSet<_> = shelf.referrers(digest).await.into_iter().map(|entry| entry.digest).collect();
        assert_eq!(listed, bundles, "bare {bare}");
        for kind in [DigestTagKind::Signature, DigestTagKind::Attestation] {
            assert_eq!(shelf.layers(digest, kind).await.len() as u64, SIGNERS, "bare {bare}");
        }
        for n in 0..SIGNERS {
            let toy = Toy::new(n);
            let again = Signing::with(&toy).sign(&shelf.client(), &shelf.repo(), digest, now()).await.unwrap();
            assert!(!again.is_new(), "bare {bare}, signer {n}");
        }
    }
}
