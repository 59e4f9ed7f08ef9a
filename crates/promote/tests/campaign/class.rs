//! Classes: what a request is for, as far as that decides what can go wrong with it.

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    BlobGet,
    /// GET of a blob whose last answer broke off: it asks for the rest.
    BlobRest,
    BlobHead,
    ManifestGet,
    ManifestHead,
    ManifestPut,
    List,
    UploadPost,
    UploadPatch,
    UploadPut,
    UploadGet,
    UploadDelete,
    Token,
}

impl Class {
    pub(crate) const ALL: [Self; 13] = [
        Self::BlobGet,
        Self::BlobRest,
        Self::BlobHead,
        Self::ManifestGet,
        Self::ManifestHead,
        Self::ManifestPut,
        Self::List,
        Self::UploadPost,
        Self::UploadPatch,
        Self::UploadPut,
        Self::UploadGet,
        Self::UploadDelete,
        Self::Token,
    ];

    pub(crate) fn of(method: &str, path: &str) -> Option<Self> {
        Some(match method {
            _ if path.starts_with("/token") => Self::Token,
            "POST" if path.contains("/blobs/uploads/") => Self::UploadPost,
            "PATCH" => Self::UploadPatch,
            "PUT" if path.contains("/blobs/uploads/") => Self::UploadPut,
            "GET" if path.contains("/blobs/uploads/") => Self::UploadGet,
            "DELETE" if path.contains("/blobs/uploads/") => Self::UploadDelete,
            "GET" if path.contains("/blobs/") => Self::BlobGet,
            "HEAD" if path.contains("/blobs/") => Self::BlobHead,
            "GET" if path.contains("/manifests/") => Self::ManifestGet,
            "HEAD" if path.contains("/manifests/") => Self::ManifestHead,
            "PUT" if path.contains("/manifests/") => Self::ManifestPut,
            "GET" if path.contains("/tags/list") || path.contains("/referrers/") => Self::List,
            _ => return None,
        })
    }
}
