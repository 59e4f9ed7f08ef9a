//! Uploads over HTTP: one POST asks whether the blob is there, can be mounted, or where it goes; one PUT sends it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use lockage_tagging::Repository;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Method, StatusCode};
use url::Url;

use super::auth::Access;
use super::host::HostState;
use super::send::Request;
use super::{Purpose, answer, manifests};
use crate::{Body, Descriptor, ErrorKind, Opened, Result, Upload};

/// POST with `mount`: from the other repository of this registry, or from the repository itself, which is answered 201
/// where the blob is there and 202 with a session where it is not (distribution-spec, "Mounting a blob from another
/// repository").
pub(super) async fn open(
    host: &Arc<HostState>,
    repo: &Repository,
    blob: &Descriptor,
    from: Option<&Repository>,
) -> Result<Opened> {
    let other = from.filter(|from| from.host() == repo.host() && *from != repo && host.can_mount_from(from));
    let Some(other) = other else { return mount(host, repo, blob, repo).await };
    match mount(host, repo, blob, other).await {
        // May not read there, has no such repository, or does not mount: an upload will do, and it is not asked again.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Unauthorized | ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::Unsupported
            ) =>
        {
            let opened = mount(host, repo, blob, repo).await?;
            host.cannot_mount_from(other);
            Ok(opened)
        }
        opened => opened,
    }
}

async fn mount(host: &Arc<HostState>, repo: &Repository, blob: &Descriptor, from: &Repository) -> Result<Opened> {
    let mut url = host.uploads_url(repo);
    url.query_pairs_mut().append_pair("mount", blob.digest.as_str()).append_pair("from", from.path());
    let access = Access::push(repo).and_pull(from);
    let subject = format!("{repo}@{}", blob.digest);
    let request = Request::new("push blob", &subject, Method::POST, url.clone(), access.clone());
    let wrong = request.error(ErrorKind::Protocol);
    let response = request.send(host).await?;
    let headers = response.headers();
    match response.status() {
        StatusCode::CREATED => {
            manifests::confirms(headers, &blob.digest)?;
            Ok(Opened::Present)
        }
        StatusCode::ACCEPTED => {
            let location = answer::text(headers, LOCATION.as_str())
                .ok_or_else(|| wrong.with_message("answered 202 without a Location"))?;
            let location = host.policy.judge(Purpose::UploadLocation, &url, location)?.url;
            Ok(Opened::Upload(Box::new(Session {
                host: Arc::clone(host),
                subject,
                blob: blob.clone(),
                location,
                access: Access::push(repo),
            })))
        }
        status => Err(wrong.with_message(format_args!("answered {}", status.as_u16()))),
    }
}

/// An upload session at the registry.
struct Session {
    host: Arc<HostState>,
    subject: String,
    blob: Descriptor,
    location: Url,
    access: Access,
}

#[async_trait]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        let mut url = self.location;
        url.query_pairs_mut().append_pair("digest", self.blob.digest.as_str());
        let request = Request::new("push blob", self.subject, Method::PUT, url, self.access)
            .header(CONTENT_TYPE, "application/octet-stream")?
            .body(body, self.blob.size);
        let wrong = request.error(ErrorKind::Protocol);
        let response = request.send(&self.host).await?;
        match response.status() {
            StatusCode::CREATED => manifests::confirms(response.headers(), &self.blob.digest),
            status => Err(wrong.with_message(format_args!("answered {}", status.as_u16()))),
        }
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        let cancelled = Request::new("cancel upload of", self.subject, Method::DELETE, self.location, self.access)
            .send(&self.host)
            .await;
        match cancelled {
            // Gone already, or the registry keeps sessions until they expire.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported) => Ok(()),
            cancelled => cancelled.map(|_| ()),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session(push blob {})", self.subject)
    }
}
