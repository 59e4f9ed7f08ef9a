//! `Slot`: where one header is kept. One caller gets it while the others wait for the outcome.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::HeaderValue;
use tokio::sync::Mutex;

use super::shared::copy_of;
use crate::client::Credentials;
use crate::{Error, Result};

/// How long a refusal says something about the same header.
const MOMENT: Duration = Duration::from_secs(60);

/// So many refused headers are kept in mind.
const MOST_REFUSED: usize = 4;

/// A header, or the knowledge that there is none to send.
pub(super) struct Held {
    pub(super) header: Option<HeaderValue>,
    /// Where the login behind it comes from.
    pub(super) origin: Option<String>,
    at: Instant,
    until: Instant,
}

impl Held {
    /// A header that was got at `at`, and is good for `life`.
    pub(super) fn new(header: Option<HeaderValue>, at: Instant, life: Duration) -> Self {
        Self { header, origin: None, at, until: at + life }
    }

    /// It comes from these credentials, if there are any.
    pub(super) fn of(mut self, credentials: Option<&Credentials>) -> Self {
        self.origin = credentials.map(|credentials| credentials.origin.clone());
        self
    }

    pub(super) fn age(&self) -> Duration {
        self.at.elapsed()
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held(…)")
    }
}

/// Where the header for one purpose is kept.
#[derive(Default)]
pub(super) struct Slot {
    /// Whoever holds the lock gets the header; the others wait, and find the outcome.
    last: Mutex<Option<Outcome>>,
    /// The last few: a header of another slot may be refused to this one's callers, too.
    refused: StdMutex<Vec<Refused>>,
}

struct Outcome {
    at: Instant,
    what: Result<Arc<Held>, Arc<Error>>,
    /// How many attempts in a row have failed.
    failures: u32,
}

/// A header that the registry refused, and when.
#[derive(Clone)]
struct Refused {
    header: HeaderValue,
    at: Instant,
}

impl Outcome {
    fn held(&self) -> Option<&Arc<Held>> {
        self.what.as_ref().ok()
    }

    /// The answer for one who waited for this outcome, unless it is worth another attempt.
    fn shared(&self, refused: &[Refused]) -> Option<Result<Option<Arc<Held>>>> {
        match &self.what {
            Ok(held) => {
                let held = Some(Arc::clone(held));
                Some(Ok(held.filter(|held| !refused.iter().any(|refused| refused.is_header_of(held)))))
            }
            Err(error) if error.is_temporary() && self.failures < 2 => None,
            Err(error) => Some(Err(copy_of(error))),
        }
    }
}

impl Refused {
    fn is_header_of(&self, held: &Held) -> bool {
        held.header.as_ref() == Some(&self.header)
    }
}

impl Slot {
    /// The header that is held, or else the one that `get` gets; `None` where there is none, or where `get` only gets
    /// the one that was refused.
    ///
    /// An outcome that came about while a caller waited is that caller's as well: a hundred who wait for a server that
    /// refuses all of them ask it once, and one that is out of order is asked twice.
    pub(super) async fn get<F>(&self, now: impl Fn() -> Instant, get: impl FnOnce() -> F) -> Result<Option<Arc<Held>>>
    where
        F: Future<Output = Result<Held>>,
    {
        let arrived = now();
        let mut last = self.last.lock().await;
        let refused = self.refused();
        let waited_for = last.as_ref().filter(|outcome| outcome.at >= arrived);
        if let Some(answer) = waited_for.and_then(|outcome| outcome.shared(&refused)) {
            return answer;
        }
        let failures = waited_for.map_or(0, |outcome| outcome.failures);
        if let Some(held) = last.as_ref().and_then(Outcome::held)
            && held.until > now()
            && !self.rejects(held)
        {
            return Ok(Some(Arc::clone(held)));
        }
        // A refusal a moment ago, for which nothing has been got since.
        let mut open = refused;
        open.retain(|refused| arrived.duration_since(refused.at) < MOMENT);
        open.retain(|refused| last.as_ref().is_none_or(|outcome| refused.at >= outcome.at));
        match get().await {
            Ok(held) => {
                let held = Arc::new(held);
                *last = Some(Outcome { at: now(), what: Ok(Arc::clone(&held)), failures: 0 });
                Ok(Some(held).filter(|held| !open.iter().any(|refused| refused.is_header_of(held))))
            }
            Err(error) => {
                let error = Arc::new(error);
                let copy = copy_of(&error);
                *last = Some(Outcome { at: now(), what: Err(error), failures: failures + 1 });
                Err(copy)
            }
        }
    }

    /// The header that is held and good, without waiting for one that is being got.
    pub(super) fn ready(&self, now: Instant) -> Option<Arc<Held>> {
        let last = self.last.try_lock().ok()?;
        let held = last.as_ref()?.held()?;
        (held.until > now && !self.rejects(held)).then(|| Arc::clone(held))
    }

    /// Whether this is the header that is held here.
    pub(super) fn holds(&self, header: &HeaderValue) -> bool {
        let Ok(last) = self.last.try_lock() else { return false };
        last.as_ref().and_then(Outcome::held).is_some_and(|held| held.header.as_ref() == Some(header))
    }

    /// The registry refused this header: the next caller gets another, unless that has happened already.
    pub(super) fn refuse(&self, header: &HeaderValue, now: Instant) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.retain(|one| one.header != *header);
        if refused.len() >= MOST_REFUSED {
            refused.remove(0);
        }
        refused.push(Refused { header: header.clone(), at: now });
    }

    /// Whether the registry refused this header since it was got.
    pub(super) fn rejects(&self, held: &Held) -> bool {
        self.refused().iter().any(|refused| refused.is_header_of(held) && refused.at >= held.at)
    }

    fn refused(&self) -> Vec<Refused> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::ErrorKind;

    const MINUTE: Duration = Duration::from_secs(60);

    /// One slot, and a clock that moves where the test says so.
    struct Bench {
        slot: Slot,
        now: Cell<Instant>,
        asked: Cell<u32>,
    }

    impl Bench {
        fn new() -> Self {
            Self { slot: Slot::default(), now: Cell::new(Instant::now()), asked: Cell::new(0) }
        }

        fn pass(&self, time: Duration) {
            self.now.set(self.now.get() + time);
        }

        async fn get(&self, text: Result<&'static str, ErrorKind>) -> Result<Option<String>> {
            self.pass(Duration::from_millis(1));
            let got = self.slot.get(
                || self.now.get(),
                || async {
                    self.asked.set(self.asked.get() + 1);
                    tokio::task::yield_now().await;
                    self.pass(Duration::from_secs(1));
                    let text = text.map_err(|kind| Error::new(kind, "log in to", "r.example").with_message("no"))?;
                    Ok(Held::new(Some(text.parse().unwrap()), self.now.get(), 5 * MINUTE))
                },
            );
            Ok(got.await?.and_then(|held| Some(held.header.clone()?.to_str().unwrap().to_owned())))
        }

        fn refuse(&self, text: &'static str) {
            self.pass(Duration::from_millis(1));
            self.slot.refuse(&text.parse().unwrap(), self.now.get());
        }
    }

    #[tokio::test]
    async fn a_header_is_kept_until_it_is_old() {
        let bench = Bench::new();
        assert_eq!(bench.get(Ok("a")).await.unwrap().unwrap(), "a");
        bench.pass(4 * MINUTE);
        assert_eq!(bench.get(Ok("b")).await.unwrap().unwrap(), "a");
        bench.pass(MINUTE);
        assert_eq!(bench.get(Ok("b")).await.unwrap().unwrap(), "b");
        assert_eq!(bench.asked.get(), 2);
    }

    #[tokio::test]
    async fn a_refused_header_is_not_sent_again_unless_something_else_was_got_or_a_new_caller_comes() {
        let bench = Bench::new();
        bench.get(Ok("a")).await.unwrap();
        bench.refuse("a");
        assert_eq!(bench.get(Ok("a")).await.unwrap(), None, "the same would be refused again");
        assert_eq!(bench.get(Ok("b")).await.unwrap().unwrap(), "a", "for another request it may do");
        bench.refuse("a");
        assert_eq!(bench.get(Ok("b")).await.unwrap().unwrap(), "b");
        bench.refuse("a");
        assert_eq!(bench.get(Ok("c")).await.unwrap().unwrap(), "b", "another caller's refusal comes late");
        assert_eq!(bench.asked.get(), 3);
        bench.pass(10 * MINUTE);
        assert_eq!(bench.get(Ok("a")).await.unwrap().unwrap(), "a", "an old refusal says nothing about today");
    }

    #[tokio::test]
    async fn those_who_wait_share_what_came_about() {
        for (text, asked) in [
            (Ok("a"), 1),
            (Err(ErrorKind::Unauthorized), 1),
            (Err(ErrorKind::Credentials), 1),
            (Err(ErrorKind::Unavailable), 2),
        ] {
            let bench = Bench::new();
            let got = futures::future::join_all((0..32).map(|_| bench.get(text))).await;
            assert_eq!(bench.asked.get(), asked, "{text:?}");
            for got in got {
                assert_eq!(got.map_err(|e| e.kind()), text.map(|text| Some(text.to_owned())));
            }
            // Whoever comes later asks anew after a failure.
            let later = bench.get(Ok("b")).await.unwrap().unwrap();
            assert_eq!(later, text.unwrap_or("b"));
        }
    }

    #[tokio::test]
    async fn those_who_were_refused_together_ask_once() {
        let bench = Bench::new();
        bench.get(Ok("a")).await.unwrap();
        bench.refuse("a");
        let got = futures::future::join_all((0..32).map(|_| bench.get(Ok("a")))).await;
        assert!(got.into_iter().all(|got| got.unwrap().is_none()));
        assert_eq!(bench.asked.get(), 2);
    }
}
