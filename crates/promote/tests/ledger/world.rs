//! Ledgers of tests, and what is written into them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lockage_promote::ledger::{Entry, Kind, RegistryLedger, Trust};
use lockage_promote::pipeline::Name;
use lockage_registry::{Algorithm, Digest, Memory, Repository, Tag, Target, digest_of};

use crate::notary::{Notary, pen};

pub(crate) const REPOSITORY: &str = "registry.test/acme/ledger";

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn repository() -> Repository {
    REPOSITORY.parse().unwrap()
}

pub(crate) fn memory() -> Memory {
    Memory::new("registry.test".parse().unwrap())
}

pub(crate) fn digest(n: u64) -> Digest {
    digest_of(Algorithm::Sha256, &n.to_be_bytes()).unwrap()
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000 + seconds)
}

/// The image number `n` arrives in prod at second `n`.
pub(crate) fn arrival(n: u64) -> Entry {
    let image = if n.is_multiple_of(2) { "even" } else { "odd" };
    Entry::new(Kind::Observe { tags: Vec::new() }, name(image), digest(n), format!("actor {n}"), at(n))
        .in_environment(name("prod"))
}

pub(crate) fn trust(names: &[&str]) -> Trust {
    Trust::signed_by(Notary::of(names))
}

/// What ada signs, and ada and bob are believed in.
pub(crate) fn ledger(target: impl Target + 'static) -> RegistryLedger {
    RegistryLedger::new(target, repository(), trust(&["ada", "bob"])).signed_by(pen("ada"))
}

pub(crate) async fn tags(target: &dyn Target, begin: &str) -> Vec<Tag> {
    use futures::TryStreamExt as _;
    let tags: Vec<Tag> = target.tags(&repository()).try_collect().await.unwrap();
    let mut tags: Vec<_> = tags.into_iter().filter(|tag| tag.as_str().starts_with(begin)).collect();
    tags.sort();
    tags
}

pub(crate) fn shared(memory: &Memory) -> Arc<dyn Target> {
    Arc::new(memory.clone())
}
