//! `Limiter`: how many requests to one host may be under way, and from when on.
//!
//! All requests to a host pass here, whoever makes them. A 429 halves the number that may be under way, and successes
//! bring it back one by one; a `Retry-After` holds back all of them until then.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// The limits of one host.
///
/// Downloads of blobs have a lane of their own, and take a place before an upload that they feed takes one in the other.
/// They keep it to their end, also while they are cut and asked for again, and need none in the other: no task that holds
/// one of the latter waits for any.
#[derive(Debug)]
pub(super) struct Limiter {
    downloads: Arc<Lane>,
    requests: Arc<Lane>,
    state: Mutex<State>,
    most: usize,
}

#[derive(Debug)]
struct State {
    /// How many may be under way in each lane: from 1 to the limiter's `most`.
    limit: usize,
    /// Successes since the limit was last changed.
    good: usize,
    /// When the limit was last lowered: what was sent before that says nothing new.
    lowered: Option<Instant>,
    resume: Option<Instant>,
}

#[derive(Debug)]
struct Lane {
    places: Arc<Semaphore>,
    /// Places to be taken away as they become free.
    debt: Mutex<usize>,
}

/// A place among the requests to a host, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    place: Option<OwnedSemaphorePermit>,
    lane: Arc<Lane>,
}

impl Limiter {
    pub(super) fn new(most: usize) -> Self {
        let state = State { limit: most, good: 0, lowered: None, resume: None };
        Self { downloads: Lane::new(most), requests: Lane::new(most), state: Mutex::new(state), most }
    }

    /// A place among the downloads, kept until all bytes are there.
    pub(super) async fn download(&self) -> Permit {
        self.enter(&self.downloads).await
    }

    /// A place among all other requests, kept until the answer is there.
    pub(super) async fn request(&self) -> Permit {
        self.enter(&self.requests).await
    }

    /// Waits for a place and for the end of the pause that the host asked for, if any.
    async fn enter(&self, lane: &Arc<Lane>) -> Permit {
        loop {
            self.pause().await;
            // The semaphore is never closed, so there is a place in the end.
            let place = Arc::clone(&lane.places).acquire_owned().await.ok();
            let permit = Permit { place, lane: Arc::clone(lane) };
            if self.paused_until().is_none() {
                return permit;
            }
            // A pause was asked for meanwhile: it is not waited for on a place.
        }
    }

    /// Waits until the host may be asked again.
    pub(super) async fn pause(&self) {
        while let Some(resume) = self.paused_until() {
            sleep_until(resume).await;
        }
    }

    fn paused_until(&self) -> Option<Instant> {
        self.lock().resume.filter(|resume| *resume > Instant::now())
    }

    /// The host asked to be left alone for so long.
    pub(super) fn leave_alone(&self, time: Duration) {
        let Some(until) = Instant::now().checked_add(time) else { return };
        let mut state = self.lock();
        state.resume = Some(state.resume.map_or(until, |resume| resume.max(until)));
    }

    /// A request that was sent at this time was answered 429.
    pub(super) fn too_many(&self, sent: Instant) {
        let mut state = self.lock();
        if state.lowered.is_some_and(|lowered| sent <= lowered) {
            return;
        }
        let lower = (state.limit / 2).max(1);
        let fewer = state.limit - lower;
        state.limit = lower;
        state.good = 0;
        state.lowered = Some(Instant::now());
        for lane in [&self.downloads, &self.requests] {
            lane.shrink(fewer);
        }
    }

    /// A request succeeded: after two rounds without a 429 one more may be under way.
    pub(super) fn went_well(&self) {
        let mut state = self.lock();
        if state.limit >= self.most {
            return;
        }
        state.good += 1;
        if state.good >= state.limit.saturating_mul(2) {
            state.good = 0;
            state.limit += 1;
            for lane in [&self.downloads, &self.requests] {
                lane.grow();
            }
        }
    }

    /// How many requests may be under way now.
    pub(super) fn limit(&self) -> usize {
        self.lock().limit
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn new(places: usize) -> Arc<Self> {
        Arc::new(Self { places: Arc::new(Semaphore::new(places)), debt: Mutex::new(0) })
    }

    fn debt(&self) -> MutexGuard<'_, usize> {
        self.debt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shrink(&self, fewer: usize) {
        let mut debt = self.debt();
        *debt += fewer - self.places.forget_permits(fewer);
    }

    fn grow(&self) {
        let mut debt = self.debt();
        match debt.checked_sub(1) {
            Some(less) => *debt = less,
            None => self.places.add_permits(1),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut debt = self.lane.debt();
        if let Some(less) = debt.checked_sub(1)
            && let Some(place) = self.place.take()
        {
            *debt = less;
            place.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_429_halves_the_limit_once_and_successes_bring_it_back() {
        let limiter = Limiter::new(8);
        let mut held = Vec::new();
        for _ in 0..8 {
            held.push(limiter.request().await);
        }
        assert!(limiter.request().now_or_never().is_none(), "eight are under way");
        let sent = Instant::now();
        tokio::time::advance(Duration::from_millis(1)).await;
        for _ in &held {
            limiter.too_many(sent);
        }
        assert_eq!(limiter.limit(), 4, "all eight were sent before it was lowered");
        held.truncate(4);
        assert!(limiter.request().now_or_never().is_none(), "four are under way");
        held.truncate(3);
        held.extend(limiter.request().now_or_never());
        assert_eq!(held.len(), 4);

        for round in 4..8 {
            for _ in 0..2 * round {
                assert_eq!(limiter.limit(), round);
                limiter.went_well();
            }
        }
        assert_eq!(limiter.limit(), 8);
        for _ in 0..100 {
            limiter.went_well();
        }
        assert_eq!(limiter.limit(), 8, "never more than was allowed");
        for _ in 0..4 {
            held.extend(limiter.request().now_or_never());
        }
        assert_eq!(held.len(), 8);
        assert!(limiter.request().now_or_never().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn one_request_is_always_possible() {
        let limiter = Limiter::new(3);
        for _ in 0..5 {
            tokio::time::advance(Duration::from_millis(1)).await;
            let (_permit, sent) = (limiter.request().await, Instant::now());
            tokio::time::advance(Duration::from_millis(1)).await;
            limiter.too_many(sent);
        }
        assert_eq!(limiter.limit(), 1);
        let held = limiter.request().await;
        assert!(limiter.request().now_or_never().is_none());
        assert!(limiter.download().now_or_never().is_some(), "downloads have their own");
        drop(held);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_back_every_request_also_those_that_wait_for_a_place() {
        let limiter = Arc::new(Limiter::new(1));
        let held = limiter.request().await;
        let start = Instant::now();
        let waiting = tokio::spawn({
            let limiter = Arc::clone(&limiter);
            async move {
                drop(limiter.request().await);
                start.elapsed()
            }
        });
        tokio::task::yield_now().await;
        limiter.leave_alone(Duration::from_secs(20));
        limiter.leave_alone(Duration::from_secs(5));
        drop(held);
        let waited = waiting.await.unwrap_or_default();
        assert!(waited >= Duration::from_secs(20), "{waited:?}");
        assert!(limiter.download().now_or_never().is_some(), "it is over");
    }
}
