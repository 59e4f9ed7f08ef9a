//! `Inbound`: the body of a request, which counts what it receives and waits for no client for ever.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::future;
use futures::stream::{self, StreamExt as _};
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;

use super::log::Entry;
use crate::{ByteStream, Error, ErrorKind, Result};

/// How long a client may pause: it may itself be reading from a slow registry.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How much of a body that nobody wanted is read, so that the client gets to its answer and the connection lives on.
const MOST_DRAINED: u64 = 8 * 1024 * 1024;

/// How long that may take.
const LONGEST_DRAIN: Duration = Duration::from_secs(5);

/// The bytes of a request, shared with whoever reads them so that what nobody read can be drained.
#[derive(Clone)]
pub(super) struct Inbound {
    body: Arc<Mutex<Incoming>>,
    entry: Arc<Entry>,
    length: Option<u64>,
    /// The rest of the body will never come.
    broken: Arc<AtomicBool>,
    /// The client sends nothing before it is told to continue, which the first read does.
    waits: bool,
    /// So much is read, and what follows breaks it: a fault that was asked for.
    most: Option<u64>,
    /// That has been read, and more has come.
    cut: Arc<AtomicBool>,
}

impl Inbound {
    pub(super) fn new(body: Incoming, entry: Arc<Entry>, waits: bool, most: Option<u64>) -> Self {
        Self {
            length: body.size_hint().exact(),
            body: Arc::new(Mutex::new(body)),
            entry,
            broken: Arc::default(),
            waits,
            most,
            cut: Arc::default(),
        }
    }

    /// How many bytes are announced: `Content-Length`, and none where the body comes in chunks.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// True where the connection broke, or the client stopped, before the end: nobody is left to be answered.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::SeqCst)
    }

    /// The next bytes, and `None` behind the last.
    pub(super) async fn next(&self) -> Result<Option<Bytes>> {
        let next = match timeout(LONGEST_PAUSE, future::poll_fn(|cx| self.poll(cx))).await {
            Ok(data) => data.transpose(),
            Err(_) => Err(Error::new(ErrorKind::Timeout, "receive", "request body")),
        };
        if next.is_err() {
            self.broken.store(true, Ordering::SeqCst);
        }
        next
    }

    /// All bytes that are still to come.
    pub(super) fn stream(&self) -> ByteStream {
        stream::unfold(Some(self.clone()), |body| async move {
            let body = body?;
            let item = body.next().await.transpose()?;
            let more = item.is_ok().then_some(body);
            Some((item, more))
        })
        .boxed()
    }

    /// Reads what is left of a body, within bounds; behind them, the connection is closed.
    pub(super) async fn drain(&self) {
        if self.waits && self.entry.received() == 0 {
            return;
        }
        let most = self.entry.received().saturating_add(MOST_DRAINED);
        let drained = async { while self.entry.received() < most && matches!(self.next().await, Ok(Some(_))) {} };
        // A client that is slower than that finds the connection closed.
        let _ = timeout(LONGEST_DRAIN, drained).await;
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.cut.load(Ordering::SeqCst) {
                let error = Error::new(ErrorKind::Unreachable, "receive", "request body");
                return Poll::Ready(Some(Err(error.with_message("the interceptor cut it"))));
            }
            match ready!(Pin::new(&mut *body).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => {
                    let error = Error::new(ErrorKind::Unreachable, "receive", "request body").with_source(error);
                    return Poll::Ready(Some(Err(error)));
                }
                Some(Ok(frame)) => {
                    // Trailers mean nothing here.
                    if let Ok(mut data) = frame.into_data() {
                        let left = self.most.map_or(u64::MAX, |most| most.saturating_sub(self.entry.received()));
                        let left = usize::try_from(left).unwrap_or(usize::MAX);
                        if data.len() > left {
                            // What is behind the cut may be the end of the body: nothing else would tell of it.
                            self.cut.store(true, Ordering::SeqCst);
                            data.truncate(left);
                            if data.is_empty() {
                                continue;
                            }
                        }
                        self.entry.add_received(data.len());
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}
