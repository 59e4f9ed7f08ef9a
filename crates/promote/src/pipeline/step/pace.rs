//! `Pace`: what time it is, and the waiting, for what looks more than once.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

/// The caller's clock: the timers of a runtime, or a test's.
#[async_trait]
pub trait Pace: Debug + Send + Sync {
    /// The time.
    fn now(&self) -> SystemTime;

    /// Is done when `time` has passed.
    async fn sleep(&self, time: Duration);
}

#[async_trait]
impl<P: Pace + ?Sized> Pace for std::sync::Arc<P> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }

    async fn sleep(&self, time: Duration) {
        (**self).sleep(time).await;
    }
}
