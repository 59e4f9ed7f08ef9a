//! The log of requests: what was asked, in order of arrival, and how many bytes went each way.

use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::RequestHead;

/// A request that the server has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// The method: `GET`.
    pub method: String,
    /// The path and, behind a `?`, the query.
    pub path: String,
    /// The status that was answered; 0 while none has been, and where the connection was closed without one.
    pub status: u16,
    /// How many bytes of the request's body arrived: for an upload that is under way, so far.
    pub received: u64,
    /// How many bytes of the answer's body were sent: for a download that is under way, so far.
    pub sent: u64,
}

/// Every request from its arrival on; kept only where that was asked for.
#[derive(Debug)]
pub(super) struct Log {
    record: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    arrived: usize,
    kept: Vec<Arc<Entry>>,
}

/// One request, whose numbers grow while its bodies pass.
#[derive(Debug)]
pub(super) struct Entry {
    head: RequestHead,
    status: AtomicU16,
    received: AtomicU64,
    sent: AtomicU64,
}

impl Log {
    pub(super) fn new(record: bool) -> Self {
        Self { record, state: Mutex::default() }
    }

    /// Numbers a request and enters it: both under one lock, so that the log is in the order of the numbers.
    pub(super) fn arrive(&self, method: &str, path: &str) -> Arc<Entry> {
        let mut state = self.state();
        let head = RequestHead { index: state.arrived, method: method.to_owned(), path: path.to_owned() };
        let entry = Arc::new(Entry {
            head,
            status: AtomicU16::default(),
            received: AtomicU64::default(),
            sent: AtomicU64::default(),
        });
        state.arrived += 1;
        if self.record {
            state.kept.push(Arc::clone(&entry));
        }
        entry
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.state().kept.iter().map(|entry| entry.seen()).collect()
    }

    pub(super) fn clear(&self) {
        self.state().kept.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    pub(super) fn head(&self) -> &RequestHead {
        &self.head
    }

    pub(super) fn answered(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    pub(super) fn add_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::SeqCst)
    }

    pub(super) fn add_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    fn seen(&self) -> Seen {
        Seen {
            method: self.head.method.clone(),
            path: self.head.path.clone(),
            status: self.status.load(Ordering::SeqCst),
            received: self.received(),
            sent: self.sent.load(Ordering::SeqCst),
        }
    }
}
