//! Over HTTP: what discovery costs by the servers' own logs, registries without the referrers API, entries that dangle, and
//! lists that cannot be read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockage_promote::{AttachmentOutcome, Attachments, Error, ImageCopy, Receipt, Side};
use lockage_registry::client::Client;
use lockage_registry::server::{Fault, RequestHead};
use lockage_registry::testing::fixtures;
use lockage_registry::{
    Content, Descriptor, DigestTag, DigestTagKind, ErrorKind, Prune, RawManifest, Reference, Repository, RetryPolicy,
    Source, TagOrDigest, Target, media_type,
};
use serde_json::{Value, json};

use crate::pieces::{self, Attached, NOTATION, SBOM, cosign, refer_in, signatures};
use crate::world::{self, Place, Script, client, image};

async fn copy(client: &Client, from: &Reference, to: &Reference) -> Result<Receipt, Error> {
    let copy = ImageCopy::new(client, from).to(client, to);
    copy.apply(&copy.plan().await?).await
}

fn without_api(head: &RequestHead) -> Fault {
    match head.method.as_str() {
        "GET" if head.path.contains("/referrers/") => {
            Fault::Answer { status: 404, code: "UNSUPPORTED".into(), retry_after: None }
        }
        "PUT" => Fault::RemoveHeader("oci-subject".into()),
        _ => Fault::None,
    }
}

/// The image of [`Attached`], served.
async fn attached(script: Script) -> (Attached, Place) {
    let attached = Attached::new().await;
    let place = Place::over(attached.source.clone(), script).await;
    (attached, place)
}

fn honest() -> Script {
    Arc::new(|_| Fault::None)
}

fn count(place: &Place, method: &str, part: &str) -> usize {
    place.requests().iter().filter(|seen| seen.method == method && seen.path.contains(part)).count()
}

#[tokio::test]
async fn where_nothing_is_attached_looking_costs_a_request_a_manifest_and_one_listing() {
    let (dev, prod, client, image) = (Place::start().await, Place::start().await, client(), image(1));
    let (m, b) = (image.manifests.len(), image.blobs.len());
    let (from, to) = (dev.reference("app:pr-42"), prod.reference("app:v1"));
    dev.hold(&image, &from).await;
    let receipt = copy(&client, &from, &to).await.unwrap();
    assert_eq!(*receipt.attachments(), Attachments::Found(Vec::new()));
    assert_eq!((count(&dev, "GET", "/referrers/"), count(&dev, "GET", "/tags/list")), (m, 1));
    // Nothing at the target, where nothing is to be compared.
    assert_eq!((dev.requests().len(), prod.requests().len()), (m + b + m + 1, 1 + 2 * b + m));
    assert_eq!(receipt.requests() as usize, 3 * b + 2 * m + 1 + m + 1);

    // Again: two HEADs, the index, which has to be read for its children, and the same questions.
    dev.server.clear_requests();
    prod.server.clear_requests();
    let receipt = copy(&client, &from, &to).await.unwrap();
    assert_eq!((dev.requests().len(), prod.requests().len()), (1 + 1 + m + 1, 1));
    assert_eq!(receipt.requests() as usize, 2 + 1 + m + 1);
}

#[tokio::test]
async fn each_manifest_is_asked_about_once_at_each_side() {
    let ((attached, dev), prod, client) = (attached(honest()).await, Place::start().await, client());
    let (from, to) = (dev.reference("app:pr-42"), prod.reference("app:v1"));
    let receipt = copy(&client, &from, &to).await.unwrap();
    attached.assert_at(&client, &to).await;
    assert_eq!(count(&dev, "GET", "/tags/list"), 1);
    for place in [&dev, &prod] {
        let mut asked: BTreeMap<String, usize> = BTreeMap::new();
        for seen in place.requests().into_iter().take_while(|seen| seen.method != "POST") {
            if seen.path.contains("/referrers/") {
                *asked.entry(seen.path).or_default() += 1;
            }
        }
        assert!(!asked.is_empty() && asked.values().all(|times| *times == 1), "{asked:?}");
    }
    // The image's manifests, the attachments, and the child of one.
    let manifests = attached.image.manifests.len() + Attached::COUNT + 1;
    assert_eq!(count(&dev, "GET", "/referrers/"), manifests);
    // Every manifest once; no blob twice; and what was counted is what was seen, pages and probes aside.
    assert_eq!(count(&dev, "GET", "/manifests/"), manifests);
    let seen_before_asserts = dev.requests().len();
    assert!(receipt.requests() as usize > seen_before_asserts);
}

#[tokio::test]
async fn an_image_without_its_attachments_makes_none_of_these_requests() {
    let ((_, dev), prod, client) = (attached(honest()).await, Place::start().await, client());
    let (from, to) = (dev.reference("app:pr-42"), prod.reference("app:v1"));
    world::copy(&client, &from, &to).await.unwrap();
    for place in [&dev, &prod] {
        assert_eq!(count(place, "GET", "/referrers/") + count(place, "GET", "/tags/list"), 0);
        assert!(place.requests().iter().all(|seen| !seen.path.contains("/manifests/sha256-")));
    }
}

#[tokio::test]
async fn with_and_without_the_referrers_api_on_either_side() {
    for (dev_api, prod_api) in [(true, false), (false, true), (false, false)] {
        let script = |api: bool| -> Script { if api { honest() } else { Arc::new(without_api) } };
        let ((attached, dev), prod) = (attached(script(dev_api)).await, Place::faulty(script(prod_api)).await);
        let client = client();
        let (from, to) = (dev.reference("app:pr-42"), prod.reference("app:v1"));
        if !dev_api {
            // What a client that keeps the index has left there.
            for subject in [attached.image.root(), &attached.image.manifests[0], &attached.attestation] {
                let repo = pieces::from();
                let listed = attached.source.referrers(repo.repository(), subject.digest(), None).await.unwrap();
                hold_index(&dev, repo.repository(), subject.descriptor(), &listed).await;
            }
        }
        let receipt = copy(&client, &from, &to).await.unwrap();
        assert_eq!(receipt.attachments().found().len(), Attached::COUNT, "{dev_api} {prod_api}");
        attached.assert_at(&client, &to).await;
        if !prod_api {
            let root = attached.image.root().digest();
            let at = TagOrDigest::Tag(DigestTag::new(root, DigestTagKind::Referrers).to_tag());
            let index = client.manifest(to.repository(), &at).await.unwrap();
            let document: Value = serde_json::from_slice(index.bytes()).unwrap();
            let entry = |digest: &lockage_registry::Digest| {
                let entries = document["manifests"].as_array().unwrap().iter();
                entries.clone().find(|entry| entry["digest"] == digest.as_str()).unwrap().clone()
            };
            assert_eq!(entry(&attached.notation)["artifactType"], NOTATION);
            assert_eq!(entry(&attached.notation)["annotations"], json!({ "org.example.seed": "1" }));
            assert_eq!(entry(&attached.bundle)["artifactType"], "application/vnd.example.bundle");
            let puts: Vec<_> = prod.requests().into_iter().filter(|seen| seen.method == "PUT").collect();
            assert_eq!(puts.last().unwrap().path, "/v2/app/manifests/v1", "the tag is the last write");
            // One index a subject, however many are attached to it.
            let subjects =
                puts.iter().filter(|seen| seen.path.contains("/manifests/sha256-") && !seen.path.contains('.'));
            assert_eq!(subjects.count(), 3);
        }
        // Again: nothing is written.
        prod.server.clear_requests();
        copy(&client, &from, &to).await.unwrap();
        assert!(prod.requests().iter().all(|seen| seen.method == "GET" || seen.method == "HEAD"));
    }
}

#[tokio::test]
async fn what_the_target_lists_and_has_lost_is_brought_again() {
    let ((attached, dev), prod) = (attached(honest()).await, Place::faulty(Arc::new(without_api)).await);
    let (client, from, to) = (client(), dev.reference("app:pr-42"), prod.reference("app:v1"));
    copy(&client, &from, &to).await.unwrap();
    let behind: Reference = "backend.test/app:v1".parse().unwrap();
    prod.memory.delete_manifest(behind.repository(), &attached.sbom).await.unwrap();
    let receipt = copy(&client, &from, &to).await.unwrap();
    let carried: Vec<_> = receipt.attachments().found().iter().filter(|one| one.is_carried()).collect();
    assert_eq!(carried.len(), 1);
    assert_eq!(carried[0].manifest.digest, attached.sbom);
    attached.assert_at(&client, &to).await;
}

/// An index under the referrers tag of `subject`.
async fn hold_index(place: &Place, repo: &Repository, subject: &Descriptor, entries: &[Descriptor]) {
    let document = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries });
    let index = RawManifest::new(media_type::OCI_INDEX, document.to_string().into()).unwrap();
    let at = DigestTag::new(&subject.digest, DigestTagKind::Referrers).to_tag();
    place.memory.put_manifest(repo, &index, &at.into()).await.unwrap();
}

#[tokio::test]
async fn an_entry_that_dangles_or_belongs_elsewhere_is_told_and_not_carried() {
    let (dev, prod, client) = (Place::faulty(Arc::new(without_api)).await, Place::start().await, client());
    let (from, to) = (dev.reference("app:pr-42"), prod.reference("app:v1"));
    let (image, behind): (_, Reference) = (fixtures::image(1), "backend.test/app:pr-42".parse().unwrap());
    let repo = behind.repository();
    dev.hold(&image, &from).await;
    let root = image.root().descriptor();
    let kept = refer_in(&dev.memory, repo, root, SBOM, 1).await;
    let gone = refer_in(&dev.memory, repo, root, SBOM, 2).await;
    let other = refer_in(&dev.memory, repo, fixtures::image(2).root().descriptor(), SBOM, 3).await;
    let mut entries = Vec::new();
    for digest in [&kept, &gone, &other] {
        entries.push(dev.memory.resolve(repo, &digest.clone().into()).await.unwrap());
    }
    hold_index(&dev, repo, root, &entries).await;
    dev.memory.delete_manifest(repo, &gone).await.unwrap();

    let receipt = copy(&client, &from, &to).await.unwrap();
    let outcomes: BTreeMap<_, _> =
        receipt.attachments().found().iter().map(|one| (one.manifest.digest.clone(), one.outcome)).collect();
    let expected = [
        (kept, AttachmentOutcome::Carried),
        (gone, AttachmentOutcome::Dangling),
        (other, AttachmentOutcome::Unrelated),
    ];
    assert_eq!(outcomes, BTreeMap::from(expected));
    assert!(receipt.to_string().contains("1 SBOM carried, 1 other listed and not there, "), "{receipt}");
}

/// Copies where the `part` of one side's requests meets `fault`; the error, after it was seen that nothing was written.
async fn refused(side: Side, part: &'static str, fault: Fault) -> Error {
    let spoil: Script = Arc::new(move |head| match head.method == "GET" && head.path.contains(part) {
        true => fault.clone(),
        false => Fault::None,
    });
    let (at_dev, at_prod) = if side == Side::Source { (spoil, honest()) } else { (honest(), spoil) };
    let ((attached, dev), prod) = (attached(at_dev).await, Place::faulty(at_prod).await);
    let (from, to, old) = (dev.reference("app:pr-42"), prod.reference("app:v1"), image(7));
    prod.hold(&old, &to).await;
    // At the target there is something to be compared with.
    let (behind, root): (Reference, _) = ("backend.test/app:v1".parse().unwrap(), attached.image.root().digest());
    let theirs = cosign(&prod.memory, behind.repository(), &["z"]).await;
    pieces::tag(&prod.memory, behind.repository(), &theirs, root, DigestTagKind::Signature).await;
    let hasty = RetryPolicy::default().with_longest_delay(Duration::from_millis(1));
    let hasty = Client::builder().retry(hasty).build().unwrap();
    let error = copy(&hasty, &from, &to).await.unwrap_err();
    assert_eq!(prod.tagged(&to).await.as_ref(), Some(old.root().digest()), "{error}");
    assert!(prod.requests().iter().all(|seen| seen.method == "HEAD" || seen.method == "GET"), "{error}");
    error
}

#[tokio::test]
async fn only_a_404_means_that_there_is_none() {
    for (side, part) in [
        (Side::Source, "/referrers/"),
        (Side::Source, "/tags/list"),
        (Side::Source, "/manifests/sha256-"),
        (Side::Target, "/referrers/"),
        (Side::Target, "/manifests/sha256-"),
    ] {
        for (status, code, kind) in [
            (401, "UNAUTHORIZED", ErrorKind::Unauthorized),
            (403, "DENIED", ErrorKind::Denied),
            (429, "TOOMANYREQUESTS", ErrorKind::RateLimited),
            (500, "UNKNOWN", ErrorKind::Unavailable),
            (503, "UNAVAILABLE", ErrorKind::Unavailable),
        ] {
            let error = refused(side, part, Fault::Answer { status, code: code.into(), retry_after: None }).await;
            assert_eq!((error.side(), error.port().unwrap().kind()), (Some(side), kind), "{part}: {error}");
        }
        for fault in [Fault::Truncate(30), Fault::Corrupt, Fault::Cut] {
            let error = refused(side, part, fault).await;
            assert_eq!(error.side(), Some(side), "{part}: {error}");
        }
    }
}

#[tokio::test]
async fn a_fallback_tag_that_holds_no_index_is_an_error() {
    let (attached, dev) = attached(Arc::new(without_api)).await;
    let (prod, client) = (Place::start().await, client());
    // As `cosign copy` leaves it: the image itself.
    let root = attached.image.manifests[0].clone();
    let at = DigestTag::new(root.digest(), DigestTagKind::Referrers).to_tag();
    attached.source.put_manifest(pieces::from().repository(), &root, &at.into()).await.unwrap();
    let error = copy(&client, &dev.reference("app:pr-42"), &prod.reference("app:v1")).await.unwrap_err();
    assert_eq!((error.side(), error.port().unwrap().kind()), (Some(Side::Source), ErrorKind::Protocol), "{error}");
}

#[tokio::test]
async fn copies_of_different_signatures_into_one_repository_lose_none() {
    let (prod, client, image) = (Place::faulty(Arc::new(without_api)).await, client(), image(1));
    let to = prod.reference("app:v1");
    let mut sources = Vec::new();
    for n in 0..6 {
        let dev = Place::start().await;
        let (from, behind): (_, Reference) = (dev.reference("app:pr-42"), "backend.test/app:x".parse().unwrap());
        dev.hold(&image, &from).await;
        refer_in(&dev.memory, behind.repository(), image.root().descriptor(), SBOM, n).await;
        let signature = cosign(&dev.memory, behind.repository(), &[&format!("of {n}")]).await;
        pieces::tag(&dev.memory, behind.repository(), &signature, image.root().digest(), DigestTagKind::Signature)
            .await;
        sources.push((dev, from));
    }
    let copies = sources.iter().map(|(_, from)| {
        // A client each, so that nothing in this process is between them.
        let (client, to) = (world::client(), to.clone());
        async move { copy(&client, from, &to).await.unwrap() }
    });
    futures::future::join_all(copies).await;
    let listed = client.referrers(to.repository(), image.root().digest(), None).await.unwrap();
    assert_eq!(listed.len(), 6);
    let at = TagOrDigest::Tag(DigestTag::new(image.root().digest(), DigestTagKind::Signature).to_tag());
    let held = client.manifest(to.repository(), &at).await.unwrap();
    let mut names = signatures(&held);
    names.sort();
    assert_eq!(names, (0..6).map(|n| format!("of {n}")).collect::<Vec<_>>());
    assert!(matches!(held.view().unwrap().content, Content::Image { .. }));
}
