//! An image that is pinned: its tag is looked up once, and from then on there is only the digest.

use lockage_registry::{Digest, Error, Reference, Source, TagOrDigest};

/// The digest that `reference` names: its own, else what its tag holds now, else what `latest` does. At most one request.
pub(crate) async fn digest(source: &dyn Source, reference: &Reference) -> Result<Digest, Error> {
    match TagOrDigest::of(reference) {
        TagOrDigest::Digest(digest) => Ok(digest),
        tag @ TagOrDigest::Tag(_) => Ok(source.resolve(reference.repository(), &tag).await?.digest),
    }
}

/// Where an image is, without what may move.
pub(crate) fn name(reference: &Reference, digest: &Digest) -> String {
    format!("{}@{digest}", reference.repository())
}
