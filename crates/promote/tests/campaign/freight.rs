//! Freight: an image with all that is attached to it, as a seed has it.

use bytes::Bytes;
use lockage_registry::testing::fixtures;
use lockage_registry::{
    Algorithm, Descriptor, Digest, DigestTag, DigestTagKind, Platform, RawManifest, Registry, Repository, Tag,
    TagOrDigest, TargetExt, digest_of, media_type,
};
use serde_json::{Value, json};

use crate::dice::Dice;

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const NOTATION: &str = "application/vnd.cncf.notary.signature";
/// What another client has written into an entry of a fallback index.
pub(crate) const UNKNOWN: &str = "x-campaign";
const SBOM: &str = "application/spdx+json";

pub(crate) type Blob = (Descriptor, Bytes);

#[derive(Debug)]
pub(crate) struct Freight {
    /// Children before their parents, the root last.
    pub(crate) manifests: Vec<RawManifest>,
    /// Each once.
    pub(crate) blobs: Vec<Blob>,
    pub(crate) attached: Vec<Attached>,
}

/// A manifest that is attached to another.
#[derive(Debug)]
pub(crate) struct Attached {
    pub(crate) subject: Digest,
    /// The kind of its tag; none for a referrer.
    pub(crate) tag: Option<DigestTagKind>,
    pub(crate) manifest: RawManifest,
    pub(crate) blobs: Vec<Blob>,
}

impl Attached {
    pub(crate) fn cosign_tag(&self) -> Option<Tag> {
        self.tag.map(|kind| DigestTag::new(&self.subject, kind).to_tag())
    }
}

impl Freight {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let mut image = Self::bare(dice);
        if !dice.one_in(12) {
            image.attach(dice);
        }
        image
    }

    /// Without attachments.
    pub(crate) fn bare(dice: &mut Dice) -> Self {
        let mut this = Self { manifests: Vec::new(), blobs: Vec::new(), attached: Vec::new() };
        let shared = dice.one_in(2).then(|| fixtures::layer(media_type::OCI_LAYER, dice.next(), dice.size()));
        let platforms = ["linux/amd64", "linux/arm64", "linux/s390x"];
        let count = 2 + usize::from(dice.one_in(3));
        let mut entries: Vec<Value> = Vec::new();
        for platform in &platforms[..count] {
            let mut child = this.platform(dice, platform, shared.clone());
            child.platform = Some(platform.parse::<Platform>().unwrap());
            entries.push(json!(child));
        }
        let provenance = this.provenance(dice, &entries[0]);
        entries.push(provenance);
        this.index(&entries);
        if dice.one_in(4) {
            // An index within an index, beside an image of its own.
            let inner = json!(this.root().descriptor());
            let other = this.platform(dice, "windows/amd64", None);
            this.index(&[inner, json!(other)]);
        }
        this
    }

    pub(crate) fn root(&self) -> &RawManifest {
        self.manifests.last().unwrap()
    }

    fn keep(&mut self, blob: Blob) -> Descriptor {
        if self.blobs.iter().all(|(kept, _)| kept.digest != blob.0.digest) {
            self.blobs.push(blob.clone());
        }
        blob.0
    }

    fn index(&mut self, entries: &[Value]) {
        self.manifests.push(document(
            media_type::OCI_INDEX,
            &json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries }),
        ));
    }

    fn image(&mut self, config: &str, layers: Vec<Blob>) -> Descriptor {
        let layers: Vec<_> = layers.into_iter().map(|layer| self.keep(layer)).collect();
        let config = self.keep(blob(media_type::OCI_CONFIG, config.to_owned()));
        let manifest = image(&config, &layers, json!({}));
        self.manifests.push(manifest);
        self.root().descriptor().clone()
    }

    fn platform(&mut self, dice: &mut Dice, platform: &str, shared: Option<Blob>) -> Descriptor {
        let mut layers: Vec<_> = shared.into_iter().collect();
        for _ in 0..=dice.below(3) {
            layers.push(fixtures::layer(media_type::OCI_LAYER, dice.next(), dice.size()));
        }
        let (os, architecture) = platform.split_once('/').unwrap();
        let config = json!({ "os": os, "architecture": architecture, "x": dice.next() }).to_string();
        self.image(&config, layers)
    }

    /// As BuildKit lists it.
    fn provenance(&mut self, dice: &mut Dice, of: &Value) -> Value {
        let layer = fixtures::layer("application/vnd.in-toto+json", dice.next(), 400);
        let manifest = self.image(&json!({ "os": "unknown", "x": dice.next() }).to_string(), vec![layer]);
        let mut entry = json!(manifest);
        entry["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
        entry["annotations"] =
            json!({ "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of["digest"] });
        entry
    }

    /// A `.sig` with one to three signatures, a referrer that has one of its own, an SBOM on a child, and sometimes more.
    fn attach(&mut self, dice: &mut Dice) {
        let root = self.root().descriptor().clone();
        let child = self.manifests[0].descriptor().clone();
        let names: Vec<_> = (0..=dice.below(3)).map(|n| format!("{n} of {}", dice.next())).collect();
        self.attached.push(cosign(&root.digest, DigestTagKind::Signature, &names));
        let notation = referrer(&root, NOTATION, dice);
        let on_notation = referrer(notation.manifest.descriptor(), "application/vnd.example.note", dice);
        self.attached.extend([notation, on_notation]);
        let sbom = referrer(&child, SBOM, dice);
        if dice.one_in(3) {
            self.attached.push(cosign(sbom.manifest.digest(), DigestTagKind::Signature, &["on the SBOM".to_owned()]));
        }
        self.attached.push(sbom);
        if dice.one_in(3) {
            self.attached.push(cosign(&root.digest, DigestTagKind::Attestation, &["attested".to_owned()]));
        }
    }

    /// Puts all of it into a registry, without faults.
    pub(crate) async fn hold(&self, registry: &dyn Registry, repo: &Repository, tag: &Tag, api: bool) {
        put_blobs(registry, repo, &self.blobs).await;
        for manifest in &self.manifests {
            by_digest(registry, repo, manifest).await;
        }
        registry.put_manifest(repo, self.root(), &tag.clone().into()).await.unwrap();
        for attached in &self.attached {
            attached.hold(registry, repo).await;
        }
        if !api {
            let mut subjects: Vec<_> =
                self.attached.iter().filter(|one| one.tag.is_none()).map(|a| &a.subject).collect();
            subjects.sort();
            subjects.dedup();
            for subject in subjects {
                fallback(registry, repo, subject).await;
            }
        }
    }
}

impl Attached {
    pub(crate) async fn hold(&self, registry: &dyn Registry, repo: &Repository) {
        put_blobs(registry, repo, &self.blobs).await;
        match self.cosign_tag() {
            Some(tag) => drop(registry.put_manifest(repo, &self.manifest, &tag.into()).await.unwrap()),
            None => by_digest(registry, repo, &self.manifest).await,
        }
    }
}

/// The index that a client keeps where there is no referrers API. Its entries have a field that nobody knows.
pub(crate) async fn fallback(registry: &dyn Registry, repo: &Repository, subject: &Digest) {
    let mut entries: Vec<_> =
        registry.referrers(repo, subject, None).await.unwrap().into_iter().map(|one| json!(one)).collect();
    for entry in &mut entries {
        entry[UNKNOWN] = json!([1, { "a": null }]);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries });
    let at = DigestTag::new(subject, DigestTagKind::Referrers).to_tag();
    registry.put_manifest(repo, &document(media_type::OCI_INDEX, &index), &at.into()).await.unwrap();
}

/// A manifest as cosign writes it: one layer a signature.
pub(crate) fn cosign(subject: &Digest, kind: DigestTagKind, names: &[String]) -> Attached {
    let (mut blobs, mut layers) = (Vec::new(), Vec::new());
    for name in names {
        let (mut layer, bytes) =
            blob("application/vnd.dev.cosign.simplesigning.v1+json", format!("{name} on {subject}"));
        blobs.push((layer.clone(), bytes));
        layer.annotations.insert(SIGNATURE.to_owned(), name.clone());
        layers.push(layer);
    }
    let ids: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
    let config = json!({ "architecture": "", "os": "", "rootfs": { "type": "layers", "diff_ids": ids } });
    let config = blob(media_type::OCI_CONFIG, config.to_string());
    let manifest = image(&config.0, &layers, json!({}));
    blobs.push(config);
    Attached { subject: subject.clone(), tag: Some(kind), manifest, blobs }
}

pub(crate) fn referrer(subject: &Descriptor, kind: &str, dice: &mut Dice) -> Attached {
    let (config, layer) =
        (blob(media_type::OCI_EMPTY, "{}".to_owned()), fixtures::layer(kind, dice.next(), dice.size()));
    let subject = Descriptor::new(subject.media_type.clone(), subject.digest.clone(), subject.size);
    let more = json!({ "artifactType": kind, "subject": subject, "annotations": { "org.example.x": dice.next().to_string() } });
    let manifest = image(&config.0, std::slice::from_ref(&layer.0), more);
    Attached { subject: subject.digest, tag: None, manifest, blobs: vec![config, layer] }
}

/// The names of the signatures in a manifest of cosign's.
pub(crate) fn signatures(manifest: &RawManifest) -> Vec<String> {
    let document: Value = serde_json::from_slice(manifest.bytes()).unwrap();
    let layers = document["layers"].as_array().unwrap();
    layers.iter().map(|layer| layer["annotations"][SIGNATURE].as_str().unwrap_or_default().to_owned()).collect()
}

fn image(config: &Descriptor, layers: &[Descriptor], more: Value) -> RawManifest {
    let mut json =
        json!({ "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": layers });
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document(media_type::OCI_MANIFEST, &json)
}

fn document(media_type: &str, json: &Value) -> RawManifest {
    RawManifest::new(media_type, json.to_string().into()).unwrap()
}

fn blob(media_type: &str, bytes: String) -> Blob {
    let digest = digest_of(Algorithm::Sha256, bytes.as_bytes()).unwrap();
    (Descriptor::new(media_type, digest, bytes.len() as u64), bytes.into())
}

async fn put_blobs(registry: &dyn Registry, repo: &Repository, blobs: &[Blob]) {
    for (blob, bytes) in blobs {
        registry.put_blob(repo, blob, bytes.clone().into()).await.unwrap();
    }
}

async fn by_digest(registry: &dyn Registry, repo: &Repository, manifest: &RawManifest) {
    registry.put_manifest(repo, manifest, &TagOrDigest::Digest(manifest.digest().clone())).await.unwrap();
}
