//! `Route`: which endpoint a path is (distribution-spec, "Endpoints").

use http::Method;

use super::query::decode;

/// An endpoint, with the parts of its path as they were written.
///
/// Names contain slashes, so a path is read from its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/` (end-1)
    Ping,
    /// `/v2/<name>/manifests/<reference>` (end-3, end-7, end-9)
    Manifest { name: String, reference: String },
    /// `/v2/<name>/blobs/<digest>` (end-2, end-10)
    Blob { name: String, digest: String },
    /// `/v2/<name>/blobs/uploads/` (end-4a, end-4b, end-11)
    Uploads { name: String },
    /// `/v2/<name>/blobs/uploads/<id>` (end-5, end-6, end-13, end-14)
    Upload { name: String, id: String },
    /// `/v2/<name>/tags/list` (end-8a, end-8b)
    Tags { name: String },
    /// `/v2/<name>/referrers/<digest>` (end-12a, end-12b)
    Referrers { name: String, digest: String },
}

impl Route {
    pub(super) fn parse(path: &str) -> Option<Self> {
        let path = decode(path);
        let rest = match path.strip_prefix("/v2")? {
            "" | "/" => return Some(Self::Ping),
            rest => rest.strip_prefix('/')?,
        };
        if let Some(name) = rest.strip_suffix("/tags/list") {
            return Some(Self::Tags { name: name.to_owned() });
        }
        let (front, last) = rest.rsplit_once('/')?;
        let last = last.to_owned();
        // The slash at the end is part of the endpoint, and some forget it.
        if let Some(name) = front.strip_suffix("/blobs").filter(|_| last == "uploads") {
            return Some(Self::Uploads { name: name.to_owned() });
        }
        if let Some(name) = front.strip_suffix("/blobs/uploads") {
            let name = name.to_owned();
            return Some(if last.is_empty() { Self::Uploads { name } } else { Self::Upload { name, id: last } });
        }
        let (name, kind) = front.rsplit_once('/')?;
        let name = name.to_owned();
        match kind {
            "manifests" => Some(Self::Manifest { name, reference: last }),
            "blobs" => Some(Self::Blob { name, digest: last }),
            "referrers" => Some(Self::Referrers { name, digest: last }),
            _ => None,
        }
    }

    /// The methods that the endpoint has.
    pub(super) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Ping | Self::Blob { .. } | Self::Tags { .. } | Self::Referrers { .. } => &[Method::GET, Method::HEAD],
            Self::Manifest { .. } => &[Method::GET, Method::HEAD, Method::PUT, Method::DELETE],
            Self::Uploads { .. } => &[Method::POST],
            Self::Upload { .. } => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
        }
    }

    /// The code where what it names is not there.
    pub(super) fn unknown(&self) -> &'static str {
        match self {
            Self::Manifest { .. } => "MANIFEST_UNKNOWN",
            Self::Blob { .. } => "BLOB_UNKNOWN",
            Self::Upload { .. } => "BLOB_UPLOAD_UNKNOWN",
            Self::Ping | Self::Uploads { .. } | Self::Tags { .. } | Self::Referrers { .. } => "NAME_UNKNOWN",
        }
    }

    /// The code where what was sent to it is refused.
    pub(super) fn invalid(&self) -> &'static str {
        match self {
            Self::Manifest { .. } => "MANIFEST_INVALID",
            Self::Uploads { .. } | Self::Upload { .. } => "BLOB_UPLOAD_INVALID",
            Self::Blob { .. } => "SIZE_INVALID",
            Self::Ping | Self::Tags { .. } | Self::Referrers { .. } => "UNSUPPORTED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn names_may_look_like_endpoints() {
        let name = || "a/blobs/uploads/manifests".to_owned();
        assert_eq!(
            Route::parse("/v2/a/blobs/uploads/manifests/manifests/v1"),
            Some(Route::Manifest { name: name(), reference: "v1".to_owned() })
        );
        assert_eq!(Route::parse("/v2/a/blobs/uploads/manifests/tags/list"), Some(Route::Tags { name: name() }));
        assert_eq!(Route::parse("/v2/a/tags/tags/list"), Some(Route::Tags { name: "a/tags".to_owned() }));
        assert_eq!(
            Route::parse("/v2/a/blobs/uploads/blobs/uploads/x"),
            Some(Route::Upload { name: "a/blobs/uploads".to_owned(), id: "x".to_owned() })
        );
    }

    #[test]
    fn what_is_no_endpoint_is_none() {
        for path in ["/", "/v1/", "/v2x", "/v2/a", "/v2/_catalog", "/v2/manifests/v1", "/v2/a/other/b"] {
            assert_eq!(Route::parse(path), None, "{path}");
        }
        assert_eq!(Route::parse("/v2/"), Some(Route::Ping));
        assert_eq!(
            Route::parse("/v2/a/blobs/sha256%3Aab"),
            Some(Route::Blob { name: "a".to_owned(), digest: "sha256:ab".to_owned() })
        );
        assert_eq!(Route::parse("/v2/a/blobs/uploads"), Some(Route::Uploads { name: "a".to_owned() }));
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_one_endpoint_or_none(path in "(/v2)?(/(a|tags|list|blobs|uploads|manifests|referrers|%2[fF]|\\PC){0,3}){0,6}") {
            if let Some(route) = Route::parse(&path) {
                assert!(!route.methods().is_empty() && path.starts_with('/'));
            }
        }

        #[test]
        fn whatever_the_name_the_endpoint_is_the_end(name in "[a-z/]+(/tags/list|/blobs/uploads)?") {
            let tags = Route::parse(&format!("/v2/{name}/tags/list"));
            assert_eq!(tags, Some(Route::Tags { name: name.clone() }));
            let manifest = Route::parse(&format!("/v2/{name}/manifests/v1"));
            assert_eq!(manifest, Some(Route::Manifest { name, reference: "v1".to_owned() }));
        }
    }
}
