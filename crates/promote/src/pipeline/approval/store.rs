//! Storing an approval with the image, as a referrer of its root, in the layout of Sigstore bundles.

use std::time::SystemTime;

use bytes::Bytes;
use lockage_registry::{
    Algorithm, Body, Descriptor, Digest, RawManifest, Repository, Target, TargetExt as _, digest_of, empty, media_type,
    referrers,
};
use serde_json::json;

use super::{ARTIFACT_TYPE, Approval, ApprovalError, PREDICATE_TYPE, Sealed, StatementSigner};
use crate::Plan;
use crate::pipeline::Passage;
use crate::pipeline::set::SetPlan;

/// Signs that `plan` is good, and stores it with the image in the repository that the plan reads from, where
/// [`ApprovalGate`](super::ApprovalGate) finds it. Gives back the digest of what was stored.
///
/// Three uploads, of which two are small and often there; where the registry has no referrers API, its index as well
/// ([`referrers::enter`]).
///
/// # Errors
/// [`ApprovalError`]. Nothing is stored where it could not be signed.
pub async fn approve<S>(
    source: &dyn Target,
    plan: &Plan<S>,
    signer: &dyn StatementSigner,
    reason: &str,
    now: SystemTime,
) -> Result<Digest, ApprovalError> {
    approve_as(source, plan, Approval::of(plan, now)?.because(reason), signer).await
}

/// The same with an approval in one's own words: with a name, or an end.
///
/// # Errors
/// As [`approve`]; and where the approval is of another plan.
pub async fn approve_as<S>(
    source: &dyn Target,
    plan: &Plan<S>,
    approval: Approval,
    signer: &dyn StatementSigner,
) -> Result<Digest, ApprovalError> {
    if approval.plan != plan.id()? {
        return Err(ApprovalError::Malformed { why: format!("it is of the plan {}", approval.plan) });
    }
    store(source, plan, approval, signer).await
}

/// Signs that a set is good: an approval with each of its images, which counts for this set and for none of them alone. Gives
/// back the digests of what was stored.
///
/// Costs as [`approve`] for each image; `source` has to reach all of them, as one client does.
///
/// # Errors
/// As [`approve`]. Done again, another approval is stored, which counts once.
pub async fn approve_set<S>(
    source: &dyn Target,
    set: &SetPlan<S>,
    signer: &dyn StatementSigner,
    reason: &str,
    now: SystemTime,
) -> Result<Vec<Digest>, ApprovalError> {
    approve_set_as(|_| source, set, &set.id()?, signer, now, |approval| approval.because(reason)).await
}

/// The same by the name that [`Promoter::set_id`](crate::pipeline::Promoter::set_id) gives, which a set keeps that was begun
/// before, and with what `words` makes of each approval: a reason, an end. `source` says through what each is stored.
///
/// # Errors
/// As [`approve_set`].
pub async fn approve_set_as<'t, S>(
    source: impl Fn(&Passage) -> &'t dyn Target,
    set: &SetPlan<S>,
    id: &Digest,
    signer: &dyn StatementSigner,
    now: SystemTime,
    words: impl Fn(Approval) -> Approval,
) -> Result<Vec<Digest>, ApprovalError> {
    let mut stored = Vec::new();
    for plan in set.members() {
        let approval = Approval { plan: id.clone(), ..words(Approval::of(plan, now)?) };
        let passage = plan.passage().ok_or(ApprovalError::NoPassage)?;
        stored.push(store(source(passage), plan, approval, signer).await?);
    }
    Ok(stored)
}

async fn store<S>(
    source: &dyn Target,
    plan: &Plan<S>,
    approval: Approval,
    signer: &dyn StatementSigner,
) -> Result<Digest, ApprovalError> {
    let passage = plan.passage().ok_or(ApprovalError::NoPassage)?;
    let sealed = signer.sign_statement(&approval.statement()?).await.map_err(ApprovalError::Signer)?;
    let repo = &passage.pinned.repository;
    empty::ensure(source, repo).await?;
    let config = empty::descriptor()?;
    let Sealed { media_type, bytes } = sealed;
    let layer = put(source, repo, &media_type, bytes).await?;
    let manifest = manifest(&passage.pinned.root, &config, &layer, &approval)?;
    Ok(referrers::attach(source, repo, &manifest).await?.digest)
}

async fn put(target: &dyn Target, repo: &Repository, kind: &str, bytes: Bytes) -> Result<Descriptor, ApprovalError> {
    let digest = digest_of(Algorithm::Sha256, &bytes)?;
    let descriptor = Descriptor::new(kind, digest, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    target.put_blob(repo, &descriptor, Body::bytes(bytes)).await?;
    Ok(descriptor)
}

fn manifest(
    subject: &Descriptor,
    config: &Descriptor,
    layer: &Descriptor,
    approval: &Approval,
) -> Result<RawManifest, ApprovalError> {
    let created = jiff::Timestamp::try_from(approval.at)
        .map_err(|error| ApprovalError::Malformed { why: error.to_string() })?
        .to_string();
    // Only what a subject is known by: an index's entry may say more of it.
    let subject = Descriptor::new(subject.media_type.clone(), subject.digest.clone(), subject.size);
    let document = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "artifactType": ARTIFACT_TYPE,
        "config": config,
        "layers": [layer],
        "subject": subject,
        "annotations": {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": PREDICATE_TYPE,
            "org.opencontainers.image.created": created,
        },
    });
    Ok(RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into())?)
}
