//! `Sessions`: the uploads that are under way.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::StatusCode;
use lockage_tagging::Repository;
use tokio::sync::OwnedMutexGuard;

use super::Spool;
use crate::server::refusal::{self, Refusal};

/// How long a session is kept that nobody uses.
const LONGEST_IDLE: Duration = Duration::from_secs(3600);

/// How many sessions are kept; each may hold a mebibyte of memory.
const MOST: usize = 1024;

/// How long a request waits for another one to the same session: one whose connection is broken ends soon.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The open sessions by their ids.
pub(in crate::server) struct Sessions {
    open: Mutex<HashMap<String, Arc<Session>>>,
    keys: [RandomState; 2],
    opened: AtomicU64,
}

struct Session {
    repo: Repository,
    used: Mutex<Instant>,
    spool: Arc<tokio::sync::Mutex<Spool>>,
}

/// A session that this request alone uses.
pub(super) struct Held {
    pub(super) spool: OwnedMutexGuard<Spool>,
    session: Arc<Session>,
    id: String,
}

impl Sessions {
    pub(in crate::server) fn new() -> Self {
        Self { open: Mutex::default(), keys: [RandomState::new(), RandomState::new()], opened: AtomicU64::default() }
    }

    /// Opens a session and returns its id.
    pub(super) fn open(&self, repo: &Repository) -> String {
        let id = self.id();
        let session = Session { repo: repo.clone(), used: Mutex::new(Instant::now()), spool: Arc::default() };
        let mut open = self.lock();
        expire(&mut open, Instant::now());
        if open.len() >= MOST {
            // The one that was used longest ago is the one least missed. One that is in use is not asked for.
            let oldest = open.iter().filter_map(|(id, session)| Some((session.unused_since()?, id.clone()))).min();
            if let Some((_, oldest)) = oldest {
                open.remove(&oldest);
            }
        }
        open.insert(id.clone(), Arc::new(session));
        id
    }

    /// Waits until nobody else uses the session.
    pub(super) async fn enter(&self, repo: &Repository, id: &str) -> Result<Held, Refusal> {
        let session = self.find(repo, id)?;
        let waited = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&session.spool).lock_owned()).await;
        let Ok(spool) = waited else {
            let message = "another request is using this upload";
            return Err(refusal::refuse(StatusCode::CONFLICT, "BLOB_UPLOAD_INVALID", message).into());
        };
        // The one that was waited for may have ended it.
        self.find(repo, id)?;
        Ok(Held { spool, session, id: id.to_owned() })
    }

    /// Ends a session.
    pub(super) fn close(&self, held: Held) {
        self.lock().remove(&held.id);
    }

    fn find(&self, repo: &Repository, id: &str) -> Result<Arc<Session>, Refusal> {
        let mut open = self.lock();
        expire(&mut open, Instant::now());
        open.get(id).filter(|session| session.repo == *repo).cloned().ok_or_else(|| {
            refusal::refuse(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", "no such upload, or it has expired").into()
        })
    }

    /// 128 bits that nobody outside can foresee: two keyed hashes of what never occurs twice.
    fn id(&self) -> String {
        let seed = (self.opened.fetch_add(1, Ordering::Relaxed), SystemTime::now());
        self.keys.iter().map(|key| format!("{:016x}", key.hash_one(seed))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// `None` while a request uses it.
    fn unused_since(&self) -> Option<Instant> {
        drop(self.spool.try_lock().ok()?);
        Some(*self.used.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.session.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

fn expire(open: &mut HashMap<String, Arc<Session>>, now: Instant) {
    open.retain(|_, session| {
        session.unused_since().is_none_or(|since| now.saturating_duration_since(since) < LONGEST_IDLE)
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn repo() -> Repository {
        "registry.test/app".parse().unwrap()
    }

    #[tokio::test]
    async fn a_session_expires_when_nobody_has_used_it_for_an_hour() {
        let sessions = Sessions::new();
        let (idle, used) = (sessions.open(&repo()), sessions.open(&repo()));
        let held = sessions.enter(&repo(), &used).await.ok().unwrap();
        expire(&mut sessions.lock(), Instant::now() + LONGEST_IDLE / 2);
        assert!(sessions.find(&repo(), &idle).is_ok());
        expire(&mut sessions.lock(), Instant::now() + LONGEST_IDLE * 2);
        assert!(sessions.find(&repo(), &idle).is_err());
        assert!(sessions.find(&repo(), &used).is_ok(), "a request uses it");
        drop(held);
        expire(&mut sessions.lock(), Instant::now() + LONGEST_IDLE * 2);
        assert!(sessions.find(&repo(), &used).is_err());
    }

    #[tokio::test]
    async fn of_too_many_sessions_the_one_used_longest_ago_goes() {
        let sessions = Sessions::new();
        let (busy, idle) = (sessions.open(&repo()), sessions.open(&repo()));
        let held = sessions.enter(&repo(), &busy).await.ok().unwrap();
        let last = (2..=MOST).map(|_| sessions.open(&repo())).last().unwrap();
        assert_eq!(sessions.lock().len(), MOST);
        assert!(sessions.find(&repo(), &idle).is_err());
        for kept in [&busy, &last] {
            assert!(sessions.find(&repo(), kept).is_ok());
        }
        drop(held);
    }
}
