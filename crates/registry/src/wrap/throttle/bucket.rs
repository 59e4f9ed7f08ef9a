//! The token bucket: how long to wait so that no more than so much passes in a second.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Clock;

/// Tokens that trickle in at a rate, up to a depth. Clones share them.
#[derive(Clone)]
pub(super) struct Bucket {
    rate: u64,
    depth: u64,
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
}

/// In billionths of a token, so that nanoseconds times a rate are exact.
struct State {
    tokens: i128,
    at: Duration,
}

const BILLION: i128 = 1_000_000_000;

impl Bucket {
    /// A full bucket.
    pub(super) fn new(rate: u64, depth: u64, clock: Arc<dyn Clock>) -> Self {
        let (rate, depth) = (rate.max(1), depth.max(1));
        let state = State { tokens: i128::from(depth) * BILLION, at: clock.now() };
        Self { rate, depth, state: Arc::new(Mutex::new(state)), clock }
    }

    /// A full bucket like this one.
    pub(super) fn on(&self, clock: &Arc<dyn Clock>) -> Self {
        Self::new(self.rate, self.depth, Arc::clone(clock))
    }

    pub(super) fn rate(&self) -> u64 {
        self.rate
    }

    pub(super) fn depth(&self) -> u64 {
        self.depth
    }

    /// Takes `n` tokens, and is done when they have trickled in: who asks first is served first.
    pub(super) async fn take(&self, n: u64) {
        let wait = self.owe(n);
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    /// Takes the tokens at once, into debt where there are too few, and says when the debt is paid.
    fn owe(&self, n: u64) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let elapsed = now.saturating_sub(state.at);
        state.at = now.max(state.at);
        state.tokens = state
            .tokens
            .saturating_add(nanos(elapsed).saturating_mul(i128::from(self.rate)))
            .min(i128::from(self.depth) * BILLION)
            .saturating_sub(i128::from(n) * BILLION);
        let debt = state.tokens.min(0).unsigned_abs();
        Duration::from_nanos(u64::try_from(debt.div_ceil(u128::from(self.rate))).unwrap_or(u64::MAX))
    }
}

fn nanos(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("rate", &self.rate).field("depth", &self.depth).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::future::{self, BoxFuture, FutureExt as _};
    use proptest::prelude::*;

    use super::*;

    /// Time that passes only where somebody sleeps.
    #[derive(Debug, Default)]
    struct Sleeper(Mutex<Duration>);

    impl Sleeper {
        fn pass(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }
    }

    impl Clock for Sleeper {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
            self.pass(time);
            future::ready(()).boxed()
        }
    }

    #[test]
    fn what_is_in_the_bucket_is_free_and_the_rest_takes_its_time() {
        let clock = Arc::new(Sleeper::default());
        let bucket = Bucket::new(100, 50, clock.clone());
        for (take, at) in [(20, 0), (30, 0), (1, 10), (99, 1_000), (200, 3_000)] {
            block_on(bucket.take(take));
            assert_eq!(clock.now(), Duration::from_millis(at), "after {take}");
        }
        // An idle bucket fills up, and no further than to its brim.
        clock.pass(Duration::from_secs(60));
        block_on(bucket.take(50));
        assert_eq!(clock.now(), Duration::from_secs(63));
        block_on(bucket.clone().take(100));
        assert_eq!(clock.now(), Duration::from_secs(64));
    }

    #[test]
    fn no_rate_and_no_amount_overflow() {
        for (rate, depth, n) in [(0, 0, u64::MAX), (u64::MAX, u64::MAX, u64::MAX), (1, u64::MAX, 1), (u64::MAX, 1, 1)] {
            let clock = Arc::new(Sleeper::default());
            let bucket = Bucket::new(rate, depth, clock.clone());
            clock.pass(Duration::MAX);
            bucket.owe(n);
            bucket.owe(n);
        }
    }

    proptest! {
        #[test]
        fn all_that_has_passed_at_any_time_is_the_depth_and_the_rate_times_the_time(
            rate in 1_u64..5_000_000_000,
            depth in 1_u64..1_000_000,
            takes in proptest::collection::vec((1_u64..1_000_000, 0_u64..2_000), 1..40),
        ) {
            let clock = Arc::new(Sleeper::default());
            let bucket = Bucket::new(rate, depth, clock.clone());
            let mut passed = 0;
            for (n, idle) in takes {
                clock.pass(Duration::from_millis(idle));
                let before = clock.now();
                block_on(bucket.take(n));
                passed += u128::from(n);
                let allowed = u128::from(depth) * 1_000_000_000 + clock.now().as_nanos() * u128::from(rate);
                prop_assert!(passed * 1_000_000_000 <= allowed);
                // And nobody waits longer than for what is owed: at most for all that was taken now.
                let longest = (u128::from(n) * 1_000_000_000).div_ceil(u128::from(rate));
                prop_assert!((clock.now() - before).as_nanos() <= longest);
            }
        }
    }
}
