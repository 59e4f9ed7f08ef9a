//! The same over HTTP, with and without the referrers API, and from a directory without a registry.

use std::sync::Arc;

use lockage_registry::client::Client;
use lockage_registry::server::{Fault, Intercept, RequestHead, Server};
use lockage_registry::testing::fixtures;
use lockage_registry::{DigestTagKind, Memory, OciLayout, Repository, RetryPolicy, Target, referrers};
use lockage_signing::format::{PredicateType, SimpleSigning, names};
use lockage_signing::verify::{Outcome, Place};

use super::toy::{Toy, now};
use super::world::*;

/// An image with a signature of `toy` in each layout, wherever it is.
async fn signed(target: &dyn Target, repo: &Repository, toy: &Toy) -> lockage_registry::Digest {
    let image = fixtures::image(1);
    fixtures::push(target, repo, &image, &"v1".parse().unwrap()).await.unwrap();
    let digest = image.root().digest().clone();
    let payload = SimpleSigning::new(repo.to_string(), digest.clone());
    put_tag(target, repo, &digest, DigestTagKind::Signature, &[signature(toy, &payload)]).await;
    let layer = blob(names::BUNDLE, bundle(toy, &statement(&digest, PredicateType::COSIGN_SIGN)).to_string());
    put_referrer(target, repo, image.root().descriptor(), names::BUNDLE, &[layer]).await;
    digest
}

/// A server, and a client that does not try again.
async fn served(intercept: Intercept) -> (Server, Client, Repository) {
    let host: lockage_registry::Host = "registry.test".parse().unwrap();
    let server = Server::builder(Arc::new(Memory::new(host.clone())), host).record().intercept(intercept);
    let server = server.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let client = Client::builder().retry(RetryPolicy::none()).build().unwrap();
    let repo = format!("{}/app", server.host()).parse().unwrap();
    (server, client, repo)
}

/// A registry as docker-registry 2.8 is: without the referrers API.
fn without_referrers(head: &RequestHead) -> Fault {
    match head.method.as_str() {
        "GET" if head.path.contains("/referrers/") => {
            Fault::Answer { status: 404, code: "UNSUPPORTED".to_owned(), retry_after: None }
        }
        "PUT" => Fault::RemoveHeader("OCI-Subject".to_owned()),
        _ => Fault::None,
    }
}

#[tokio::test]
async fn registries_with_and_without_referrers_hold_the_same_signatures() {
    let toy = Toy::new(1);
    for (api, requests) in [(true, 6), (false, 7)] {
        let intercept: Intercept = if api { Arc::new(|_| Fault::None) } else { Arc::new(without_referrers) };
        let (server, client, repo) = served(intercept).await;
        let digest = signed(&client, &repo, &toy).await;
        // A client that knows nothing of the registry.
        let client = Client::builder().retry(RetryPolicy::none()).build().unwrap();
        server.clear_requests();
        let outcome = toy.policy().verify(&client, &repo, &digest, now()).await;
        let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
        assert!(matches!(verified.accepted[0].place, Place::Legacy { .. }));
        assert!(matches!(verified.accepted[1].place, Place::Bundle { .. }));
        // The manifest, the tag and its payload, the list and the bundle in two; and the list's tag where there is no API.
        let seen: Vec<_> = server.requests().into_iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect();
        let of_content: Vec<_> = seen.iter().filter(|line| *line != "GET /v2/").collect();
        assert_eq!(of_content.len(), requests, "{of_content:#?}");
        assert!(of_content.iter().all(|line| line.starts_with("GET ")), "{of_content:#?}");
    }
}

#[tokio::test]
async fn every_request_that_fails_over_http_leaves_the_right_outcome_or_none() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    let (toy, stranger) = (Toy::new(1), Toy::new(2));
    let answer = |status| Fault::Answer { status, code: String::new(), retry_after: None };
    let faults =
        [answer(401), answer(403), answer(429), answer(500), Fault::Cut, Fault::Truncate(9), Fault::Shorten(9)];
    for api in [true, false] {
        let at = Arc::new((AtomicUsize::new(usize::MAX), AtomicUsize::new(0)));
        let (script, all) = (Arc::clone(&at), faults.clone());
        // The first is how many requests are still to pass, the second which fault comes then.
        let intercept: Intercept = Arc::new(move |head| {
            let left = script.0.load(Ordering::SeqCst);
            if left == 0 && head.path != "/v2/" {
                script.0.store(usize::MAX, Ordering::SeqCst);
                return all[script.1.load(Ordering::SeqCst)].clone();
            }
            if left != usize::MAX {
                script.0.store(left - usize::from(head.path != "/v2/"), Ordering::SeqCst);
            }
            if api { Fault::None } else { without_referrers(head) }
        });
        let (_server, client, repo) = served(intercept).await;
        let digest = signed(&client, &repo, &toy).await;
        for nth in 0..(if api { 6 } else { 7 }) {
            for (which, fault) in faults.iter().enumerate() {
                for (by, is_signer) in [(&toy, true), (&stranger, false)] {
                    let client = Client::builder().retry(RetryPolicy::none()).build().unwrap();
                    at.1.store(which, Ordering::SeqCst);
                    at.0.store(nth, Ordering::SeqCst);
                    let outcome = by.policy().verify(&client, &repo, &digest, now()).await;
                    at.0.store(usize::MAX, Ordering::SeqCst);
                    match outcome {
                        Outcome::Verified(verified) => assert!(is_signer && !verified.undecided.is_empty()),
                        Outcome::Indeterminate(undecided) => assert!(!undecided.errors.is_empty()),
                        other => panic!("{nth} {:?}: {other:?}", fault),
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn bytes_that_are_not_those_of_the_digest_are_not_used_whatever_the_header_says() {
    let toy = Toy::new(1);
    let corrupt: Intercept = Arc::new(|head| match head.method == "GET" && head.path.contains("/manifests/sha256:") {
        true => Fault::Corrupt,
        false => Fault::None,
    });
    let (_server, client, repo) = served(corrupt).await;
    let digest = signed(&client, &repo, &toy).await;
    let outcome = toy.policy().verify(&client, &repo, &digest, now()).await;
    assert!(matches!(outcome, Outcome::Indeterminate(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_directory_is_verified_without_a_registry() {
    let toy = Toy::new(1);
    let dir = tempfile::tempdir().unwrap();
    let host: lockage_registry::Host = "registry.test".parse().unwrap();
    let repo: Repository = "registry.test/app".parse().unwrap();
    let layout = OciLayout::open(dir.path(), host.clone()).unwrap();
    let digest = signed(&layout, &repo, &toy).await;
    drop(layout);
    let layout = OciLayout::open(dir.path(), host).unwrap();
    let outcome = toy.policy().verify(&layout, &repo, &digest, now()).await;
    let Outcome::Verified(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!(verified.accepted.len(), 2);
    let outcome = Toy::new(2).policy().verify(&layout, &repo, &digest, now()).await;
    assert!(matches!(outcome, Outcome::Rejected(rejected) if rejected.len() == 2));
}

#[tokio::test]
async fn an_index_of_referrers_that_lists_what_is_gone_leaves_it_open() {
    let toy = Toy::new(1);
    let (_server, client, repo) = served(Arc::new(without_referrers)).await;
    let image = fixtures::image(1);
    fixtures::push(&client, &repo, &image, &"v1".parse().unwrap()).await.unwrap();
    let digest = image.root().digest().clone();
    let layer = blob(names::BUNDLE, bundle(&toy, &statement(&digest, PredicateType::COSIGN_SIGN)).to_string());
    let raw = put_referrer(&client, &repo, image.root().descriptor(), names::BUNDLE, &[layer]).await;
    let entered = referrers::enter(&client, &repo, &digest, std::slice::from_ref(&raw)).await.unwrap();
    assert!(!entered.written);
    assert!(matches!(toy.policy().verify(&client, &repo, &digest, now()).await, Outcome::Verified(_)));
    lockage_registry::Prune::delete_manifest(&client, &repo, raw.digest()).await.unwrap();
    let outcome = toy.policy().verify(&client, &repo, &digest, now()).await;
    assert!(matches!(outcome, Outcome::Indeterminate(_)), "{outcome:?}");
}
