//! Attempts: how many were made, and the wait before the next one.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::Clock;
use crate::failures::Failures;
use crate::{Error, ErrorKind, Result, RetryPolicy};

/// How attempts are spaced: the policy, with the clock and the randomness that it leaves to its caller.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) policy: RetryPolicy,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Fn() -> f64 + Send + Sync>,
}

impl Waiting {
    pub(super) fn new(policy: RetryPolicy, clock: Arc<dyn Clock>) -> Self {
        Self { policy, clock, random: Arc::new(fastrand::f64) }
    }

    pub(super) fn attempts(&self) -> Attempts {
        Attempts { waiting: self.clone(), failures: Failures::default(), may_have_worked: false }
    }

    pub(super) async fn call<'a, R>(
        &self,
        mut call: impl FnMut() -> BoxFuture<'a, Result<R>> + Send + 'a,
    ) -> Result<R> {
        let mut attempts = self.attempts();
        loop {
            match call().await {
                Err(error) => attempts.again(error).await?,
                done => return done,
            }
        }
    }

    /// A call after which something is gone, so that it is done as well where it is gone already.
    pub(super) async fn delete<'a>(
        &self,
        mut call: impl FnMut() -> BoxFuture<'a, Result<()>> + Send + 'a,
    ) -> Result<()> {
        let mut attempts = self.attempts();
        loop {
            match call().await {
                Err(error) if error.is_not_found() && attempts.may_have_worked() => return Ok(()),
                Err(error) => attempts.again(error).await?,
                done => return done,
            }
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("policy", &self.policy).field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// The attempts at one thing.
#[derive(Debug)]
pub(super) struct Attempts {
    waiting: Waiting,
    failures: Failures,
    may_have_worked: bool,
}

impl Attempts {
    /// Waits until it is time for another attempt.
    ///
    /// # Errors
    /// The error itself, where there is to be none.
    pub(super) async fn again(&mut self, error: Error) -> Result<()> {
        let delay = self.failures.delay(self.waiting.policy, &error, (self.waiting.random)());
        // What was never to be retried has not been: an outer layer may.
        if !error.is_temporary() || self.waiting.policy.attempts <= 1 {
            return Err(error);
        }
        // A refusal has no effect. Behind anything else, the registry may have done what it was asked.
        self.may_have_worked |= error.kind() != ErrorKind::RateLimited;
        let Some(delay) = delay else { return Err(error.given_up_after(self.failures.all())) };
        self.waiting.clock.sleep(delay).await;
        Ok(())
    }

    /// True where an earlier attempt may have taken effect although it failed.
    pub(super) fn may_have_worked(&self) -> bool {
        self.may_have_worked
    }

    /// Counts from the start again, because there was progress.
    pub(super) fn reset(&mut self) {
        self.failures = Failures::default();
    }
}
