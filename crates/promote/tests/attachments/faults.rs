//! The tag rule with attachments: whatever call fails, at source or target, the tag holds its old value, or the new one with
//! everything that is attached to it; and a re-run completes.

use futures::stream::{self, StreamExt as _};
use lockage_promote::{ImageCopy, Side};
use lockage_registry::testing::{Fault, Faulty, Operation, Recorder, fixtures};
use lockage_registry::{Digest, DigestTagKind, ErrorKind, Memory, Source, TagOrDigest, Target};

use crate::pieces::{Attached, cosign, from, signatures, tag, to};
use crate::stock::{image, memory};

const FAULTS: [Fault; 5] = [
    Fault::Before(ErrorKind::Unavailable),
    Fault::After(ErrorKind::Unreachable),
    Fault::Truncate(1),
    Fault::ShortEnd(1),
    Fault::Corrupt,
];

/// A target whose tag holds another image, and that has a signature of its own on the new one.
async fn target(attached: &Attached) -> Memory {
    let (target, old) = (memory("prod.test"), image(7));
    fixtures::push(&target, to().repository(), &old, to().tag().unwrap()).await.unwrap();
    let theirs = cosign(&target, to().repository(), &["z"]).await;
    tag(&target, to().repository(), &theirs, attached.image.root().digest(), DigestTagKind::Attestation).await;
    target
}

async fn tagged(registry: &Memory) -> Digest {
    registry.resolve(to().repository(), &TagOrDigest::of(&to())).await.unwrap().digest
}

async fn assert_attached(attached: &Attached, target: &Memory, place: &str) {
    let repo = to();
    let root = attached.image.root().digest();
    for (subject, count) in [(root, 3), (attached.image.manifests[0].digest(), 1), (attached.attestation.digest(), 1)] {
        let listed = target.referrers(repo.repository(), subject, None).await.unwrap();
        assert_eq!(listed.len(), count, "{place}");
    }
    for (subject, kind, expected) in [
        (root, DigestTagKind::Signature, ["a"].as_slice()),
        (root, DigestTagKind::Attestation, &["z", "b"]),
        (&attached.sbom, DigestTagKind::Signature, &["c"]),
    ] {
        let at = TagOrDigest::Tag(lockage_registry::DigestTag::new(subject, kind).to_tag());
        let held = target.manifest(repo.repository(), &at).await.unwrap_or_else(|e| panic!("{place}: {e}"));
        assert_eq!(signatures(&held), expected, "{place}");
    }
}

async fn run(source: &dyn Source, target: &dyn Target) -> lockage_promote::Result<lockage_promote::Receipt> {
    // One after the other, so that the k-th call is the same one each time.
    let copy = ImageCopy::new(source, &from()).to(target, &to()).concurrency(1);
    copy.apply(&copy.plan().await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_call_may_fail_at_either_side_with_attachments() {
    let attached = Attached::new().await;
    let (source, prod) = (Recorder::new(attached.source.clone()), Recorder::new(target(&attached).await));
    run(&source, &prod).await.unwrap();
    let (source_calls, target_calls) = (source.calls(), prod.calls());
    assert!(source_calls.len() > 40 && target_calls.len() > 50, "{} {}", source_calls.len(), target_calls.len());

    let mut cases = Vec::new();
    for (side, calls) in [(Side::Source, &source_calls), (Side::Target, &target_calls)] {
        for (k, call) in calls.iter().enumerate() {
            let felt = FAULTS.into_iter().filter(|fault| is_felt(*fault, call.operation));
            cases.extend(felt.map(|fault| (side, fault, k)));
        }
    }
    let (tried, target_calls) = (cases.len(), target_calls.len());
    let attached = &attached;
    let failures: usize = stream::iter(cases)
        .map(|(side, fault, k)| async move { usize::from(case(attached, side, fault, k, target_calls).await) })
        .buffer_unordered(512)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .sum();
    // An answer that was lost is not missed where the work is found done.
    assert!(failures * 10 >= tried * 9, "only {failures} of {tried} faults were felt");
}

/// Faults of bytes are met by what moves bytes. A list that ends early and looks whole is a lie that nobody can see.
fn is_felt(fault: Fault, operation: Operation) -> bool {
    match fault {
        Fault::Truncate(_) => matches!(operation, Operation::Blob | Operation::CompleteUpload | Operation::Tags),
        Fault::ShortEnd(_) | Fault::Corrupt => matches!(operation, Operation::Blob | Operation::CompleteUpload),
        _ => true,
    }
}

/// True where the fault was felt.
async fn case(attached: &Attached, side: Side, fault: Fault, k: usize, target_calls: usize) -> bool {
    let prod = target(attached).await;
    let old = tagged(&prod).await;
    let new = attached.image.root().digest();
    let at = |this: Side| if side == this { k } else { usize::MAX };
    let source = Faulty::new(attached.source.clone()).fail(at(Side::Source), fault);
    let target = Faulty::new(prod.clone()).fail(at(Side::Target), fault);
    let result = run(&source, &target).await;
    let place = format!("{side} call {k}, {fault:?}: {:?}", result.as_ref().err());
    let felt = result.is_err();
    match &result {
        Ok(_) => assert_eq!(tagged(&prod).await, *new, "{place}"),
        Err(error) => {
            if matches!(fault, Fault::Before(_) | Fault::After(_)) {
                assert_eq!(error.side(), Some(side), "{place}");
            }
            let lost_answer = side == Side::Target && k + 1 == target_calls && matches!(fault, Fault::After(_));
            assert_eq!(tagged(&prod).await, if lost_answer { new.clone() } else { old }, "{place}");
        }
    }
    if tagged(&prod).await == *new {
        assert_attached(attached, &prod, &place).await;
    }
    run(&source, &target).await.unwrap_or_else(|e| panic!("{place}: then {e}"));
    assert_eq!(tagged(&prod).await, *new, "{place}");
    assert_attached(attached, &prod, &place).await;
    felt
}
