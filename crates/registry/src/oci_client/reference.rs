//! References: ours and the client's, in both directions.

use ::oci_client::Reference as Upstream;
use lockage_tagging::{Reference, Repository};

use super::OciClient;
use crate::{Error, ErrorKind, Result, TagOrDigest};

/// Both types belong to other crates, so that these cannot be implementations of `TryFrom`.
impl OciClient {
    /// The client's reference to the same image; `latest` where neither a tag nor a digest was written, as it does.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for what its grammar does not know, such as an IPv6 address.
    pub fn to_upstream(reference: &Reference) -> Result<Upstream> {
        let refuse = || Error::new(ErrorKind::Invalid, "convert reference", reference);
        let upstream: Upstream = reference.to_string().parse().map_err(|e: ::oci_client::ParseError| {
            refuse().with_message("the crate oci-client does not take it").with_source(e)
        })?;
        let repository = reference.repository();
        if upstream.registry() != repository.host().as_str() || upstream.repository() != repository.path() {
            return Err(refuse().with_message(format_args!("the crate oci-client takes it for {upstream}")));
        }
        Ok(upstream)
    }

    /// Our reference to the same image.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for what is no reference in its canonical form, and for one that is to be pulled from a
    /// mirror: ours name the registry that is asked.
    pub fn from_upstream(reference: &Upstream) -> Result<Reference> {
        let refuse = || Error::new(ErrorKind::Invalid, "convert reference", reference);
        if reference.namespace().is_some() {
            return Err(refuse().with_message("it names a mirror").with_remedy("Name the mirror as the registry."));
        }
        reference.whole().parse().map_err(|e| refuse().with_source(e))
    }
}

/// What a request names. The client's constructors check nothing, and ours has been checked.
pub(super) fn at(repo: &Repository, what: &TagOrDigest) -> Upstream {
    let (host, path) = (repo.host().to_string(), repo.path().to_owned());
    match what {
        TagOrDigest::Tag(tag) => Upstream::with_tag(host, path, tag.to_string()),
        TagOrDigest::Digest(digest) => Upstream::with_digest(host, path, digest.to_string()),
    }
}

/// What a PUT of a manifest names: a digest poses as a tag.
///
/// The client panics when it puts by digest and the registry's 201 has no Location (ECR), because it then expects its
/// URL to end with the reference's *tag*. The URL is the same either way.
pub(super) fn for_put(repo: &Repository, at: &TagOrDigest) -> Upstream {
    Upstream::with_tag(repo.host().to_string(), repo.path().to_owned(), at.to_string())
}

/// A request that names no manifest but must name something.
pub(super) fn repository(repo: &Repository) -> Upstream {
    Upstream::with_tag(repo.host().to_string(), repo.path().to_owned(), "latest".to_owned())
}
