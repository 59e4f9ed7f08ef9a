//! A clock that is moved by hand, or by those who sleep.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use lockage_promote::pipeline::step::Pace;

use crate::world::now;

#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<Mutex<SystemTime>>);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(now())))
    }

    pub(crate) fn pass(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

#[async_trait::async_trait]
impl Pace for Clock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }

    /// Others come first, and then time has passed.
    async fn sleep(&self, time: Duration) {
        tokio::task::yield_now().await;
        *self.0.lock().unwrap() += time;
    }
}

/// The time of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Real;

#[async_trait::async_trait]
impl Pace for Real {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
