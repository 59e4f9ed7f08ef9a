//! The ladder: how a blob gets into a registry that breaks off, forgets its sessions, or wants it in another form.
//!
//! After a cut the session is asked how far it got, and goes on from there; where it does not say, this blob, and no more
//! than this blob, gets a new session. A form that is refused is followed by the next: one PUT, one PATCH and a PUT,
//! chunks. A body that can be read once has one attempt.

use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, StatusCode};
use url::Url;

use super::cutter::Cutter;
use super::{Begun, OPERATION, Place, Request, Ticket};
use crate::client::range::{self, Arrived};
use crate::client::tries::Tries;
use crate::client::{Profile, Purpose, answer, exact, manifests};
use crate::{Body, Error, ErrorKind, Result};

const OCTETS: &str = "application/octet-stream";

/// A form that broke so often without getting further is taken for refused: some registries cut the connection instead of
/// answering 413.
const BREAKS: u32 = 2;

/// How a blob is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One PUT.
    Put,
    /// One PATCH of all, and a PUT without a body.
    Patch,
    /// PATCHes of so many bytes, and a PUT without a body.
    Chunks(u64),
}

impl Form {
    fn first(profile: &Profile, size: u64) -> Self {
        if size <= profile.put_up_to { Self::Put } else { Self::Patch }
    }

    /// What to try where the registry does not take this form.
    fn next(self, profile: &Profile) -> Option<Self> {
        match self {
            Self::Put => Some(Self::Patch),
            Self::Patch => profile.chunk.map(Self::Chunks),
            Self::Chunks(_) => None,
        }
    }
}

/// Sends `body` by the session at `location`, or by others.
pub(super) async fn climb(place: &Place, ticket: Ticket, body: Body<'_>) -> Result<()> {
    let profile = place.host.profile();
    let mut form = Form::first(&profile, place.blob.size);
    let mut tries = Tries::new(&place.host);
    let mut session = Session::new(place, ticket);
    let mut body = body;
    loop {
        let again = body.try_clone();
        let Err(error) = session.send(form, body).await else { return Ok(()) };
        let Some(again) = again else { return Err(error) };
        body = again;
        let next = form.next(&profile);
        let refused = is_refusal(&error);
        if !refused {
            tries.after(error).await?;
        } else if next.is_none() {
            return Err(error);
        }
        if refused || tries.failed().is_multiple_of(BREAKS) {
            form = next.unwrap_or(form);
        } else if profile.resumes
            && let Some(arrived) = session.arrived().await
        {
            if arrived > session.sent {
                tries.start_again();
            }
            session.sent = arrived;
            continue;
        }
        session.abandon().await;
        match place.begin().await? {
            // Nothing but its answer was lost.
            Begun::There => return Ok(()),
            Begun::Session(ticket) => session = Session::new(place, ticket),
        }
    }
}

/// Whether the registry says that it does not take a blob in this form, or in this session.
fn is_refusal(error: &Error) -> bool {
    let status = error.answer().map(|answer| answer.status);
    error.operation() == OPERATION
        && (matches!(status, Some(400 | 404 | 405 | 411 | 413 | 416 | 501)) || error.kind() == ErrorKind::Protocol)
}

/// A session of which the registry has acknowledged the first `sent` bytes.
struct Session<'p> {
    place: &'p Place,
    ticket: Ticket,
    sent: u64,
}

impl<'p> Session<'p> {
    fn new(place: &'p Place, ticket: Ticket) -> Self {
        Self { place, ticket, sent: 0 }
    }

    /// Tells the registry that it need not keep the session. It expires by itself where that cannot be told.
    async fn abandon(self) {
        let _ = self.place.cancel(self.ticket).await;
    }

    /// Sends what is left, and ends the session.
    async fn send(&mut self, form: Form, body: Body<'_>) -> Result<()> {
        let size = self.place.blob.size;
        match form {
            // Not after a part has arrived: registries differ in what they make of a PUT with the rest.
            Form::Put if self.sent == 0 => {}
            Form::Put | Form::Patch => {
                if self.sent < size {
                    let request = self.patch(self.sent, size)?.body(body, self.sent, size - self.sent);
                    let response = request.send(&self.place.host).await?;
                    self.acknowledged(response.status(), response.headers(), size)?;
                }
                return self.end().await;
            }
            Form::Chunks(chunk) => {
                self.chunks(chunk.max(self.ticket.least).max(1), body).await?;
                return self.end().await;
            }
        }
        let request = self.place.request(OPERATION, Method::PUT, self.last()).header(CONTENT_TYPE, OCTETS)?;
        self.ended(request.body(body, 0, size)).await
    }

    async fn chunks(&mut self, chunk: u64, body: Body<'_>) -> Result<()> {
        let size = self.place.blob.size;
        let rest = exact::exactly(body.open(self.sent).await?, size - self.sent, &self.place.subject()).await?;
        let cutter = Cutter::new(rest);
        while self.sent < size {
            let to = self.sent.saturating_add(chunk).min(size);
            let request = self.patch(self.sent, to)?.body(Body::once(cutter.piece(to - self.sent)), 0, to - self.sent);
            let response = request.send(&self.place.host).await?;
            self.acknowledged(response.status(), response.headers(), to)?;
        }
        Ok(())
    }

    /// PATCH of the bytes from `first` up to `end`.
    fn patch<'b>(&self, first: u64, end: u64) -> Result<Request<'b>> {
        let request = self.place.request(OPERATION, Method::PATCH, self.ticket.location.clone());
        let request = request.header(CONTENT_TYPE, OCTETS)?;
        // A whole blob in one PATCH is a stream, not a chunk.
        if first == 0 && end == self.place.blob.size {
            return Ok(request);
        }
        request.header(CONTENT_RANGE, &format!("{first}-{}", end - 1))
    }

    /// PUT without a body.
    async fn end(&self) -> Result<()> {
        self.ended(self.place.request(OPERATION, Method::PUT, self.last())).await
    }

    async fn ended(&self, request: Request<'_>) -> Result<()> {
        let wrong = request.error(ErrorKind::Protocol);
        let response = request.send(&self.place.host).await?;
        match response.status() {
            StatusCode::CREATED => manifests::confirms(response.headers(), &self.place.blob.digest),
            status => Err(wrong.with_message(format_args!("answered {}", status.as_u16()))),
        }
    }

    fn last(&self) -> Url {
        let mut url = self.ticket.location.clone();
        url.query_pairs_mut().append_pair("digest", self.place.blob.digest.as_str());
        url
    }

    /// Takes note of an answer to a PATCH: where the session goes on, and that all bytes up to `sent` have arrived.
    fn acknowledged(&mut self, status: StatusCode, headers: &HeaderMap, sent: u64) -> Result<()> {
        // ECR answers 201 to a PATCH.
        if !matches!(status, StatusCode::ACCEPTED | StatusCode::CREATED | StatusCode::NO_CONTENT) {
            return Err(self
                .place
                .error(ErrorKind::Protocol)
                .with_message(format_args!("answered {}", status.as_u16())));
        }
        let arrived = match range::arrived(headers) {
            Ok(None) => sent,
            Ok(Some(Arrived::Bytes(arrived))) => arrived,
            Ok(Some(Arrived::Hardly)) => sent.min(1),
            Err(said) => {
                return Err(self
                    .place
                    .error(ErrorKind::Protocol)
                    .with_message(format_args!("answered with Range {said:?}")));
            }
        };
        if arrived != sent {
            return Err(self
                .place
                .error(ErrorKind::Protocol)
                .with_message(format_args!("{sent} bytes were sent, and the registry says that {arrived} arrived")));
        }
        self.moved(headers)?;
        self.sent = sent;
        Ok(())
    }

    /// Asks how far the session got: `None` where it is gone, or does not say what can be believed.
    async fn arrived(&mut self) -> Option<u64> {
        let request =
            self.place.request("ask for the state of the upload of", Method::GET, self.ticket.location.clone());
        // Whatever goes wrong here, a new session is the way out, and says what is wrong if it is the registry.
        let response = request.send(&self.place.host).await.ok()?;
        let Ok(Some(Arrived::Bytes(arrived))) = range::arrived(response.headers()) else { return None };
        self.moved(response.headers()).ok()?;
        (response.status() == StatusCode::NO_CONTENT && arrived <= self.place.blob.size).then_some(arrived)
    }

    /// The session goes on at the `Location` of the last answer, if it names one.
    fn moved(&mut self, headers: &HeaderMap) -> Result<()> {
        if let Some(location) = answer::text(headers, LOCATION.as_str()) {
            self.ticket.location =
                self.place.host.policy.judge(Purpose::UploadLocation, &self.ticket.location, location)?.url;
        }
        Ok(())
    }
}

impl Place {
    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, OPERATION, self.subject())
    }
}
