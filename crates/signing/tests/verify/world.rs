//! An image in a registry, and documents to attach to it: good ones, and ones of any shape.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{
    Algorithm, Body, Descriptor, Digest, DigestTag, DigestTagKind, Memory, RawManifest, Repository, Tag, Target,
    TargetExt as _, digest_of, media_type, referrers,
};
use lockage_signing::format::{PredicateType, SimpleSigning, names, pae};
use serde_json::{Value, json};

use super::toy::Toy;

pub(crate) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// A registry with one image.
pub(crate) struct World {
    pub(crate) registry: Memory,
    pub(crate) repo: Repository,
    pub(crate) image: Image,
    pub(crate) digest: Digest,
}

pub(crate) type Blob = (Descriptor, Bytes);

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(fixtures::image(1)).await
    }

    pub(crate) async fn of(image: Image) -> Self {
        let registry = Memory::new("registry.test".parse().unwrap());
        let repo: Repository = "registry.test/app".parse().unwrap();
        fixtures::push(&registry, &repo, &image, &"v1".parse().unwrap()).await.unwrap();
        let digest = image.root().digest().clone();
        Self { registry, repo, image, digest }
    }

    pub(crate) fn root(&self) -> &Descriptor {
        self.image.root().descriptor()
    }

    /// What cosign would sign.
    pub(crate) fn payload(&self) -> SimpleSigning {
        SimpleSigning::new(self.repo.to_string(), self.digest.clone())
    }

    pub(crate) async fn sig(&self, layers: &[Blob]) -> RawManifest {
        put_tag(&self.registry, &self.repo, &self.digest, DigestTagKind::Signature, layers).await
    }

    pub(crate) async fn att(&self, layers: &[Blob]) -> RawManifest {
        put_tag(&self.registry, &self.repo, &self.digest, DigestTagKind::Attestation, layers).await
    }

    pub(crate) async fn bundle(&self, bundle: &Value) -> RawManifest {
        let layer = blob(names::BUNDLE, bundle.to_string());
        put_referrer(&self.registry, &self.repo, self.root(), names::BUNDLE, &[layer]).await
    }

    /// A signature in each layout.
    pub(crate) async fn sign_both(&self, toy: &Toy) {
        self.sig(&[signature(toy, &self.payload())]).await;
        self.bundle(&bundle(toy, &statement(&self.digest, PredicateType::COSIGN_SIGN))).await;
    }
}

pub(crate) fn blob(media_type: &str, bytes: impl Into<Bytes>) -> Blob {
    let bytes = bytes.into();
    let digest = digest_of(Algorithm::Sha256, &bytes).unwrap();
    (Descriptor::new(media_type, digest, bytes.len() as u64), bytes)
}

pub(crate) fn annotated(mut blob: Blob, name: &str, value: impl Into<String>) -> Blob {
    blob.0.annotations.insert(name.to_owned(), value.into());
    blob
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// A layer of the old layout.
pub(crate) fn signature(toy: &Toy, payload: &SimpleSigning) -> Blob {
    signed_bytes(toy, &payload.to_bytes().unwrap())
}

pub(crate) fn signed_bytes(toy: &Toy, payload: &[u8]) -> Blob {
    let layer = blob(names::SIMPLE_SIGNING, payload.to_vec());
    annotated(layer, names::SIGNATURE, encode(toy.sign(payload)))
}

pub(crate) fn statement(digest: &Digest, predicate_type: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": digest.hex()}}],
        "predicateType": predicate_type,
        "predicate": {},
    })
}

pub(crate) fn with_claims(mut statement: Value, claims: &BTreeMap<String, Value>) -> Value {
    statement["subject"][0]["annotations"] = json!(claims);
    statement
}

pub(crate) fn envelope(toy: &Toy, payload_type: &str, payload: &[u8]) -> Value {
    let signature = toy.sign(&pae(payload_type, payload));
    json!({"payloadType": payload_type, "payload": encode(payload), "signatures": [{"sig": encode(signature)}]})
}

/// A bundle of this key around a statement.
pub(crate) fn bundle(toy: &Toy, statement: &Value) -> Value {
    bundle_of(envelope(toy, names::IN_TOTO, statement.to_string().as_bytes()), "")
}

pub(crate) fn bundle_of(envelope: Value, hint: &str) -> Value {
    json!({
        "mediaType": names::BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": hint}},
        "dsseEnvelope": envelope,
    })
}

/// A layer under `.att`.
pub(crate) fn attestation(toy: &Toy, statement: &Value) -> Blob {
    blob(names::DSSE_ENVELOPE, envelope(toy, names::IN_TOTO, statement.to_string().as_bytes()).to_string())
}

pub(crate) async fn put_blob(target: &dyn Target, repo: &Repository, (descriptor, bytes): &Blob) {
    target.put_blob(repo, descriptor, Body::bytes(bytes.clone())).await.unwrap();
}

pub(crate) fn manifest(config_type: &str, layers: &[Descriptor], more: &Value) -> (RawManifest, Blob) {
    let config = blob(config_type, "{}");
    let mut document = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config.0, "layers": layers,
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into()).unwrap(), config)
}

pub(crate) async fn put_tag(
    target: &dyn Target,
    repo: &Repository,
    subject: &Digest,
    kind: DigestTagKind,
    layers: &[Blob],
) -> RawManifest {
    for layer in layers {
        put_blob(target, repo, layer).await;
    }
    let descriptors: Vec<_> = layers.iter().map(|(descriptor, _)| descriptor.clone()).collect();
    let (raw, config) = manifest(media_type::OCI_CONFIG, &descriptors, &json!({}));
    put_blob(target, repo, &config).await;
    target.put_manifest(repo, &raw, &tag(subject, kind).into()).await.unwrap();
    raw
}

pub(crate) fn tag(subject: &Digest, kind: DigestTagKind) -> Tag {
    DigestTag::new(subject, kind).to_tag()
}

pub(crate) async fn put_referrer(
    target: &dyn Target,
    repo: &Repository,
    subject: &Descriptor,
    artifact_type: &str,
    layers: &[Blob],
) -> RawManifest {
    let raw = referrer(target, repo, subject, artifact_type, layers).await;
    referrers::attach(target, repo, &raw).await.unwrap();
    raw
}

/// The manifest of something attached; what it points at is stored, and it is not.
pub(crate) async fn referrer(
    target: &dyn Target,
    repo: &Repository,
    subject: &Descriptor,
    artifact_type: &str,
    layers: &[Blob],
) -> RawManifest {
    for layer in layers {
        put_blob(target, repo, layer).await;
    }
    let descriptors: Vec<_> = layers.iter().map(|(descriptor, _)| descriptor.clone()).collect();
    let subject = Descriptor::new(subject.media_type.clone(), subject.digest.clone(), subject.size);
    let more = json!({"artifactType": artifact_type, "subject": subject});
    let (raw, config) = manifest(media_type::OCI_EMPTY, &descriptors, &more);
    put_blob(target, repo, &config).await;
    raw
}
