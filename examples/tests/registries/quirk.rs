//! `Quirk`: what registries lack, or do in their own way, although a client could hope for it.

use std::net::SocketAddr;

use super::front::{Answer, Request};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// 404 to referrers, and subjects are not noticed (distribution 2, Docker Hub, Quay of old).
    NoReferrersApi,
    /// A mount is answered with an upload session, whether or not the blob is there.
    MountsNothing,
    /// A mount from another repository is refused.
    RefusesMounts(u16),
    /// A mount is refused, from wherever.
    RefusesEveryMount(u16),
    /// HEAD of a manifest: 405.
    NoManifestHead,
    /// No `Docker-Content-Digest` anywhere.
    NoContentDigest,
    /// HEAD of a manifest does not say how long it is.
    HeadWithoutLength,
    /// Manifests come without a `Content-Type`.
    NoContentType,
    /// Manifests come as what they are not.
    OctetStream,
    /// Blobs are fetched elsewhere.
    BlobsElsewhere,
    /// `Location` is relative to what was asked.
    RelativeLocation,
    /// `Location` is a whole URL.
    AbsoluteLocation,
    /// Bodies come in chunks, and their length is not said.
    Chunked,
    /// A tag cannot be deleted: 405.
    NoTagDelete,
    /// Only digests are deleted, and a tag is a bad one (distribution 2).
    DeletesDigestsOnly,
}

impl Quirk {
    pub(crate) const COPYING: [Self; 17] = [
        Self::NoReferrersApi,
        Self::MountsNothing,
        Self::RefusesMounts(401),
        Self::RefusesMounts(403),
        Self::RefusesMounts(404),
        Self::RefusesMounts(405),
        Self::RefusesEveryMount(400),
        Self::RefusesEveryMount(405),
        Self::NoManifestHead,
        Self::NoContentDigest,
        Self::HeadWithoutLength,
        Self::NoContentType,
        Self::OctetStream,
        Self::BlobsElsewhere,
        Self::RelativeLocation,
        Self::AbsoluteLocation,
        Self::Chunked,
    ];

    /// Whether no registry has both.
    pub(crate) fn excludes(self, other: Self) -> bool {
        let kind = |quirk| match quirk {
            Self::MountsNothing | Self::RefusesMounts(_) | Self::RefusesEveryMount(_) => 1,
            Self::NoContentType | Self::OctetStream => 2,
            Self::RelativeLocation | Self::AbsoluteLocation => 3,
            Self::NoManifestHead | Self::HeadWithoutLength => 4,
            _ => 0,
        };
        self == other || (kind(self) == kind(other) && kind(self) != 0)
    }

    /// What is answered without asking the server.
    pub(crate) fn before(self, request: &mut Request, storage: SocketAddr) -> Option<Answer> {
        let (method, target) = (request.method.as_str(), request.target.clone());
        let is_manifest = target.contains("/manifests/");
        let is_tag = is_manifest && !target.contains("/manifests/sha");
        match self {
            Self::NoReferrersApi if target.contains("/referrers/") => Some(Answer::error(404, "NOT_FOUND")),
            Self::MountsNothing if method == "POST" => {
                request.target = target.split('?').next().unwrap_or_default().to_owned();
                None
            }
            Self::RefusesMounts(status) if method == "POST" && mounts_from_another(&target) => {
                Some(Answer::error(status, "UNSUPPORTED"))
            }
            Self::RefusesEveryMount(status) if method == "POST" && target.contains("mount=") => {
                Some(Answer::error(status, "UNSUPPORTED"))
            }
            Self::NoManifestHead if method == "HEAD" && is_manifest => Some(Answer::error(405, "UNSUPPORTED")),
            Self::BlobsElsewhere if method == "GET" && target.contains("/blobs/sha") => {
                Some(Answer::redirect(&format!("http://{storage}{target}?signature=secret")))
            }
            Self::NoTagDelete if method == "DELETE" && is_tag => Some(Answer::error(405, "UNSUPPORTED")),
            Self::DeletesDigestsOnly if method == "DELETE" && is_tag => Some(Answer::error(400, "DIGEST_INVALID")),
            _ => None,
        }
    }

    /// What is done to an answer.
    pub(crate) fn after(self, request: &Request, answer: &mut Answer, name: &str) {
        let (method, is_manifest) = (request.method.as_str(), request.target.contains("/manifests/"));
        match self {
            Self::NoReferrersApi => answer.remove("oci-subject"),
            Self::NoContentDigest => answer.remove("docker-content-digest"),
            Self::HeadWithoutLength if method == "HEAD" && is_manifest => answer.remove("content-length"),
            Self::NoContentType if is_manifest => answer.remove("content-type"),
            Self::OctetStream if is_manifest => answer.set("content-type", "application/octet-stream"),
            Self::Chunked => answer.chunked = true,
            Self::RelativeLocation | Self::AbsoluteLocation if answer.status == 202 => {
                let Some(location) = answer.get("location") else { return };
                let location = match (self, location.rsplit_once("/uploads/")) {
                    (Self::RelativeLocation, Some((_, session))) => session.to_owned(),
                    _ if location.starts_with('/') => format!("http://{name}{location}"),
                    _ => location.to_owned(),
                };
                answer.set("location", &location);
            }
            _ => {}
        }
    }
}

/// Whether `POST /v2/<name>/blobs/uploads/?mount=…&from=<other>` names another repository than its own.
fn mounts_from_another(target: &str) -> bool {
    let Some((path, query)) = target.split_once('?') else { return false };
    let own = path.strip_prefix("/v2/").and_then(|path| path.strip_suffix("/blobs/uploads/"));
    let mut named = url::form_urlencoded::parse(query.as_bytes());
    named.any(|(name, value)| name == "from" && Some(value.as_ref()) != own)
}
