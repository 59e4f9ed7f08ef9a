//! `RateLimit`: how many requests a registry says that it will still take.

use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;

use super::answer::text;

/// What a registry said last of its own limit, in the headers of an answer.
///
/// Docker Hub sends it with manifests: `RateLimit-Limit: 100;w=21600` and `RateLimit-Remaining: 76;w=21600`, where the
/// number after `w=` is the window in seconds. Others say `X-RateLimit-Remaining`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests in a window.
    pub limit: Option<u64>,
    /// Requests that are left.
    pub remaining: u64,
    /// The length of the window.
    pub window: Option<Duration>,
    /// When it was said.
    pub said: Instant,
}

impl RateLimit {
    /// What is assumed of a window that is not named: that of Docker Hub.
    const WINDOW: Duration = Duration::from_secs(6 * 60 * 60);

    /// What the headers of an answer say that came at `now`.
    pub(super) fn of(headers: &HeaderMap, now: Instant) -> Option<Self> {
        let header = |names: [&str; 2]| names.iter().find_map(|name| text(headers, name)).and_then(quota);
        let remaining = header(["ratelimit-remaining", "x-ratelimit-remaining"])?;
        let limit = header(["ratelimit-limit", "x-ratelimit-limit"]);
        let window = remaining.1.or(limit.and_then(|limit| limit.1));
        Some(Self { limit: limit.map(|limit| limit.0), remaining: remaining.0, window, said: now })
    }

    /// True where no more than `floor` were left when it was last said, and the window is not over at `now`.
    pub(super) fn is_down_to(&self, floor: u64, now: Instant) -> bool {
        let window = self.window.unwrap_or(Self::WINDOW);
        self.remaining <= floor && now.saturating_duration_since(self.said) < window
    }
}

/// `NUMBER` or `NUMBER;w=SECONDS`.
fn quota(text: &str) -> Option<(u64, Option<Duration>)> {
    let mut parts = text.split(';').map(str::trim);
    let number = parts.next()?.parse().ok()?;
    let window = parts.find_map(|part| part.strip_prefix("w=")).and_then(|seconds| seconds.parse().ok());
    Some((number, window.map(Duration::from_secs)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn reads_what_registries_send() {
        let now = Instant::now();
        for (headers, expected) in [
            (
                vec![("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "76;w=21600")],
                Some((Some(100), 76, Some(21_600))),
            ),
            (vec![("x-ratelimit-remaining", "5"), ("x-ratelimit-limit", "60")], Some((Some(60), 5, None))),
            (vec![("ratelimit-limit", "100;w=60"), ("ratelimit-remaining", "0")], Some((Some(100), 0, Some(60)))),
            (vec![("ratelimit-remaining", "many")], None),
            (vec![("ratelimit-limit", "100")], None),
            (vec![], None),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            let found = RateLimit::of(&map, now);
            let found = found.map(|found| (found.limit, found.remaining, found.window.map(|window| window.as_secs())));
            assert_eq!(found, expected, "{headers:?}");
        }
    }

    #[test]
    fn the_floor_holds_until_the_window_is_over() {
        let said = Instant::now();
        let limit = RateLimit { limit: Some(100), remaining: 5, window: Some(Duration::from_secs(60)), said };
        let later = said.checked_add(Duration::from_secs(60)).unwrap();
        for (floor, now, down) in [(4, said, false), (5, said, true), (6, said, true), (6, later, false)] {
            assert_eq!(limit.is_down_to(floor, now), down, "{floor}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(limit in "[0-9;w= ]*", remaining in "[0-9]*(;w=)?[0-9]*|\\PC*", floor: u64, passed: u32) {
            let mut headers = HeaderMap::new();
            for (name, value) in [("ratelimit-limit", limit), ("ratelimit-remaining", remaining)] {
                if let Ok(value) = HeaderValue::try_from(value) {
                    headers.insert(name, value);
                }
            }
            let now = Instant::now();
            if let Some(said) = RateLimit::of(&headers, now) {
                let later = now.checked_add(Duration::from_secs(passed.into())).unwrap();
                assert!(!said.is_down_to(floor, later) || said.remaining <= floor);
            }
        }
    }
}
