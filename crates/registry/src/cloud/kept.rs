//! `Kept`: what expires, kept until shortly before it does. One caller gets it anew while the others wait for the outcome.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;

use crate::client::copy_of;
use crate::{Error, Result, Status};

/// How long before it expires it is got anew: whoever is given it may use it for five minutes. Half of a life at most.
const BEFORE: Duration = Duration::from_secs(10 * 60);
/// The least time for which it is used, whatever the clocks say.
const LEAST: Duration = Duration::from_secs(30);
/// The most.
const MOST: Duration = Duration::from_secs(24 * 60 * 60);

/// Tells the time.
#[derive(Clone)]
pub(super) struct Now(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Now {
    pub(super) fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(super) fn get(&self) -> SystemTime {
        (self.0)()
    }
}

impl Default for Now {
    fn default() -> Self {
        Self::new(SystemTime::now)
    }
}

/// What was got, and when it expires.
pub(super) struct Fresh<T> {
    pub(super) value: T,
    pub(super) expires: SystemTime,
}

/// One thing that is kept.
pub(super) struct Kept<T> {
    last: Mutex<Last<T>>,
    /// How many attempts to get it have come to an end.
    finished: AtomicU64,
}

struct Last<T> {
    held: Option<Held<T>>,
    error: Option<Arc<Error>>,
}

struct Held<T> {
    value: T,
    got: SystemTime,
    until: SystemTime,
    expires: SystemTime,
}

impl<T: Clone> Kept<T> {
    /// What is held, or else what `get` gets; it is told the time at which it is asked.
    ///
    /// A failure is told to all who waited for it, and the next to come tries anew. What is held is used while it lasts where
    /// it cannot be got anew for a time.
    pub(super) async fn get<F>(&self, now: &Now, get: impl FnOnce(SystemTime) -> F) -> Result<T>
    where
        F: Future<Output = Result<Fresh<T>>>,
    {
        let arrived = self.finished.load(Ordering::SeqCst);
        let mut last = self.last.lock().await;
        let asked = now.get();
        if let Some(held) = last.held.as_ref().filter(|held| held.is_good(asked)) {
            return Ok(held.value.clone());
        }
        if self.finished.load(Ordering::SeqCst) > arrived
            && let Some(error) = &last.error
        {
            return Err(copy_of(error));
        }
        let got = get(asked).await;
        self.finished.fetch_add(1, Ordering::SeqCst);
        match got {
            Ok(fresh) => {
                let value = fresh.value.clone();
                *last = Last { held: Some(Held::new(fresh, asked)), error: None };
                Ok(value)
            }
            Err(error) => {
                if error.status() != Status::Permanent
                    && let Some(held) = last.held.as_mut().filter(|held| held.outlasts(asked))
                {
                    held.until = (asked + LEAST).min(held.expires);
                    return Ok(held.value.clone());
                }
                let error = Arc::new(error);
                let copy = copy_of(&error);
                last.error = Some(error);
                Err(copy)
            }
        }
    }
}

impl<T> Held<T> {
    fn new(fresh: Fresh<T>, got: SystemTime) -> Self {
        // One that seems to be over already tells only that the two clocks differ.
        let life = fresh.expires.duration_since(got).unwrap_or_default().min(MOST);
        let used = (life - BEFORE.min(life / 2)).max(LEAST);
        Self { value: fresh.value, got, until: got + used, expires: fresh.expires }
    }

    /// A clock that was set back says nothing about it.
    fn is_good(&self, now: SystemTime) -> bool {
        self.got <= now && now < self.until
    }

    fn outlasts(&self, now: SystemTime) -> bool {
        self.got <= now && now < self.expires
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { last: Mutex::new(Last { held: None, error: None }), finished: AtomicU64::new(0) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use super::*;
    use crate::ErrorKind;

    const MINUTE: Duration = Duration::from_secs(60);

    /// One thing that lasts an hour, and a clock that moves where the test says so.
    struct Bench {
        kept: Kept<u64>,
        time: Arc<StdMutex<SystemTime>>,
        asked: AtomicU64,
    }

    impl Bench {
        fn new() -> Self {
            let time = Arc::new(StdMutex::new(SystemTime::UNIX_EPOCH + 1000 * MINUTE));
            Self { kept: Kept::default(), time, asked: AtomicU64::new(0) }
        }

        fn pass(&self, time: Duration) {
            *self.time.lock().unwrap() += time;
        }

        /// How often it had been asked for when it was got.
        async fn get(&self, fails: Option<ErrorKind>) -> Result<u64, ErrorKind> {
            let time = Arc::clone(&self.time);
            let now = Now::new(move || *time.lock().unwrap());
            let got = self.kept.get(&now, |asked| async move {
                let value = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::task::yield_now().await;
                match fails {
                    Some(kind) => Err(Error::new(kind, "exchange", "a token")),
                    None => Ok(Fresh { value, expires: asked + 60 * MINUTE }),
                }
            });
            got.await.map_err(|error| error.kind())
        }
    }

    #[tokio::test]
    async fn it_is_kept_until_ten_minutes_before_it_expires() {
        let bench = Bench::new();
        for (passes, expected) in [(0, 1), (49, 1), (1, 2), (49, 2), (100, 3)] {
            bench.pass(passes * MINUTE);
            assert_eq!(bench.get(None).await, Ok(expected), "{passes}");
        }
    }

    #[tokio::test]
    async fn those_who_wait_share_the_outcome_and_later_ones_try_anew() {
        let bench = Bench::new();
        let all = || futures::future::join_all((0..16).map(|_| bench.get(Some(ErrorKind::Denied))));
        assert!(all().await.iter().all(|got| *got == Err(ErrorKind::Denied)));
        assert_eq!(bench.asked.load(Ordering::SeqCst), 1);
        let all = futures::future::join_all((0..16).map(|_| bench.get(None))).await;
        assert!(all.iter().all(|got| *got == Ok(2)));
        assert_eq!(bench.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn it_is_used_while_it_lasts_where_the_service_is_out_of_order_and_not_where_it_refuses() {
        let bench = Bench::new();
        assert_eq!(bench.get(None).await, Ok(1));
        bench.pass(55 * MINUTE);
        assert_eq!(bench.get(Some(ErrorKind::Unavailable)).await, Ok(1));
        assert_eq!(bench.get(Some(ErrorKind::Unavailable)).await, Ok(1));
        assert_eq!(bench.asked.load(Ordering::SeqCst), 2, "the service is left alone for a while");
        bench.pass(MINUTE);
        assert_eq!(bench.get(Some(ErrorKind::Denied)).await, Err(ErrorKind::Denied));
        bench.pass(5 * MINUTE);
        assert_eq!(bench.get(Some(ErrorKind::Unavailable)).await, Err(ErrorKind::Unavailable));
    }

    #[test]
    fn short_lives_and_clocks_that_differ_leave_some_time() {
        let now = SystemTime::UNIX_EPOCH + 1000 * MINUTE;
        for (expires, used) in [
            (now + 9000 * MINUTE, 1430 * MINUTE),
            (now + 8 * MINUTE, 4 * MINUTE),
            (now + 20 * MINUTE, 10 * MINUTE),
            (now, LEAST),
            (now - MINUTE, LEAST),
        ] {
            let held = Held::new(Fresh { value: (), expires }, now);
            assert_eq!(held.until, now + used);
            assert!(held.is_good(now) && !held.is_good(now + used));
            assert!(!held.is_good(now - MINUTE), "a clock that was set back");
        }
    }
}
