//! In memory: what is found and brought, what was there, what is merged, and what cannot be.

use std::sync::{Arc, Mutex};

use lockage_promote::{
    Attachment, AttachmentKind, AttachmentOutcome, Attachments, CopyPlan, Error, Event, FoundBy, ImageCopy, Outcome,
    Receipt, Side,
};
use lockage_registry::testing::{Operation, Recorder, fixtures};
use lockage_registry::{Digest, DigestTagKind, ErrorKind, Memory, Source, TagOrDigest, Target, media_type};

use crate::pieces::{Attached, NOTATION, SBOM, by_digest, cosign, from, refer, signatures, tag, to};
use crate::stock::{image, memory, reference};

async fn copy(source: &dyn Source, target: &dyn Target) -> Receipt {
    let copy = ImageCopy::new(source, &from()).to(target, &to());
    copy.apply(&copy.plan().await.unwrap()).await.unwrap()
}

fn outcome(found: &[Attachment], digest: &Digest) -> AttachmentOutcome {
    found.iter().find(|one| one.manifest.digest == *digest).unwrap().outcome
}

#[tokio::test]
async fn everything_that_is_attached_goes_with_the_image() {
    let attached = Attached::new().await;
    let target = Recorder::new(memory("prod.test"));
    let copy = ImageCopy::new(&attached.source, &from()).to(&target, &to());
    let plan = copy.plan().await.unwrap();
    assert!(target.calls().iter().all(|call| !call.operation.is_write()));
    assert_eq!(plan.attachments().len(), Attached::COUNT);
    let shown = plan.to_string();
    assert!(shown.ends_with("\n     + 4 signatures, 1 attestation, 2 SBOMs, 1 other"), "{shown}");

    let receipt = copy.apply(&plan).await.unwrap();
    attached.assert_at(&target, &to()).await;
    let Attachments::Found(found) = receipt.attachments() else { panic!("{:?}", receipt.attachments()) };
    let root = attached.image.root().digest();
    for (digest, subject, kind, artifact_type, by_tag) in [
        (&attached.notation, root, AttachmentKind::Signature, NOTATION, false),
        (&attached.sbom, root, AttachmentKind::Sbom, SBOM, false),
        (&attached.bundle, root, AttachmentKind::Other, "application/vnd.example.bundle", false),
        (&attached.on_child, attached.image.manifests[0].digest(), AttachmentKind::Sbom, SBOM, false),
        (attached.signature.digest(), root, AttachmentKind::Signature, media_type::OCI_CONFIG, true),
        (attached.attestation.digest(), root, AttachmentKind::Attestation, media_type::OCI_CONFIG, true),
        (attached.on_sbom.digest(), &attached.sbom, AttachmentKind::Signature, media_type::OCI_CONFIG, true),
        (&attached.on_attestation, attached.attestation.digest(), AttachmentKind::Signature, NOTATION, false),
    ] {
        let one = found.iter().find(|one| one.manifest.digest == *digest).unwrap();
        assert_eq!((&one.subject, one.kind, one.outcome), (subject, kind, AttachmentOutcome::Carried));
        assert_eq!(one.artifact_type.as_deref(), Some(artifact_type));
        assert_eq!(matches!(one.found_by, FoundBy::Tag(_)), by_tag);
    }
    assert!(receipt.to_string().ends_with("; 4 signatures, 1 attestation, 2 SBOMs, 1 other carried"), "{receipt}");
    let last = receipt.steps().last().unwrap();
    assert_eq!((&last.content.digest, last.outcome, last.attached), (root, Outcome::Stored, false));
    let calls = target.calls();
    let puts: Vec<_> = calls.iter().filter(|call| call.operation == Operation::PutManifest).collect();
    assert_eq!(puts.last().unwrap().what, "v1", "the tag is the last write");

    // Once more: all is there, and nothing is written.
    target.clear();
    let again = ImageCopy::new(&attached.source, &from()).to(&target, &to());
    let receipt = again.apply(&again.plan().await.unwrap()).await.unwrap();
    assert!(target.calls().iter().all(|call| !call.operation.is_write()), "{:?}", target.calls());
    assert!(
        !receipt.moved() && receipt.attachments().found().iter().all(|one| one.outcome == AttachmentOutcome::Present)
    );
    assert_eq!(receipt.attachments().found().len(), Attached::COUNT);
}

#[tokio::test]
async fn an_image_that_is_there_gets_what_is_attached_to_it_later() {
    let attached = Attached::new().await;
    let target = memory("prod.test");
    let alone = ImageCopy::new(&attached.source, &from()).to(&target, &to()).without_attachments();
    let receipt = alone.apply(&alone.plan().await.unwrap()).await.unwrap();
    assert_eq!(*receipt.attachments(), Attachments::LeftBehind);

    let later = ImageCopy::new(&attached.source, &from()).to(&target, &to());
    let plan = later.plan().await.unwrap();
    assert!(plan.to_string().contains("is there already\n     + 4 signatures"), "{plan}");
    let receipt = later.apply(&plan).await.unwrap();
    assert!(!receipt.moved() && receipt.bytes() > 0);
    attached.assert_at(&target, &to()).await;

    // One more, on a child: it alone is brought.
    let fresh = refer(&attached.source, attached.image.manifests[1].descriptor(), SBOM, 99).await;
    let receipt = copy(&attached.source, &target).await;
    let carried: Vec<_> = receipt.attachments().found().iter().filter(|one| one.is_carried()).collect();
    assert_eq!(carried.len(), 1);
    assert_eq!(carried[0].manifest.digest, fresh);
}

#[tokio::test]
async fn within_a_registry_attachments_are_mounted_and_within_a_repository_they_are_where_they_were() {
    let attached = Attached::new().await;
    let registry = Recorder::new(attached.source.clone());
    let beside = reference("dev.test/prod/app:v1");
    let copy = ImageCopy::new(&registry, &from()).to(&registry, &beside);
    let receipt = copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    assert_eq!((registry.count(Operation::Blob), receipt.bytes()), (0, 0));
    attached.assert_at(&registry, &beside).await;

    registry.clear();
    let retag = ImageCopy::new(&registry, &from()).to(&registry, &reference("dev.test/app:v1"));
    let receipt = retag.apply(&retag.plan().await.unwrap()).await.unwrap();
    assert_eq!((receipt.attachments(), registry.calls().len()), (&Attachments::InPlace, 3));
    let receipt = retag.apply(&retag.plan().await.unwrap()).await.unwrap();
    assert_eq!((receipt.attachments(), registry.calls().len()), (&Attachments::InPlace, 5));
}

#[tokio::test]
async fn a_platform_takes_what_is_attached_to_it_and_no_more() {
    let attached = Attached::new().await;
    let target = memory("prod.test");
    for expected in [AttachmentOutcome::Carried, AttachmentOutcome::Present] {
        let amd = "linux/amd64".parse().unwrap();
        let copy = ImageCopy::new(&attached.source, &from()).to(&target, &to()).platform(amd);
        let receipt = copy.apply(&copy.plan().await.unwrap()).await.unwrap();
        let found = receipt.attachments().found();
        assert_eq!(found.len(), 1);
        assert_eq!(outcome(found, &attached.on_child), expected);
    }
}

#[tokio::test]
async fn a_plan_with_attachments_survives_as_a_document() {
    let attached = Attached::new().await;
    let target = memory("prod.test");
    let copy = ImageCopy::new(&attached.source, &from()).to(&target, &to());
    let mut plan = copy.plan().await.unwrap();
    copy.foresee(&mut plan).await.unwrap();
    let kept: CopyPlan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!((kept.to_string(), kept.attachments()), (plan.to_string(), plan.attachments()));
    let receipt = copy.apply(&kept).await.unwrap();
    assert_eq!(receipt.bytes(), plan.bytes());
    attached.assert_at(&target, &to()).await;
    let text = serde_json::to_string(&receipt).unwrap();
    assert_eq!(serde_json::from_str::<Receipt>(&text).unwrap(), receipt);
}

#[tokio::test]
async fn an_observer_sees_attachments_before_the_tag() {
    let attached = Attached::new().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observer = Arc::new({
        let seen = Arc::clone(&seen);
        move |event: &Event<'_>| match event {
            Event::AttachmentDone { attachment } => {
                seen.lock().unwrap().push(attachment.outcome == AttachmentOutcome::Carried)
            }
            Event::TagMoved { .. } => seen.lock().unwrap().push(false),
            _ => {}
        }
    });
    let target = memory("prod.test");
    let copy = ImageCopy::new(&attached.source, &from()).to(&target, &to()).observed_by(observer);
    copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    let expected: Vec<_> = [vec![true; Attached::COUNT], vec![false]].concat();
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_signature_tag_of_the_target_is_merged_and_not_replaced() {
    let (source, image) = (memory("dev.test"), image(1));
    fixtures::push(&source, from().repository(), &image, from().tag().unwrap()).await.unwrap();
    let root = image.root().digest();
    let ours = cosign(&source, from().repository(), &["a", "b"]).await;
    tag(&source, from().repository(), &ours, root, DigestTagKind::Signature).await;
    for (held, left, expected) in [
        (vec![], vec!["a", "b"], AttachmentOutcome::Carried),
        (vec!["a", "b"], vec!["a", "b"], AttachmentOutcome::Present),
        (vec!["a"], vec!["a", "b"], AttachmentOutcome::Carried),
        (vec!["z", "a", "b"], vec!["z", "a", "b"], AttachmentOutcome::Present),
        (vec!["z", "a"], vec!["z", "a", "b"], AttachmentOutcome::Merged),
        (vec!["z"], vec!["z", "a", "b"], AttachmentOutcome::Merged),
    ] {
        let target = memory("prod.test");
        if !held.is_empty() {
            let theirs = cosign(&target, to().repository(), &held).await;
            tag(&target, to().repository(), &theirs, root, DigestTagKind::Signature).await;
        }
        let receipt = copy(&source, &target).await;
        assert_eq!(outcome(receipt.attachments().found(), ours.digest()), expected, "{held:?}");
        let at = TagOrDigest::Tag(lockage_registry::DigestTag::new(root, DigestTagKind::Signature).to_tag());
        let now = target.manifest(to().repository(), &at).await.unwrap();
        assert_eq!(signatures(&now), left, "{held:?}");
        crate::pieces::assert_complete(&target, to().repository(), at).await;

        // A re-run finds nothing to do.
        let again = copy(&source, &target).await;
        assert_eq!(outcome(again.attachments().found(), ours.digest()), AttachmentOutcome::Present, "{held:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_merged_stops_the_copy_before_the_tag() {
    let attached = Attached::new().await;
    let (target, old) = (memory("prod.test"), image(7));
    fixtures::push(&target, to().repository(), &old, to().tag().unwrap()).await.unwrap();
    tag(&target, to().repository(), old.root(), attached.image.root().digest(), DigestTagKind::Signature).await;
    let copy = ImageCopy::new(&attached.source, &from()).to(&target, &to());
    let error = copy.apply(&copy.plan().await.unwrap()).await.unwrap_err();
    assert_eq!((error.side(), error.port().unwrap().kind()), (Some(Side::Target), ErrorKind::Unsupported), "{error}");
    assert!(error.remedy().is_some());
    let held = target.resolve(to().repository(), &TagOrDigest::of(&to())).await.unwrap();
    assert_eq!(held.digest, *old.root().digest());
}

#[tokio::test]
async fn attachments_of_attachments_end_somewhere() {
    let (source, image) = (memory("dev.test"), image(1));
    fixtures::push(&source, from().repository(), &image, from().tag().unwrap()).await.unwrap();
    let mut subject = image.root().descriptor().clone();
    let chain = |source: &Memory, subject: lockage_registry::Descriptor, seed| {
        let source = source.clone();
        async move {
            let digest = refer(&source, &subject, SBOM, seed).await;
            source.resolve(from().repository(), &digest.into()).await.unwrap()
        }
    };
    for seed in 0..7 {
        subject = chain(&source, subject, seed).await;
    }
    assert_eq!(copy(&source, &memory("prod.test")).await.attachments().found().len(), 7);
    chain(&source, subject, 8).await;
    let target = memory("prod.test");
    let error = ImageCopy::new(&source, &from()).to(&target, &to()).plan().await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn copies_of_one_pair_side_by_side_get_along() {
    let attached = Attached::new().await;
    let target = memory("prod.test");
    let theirs = cosign(&target, to().repository(), &["z"]).await;
    let root = attached.image.root().digest();
    let at = tag(&target, to().repository(), &theirs, root, DigestTagKind::Signature).await;
    let copies = (0..8).map(|_| async { copy(&attached.source, &target).await });
    for receipt in futures::future::join_all(copies).await {
        assert_eq!(receipt.attachments().found().len(), Attached::COUNT);
    }
    let held = target.manifest(to().repository(), &TagOrDigest::Tag(at)).await.unwrap();
    assert_eq!(signatures(&held), ["z", "a"]);
    by_digest(&target, to().repository(), &held).await;
}
