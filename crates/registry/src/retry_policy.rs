//! `RetryPolicy`: how often something is tried, and how long is waited in between.

use std::time::Duration;

use crate::ErrorKind;

/// Who is refused only for asking too often is served in the end, and has changed nothing meanwhile.
const TIMES_AS_OFTEN: u32 = 3;
/// Limits are counted by the second, unless the registry says when to come back.
const LONGEST_IF_REFUSED: Duration = Duration::from_secs(1);

/// How often something is tried, and how long is waited in between.
///
/// The wait doubles from attempt to attempt up to a longest one, and each wait is drawn evenly from all that lie
/// between nothing and that ("full jitter"), so that clients that failed together do not come back together. Where the
/// registry says when to come back (`Retry-After`), that time is waited first and the drawn wait comes on top of it.
///
/// What is refused for coming too soon (429) is tried three times as often as what fails, a second apart at most: among
/// many writers a registry may refuse every other request, and serves each of them all the same
/// ([`RetryPolicy::against`]).
///
/// It only decides: it neither sleeps nor draws, and whether an error may be retried at all is for
/// [`Error::is_temporary`](crate::Error::is_temporary) to say.
///
/// ```
/// use std::time::Duration;
/// use lockage_registry::RetryPolicy;
///
/// let policy = RetryPolicy::default().with_attempts(3);
/// assert_eq!(policy.delay(1, None, 1.0), Some(Duration::from_millis(100)));
/// assert_eq!(policy.delay(2, None, 0.5), Some(Duration::from_millis(100))); // half of 200 ms
/// assert_eq!(policy.delay(3, None, 0.5), None); // three attempts were made
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often something is tried in all, the first time included, and three times as often against
    /// [`ErrorKind::RateLimited`]. 0 means 1.
    pub attempts: u32,
    /// The most that is waited after the first attempt.
    pub first_delay: Duration,
    /// The most that is waited after any attempt, unless the registry asks for more; against
    /// [`ErrorKind::RateLimited`], a second if that is less.
    pub longest_delay: Duration,
    /// The longest `Retry-After` that is waited for. Where the registry asks for more, nothing is tried again.
    pub patience: Duration,
}

impl Default for RetryPolicy {
    /// Five attempts, 100 ms doubling to at most 10 s, and patience for a `Retry-After` of one minute.
    fn default() -> Self {
        Self {
            attempts: 5,
            first_delay: Duration::from_millis(100),
            longest_delay: Duration::from_secs(10),
            patience: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// Tries once.
    #[must_use]
    pub fn none() -> Self {
        Self::default().with_attempts(1)
    }

    /// Tries `attempts` times in all.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Waits at most `delay` after the first attempt.
    #[must_use]
    pub fn with_first_delay(mut self, delay: Duration) -> Self {
        self.first_delay = delay;
        self
    }

    /// Waits at most `delay` after any attempt, unless the registry asks for more.
    #[must_use]
    pub fn with_longest_delay(mut self, delay: Duration) -> Self {
        self.longest_delay = delay;
        self
    }

    /// Gives up where the registry asks to be left alone for longer than `patience`.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The policy for a failure of this kind: against [`ErrorKind::RateLimited`] three times the attempts, unless one is all
    /// that is wanted, and waits of a second at most, so that it ends within 12 s by default, and the time that the registry
    /// asks for.
    ///
    /// ```
    /// use lockage_registry::{ErrorKind, RetryPolicy};
    ///
    /// let policy = RetryPolicy::default();
    /// assert_eq!(policy.against(ErrorKind::Unavailable).attempts, 5);
    /// assert_eq!(policy.against(ErrorKind::RateLimited).attempts, 15);
    /// assert_eq!(RetryPolicy::none().against(ErrorKind::RateLimited), RetryPolicy::none());
    /// ```
    #[must_use]
    pub fn against(self, kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::RateLimited if self.attempts > 1 => self
                .with_attempts(self.attempts.saturating_mul(TIMES_AS_OFTEN))
                .with_longest_delay(self.longest_delay.min(LONGEST_IF_REFUSED)),
            _ => self,
        }
    }

    /// How long to wait before the next attempt after `attempt` attempts have failed, or `None` to give up.
    ///
    /// `retry_after` is what the registry asked for with the last failure. `random` is drawn evenly from 0 to 1 by the
    /// caller; what lies outside counts as the nearer end, and what is no number as 1.
    #[must_use]
    pub fn delay(&self, attempt: u32, retry_after: Option<Duration>, random: f64) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let asked = retry_after.unwrap_or_default();
        if asked > self.patience {
            return None;
        }
        Some(asked.saturating_add(part(self.ceiling(attempt), random)))
    }

    fn ceiling(&self, attempt: u32) -> Duration {
        1_u32
            .checked_shl(attempt.saturating_sub(1))
            .and_then(|times| self.first_delay.checked_mul(times))
            .map_or(self.longest_delay, |delay| delay.min(self.longest_delay))
    }
}

fn part(of: Duration, random: f64) -> Duration {
    if random.is_nan() {
        return of;
    }
    // A float cannot hold every duration, so that the product of the longest ones may lie just above them.
    Duration::try_from_secs_f64(of.as_secs_f64() * random.clamp(0.0, 1.0)).unwrap_or(of).min(of)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_longest_delay() {
        let policy = RetryPolicy::default().with_attempts(u32::MAX);
        for (attempt, ceiling) in [
            (0, 100),
            (1, 100),
            (2, 200),
            (3, 400),
            (7, 6_400),
            (8, 10_000),
            (32, 10_000),
            (33, 10_000),
            (4_000, 10_000),
        ] {
            assert_eq!(policy.delay(attempt, None, 1.0), Some(ms(ceiling)), "after attempt {attempt}");
            assert_eq!(policy.delay(attempt, None, 0.5), Some(ms(ceiling / 2)), "after attempt {attempt}");
            assert_eq!(policy.delay(attempt, None, 0.0), Some(ms(0)), "after attempt {attempt}");
        }
    }

    #[test]
    fn it_gives_up_when_all_attempts_were_made() {
        for (attempts, attempt, again) in
            [(5, 1, true), (5, 4, true), (5, 5, false), (5, 6, false), (1, 1, false), (0, 1, false), (0, 0, false)]
        {
            let delay = RetryPolicy::default().with_attempts(attempts).delay(attempt, None, 0.5);
            assert_eq!(delay.is_some(), again, "{attempt} of {attempts}");
        }
        assert_eq!(RetryPolicy::none().delay(1, None, 0.5), None);
        assert_eq!(RetryPolicy::none().delay(1, Some(ms(1)), 0.5), None);
    }

    #[test]
    fn what_the_registry_asks_for_is_waited_in_full_or_not_at_all() {
        let policy = RetryPolicy::default();
        for (asked, random, delay) in [
            (0, 1.0, Some(100)),
            (3_000, 0.0, Some(3_000)),
            (3_000, 1.0, Some(3_100)),
            (59_999, 0.5, Some(60_049)),
            (60_000, 0.5, Some(60_050)),
            (60_001, 0.5, None),
            (u64::MAX, 0.5, None),
        ] {
            assert_eq!(policy.delay(1, Some(ms(asked)), random), delay.map(ms), "asked for {asked} ms");
        }
        assert_eq!(policy.with_patience(Duration::ZERO).delay(1, Some(ms(1)), 0.5), None);
        assert_eq!(policy.with_patience(Duration::ZERO).delay(1, Some(ms(0)), 0.5), Some(ms(50)));
    }

    #[test]
    fn a_number_that_is_not_between_0_and_1_counts_as_the_nearer_end() {
        let policy = RetryPolicy::default();
        for (random, delay) in
            [(-1.0, 0), (f64::NEG_INFINITY, 0), (1.5, 100), (f64::INFINITY, 100), (f64::NAN, 100), (-0.0, 0)]
        {
            assert_eq!(policy.delay(1, None, random), Some(ms(delay)), "{random}");
        }
    }

    #[test]
    fn the_longest_durations_do_not_overflow() {
        let policy = RetryPolicy::default()
            .with_attempts(u32::MAX)
            .with_first_delay(Duration::MAX)
            .with_longest_delay(Duration::MAX)
            .with_patience(Duration::MAX);
        for random in [0.0, 0.5, 1.0] {
            assert!(policy.delay(1, None, random).is_some());
            assert_eq!(policy.delay(9, Some(Duration::MAX), random), Some(Duration::MAX));
        }
    }

    proptest! {
        #[test]
        fn a_delay_lies_between_what_was_asked_and_the_ceiling_above_it(
            attempts in any::<u32>(),
            first in any::<u64>(),
            longest in any::<u64>(),
            patience in any::<u64>(),
            attempt in prop_oneof![0..70_u32, any::<u32>()],
            asked in proptest::option::of(any::<u64>()),
            random in any::<f64>(),
        ) {
            let policy = RetryPolicy::default()
                .with_attempts(attempts)
                .with_first_delay(ms(first))
                .with_longest_delay(ms(longest))
                .with_patience(ms(patience));
            let delay = policy.delay(attempt, asked.map(ms), random);
            let given_up = attempt >= attempts || asked.is_some_and(|asked| asked > patience);
            prop_assert_eq!(delay.is_none(), given_up);
            if let Some(delay) = delay {
                let asked = ms(asked.unwrap_or_default());
                prop_assert!(delay >= asked);
                prop_assert!(delay <= asked.saturating_add(ms(longest)));
                if attempt <= 1 {
                    prop_assert!(delay <= asked.saturating_add(ms(first)));
                }
            }
        }

        #[test]
        fn a_longer_draw_never_makes_a_shorter_delay(
            attempt in 1..40_u32,
            first in any::<u32>(),
            less in 0.0..=1.0_f64,
            more in 0.0..=1.0_f64,
        ) {
            let policy = RetryPolicy::default().with_attempts(u32::MAX).with_first_delay(ms(first.into()));
            let (less, more) = if less <= more { (less, more) } else { (more, less) };
            prop_assert!(policy.delay(attempt, None, less) <= policy.delay(attempt, None, more));
            prop_assert!(policy.delay(attempt, None, more) <= policy.delay(attempt + 1, None, more));
        }
    }
}
