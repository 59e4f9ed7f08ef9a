//! Two registries, an image in the first, and promotions from one to the other.

use std::time::{Duration, SystemTime};

use lockage_promote::{Gate, ImageCopy, NotCleared, Promotion, Verdict};
use lockage_registry::testing::{Recorder, fixtures};
use lockage_registry::{Digest, Memory, Reference, Source, Target};
use lockage_signing::Policy;
use lockage_signing::sign::Signing;

use crate::toy::Toy;

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

pub(crate) fn from() -> Reference {
    "dev.test/app:pr-42".parse().unwrap()
}

pub(crate) fn to() -> Reference {
    "prod.test/app:v1".parse().unwrap()
}

/// A registry with image `seed` under the tag.
pub(crate) async fn source(seed: u64) -> (Memory, Digest) {
    let registry = Memory::new("dev.test".parse().unwrap());
    (registry.clone(), put(&registry, seed).await)
}

/// Puts image `seed` under the tag.
pub(crate) async fn put(registry: &Memory, seed: u64) -> Digest {
    let image = fixtures::image(seed);
    fixtures::push(registry, from().repository(), &image, from().tag().unwrap()).await.unwrap();
    image.root().digest().clone()
}

pub(crate) fn target() -> Recorder<Memory> {
    Recorder::new(Memory::new("prod.test".parse().unwrap()))
}

pub(crate) async fn sign(registry: &Memory, digest: &Digest, key: &Toy) {
    Signing::with(key).sign(registry, from().repository(), digest, now()).await.unwrap();
}

pub(crate) fn policy(keys: &[&Toy], threshold: usize) -> Policy {
    let builder = Policy::builder().threshold(threshold);
    keys.iter().fold(builder, |builder, key| builder.key((*key).clone())).build().unwrap()
}

/// What a promotion with this gate alone says of the image, having written nothing.
pub(crate) async fn ask(
    source: &dyn Source,
    gate: impl Gate + 'static,
) -> Result<lockage_promote::Evidence, NotCleared> {
    let target = target();
    let promotion = Promotion::of(ImageCopy::new(source, &from()).to(&target, &to())).gate(gate);
    let plan = promotion.plan().await.unwrap();
    let cleared = promotion.clear(plan, now()).await;
    assert!(target.calls().iter().all(|call| !call.operation.is_write()));
    cleared.map(|cleared| cleared.clearances()[0].evidence.clone())
}

/// Why the only gate has failed.
pub(crate) fn reasons(refusal: &NotCleared) -> Vec<String> {
    match &refusal.opinions()[0].verdict {
        Ok(Verdict::Fail { reasons }) => reasons.clone(),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn promote(source: &dyn Source, target: &dyn Target, gate: impl Gate + 'static) {
    let promotion = Promotion::of(ImageCopy::new(source, &from()).to(target, &to())).gate(gate);
    let cleared = promotion.clear(promotion.plan().await.unwrap(), now()).await.unwrap();
    promotion.apply(cleared).await.unwrap();
}
