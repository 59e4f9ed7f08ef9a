//! `Flights`: a blob that several copies need in one repository is moved once.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures::lock::Mutex as AsyncMutex;
use lockage_registry::{Digest, Repository};

use super::Outcome;
use super::listing::Listings;
use super::shelf::Shelf;
use crate::Result;

/// The transfers that are under way, shared by clones.
///
/// A copy that needs a blob that another one is moving to the same repository waits for it. Where that one fails, one
/// of those who wait tries itself; they do not fail with it. They share the listings of tags, too, by which attachments are
/// found: a listing serves the copies that were made before it began, so that none misses what was attached before it.
#[derive(Clone, Debug, Default)]
pub struct Flights {
    transfers: Arc<Mutex<Under>>,
    pub(super) listings: Arc<Listings>,
    pub(crate) shelf: Arc<Shelf>,
}

/// Where each transfer goes, and the lock that whoever moves it holds.
type Under = HashMap<(Repository, Digest), Weak<AsyncMutex<Landed>>>;

/// Whether the blob has been seen to be at the target.
#[derive(Debug, Default)]
struct Landed(bool);

impl Flights {
    /// No transfers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `transfer`, unless one of the same blob to the same repository ends well first.
    pub(super) async fn once<F>(&self, repo: &Repository, blob: &Digest, transfer: F) -> Result<Outcome>
    where
        F: Future<Output = Result<Outcome>>,
    {
        let flight = self.flight(repo, blob);
        let mut landed = flight.lock().await;
        if landed.0 {
            return Ok(Outcome::Shared);
        }
        let outcome = transfer.await?;
        landed.0 = true;
        Ok(outcome)
    }

    fn flight(&self, repo: &Repository, blob: &Digest) -> Arc<AsyncMutex<Landed>> {
        let mut flights = self.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        // What nobody waits for is forgotten: a registry may have collected the blob by the next time.
        if flights.len() >= 1024 {
            flights.retain(|_, flight| flight.strong_count() > 0);
        }
        let slot = flights.entry((repo.clone(), blob.clone())).or_default();
        slot.upgrade().unwrap_or_else(|| {
            let fresh = Arc::default();
            *slot = Arc::downgrade(&fresh);
            fresh
        })
    }
}
