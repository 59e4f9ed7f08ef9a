//! A clock that a test moves: whoever sleeps on it is the only one for whom time passes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::{self, BoxFuture, FutureExt as _};
use lockage_registry::{Clock, SystemClock};

#[derive(Debug, Default)]
pub(crate) struct Fake {
    slept: Mutex<(Vec<Duration>, Duration)>,
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Every sleep so far, in milliseconds.
    pub(crate) fn slept(&self) -> Vec<u128> {
        self.slept.lock().unwrap().0.iter().map(Duration::as_millis).collect()
    }

    pub(crate) fn pass(&self, time: Duration) {
        let mut slept = self.slept.lock().unwrap();
        slept.0.push(time);
        slept.1 += time;
    }
}

impl Clock for Fake {
    fn now(&self) -> Duration {
        self.slept.lock().unwrap().1
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        self.pass(time);
        future::ready(()).boxed()
    }
}

#[test]
fn the_clock_of_the_machine_sleeps_without_a_runtime() {
    let clock = SystemClock::new();
    let before = clock.now();
    block_on(clock.sleep(Duration::from_millis(20)));
    assert!(clock.now() - before >= Duration::from_millis(20));
    assert!(clock.sleep(Duration::ZERO).now_or_never().is_some());
    assert!(clock.sleep(Duration::MAX).now_or_never().is_none());
}
