//! `Held`: the leases under which a promotion is applied, and that they are still held.

use std::time::Duration;

use futures::future::{self, Either};

use super::{PromoteError, Trouble};
use crate::pipeline::lease::{Guard, LeaseError, Leasing};
use crate::pipeline::{Name, Passage};

/// Leases that were taken, if any had to be.
pub(in crate::pipeline) struct Held {
    guards: Vec<Box<dyn Guard>>,
    leasing: Option<Leasing>,
}

/// One promotion of an image into an environment at a time.
pub(super) fn key(passage: &Passage) -> String {
    key_of(&passage.to, &passage.pinned.image)
}

/// The same by the names of both.
pub(in crate::pipeline) fn key_of(environment: &Name, image: &Name) -> String {
    format!("{environment}/{image}")
}

impl Held {
    /// Takes one lease a key, or none of them; always in the same order, so that nobody waits in a circle.
    pub(in crate::pipeline) async fn take(
        leasing: Option<&Leasing>,
        keys: impl IntoIterator<Item = String>,
    ) -> Result<Self, PromoteError> {
        let mut held = Self { guards: Vec::new(), leasing: leasing.cloned() };
        let Some(leasing) = leasing else { return Ok(held) };
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            match leasing.take(&key).await {
                Ok(guard) => held.guards.push(guard),
                Err(error) => {
                    // What cannot be given back ends by itself.
                    held.release().await;
                    return Err(error.into());
                }
            }
        }
        Ok(held)
    }

    /// That all of them are held, and will be for a while.
    pub(in crate::pipeline) async fn confirm(&self) -> Result<(), LeaseError> {
        for guard in &self.guards {
            guard.renew().await?;
        }
        Ok(())
    }

    /// Does `work`, and keeps the leases meanwhile; where one is lost, the work is stopped where it is.
    pub(in crate::pipeline) async fn during<T>(
        &self,
        work: impl Future<Output = Result<T, PromoteError>>,
    ) -> Result<T, PromoteError> {
        let Some(leasing) = self.leasing.as_ref().filter(|_| !self.guards.is_empty()) else { return work.await };
        let keep = async {
            loop {
                leasing.pace.sleep(leasing.ttl / 3).await;
                if let Err(error) = self.keep(leasing.ttl / 3).await {
                    return error;
                }
            }
        };
        match future::select(Box::pin(work), Box::pin(keep)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((lost, _)) => Err(lost.into()),
        }
    }

    /// Once more, where it failed for another reason than that it is lost: there is time for that before it ends.
    async fn keep(&self, pause: Duration) -> Result<(), LeaseError> {
        match self.confirm().await {
            Err(LeaseError::Backend { .. }) => {}
            other => return other,
        }
        if let Some(leasing) = &self.leasing {
            leasing.pace.sleep(pause / 2).await;
        }
        self.confirm().await
    }

    /// Gives all of them back; says what could not be.
    pub(in crate::pipeline) async fn release(self) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        for guard in self.guards {
            if let Err(error) = guard.release().await {
                troubles.push(Trouble::new("lease", error.to_string()));
            }
        }
        troubles
    }
}
