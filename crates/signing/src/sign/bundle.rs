//! The new layout: a Sigstore bundle in a manifest that refers to the image.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lockage_registry::{Content, Descriptor, Digest, Manifest as View, RawManifest, media_type, referrers};
use serde::Serialize;

use super::said::Said;
use super::search::Search;
use super::task::{Blob, Pointer, Task};
use super::{Layout, Mark, Outcome};
use crate::Result;
use crate::format::{Bundle, FormatError, Statement, names};
use crate::verify::{Evidence, Place};

pub(super) async fn write(task: &Task<'_>, said: Said<'_>) -> Result<Mark> {
    let statement = said.statement(task)?;
    if let Some(manifest) = held(task, &statement).await? {
        return Ok(mark(task, manifest, Outcome::AlreadyThere));
    }
    let bytes = statement.to_bytes().map_err(|error| task.malformed(error))?;
    let bundle = Blob::new(names::BUNDLE, task.seal.bundle(bytes, task.now).await?.as_bytes().to_vec())?;
    let config = Blob::new(media_type::OCI_EMPTY, "{}")?;
    let (stored, configured) = futures::future::join(task.put(&bundle), task.ensure(&config)).await;
    stored.and(configured)?;

    let manifest = RawManifest::new(media_type::OCI_MANIFEST, manifest(task, &statement, &config, &bundle)?)?;
    referrers::attach(task.target, task.repo, &manifest).await?;
    Ok(mark(task, manifest.digest().clone(), Outcome::Written))
}

fn mark(task: &Task<'_>, manifest: Digest, outcome: Outcome) -> Mark {
    let place = Place::Bundle { manifest: manifest.clone() };
    Mark { subject: task.image.digest.clone(), layout: Layout::Bundle, place, manifest, outcome }
}

/// The manifest of a bundle of this signer that says the same.
///
/// What entries of a list say of themselves is not looked at: cosign 3.1 enters its bundles under the type of their
/// config.
async fn held(task: &Task<'_>, statement: &Statement) -> Result<Option<Digest>> {
    let Task { target, repo, image, .. } = task;
    let mut search = Search::of(task, statement)?;
    for entry in target.referrers(repo, &image.digest, None).await? {
        let Some(manifest) = search.manifest(entry.digest).await? else { continue };
        // What a stranger attached need not be a manifest that can be read, and is none of this signer's then.
        let Some(layer) = manifest.view().ok().and_then(|view| bundle_of(view, &image.digest)) else { continue };
        let Some(bytes) = search.read(&layer).await? else { continue };
        let Ok(bundle) = Bundle::parse(&bytes) else { continue };
        let digest = manifest.digest();
        let place = Place::Bundle { manifest: digest.clone() };
        let Ok(evidence) = Evidence::of_bundle(place, bundle) else { continue };
        if search.is_it(&evidence).await? {
            return Ok(Some(digest.clone()));
        }
    }
    Ok(None)
}

/// The one bundle that a manifest attaches to `image`.
fn bundle_of(manifest: View, image: &Digest) -> Option<Descriptor> {
    let Content::Image { layers, .. } = manifest.content else { return None };
    let [layer] = <[Descriptor; 1]>::try_from(layers).ok()?;
    let is_bundle = layer.media_type.starts_with("application/vnd.dev.sigstore.bundle");
    (is_bundle && manifest.subject.is_some_and(|subject| subject.digest == *image)).then_some(layer)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u8,
    media_type: &'a str,
    config: Pointer<'a>,
    layers: [Pointer<'a>; 1],
    annotations: BTreeMap<&'a str, &'a str>,
    subject: Pointer<'a>,
    artifact_type: &'a str,
}

fn manifest(task: &Task<'_>, statement: &Statement, config: &Blob, bundle: &Blob) -> Result<bytes::Bytes> {
    let unusable = |error: jiff::Error| task.malformed(FormatError::new("time", error.to_string()));
    let now = Timestamp::try_from(task.now).map_err(unusable)?;
    let created = Timestamp::from_second(now.as_second()).map_err(unusable)?.to_string();
    let annotations = BTreeMap::from([
        (names::BUNDLE_CONTENT, "dsse-envelope"),
        (names::BUNDLE_PREDICATE_TYPE, statement.predicate_type.as_str()),
        (names::CREATED, created.as_str()),
    ]);
    task.json(
        "manifest",
        &Manifest {
            schema_version: 2,
            media_type: media_type::OCI_MANIFEST,
            config: (&config.descriptor).into(),
            layers: [(&bundle.descriptor).into()],
            annotations,
            subject: task.image.into(),
            artifact_type: names::BUNDLE,
        },
    )
}
