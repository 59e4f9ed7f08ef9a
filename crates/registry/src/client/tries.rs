//! `Tries`: the attempts at one thing: what is worth another, and when.

use std::sync::Arc;

use super::host::HostState;
use crate::{Error, ErrorKind, Result};

/// How often one thing has been tried at a host.
pub(super) struct Tries {
    host: Arc<HostState>,
    made: u32,
}

impl Tries {
    pub(super) fn new(host: &Arc<HostState>) -> Self {
        Self { host: Arc::clone(host), made: 0 }
    }

    /// Waits until it may be tried again after `error`.
    ///
    /// # Errors
    /// `error` itself where trying again cannot help, or has been tried often enough: then it is persistent, so that
    /// nobody outside multiplies the attempts.
    pub(super) async fn after(&mut self, error: Error) -> Result<()> {
        self.made += 1;
        if !error.is_temporary() || self.host.retry.attempts <= 1 {
            return Err(error.tried(self.made));
        }
        let Some(delay) = self.host.retry.delay(self.made, error.retry_after(), fastrand::f64()) else {
            return Err(error.given_up_after(self.made));
        };
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
        self.made = 0;
    }

    /// How many have failed since it last got further.
    pub(super) fn failed(&self) -> u32 {
        self.made
    }
}
