//! `Failures`: how often one thing has failed, for whoever tries again by a `RetryPolicy`.

use std::time::Duration;

use crate::{Error, ErrorKind, RetryPolicy};

/// How often one thing has failed. Refusals with 429 are counted by themselves, so that they leave a later failure its
/// attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    refused: u32,
    other: u32,
}

impl Failures {
    /// How long to wait after yet another one, or `None` to give up.
    pub(crate) fn delay(&mut self, policy: RetryPolicy, error: &Error, random: f64) -> Option<Duration> {
        let count = if error.kind() == ErrorKind::RateLimited { &mut self.refused } else { &mut self.other };
        *count = count.saturating_add(1);
        policy.against(error.kind()).delay(*count, error.retry_after(), random)
    }

    pub(crate) fn all(self) -> u32 {
        self.refused.saturating_add(self.other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_for_coming_too_soon_leave_a_failure_its_attempts() {
        let [busy, down] = [ErrorKind::RateLimited, ErrorKind::Unavailable].map(|kind| Error::new(kind, "ask", "it"));
        let (policy, mut failures) = (RetryPolicy::default(), Failures::default());
        let delays = |failures: &mut Failures, error, times| -> Vec<_> {
            (0..times).map(|_| failures.delay(policy, error, 1.0).map(|delay| delay.as_millis())).collect()
        };
        let longest = [100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000, 1_000].map(Some);
        assert_eq!(delays(&mut failures, &busy, 9), longest);
        assert_eq!(delays(&mut failures, &down, 4), [100, 200, 400, 800].map(Some));
        assert_eq!(delays(&mut failures, &busy, 6), [[Some(1_000); 5].as_slice(), &[None]].concat());
        assert_eq!(delays(&mut failures, &down, 1), [None]);
        assert_eq!(failures.all(), 20);
        assert_eq!(Failures::default().delay(RetryPolicy::none(), &busy, 1.0), None);
    }
}
