//! Uploads over HTTP: one POST asks whether the blob is there, can be mounted, or where it goes; then it is sent.

mod cutter;
mod ladder;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use lockage_tagging::Repository;
use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};
use url::Url;

use super::auth::Access;
use super::host::HostState;
use super::send::Request;
use super::{Purpose, answer, manifests};
use crate::{Body, Descriptor, ErrorKind, Opened, Result, Upload};

const OPERATION: &str = "push blob";
const CHUNK_LEAST: &str = "oci-chunk-min-length";

/// POST with `mount`: from the other repository of this registry, or from the repository itself, which is answered 201
/// where the blob is there and 202 with a session where it is not (distribution-spec, "Mounting a blob from another
/// repository"). A registry that is known to answer the latter in any case is asked by HEAD first.
pub(super) async fn open(
    host: &Arc<HostState>,
    repo: &Repository,
    blob: &Descriptor,
    from: Option<&Repository>,
) -> Result<Opened> {
    let place = Place { host: Arc::clone(host), repo: repo.clone(), blob: blob.clone() };
    if !host.profile().self_mount && place.is_there().await? {
        return Ok(Opened::Present);
    }
    let begun = match from.filter(|from| from.host() == repo.host() && *from != repo && host.can_mount_from(from)) {
        None => place.post(Some(repo)).await?,
        Some(other) => match place.post(Some(other)).await {
            // May not read there, has no such repository, or does not mount: an upload will do, and it is not asked again.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::Unauthorized | ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::Unsupported
                ) =>
            {
                let begun = place.post(Some(repo)).await?;
                host.cannot_mount_from(other);
                begun
            }
            begun => begun?,
        },
    };
    Ok(match begun {
        Begun::There => Opened::Present,
        Begun::Session(ticket) => Opened::Upload(Box::new(Session { place, ticket })),
    })
}

/// Where a blob goes.
struct Place {
    host: Arc<HostState>,
    repo: Repository,
    blob: Descriptor,
}

/// What a POST was answered.
enum Begun {
    There,
    Session(Ticket),
}

/// Where an upload goes.
struct Ticket {
    location: Url,
    /// The least size of a chunk, in bytes (`OCI-Chunk-Min-Length`).
    least: u64,
}

impl Place {
    fn subject(&self) -> String {
        format!("{}@{}", self.repo, self.blob.digest)
    }

    fn request<'b>(&self, operation: &'static str, method: Method, url: Url) -> Request<'b> {
        Request::new(operation, self.subject(), method, url, Access::push(&self.repo))
    }

    /// HEAD: whether the blob is there.
    async fn is_there(&self) -> Result<bool> {
        let url = self.host.blob_url(&self.repo, &self.blob.digest);
        let asked = Request::new("look for blob", self.subject(), Method::HEAD, url, Access::pull(&self.repo));
        match asked.send(&self.host).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The blob may be there by now; if it is not, a new session.
    async fn begin(&self) -> Result<Begun> {
        if !self.host.profile().self_mount && self.is_there().await? {
            return Ok(Begun::There);
        }
        self.post(Some(&self.repo)).await
    }

    /// POST for a session, mounting from a repository or not. A mount that makes no sense to the registry is asked once
    /// more as a plain session.
    async fn post(&self, from: Option<&Repository>) -> Result<Begun> {
        let mut url = self.host.uploads_url(&self.repo);
        let mut access = Access::push(&self.repo);
        if let Some(from) = from {
            url.query_pairs_mut().append_pair("mount", self.blob.digest.as_str()).append_pair("from", from.path());
            access = access.and_pull(from);
        }
        let request = Request::new(OPERATION, self.subject(), Method::POST, url.clone(), access);
        let wrong = request.error(ErrorKind::Protocol);
        let response = match request.send(&self.host).await {
            // Not a refusal to push, as other repositories show, but of the parameters.
            Err(error)
                if from == Some(&self.repo)
                    && matches!(error.kind(), ErrorKind::Rejected | ErrorKind::NotFound | ErrorKind::Unsupported) =>
            {
                return Box::pin(self.post(None)).await;
            }
            response => response?,
        };
        let headers = response.headers();
        match response.status() {
            StatusCode::CREATED => {
                manifests::confirms(headers, &self.blob.digest)?;
                Ok(Begun::There)
            }
            StatusCode::ACCEPTED => {
                let location = answer::text(headers, LOCATION.as_str())
                    .ok_or_else(|| wrong.with_message("answered 202 without a Location"))?;
                let location = self.host.policy.judge(Purpose::UploadLocation, &url, location)?.url;
                let least = answer::text(headers, CHUNK_LEAST).and_then(|text| text.parse().ok()).unwrap_or(0);
                Ok(Begun::Session(Ticket { location, least }))
            }
            status => Err(wrong.with_message(format_args!("answered {}", status.as_u16()))),
        }
    }

    /// DELETE of a session (distribution-spec, "Cancel a blob upload").
    async fn cancel(&self, ticket: Ticket) -> Result<()> {
        match self.request("cancel upload of", Method::DELETE, ticket.location).send(&self.host).await {
            // Gone already, or the registry keeps sessions until they expire.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported) => Ok(()),
            cancelled => cancelled.map(|_| ()),
        }
    }
}

/// An upload session at the registry.
struct Session {
    place: Place,
    ticket: Ticket,
}

#[async_trait]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        ladder::climb(&self.place, self.ticket, body).await
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        self.place.cancel(self.ticket).await
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({OPERATION} {})", self.place.subject())
    }
}
