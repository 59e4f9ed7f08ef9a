//! Storing signed statements: once, and attached to each manifest that they are about.

use std::collections::BTreeMap;

use bytes::Bytes;
use lockage_registry::{
    Algorithm, Body, Descriptor, Digest, RawManifest, Repository, TagOrDigest, Target, TargetExt as _, digest_of,
    empty, media_type, referrers,
};
use serde_json::json;

use super::EvidenceError;
use super::read::PREDICATE_TYPE;
use crate::pipeline::approval::Sealed;

/// A signed statement that is in the repository.
pub(super) struct Kept {
    pub(super) layer: Descriptor,
    pub(super) predicate_type: String,
}

/// Where statements go.
pub(super) struct Store<'a> {
    pub(super) target: &'a dyn Target,
    pub(super) repo: &'a Repository,
    /// When they were made.
    pub(super) created: &'a str,
}

impl Store<'_> {
    pub(super) async fn keep(&self, sealed: &Sealed, predicate_type: &str) -> Result<Kept, EvidenceError> {
        let layer = self.blob(&sealed.media_type, sealed.bytes.clone()).await?;
        Ok(Kept { layer, predicate_type: predicate_type.to_owned() })
    }

    /// Attaches them to `subject`, in this order; where the registry has no referrers API, by one write of its index.
    pub(super) async fn attach(&self, subject: &Descriptor, kept: &[&Kept]) -> Result<Vec<Digest>, EvidenceError> {
        if kept.is_empty() {
            return Ok(Vec::new());
        }
        empty::ensure(self.target, self.repo).await?;
        let config = empty::descriptor()?;
        let (mut attached, mut unlisted) = (Vec::new(), Vec::new());
        for one in kept {
            let manifest = self.manifest(subject, &config, one)?;
            let at = TagOrDigest::Digest(manifest.digest().clone());
            let stored = empty::put(self.target, self.repo, &manifest, &at).await?;
            attached.push(stored.digest);
            if !stored.subject_indexed {
                unlisted.push(manifest);
            }
        }
        if !unlisted.is_empty() {
            referrers::enter(self.target, self.repo, &subject.digest, &unlisted).await?;
        }
        Ok(attached)
    }

    async fn blob(&self, kind: &str, bytes: Bytes) -> Result<Descriptor, EvidenceError> {
        let digest = digest_of(Algorithm::Sha256, &bytes)?;
        let descriptor = Descriptor::new(kind, digest, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.target.put_blob(self.repo, &descriptor, Body::bytes(bytes)).await?;
        Ok(descriptor)
    }

    /// In the layout of Sigstore bundles, so that what verifies those finds it.
    fn manifest(&self, subject: &Descriptor, config: &Descriptor, kept: &Kept) -> Result<RawManifest, EvidenceError> {
        // Only what a subject is known by: an index's entry may say more of it.
        let subject = Descriptor::new(subject.media_type.clone(), subject.digest.clone(), subject.size);
        let annotations = BTreeMap::from([
            ("dev.sigstore.bundle.content", "dsse-envelope"),
            (PREDICATE_TYPE, kept.predicate_type.as_str()),
            ("org.opencontainers.image.created", self.created),
        ]);
        let document = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "artifactType": kept.layer.media_type,
            "config": config,
            "layers": [kept.layer],
            "subject": subject,
            "annotations": annotations,
        });
        Ok(RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into())?)
    }
}
