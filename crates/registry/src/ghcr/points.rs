//! `Points`: what GitHub lets a client spend in a minute (REST documentation, "Rate limits", secondary limits).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use tokio::time::Instant;

/// How many may be spent in a minute.
const MOST: u32 = 900;
const MINUTE: Duration = Duration::from_secs(60);

/// What was spent in the last minute.
#[derive(Debug, Default)]
pub(super) struct Points(Mutex<Spent>);

#[derive(Debug, Default)]
struct Spent(VecDeque<(Instant, u32)>);

/// What a request costs.
fn cost(method: &Method) -> u32 {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) { 1 } else { 5 }
}

impl Points {
    /// Waits until a request of this kind may be sent.
    pub(super) async fn turn(&self, method: &Method) {
        loop {
            let wait = self.0.lock().unwrap_or_else(PoisonError::into_inner).take(cost(method), Instant::now());
            match wait {
                None => return,
                Some(wait) => tokio::time::sleep(wait).await,
            }
        }
    }
}

impl Spent {
    /// Takes so many points, or says how long to wait for them.
    fn take(&mut self, points: u32, now: Instant) -> Option<Duration> {
        let over = |at: Instant| now.saturating_duration_since(at) >= MINUTE;
        while self.0.front().is_some_and(|(at, _)| over(*at)) {
            self.0.pop_front();
        }
        let mut left = MOST.saturating_sub(self.0.iter().fold(0, |sum, (_, spent)| sum + spent));
        for (at, spent) in &self.0 {
            if left >= points {
                break;
            }
            left = left.saturating_add(*spent);
            if left >= points {
                return Some(MINUTE.saturating_sub(now.saturating_duration_since(*at)));
            }
        }
        self.0.push_back((now, points));
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_delete_costs_five_and_a_minute_has_nine_hundred() {
        let (mut spent, start) = (Spent::default(), Instant::now());
        let delete = cost(&Method::DELETE);
        for _ in 0..180 {
            assert_eq!(spent.take(delete, start), None);
        }
        assert_eq!(spent.take(delete, start), Some(MINUTE));
        assert_eq!(spent.take(cost(&Method::GET), start + Duration::from_secs(20)), Some(Duration::from_secs(40)));
        assert_eq!(spent.take(delete, start + MINUTE), None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_minute_sees_more(requests in proptest::collection::vec((0u64..300, proptest::bool::ANY), 1..500)) {
            let (mut spent, start) = (Spent::default(), Instant::now());
            let (mut now, mut sent) = (start, Vec::new());
            for (millis, writes) in requests {
                now += Duration::from_millis(millis);
                let points = cost(if writes { &Method::DELETE } else { &Method::GET });
                while let Some(wait) = spent.take(points, now) {
                    assert!(!wait.is_zero());
                    now += wait;
                }
                sent.push((now, points));
            }
            for (index, (end, _)) in sent.iter().enumerate() {
                let minute = sent.get(..=index).unwrap().iter().rev().take_while(|(at, _)| end.duration_since(*at) < MINUTE);
                assert!(minute.map(|(_, points)| points).sum::<u32>() <= MOST);
            }
        }
    }
}
