//! `Clock`: what time it is for wrappers that wait or measure, so that a test need not wait.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt as _};

/// The time for [`Retry`](crate::Retry), [`Throttle`](crate::Throttle) and [`Trace`](crate::Trace).
///
/// [`SystemClock`] is theirs unless another is given: one of a test, or one over the timers of a runtime.
pub trait Clock: Debug + Send + Sync {
    /// The time since a start of the clock's own choice; it never goes back.
    fn now(&self) -> Duration;

    /// Is done when `time` has passed.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the machine.
///
/// Its sleeps need no runtime: one thread, started with the first of them, serves all of the process.
#[derive(Clone, Debug)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        // The timer's thread counts in `Instant`s, which end somewhere: a century is as good as for ever.
        const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        if time.is_zero() {
            return futures::future::ready(()).boxed();
        }
        futures_timer::Delay::new(time.min(CENTURY)).boxed()
    }
}
