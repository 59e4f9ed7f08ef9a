//! `Lease` and `Guard`: the port, and how a promoter uses it.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::LeaseError;
use crate::pipeline::step::Pace;

/// Gives leases.
#[async_trait]
pub trait Lease: Debug + Send + Sync {
    /// Takes the lease for `key`, for so long; does not wait for somebody else's.
    ///
    /// # Errors
    /// [`LeaseError::Held`] where somebody else has it, and [`LeaseError::Backend`] where that cannot be told.
    async fn acquire(&self, key: &str, ttl: Duration) -> Result<Box<dyn Guard>, LeaseError>;
}

/// A lease that is held. One that is dropped, and not given back, ends by itself.
#[async_trait]
pub trait Guard: Debug + Send + Sync {
    /// Keeps it for as long as it was taken for, from now on.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] where it is not held any more; it cannot be got back then, only taken anew.
    async fn renew(&self) -> Result<(), LeaseError>;

    /// Gives it back.
    ///
    /// # Errors
    /// Where it could not be: it ends by itself.
    async fn release(self: Box<Self>) -> Result<(), LeaseError>;
}

/// How a promoter takes leases: from whom, for how long, and how long it waits for others.
#[derive(Clone, Debug)]
#[must_use]
pub struct Leasing {
    lease: Arc<dyn Lease>,
    pub(in crate::pipeline) pace: Arc<dyn Pace>,
    pub(in crate::pipeline) ttl: Duration,
    wait: Duration,
}

/// Leases for those who know that nobody else is there: a job queue that runs one at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLease;

#[derive(Debug)]
struct Nothing;

impl Leasing {
    /// Takes leases for a minute, and does not wait.
    pub fn new(lease: impl Lease + 'static, pace: impl Pace + 'static) -> Self {
        let ttl = Duration::from_secs(60);
        Self { lease: Arc::new(lease), pace: Arc::new(pace), ttl, wait: Duration::ZERO }
    }

    /// Takes them for this long; they are renewed three times as often.
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl, ..self }
    }

    /// Waits for others, at most so long.
    pub fn wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    pub(in crate::pipeline) async fn take(&self, key: &str) -> Result<Box<dyn Guard>, LeaseError> {
        let until = self.pace.now() + self.wait;
        let mut pause = Duration::from_millis(50);
        loop {
            match self.lease.acquire(key, self.ttl).await {
                Err(held @ LeaseError::Held { .. }) if self.pace.now() + pause > until => return Err(held),
                Err(LeaseError::Held { .. }) => self.pace.sleep(pause).await,
                other => return other,
            }
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
}

#[async_trait]
impl Lease for NoLease {
    async fn acquire(&self, _: &str, _: Duration) -> Result<Box<dyn Guard>, LeaseError> {
        Ok(Box::new(Nothing))
    }
}

#[async_trait]
impl Guard for Nothing {
    async fn renew(&self) -> Result<(), LeaseError> {
        Ok(())
    }

    async fn release(self: Box<Self>) -> Result<(), LeaseError> {
        Ok(())
    }
}

#[async_trait]
impl<T: Lease + ?Sized> Lease for Arc<T> {
    async fn acquire(&self, key: &str, ttl: Duration) -> Result<Box<dyn Guard>, LeaseError> {
        (**self).acquire(key, ttl).await
    }
}
