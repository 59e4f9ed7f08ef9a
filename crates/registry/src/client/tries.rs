//! `Tries`: the attempts at one thing: what is worth another, and when.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
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
        let Some(delay) = self.host.retry.delay(self.made, error.retry_after(), drawn()) else {
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

/// A number between 0 and 1, to spread those who wait: it need not be more than that.
fn drawn() -> f64 {
    let bits = u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn draws_are_spread() {
        let drawn: Vec<f64> = (0..64).map(|_| super::drawn()).collect();
        assert!(drawn.iter().all(|n| (0.0..=1.0).contains(n)));
        assert!(drawn.iter().any(|n| *n < 0.5) && drawn.iter().any(|n| *n > 0.5), "{drawn:?}");
    }
}
