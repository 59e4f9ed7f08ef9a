//! Attachments of all sorts, and an image that has them.

use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{
    Algorithm, Body, Descriptor, Digest, DigestTag, DigestTagKind, Memory, RawManifest, Reference, Repository, Source,
    Tag, TagOrDigest, Target, TargetExt, digest_of, media_type,
};
use serde_json::json;

pub(crate) const SBOM: &str = "application/spdx+json";
pub(crate) const NOTATION: &str = "application/vnd.cncf.notary.signature";
const SIMPLE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// An image at `dev.test/app:pr-42` with attachments, and their digests.
pub(crate) struct Attached {
    pub(crate) source: Memory,
    pub(crate) image: Image,
    pub(crate) notation: Digest,
    pub(crate) sbom: Digest,
    pub(crate) on_child: Digest,
    pub(crate) bundle: Digest,
    pub(crate) signature: RawManifest,
    pub(crate) attestation: RawManifest,
    pub(crate) on_sbom: RawManifest,
    pub(crate) on_attestation: Digest,
}

impl Attached {
    /// A notation signature and an SBOM by reference, a `.sig` and an `.att` by tag; something attached to a child, an index
    /// that is attached, a `.sig` on the SBOM, and something attached to the `.att`.
    pub(crate) async fn new() -> Self {
        let source = crate::stock::memory("dev.test");
        let (image, at) = (crate::stock::image(1), from());
        fixtures::push(&source, at.repository(), &image, at.tag().unwrap()).await.unwrap();
        let root = image.root().descriptor().clone();
        let notation = refer(&source, &root, NOTATION, 1).await;
        let sbom = refer(&source, &root, SBOM, 2).await;
        let on_child = refer(&source, image.manifests[0].descriptor(), SBOM, 3).await;
        let bundle = refer_index(&source, &root, 4).await;
        let signature = cosign(&source, at.repository(), &["a"]).await;
        tag(&source, at.repository(), &signature, &root.digest, DigestTagKind::Signature).await;
        let attestation = cosign(&source, at.repository(), &["b"]).await;
        tag(&source, at.repository(), &attestation, &root.digest, DigestTagKind::Attestation).await;
        let on_sbom = cosign(&source, at.repository(), &["c"]).await;
        tag(&source, at.repository(), &on_sbom, &sbom, DigestTagKind::Signature).await;
        let on_attestation = refer(&source, attestation.descriptor(), NOTATION, 5).await;
        Self { source, image, notation, sbom, on_child, bundle, signature, attestation, on_sbom, on_attestation }
    }

    /// How many there are.
    pub(crate) const COUNT: usize = 8;

    /// All of them are at the target.
    pub(crate) async fn assert_at(&self, target: &dyn Source, to: &Reference) {
        let repo = to.repository();
        let root = self.image.root().digest();
        for (subject, expected) in [
            (root, vec![&self.notation, &self.sbom, &self.bundle]),
            (self.image.manifests[0].digest(), vec![&self.on_child]),
            (self.attestation.digest(), vec![&self.on_attestation]),
        ] {
            let mut listed: Vec<_> =
                target.referrers(repo, subject, None).await.unwrap().into_iter().map(|entry| entry.digest).collect();
            let mut expected: Vec<_> = expected.into_iter().cloned().collect();
            listed.sort();
            expected.sort();
            assert_eq!(listed, expected);
            for digest in listed {
                assert_complete(target, repo, digest.into()).await;
            }
        }
        for (subject, kind, expected) in [
            (root, DigestTagKind::Signature, &self.signature),
            (root, DigestTagKind::Attestation, &self.attestation),
            (&self.sbom, DigestTagKind::Signature, &self.on_sbom),
        ] {
            let at = TagOrDigest::Tag(DigestTag::new(subject, kind).to_tag());
            assert_eq!(target.manifest(repo, &at).await.unwrap(), *expected);
            assert_complete(target, repo, at).await;
        }
    }
}

pub(crate) fn from() -> Reference {
    "dev.test/app:pr-42".parse().unwrap()
}

pub(crate) fn to() -> Reference {
    "prod.test/app:v1".parse().unwrap()
}

/// Everything below a manifest is there.
pub(crate) async fn assert_complete(registry: &dyn Source, repo: &Repository, what: TagOrDigest) {
    let mut open = vec![what];
    while let Some(what) = open.pop() {
        let view = registry.manifest(repo, &what).await.unwrap().view().unwrap();
        for blob in view.blobs() {
            assert_eq!(registry.stat_blob(repo, &blob.digest).await.unwrap(), blob.size);
        }
        open.extend(view.children().iter().map(|child| TagOrDigest::Digest(child.digest.clone())));
    }
}

/// Attaches an artifact to `subject`, in the repository of [`from`].
pub(crate) async fn refer(registry: &Memory, subject: &Descriptor, kind: &str, seed: u64) -> Digest {
    refer_in(registry, from().repository(), subject, kind, seed).await
}

pub(crate) async fn refer_in(
    registry: &Memory,
    repo: &Repository,
    subject: &Descriptor,
    kind: &str,
    seed: u64,
) -> Digest {
    let image = fixtures::artifact_for(subject, kind, seed);
    for (blob, bytes) in &image.blobs {
        registry.put_blob(repo, blob, Body::bytes(bytes.clone())).await.unwrap();
    }
    by_digest(registry, repo, image.root()).await
}

/// Attaches an index with an image of its own.
async fn refer_index(registry: &Memory, subject: &Descriptor, seed: u64) -> Digest {
    let (repo, child) = (from(), fixtures::image_with_layers(seed, &[100]));
    for (blob, bytes) in &child.blobs {
        registry.put_blob(repo.repository(), blob, Body::bytes(bytes.clone())).await.unwrap();
    }
    by_digest(registry, repo.repository(), child.root()).await;
    let document = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "artifactType": "application/vnd.example.bundle",
        "manifests": [child.root().descriptor()], "subject": subject,
    });
    let index = RawManifest::new(media_type::OCI_INDEX, document.to_string().into()).unwrap();
    by_digest(registry, repo.repository(), &index).await
}

pub(crate) async fn by_digest(registry: &Memory, repo: &Repository, manifest: &RawManifest) -> Digest {
    let at = TagOrDigest::Digest(manifest.digest().clone());
    registry.put_manifest(repo, manifest, &at).await.unwrap().digest
}

pub(crate) async fn tag(
    registry: &Memory,
    repo: &Repository,
    manifest: &RawManifest,
    subject: &Digest,
    kind: DigestTagKind,
) -> Tag {
    let tag = DigestTag::new(subject, kind).to_tag();
    registry.put_manifest(repo, manifest, &TagOrDigest::Tag(tag.clone())).await.unwrap();
    tag
}

/// A manifest as cosign writes it, one layer a signature; its blobs are put, and it is not.
pub(crate) async fn cosign(registry: &Memory, repo: &Repository, signatures: &[&str]) -> RawManifest {
    let blob = |bytes: &str, kind: &str| {
        let digest = digest_of(Algorithm::Sha256, bytes.as_bytes()).unwrap();
        Descriptor::new(kind, digest, bytes.len() as u64)
    };
    let mut layers = Vec::new();
    for signature in signatures {
        let payload = format!("payload of {signature}");
        let mut layer = blob(&payload, SIMPLE);
        registry.put_blob(repo, &layer, Body::bytes(payload)).await.unwrap();
        layer.annotations.insert("dev.cosignproject.cosign/signature".into(), (*signature).into());
        layers.push(layer);
    }
    let ids: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
    let config = json!({ "architecture": "", "os": "", "rootfs": { "type": "layers", "diff_ids": ids } }).to_string();
    let described = blob(&config, media_type::OCI_CONFIG);
    registry.put_blob(repo, &described, Body::bytes(config)).await.unwrap();
    let document =
        json!({ "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": described, "layers": layers });
    RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into()).unwrap()
}

pub(crate) fn signatures(manifest: &RawManifest) -> Vec<String> {
    let document: serde_json::Value = serde_json::from_slice(manifest.bytes()).unwrap();
    let layers = document["layers"].as_array().unwrap();
    layers.iter().map(|l| l["annotations"]["dev.cosignproject.cosign/signature"].as_str().unwrap().to_owned()).collect()
}
