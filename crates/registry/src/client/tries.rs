//! `Tries`: the attempts at one thing: what is worth another, and when.

use std::sync::Arc;

use super::host::HostState;
use crate::failures::Failures;
use crate::{Error, ErrorKind, Result};

/// How often one thing has been tried at a host.
pub(super) struct Tries {
    host: Arc<HostState>,
    failures: Failures,
}

impl Tries {
    pub(super) fn new(host: &Arc<HostState>) -> Self {
        Self { host: Arc::clone(host), failures: Failures::default() }
    }

    /// Waits until it may be tried again after `error`.
    ///
    /// # Errors
    /// `error` itself where trying again cannot help, or has been tried often enough: then it is persistent, so that
    /// nobody outside multiplies the attempts.
    pub(super) async fn after(&mut self, error: Error) -> Result<()> {
        let delay = self.failures.delay(self.host.retry, &error, fastrand::f64());
        if !error.is_temporary() || self.host.retry.attempts <= 1 {
            return Err(error.tried(self.failures.all()));
        }
        let Some(delay) = delay else { return Err(error.given_up_after(self.failures.all())) };
        if let Some(asked) = error.retry_after()
            && matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Unavailable)
        {
            // The others need not find out for themselves.
            self.host.limiter.leave_alone(asked);
        }
        tokio::time::sleep(delay).await;
        Ok(())
    }

    /// It got further: what was tried before that does not count any more.
    pub(super) fn start_again(&mut self) {
        self.failures = Failures::default();
    }

    /// How many have failed since it last got further.
    pub(super) fn failed(&self) -> u32 {
        self.failures.all()
    }
}
