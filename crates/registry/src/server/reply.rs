//! `Reply`: an answer in the making, and the headers that only registries have.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::payload::Payload;
use crate::ByteStream;

/// The digest of the content that is served or has been stored.
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// The version of the API, by which old clients know a registry.
pub(super) const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
/// The id of an upload session.
pub(super) const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
/// The subject among whose referrers a manifest has been entered.
pub(super) const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// A tag under which a manifest has been stored beside its digest.
pub(super) const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");
/// The filters that a list of referrers has been put through.
pub(super) const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// An answer: its length is always said, so that a HEAD says what a GET would.
pub(super) struct Reply(Response<Payload>);

impl Reply {
    /// An answer without a body.
    pub(super) fn new(status: StatusCode) -> Self {
        let mut response = Response::new(Payload::of_bytes(Bytes::new()));
        *response.status_mut() = status;
        let reply = Self(response).header(API_VERSION, "registry/2.0");
        // RFC 9110, section 8.6: a 204 has no length.
        if status == StatusCode::NO_CONTENT { reply } else { reply.header(CONTENT_LENGTH, 0) }
    }

    /// Sets a header. What is set here is made of names, digests and numbers, which are all legal values; a media
    /// type that is none is left out.
    pub(super) fn header(mut self, name: HeaderName, value: impl ToString) -> Self {
        if let Ok(value) = HeaderValue::try_from(value.to_string()) {
            self.0.headers_mut().insert(name, value);
        }
        self
    }

    pub(super) fn bytes(self, media_type: &str, bytes: Bytes) -> Self {
        let mut reply = self.header(CONTENT_LENGTH, bytes.len()).header(CONTENT_TYPE, media_type);
        *reply.0.body_mut() = Payload::of_bytes(bytes);
        reply
    }

    pub(super) fn json(self, media_type: &str, value: &serde_json::Value) -> Self {
        self.bytes(media_type, Bytes::from(value.to_string()))
    }

    pub(super) fn stream(self, media_type: &str, stream: ByteStream, length: u64) -> Self {
        let mut reply = self.header(CONTENT_LENGTH, length).header(CONTENT_TYPE, media_type);
        *reply.0.body_mut() = Payload::of_stream(stream);
        reply
    }

    /// What is sent: without the body where only the head was asked for.
    pub(super) fn into_response(self, head_only: bool) -> Response<Payload> {
        let Self(response) = self;
        if head_only { response.map(|_| Payload::of_bytes(Bytes::new())) } else { response }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.0.status()
    }
}
