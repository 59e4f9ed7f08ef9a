//! `RegistryLease`: leases in a registry, which has no compare-and-swap: claims that everybody sees, and an order among them.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockage_registry::{Registry, Repository};

use super::claim::{Claim, Claims};
use super::{Guard, Lease, LeaseError};
use crate::pipeline::step::Pace;

/// How far the clocks of two machines may be apart.
const SKEW: Duration = Duration::from_secs(5);

/// How often one who comes first looks whether those have gone who came at the same time.
const LOOKS: u32 = 8;

/// Leases in a repository of a registry: a tag for each claim, which says until when it holds.
///
/// Whoever wants a lease, and finds that nobody else does, writes a claim and lists the claims again. One who finds an older claim that has not ended gives
/// up. One who finds only younger ones waits for those to go, as they will, having found an older one; it is theirs to wait
/// only where they held the lease before it came. Of two whose claims were written, the one that was written second has seen
/// the first, so that never both hold it; of several that come at once, the first gets it.
///
/// That is so where a listing shows what was written before it, as registries do that answer from one place; where clocks are
/// no further apart than five seconds; and while nobody is so slow that a claim ends between two of its requests. Give an
/// environment whose registry cannot promise that another kind of lease.
///
/// Taking one costs the upload of the empty blob once, a PUT, two listings, and a GET for each claim that is not known to have
/// ended; renewing a HEAD and a PUT; giving back one DELETE, and six requests where tags are not deleted without their
/// manifests. Where the registry says that it lacks the blob which it has, as docker-registry does at times, the PUT is asked
/// for again ([`empty::put`](lockage_registry::empty::put)). A registry that deletes nothing keeps a tag a lease: deny that
/// repository to nobody who should see it, and empty it at times.
#[derive(Clone)]
pub struct RegistryLease {
    claims: Arc<Claims>,
    holder: String,
    pace: Arc<dyn Pace>,
    skew: Duration,
}

#[derive(Debug)]
struct InRegistry {
    lease: RegistryLease,
    key: String,
    ttl: Duration,
    claim: std::sync::Mutex<Claim>,
}

impl RegistryLease {
    /// Leases in `repository`, in the name of `holder`, which others are told who have to wait.
    pub fn new(
        registry: impl Registry + 'static,
        repository: Repository,
        holder: impl Into<String>,
        pace: impl Pace + 'static,
    ) -> Self {
        let claims = Claims::new(Arc::new(registry), repository);
        Self { claims: Arc::new(claims), holder: holder.into(), pace: Arc::new(pace), skew: SKEW }
    }

    /// The same, where the clocks of all machines are so far apart at most.
    #[must_use]
    pub fn skew(self, skew: Duration) -> Self {
        Self { skew, ..self }
    }

    /// Those that have not ended; ours not among them.
    async fn others(&self, key: &str, own: &Claim) -> Result<Vec<Claim>, LeaseError> {
        let now = self.pace.now();
        let mut others = self
            .claims
            .list(key, own, now, self.skew)
            .await
            .map_err(|error| LeaseError::backend(key, "taken")(error.into()))?;
        others.sort_by(|a, b| a.ticket.cmp(&b.ticket));
        Ok(others)
    }

    async fn enter(&self, key: &str, own: &Claim) -> Result<(), LeaseError> {
        let held = |by: &Claim| LeaseError::Held { key: key.to_owned(), holder: by.holder.clone() };
        let mut waited: Option<Vec<Claim>> = None;
        let mut pause = Duration::from_millis(20);
        for _ in 0..LOOKS {
            let others = self.others(key, own).await?;
            if let Some(older) = others.iter().find(|other| other.ticket < own.ticket) {
                return Err(held(older));
            }
            // Those that came while we wait have seen our claim, and give up by themselves.
            let left: Vec<Claim> = match &waited {
                None => others,
                Some(before) => {
                    others.into_iter().filter(|one| before.iter().any(|other| other.ticket == one.ticket)).collect()
                }
            };
            let Some(first) = left.first().cloned() else { return self.in_time(key, own) };
            if self.pace.now() >= own.until {
                return Err(held(&first));
            }
            waited = Some(left);
            self.pace.sleep(pause).await;
            pause *= 2;
        }
        let left = waited.unwrap_or_default();
        Err(left.first().map_or_else(|| LeaseError::Held { key: key.to_owned(), holder: String::new() }, held))
    }

    /// The claim has not ended while we looked.
    fn in_time(&self, key: &str, own: &Claim) -> Result<(), LeaseError> {
        match self.pace.now() < own.until {
            true => Ok(()),
            false => Err(LeaseError::Lost { key: key.to_owned(), why: "it ended while it was taken".to_owned() }),
        }
    }
}

#[async_trait]
impl Lease for RegistryLease {
    async fn acquire(&self, key: &str, ttl: Duration) -> Result<Box<dyn Guard>, LeaseError> {
        let now = self.pace.now();
        let nonce = RandomState::new().hash_one((key, now));
        let own = Claim::new(key, &self.holder, now, nonce, now + ttl)
            .map_err(|error| LeaseError::backend(key, "taken")(error.into()))?;
        // Where somebody has it, nothing need be written.
        match self.claims.list(key, &own, now, self.skew).await {
            Ok(others) => {
                if let Some(other) = others.into_iter().next() {
                    return Err(LeaseError::Held { key: key.to_owned(), holder: other.holder });
                }
            }
            // The first claim begins the repository.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(LeaseError::backend(key, "taken")(error.into())),
        }
        let outcome = match self.claims.put(&own).await {
            Ok(()) => self.enter(key, &own).await,
            Err(error) => Err(LeaseError::backend(key, "taken")(error.into())),
        };
        match outcome {
            Ok(()) => {
                let (lease, key) = (self.clone(), key.to_owned());
                Ok(Box::new(InRegistry { lease, key, ttl, claim: std::sync::Mutex::new(own) }))
            }
            Err(error) => {
                // It may be there though its PUT failed. Where it cannot be taken away it ends by itself.
                drop(self.claims.remove(&own).await);
                Err(error)
            }
        }
    }
}

impl InRegistry {
    fn claim(&self) -> Claim {
        self.claim.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn lost(&self, why: &str) -> LeaseError {
        LeaseError::Lost { key: self.key.clone(), why: why.to_owned() }
    }
}

#[async_trait]
impl Guard for InRegistry {
    async fn renew(&self) -> Result<(), LeaseError> {
        let failed = LeaseError::backend(&self.key, "renewed");
        let (claim, now) = (self.claim(), self.lease.pace.now());
        if now >= claim.until {
            return Err(self.lost("it had ended"));
        }
        // Somebody who thought that it had ended has taken it away.
        if !self.lease.claims.is_there(&claim).await.map_err(|error| failed(error.into()))? {
            return Err(self.lost("its claim is gone"));
        }
        let renewed = Claim { until: now + self.ttl, ..claim };
        self.lease.claims.put(&renewed).await.map_err(|error| failed(error.into()))?;
        if self.lease.pace.now() >= self.claim().until {
            return Err(self.lost("it ended while it was renewed"));
        }
        *self.claim.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = renewed;
        Ok(())
    }

    async fn release(self: Box<Self>) -> Result<(), LeaseError> {
        let claim = self.claim();
        self.lease
            .claims
            .remove(&claim)
            .await
            .map_err(|error| LeaseError::backend(&self.key, "given back")(error.into()))
    }
}

impl fmt::Debug for RegistryLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryLease")
            .field("repository", self.claims.repository())
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}
