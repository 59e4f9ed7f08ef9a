//! Reports: what is told about one call, once, when it ends or is dropped.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_tagging::Repository;

use super::Clock;
use crate::{ByteStream, Error, ErrorKind, Result};

/// A call that has begun. It tells what became of it when it is dropped, at the latest.
#[derive(Debug)]
pub(super) struct Report {
    clock: Arc<dyn Clock>,
    begun: Duration,
    operation: &'static str,
    repository: String,
    reference: Option<String>,
    from: Option<String>,
    bytes: Option<Moved>,
    items: Option<u64>,
    told: bool,
}

/// Bytes that have moved so far, counted wherever they pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Moved(Arc<AtomicU64>);

impl Moved {
    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn watch(&self, stream: ByteStream) -> ByteStream {
        let moved = self.clone();
        stream.inspect(move |chunk| moved.add(chunk.as_ref().map_or(0, Bytes::len))).boxed()
    }
}

impl Report {
    pub(super) fn begin(operation: &'static str, repo: &Repository, clock: &Arc<dyn Clock>) -> Self {
        Self {
            clock: Arc::clone(clock),
            begun: clock.now(),
            operation,
            repository: repo.to_string(),
            reference: None,
            from: None,
            bytes: None,
            items: None,
            told: false,
        }
    }

    pub(super) fn about(mut self, reference: impl Display) -> Self {
        self.reference = Some(reference.to_string());
        self
    }

    pub(super) fn from(mut self, from: Option<impl Display>) -> Self {
        self.from = from.map(|from| from.to_string());
        self
    }

    /// The counter of the bytes that move because of the call.
    pub(super) fn moved(&mut self) -> Moved {
        self.bytes.get_or_insert_default().clone()
    }

    pub(super) fn bytes(&mut self, bytes: usize) {
        self.moved().add(bytes);
    }

    pub(super) fn items(&mut self, items: usize) {
        self.items = Some(self.items.unwrap_or_default().saturating_add(items as u64));
    }

    /// The call has returned.
    pub(super) fn end<T>(self, result: Result<T>) -> Result<T> {
        self.end_as("ok", result)
    }

    /// The call has returned, and `outcome` is what it came to where it came to any.
    pub(super) fn end_as<T>(mut self, outcome: &str, result: Result<T>) -> Result<T> {
        match &result {
            Ok(_) => self.tell(outcome, None),
            Err(error) => self.tell_error(error),
        }
        result
    }

    /// `stream`, with `note` taken of each item; the call ends when it does, or with its first error.
    pub(super) fn watch<'a, T: Send + 'a>(
        self,
        stream: BoxStream<'a, Result<T>>,
        note: fn(&mut Self, &T),
    ) -> BoxStream<'a, Result<T>> {
        stream::unfold((stream, self), move |(mut stream, mut report)| async move {
            let item = stream.next().await;
            match &item {
                Some(Ok(item)) => note(&mut report, item),
                Some(Err(error)) => report.tell_error(error),
                None => report.tell("ok", None),
            }
            item.map(|item| (item, (stream, report)))
        })
        .boxed()
    }

    fn tell_error(&mut self, error: &Error) {
        self.tell(&format!("{:?}", error.kind()), Some(error));
    }

    fn tell(&mut self, outcome: &str, error: Option<&Error>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let elapsed = self.clock.now().saturating_sub(self.begun);
        // A macro, because the level of an event is part of its call site.
        macro_rules! event {
            ($level:ident) => {
                tracing::$level!(
                    target: "lockage_registry",
                    operation = self.operation,
                    repository = self.repository,
                    reference = self.reference.as_deref(),
                    from = self.from.as_deref(),
                    bytes = self.bytes.as_ref().map(|moved| moved.0.load(Ordering::Relaxed)),
                    items = self.items,
                    elapsed_ms = elapsed.as_secs_f64() * 1e3,
                    outcome,
                    error = error.map(tracing::field::display),
                    "registry call"
                )
            };
        }
        match error {
            Some(error) if error.kind() != ErrorKind::NotFound => event!(warn),
            _ => event!(debug),
        }
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.tell("dropped", None);
    }
}
