//! Deadlines: a transfer may take as long as it moves, and may not stand still.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::stream::StreamExt as _;

use crate::ByteStream;

/// Why there was no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    Failed(reqwest::Error),
    Stalled(Duration),
}

/// The answer to a request without a body of note, within `limit`.
pub(super) async fn answered<F>(limit: Duration, request: F) -> Result<reqwest::Response, NoAnswer>
where
    F: Future<Output = reqwest::Result<reqwest::Response>>,
{
    match tokio::time::timeout(limit, request).await {
        Ok(answer) => answer.map_err(NoAnswer::Failed),
        Err(_) => Err(NoAnswer::Stalled(limit)),
    }
}

/// Tells when a body last moved.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    start: Instant,
    last: Arc<AtomicU64>,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), last: Arc::default() }
    }

    /// `stream`, beating with each chunk that is taken from it.
    pub(super) fn watch(&self, stream: ByteStream) -> ByteStream {
        let pulse = self.clone();
        stream.inspect(move |_| pulse.beat()).boxed()
    }

    fn beat(&self) {
        self.last.store(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn idle(&self) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)))
    }

    /// The answer to a request whose body is watched, which may not stand still for `limit`.
    pub(super) async fn answered<F>(&self, limit: Duration, request: F) -> Result<reqwest::Response, NoAnswer>
    where
        F: Future<Output = reqwest::Result<reqwest::Response>>,
    {
        let mut request = pin!(request);
        loop {
            let left = limit.saturating_sub(self.idle());
            if left.is_zero() {
                return Err(NoAnswer::Stalled(limit));
            }
            if let Ok(answer) = tokio::time::timeout(left, &mut request).await {
                return answer.map_err(NoAnswer::Failed);
            }
        }
    }
}
