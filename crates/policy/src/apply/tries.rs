//! Tries something again that may succeed later, and says what kind of refusal an error is.

use std::time::Duration;

use futures_timer::Delay;
use lockage_registry::{Error, ErrorKind};

use super::Settings;

/// Whether the registry refuses this one thing: something else has to go first, or it can never be deleted (405, 409, 412
/// and the like). After any other error nothing more is asked of it.
pub(super) fn is_constraint(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Rejected | ErrorKind::Unsupported | ErrorKind::TagImmutable | ErrorKind::Contended
    )
}

/// How much longer something is tried.
#[derive(Debug)]
pub(super) struct Patience {
    left: u32,
    pause: Duration,
    longest: Duration,
}

impl Settings {
    pub(super) fn patience(&self) -> Patience {
        Patience { left: self.tries, pause: Duration::from_millis(500), longest: self.longest_pause }
    }
}

impl Patience {
    /// Waits as long as the registry asks, else longer each time, where the same may succeed later. What the client has
    /// retried already is not multiplied.
    pub(super) async fn again(&mut self, error: &Error) -> bool {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || !error.is_temporary() || error.kind() == ErrorKind::Contended {
            return false;
        }
        self.wait(error.retry_after()).await;
        true
    }

    /// Waits for something to be seen.
    pub(super) async fn not_yet(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return false;
        }
        self.wait(None).await;
        true
    }

    async fn wait(&mut self, asked: Option<Duration>) {
        let pause = asked.unwrap_or(self.pause).min(self.longest);
        if !pause.is_zero() {
            Delay::new(pause).await;
        }
        self.pause = self.pause.saturating_mul(2);
    }
}
