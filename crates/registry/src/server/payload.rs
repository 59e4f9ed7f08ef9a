//! `Payload`: the body of an answer, which counts what it sends and can be told to break.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream::TryStreamExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::log::Entry;
use crate::{ByteStream, Error, ErrorKind};

/// How long a body that will break waits, so that what it has sent leaves before the connection closes.
const LAST_BYTES_LEAVE: Duration = Duration::from_millis(50);

/// The bytes of an answer.
pub(super) struct Payload {
    bytes: UnsyncBoxBody<Bytes, Error>,
    entry: Option<Arc<Entry>>,
    harm: Harm,
}

/// What happens to the bytes on their way.
pub(super) enum Harm {
    None,
    Truncate { left: u64 },
    Breaking(Pin<Box<Sleep>>),
    Shorten { left: u64 },
    Slow { bytes: usize, pause: Duration, rest: Bytes, resting: Option<Pin<Box<Sleep>>> },
    Corrupt,
}

impl Harm {
    pub(super) fn slow(bytes: usize, pause: Duration) -> Self {
        Self::Slow { bytes: bytes.max(1), pause, rest: Bytes::new(), resting: None }
    }
}

impl Payload {
    pub(super) fn of_bytes(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes).map_err(|never| match never {}).boxed_unsync())
    }

    pub(super) fn of_stream(stream: ByteStream) -> Self {
        Self::new(StreamBody::new(stream.map_ok(Frame::data)).boxed_unsync())
    }

    fn new(bytes: UnsyncBoxBody<Bytes, Error>) -> Self {
        Self { bytes, entry: None, harm: Harm::None }
    }

    /// Has the bytes counted.
    pub(super) fn counted(mut self, entry: Arc<Entry>) -> Self {
        self.entry = Some(entry);
        self
    }

    pub(super) fn harm(&mut self, harm: Harm) {
        self.harm = harm;
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let Some(frame) = ready!(Pin::new(&mut self.bytes).poll_frame(cx)?) else {
                return Poll::Ready(None);
            };
            // There are no trailers in what is made here.
            if let Ok(data) = frame.into_data() {
                return Poll::Ready(Some(Ok(data)));
            }
        }
    }

    fn poll_harmed(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            match &mut self.harm {
                Harm::None => return self.next(cx),
                Harm::Truncate { left: 0 } => {
                    self.harm = Harm::Breaking(Box::pin(tokio::time::sleep(LAST_BYTES_LEAVE)));
                }
                Harm::Truncate { left } => {
                    let left = *left;
                    let Some(mut data) = ready!(self.next(cx)?) else {
                        return Poll::Ready(None);
                    };
                    data.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                    self.harm = Harm::Truncate { left: left - data.len() as u64 };
                    return Poll::Ready(Some(Ok(data)));
                }
                Harm::Breaking(moment) => {
                    ready!(moment.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(broken())));
                }
                Harm::Shorten { left: 0 } => return Poll::Ready(None),
                Harm::Shorten { left } => {
                    let left = *left;
                    let Some(mut data) = ready!(self.next(cx)?) else {
                        return Poll::Ready(None);
                    };
                    data.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                    self.harm = Harm::Shorten { left: left - data.len() as u64 };
                    return Poll::Ready(Some(Ok(data)));
                }
                Harm::Slow { bytes, pause, rest, resting } => {
                    if let Some(sleep) = resting {
                        ready!(sleep.as_mut().poll(cx));
                        *resting = None;
                    }
                    if !rest.is_empty() {
                        let piece = rest.split_to(rest.len().min(*bytes));
                        *resting = Some(Box::pin(tokio::time::sleep(*pause)));
                        return Poll::Ready(Some(Ok(piece)));
                    }
                    let (bytes, pause) = (*bytes, *pause);
                    let Some(data) = ready!(self.next(cx)?) else {
                        return Poll::Ready(None);
                    };
                    self.harm = Harm::Slow { bytes, pause, rest: data, resting: None };
                }
                Harm::Corrupt => {
                    let Some(data) = ready!(self.next(cx)?) else {
                        return Poll::Ready(None);
                    };
                    let mut data = BytesMut::from(data.as_ref());
                    if let Some(byte) = data.first_mut() {
                        *byte ^= 1;
                        self.harm = Harm::None;
                    }
                    return Poll::Ready(Some(Ok(data.freeze())));
                }
            }
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = ready!(self.poll_harmed(cx));
        if let (Some(Ok(data)), Some(entry)) = (&polled, &self.entry) {
            entry.add_sent(data.len());
        }
        Poll::Ready(polled.map(|data| data.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.harm, Harm::None) && self.bytes.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.harm {
            Harm::None | Harm::Corrupt => self.bytes.size_hint(),
            // The header says the true length, and nothing may say that it is known to be shorter.
            Harm::Truncate { .. } | Harm::Breaking(_) | Harm::Shorten { .. } | Harm::Slow { .. } => SizeHint::default(),
        }
    }
}

fn broken() -> Error {
    Error::new(ErrorKind::Unreachable, "send", "body").with_message("the interceptor truncated it")
}
