//! Sigstore bundles that refer to the image: found among its referrers, told by their manifest, and read.

use lockage_registry::{Content, Descriptor, Digest, Manifest};

use super::{Found, Look, distinct};
use crate::Result;
use crate::format::Bundle;
use crate::verify::{Evidence, Place};

/// How the media types of all versions begin.
const TYPE: &str = "application/vnd.dev.sigstore.bundle";

/// What refers to `subject`, each once; those that the list calls bundles come first. What a list says is a hint about the
/// order and nothing else: clients write it, and cosign 3 writes it wrong.
pub(super) async fn referrers(look: &Look<'_>, subject: &Digest) -> Result<Vec<Descriptor>> {
    let mut listed = distinct(look.source.referrers(look.repo, subject, None).await?);
    listed.sort_by_key(|entry| !entry.artifact_type.as_deref().is_some_and(is_bundle_type));
    Ok(listed)
}

/// Reads a referrer as far as it takes to know whether it is a bundle, and the bundle if it is one.
pub(super) async fn read(look: &Look<'_>, entry: Descriptor) -> Found {
    let place = Place::Bundle { manifest: entry.digest.clone() };
    let raw = match look.manifest(&entry.digest).await {
        Ok(raw) => raw,
        Err(error) => return Found::error(error),
    };
    let view = match raw.view() {
        Ok(view) => view,
        Err(error) => return Found::malformed(place, error),
    };
    open(look, place, &view).await.unwrap_or_default()
}

/// The bundle that a manifest is about; nothing where it is another kind of artifact.
pub(super) async fn open(look: &Look<'_>, place: Place, view: &Manifest) -> Option<Found> {
    let layer = match layer(view)? {
        Ok(layer) => layer,
        Err(why) => return Some(Found::malformed(place, why)),
    };
    Some(match look.document(layer, 1).await {
        Ok(document) => {
            let evidence = Bundle::parse(&document).and_then(|bundle| Evidence::of_bundle(place.clone(), bundle));
            Found::read(&place, evidence)
        }
        Err(error) => Found::error(error),
    })
}

/// The one layer of a bundle's manifest; nothing where it is another kind of artifact.
fn layer(view: &Manifest) -> Option<Result<&Descriptor, String>> {
    let layers = match &view.content {
        Content::Image { layers, .. } => layers.as_slice(),
        Content::Artifact { blobs } => blobs.as_slice(),
        _ => &[],
    };
    let says_so = view.effective_artifact_type().is_some_and(is_bundle_type)
        || layers.iter().any(|layer| is_bundle_type(&layer.media_type));
    says_so.then_some(match layers {
        [layer] => Ok(layer),
        _ => Err(format!("the manifest of a bundle has one layer, and this one {}", layers.len())),
    })
}

fn is_bundle_type(media_type: &str) -> bool {
    media_type.starts_with(TYPE)
}
