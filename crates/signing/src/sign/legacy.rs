//! The old layout: layers under the tags `.sig` and `.att`, in manifests as cosign writes them.

use lockage_registry::{
    Content, Descriptor, DigestTag, DigestTagKind, RawManifest, Tag, TagOrDigest, media_type, referrers,
};
use serde::Serialize;

use super::said::{self, Said};
use super::search::Search;
use super::task::{Blob, Pointer, Task};
use super::{Layout, Mark, Outcome};
use crate::Result;
use crate::format::{Envelope, SimpleSigning, Statement, decode, names};
use crate::verify::{Evidence, LegacyProof, Place, Proof, Says};

/// When everything was made, as cosign has it: its config blobs are the same for the same layers.
const NEVER: &str = "0001-01-01T00:00:00Z";

pub(super) async fn write(task: &Task<'_>, said: Said<'_>) -> Result<Mark> {
    match said {
        Said::Released { claims, docker_reference } => {
            let said = said::payload(task, claims, docker_reference);
            sign(&Tagged::new(task, DigestTagKind::Signature), said).await
        }
        Said::Attested(_) => attest(&Tagged::new(task, DigestTagKind::Attestation), said.statement(task)?).await,
    }
}

async fn sign(tagged: &Tagged<'_>, said: SimpleSigning) -> Result<Mark> {
    let task = tagged.task;
    let payload = said.to_bytes().map_err(|error| task.malformed(error))?;
    let mut blob = Blob::new(names::SIMPLE_SIGNING, payload)?;
    if let Some(held) = tagged.held().await? {
        // The payload is written in one way, so that the same one is the same blob.
        for layer in held.layers.iter().filter(|layer| layer.digest == blob.descriptor.digest) {
            let signature = layer.annotations.get(names::SIGNATURE).and_then(|text| decode("signature", text).ok());
            let Some(signature) = signature else { continue };
            let evidence = Evidence {
                place: tagged.place(layer),
                says: Says::Payload(said.clone()),
                message: blob.bytes.to_vec(),
                signature,
                proof: Proof::Legacy(LegacyProof::of(&layer.annotations)),
            };
            if task.seal.made(&evidence, task.now).await? {
                let outcome = if task.has(&blob).await? {
                    Outcome::AlreadyThere
                } else {
                    task.put(&blob).await?;
                    Outcome::Written
                };
                return Ok(tagged.mark(layer, held.manifest, outcome));
            }
        }
    }
    blob.descriptor.annotations = task.seal.payload(&blob.bytes, task.now).await?;
    tagged.add(blob).await
}

async fn attest(tagged: &Tagged<'_>, statement: Statement) -> Result<Mark> {
    let task = tagged.task;
    let mut search = Search::of(task, &statement)?;
    if let Some(held) = tagged.held().await? {
        for layer in held.layers.iter().filter(|layer| layer.media_type == names::DSSE_ENVELOPE) {
            let Some(bytes) = search.read(layer).await? else { continue };
            let Ok(envelope) = Envelope::parse(&bytes) else { continue };
            let Ok(evidence) = Evidence::of_envelope(
                tagged.place(layer),
                envelope,
                Proof::Legacy(LegacyProof::of(&layer.annotations)),
            ) else {
                continue;
            };
            if search.is_it(&evidence).await? {
                return Ok(tagged.mark(layer, held.manifest, Outcome::AlreadyThere));
            }
        }
    }
    let bytes = statement.to_bytes().map_err(|error| task.malformed(error))?;
    let (envelope, mut annotations) = task.seal.envelope(bytes, task.now).await?;
    annotations.insert(names::PREDICATE_TYPE.to_owned(), statement.predicate_type.as_str().to_owned());
    let mut blob = Blob::new(names::DSSE_ENVELOPE, envelope.to_bytes())?;
    blob.descriptor.annotations = annotations;
    tagged.add(blob).await
}

/// A task, and the tag under which its layers are.
struct Tagged<'t> {
    task: &'t Task<'t>,
    tag: Tag,
}

/// What a tag has.
struct Held {
    manifest: lockage_registry::Digest,
    layers: Vec<Descriptor>,
}

impl<'t> Tagged<'t> {
    fn new(task: &'t Task<'t>, kind: DigestTagKind) -> Self {
        Self { task, tag: DigestTag::new(&task.image.digest, kind).to_tag() }
    }

    async fn held(&self) -> Result<Option<Held>> {
        let Task { target, repo, .. } = self.task;
        let manifest = match target.manifest(repo, &TagOrDigest::Tag(self.tag.clone())).await {
            Ok(manifest) => manifest,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Content::Image { layers, .. } = manifest.view()?.content else { return Ok(None) };
        Ok(Some(Held { manifest: manifest.digest().clone(), layers }))
    }

    fn mark(&self, layer: &Descriptor, manifest: lockage_registry::Digest, outcome: Outcome) -> Mark {
        let place = self.place(layer);
        Mark { subject: self.task.image.digest.clone(), layout: Layout::Legacy, place, manifest, outcome }
    }

    fn place(&self, layer: &Descriptor) -> Place {
        Place::Legacy { tag: self.tag.clone(), layer: layer.digest.clone() }
    }

    /// Stores the layer and brings it under the tag, beside those of others.
    async fn add(&self, layer: Blob) -> Result<Mark> {
        let Task { target, repo, .. } = self.task;
        let config = Blob::new(media_type::OCI_CONFIG, config(&layer.descriptor))?;
        let (stored, configured) = futures::future::join(self.task.ensure(&layer), self.task.ensure(&config)).await;
        stored.and(configured)?;
        let manifest = self.task.json(
            "manifest",
            &Manifest {
                schema_version: 2,
                media_type: media_type::OCI_MANIFEST,
                config: (&config.descriptor).into(),
                layers: [(&layer.descriptor).into()],
            },
        )?;
        let manifest = RawManifest::new(media_type::OCI_MANIFEST, manifest)?;
        let settled = referrers::merge(target, repo, &self.tag, &manifest).await?;
        Ok(self.mark(&layer.descriptor, settled.digest, Outcome::Written))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u8,
    media_type: &'a str,
    config: Pointer<'a>,
    layers: [Pointer<'a>; 1],
}

/// The config of a manifest with this one layer, to the byte that of cosign.
fn config(layer: &Descriptor) -> String {
    format!(
        r#"{{"architecture":"","created":"{NEVER}","history":[{{"created":"{NEVER}"}}],"os":"","rootfs":{{"type":"layers","diff_ids":["{}"]}},"config":{{}}}}"#,
        layer.digest
    )
}
