//! Where bills of materials are kept, and what is one.

use std::collections::BTreeMap;

use lockage_registry::{
    Content, Descriptor, Digest, DigestTag, DigestTagKind, RawManifest, Repository, Source, SourceExt as _, TagOrDigest,
};
use serde::Deserialize;

use crate::GateError;

/// The largest that is read, in bytes. Those of large images have some ten megabytes.
const LIMIT: u64 = 256 * 1024 * 1024;

const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A bill of materials.
pub(super) struct Sbom {
    /// Its content.
    pub(super) digest: Digest,
    /// Where it was found, in words.
    pub(super) by: String,
}

/// Looks in one repository.
pub(super) struct Search<'a> {
    source: &'a dyn Source,
    repo: &'a Repository,
    /// The attestations within the index, by the manifest that they are about.
    within: BTreeMap<String, Vec<Digest>>,
}

/// What a document says of itself.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Said {
    spdx_version: Option<String>,
    /// SPDX 3.
    #[serde(rename = "@context")]
    context: Option<serde_json::Value>,
    bom_format: Option<String>,
    predicate_type: Option<String>,
    subject: Option<Vec<Subject>>,
    predicate: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

impl<'a> Search<'a> {
    /// Reads the index, if `root` is one.
    pub(super) async fn of(source: &'a dyn Source, repo: &'a Repository, root: &Digest) -> Result<Self, GateError> {
        let mut search = Self { source, repo, within: BTreeMap::new() };
        if let Some(raw) = search.manifest(&root.clone().into()).await? {
            for entry in raw.view()?.children().into_iter().filter(|entry| entry.is_attestation()) {
                if let Some(of) = entry.annotations.get("vnd.docker.reference.digest") {
                    search.within.entry(of.clone()).or_default().push(entry.digest.clone());
                }
            }
        }
        Ok(search)
    }

    /// The first that is found for the platform of `manifest`.
    pub(super) async fn find(&self, manifest: &Digest) -> Result<Option<Sbom>, GateError> {
        for attestation in self.within.get(manifest.as_str()).into_iter().flatten() {
            let raw = self.manifest(&attestation.clone().into()).await?;
            if let Some(digest) = self.among(raw, manifest, false).await? {
                return Ok(Some(Sbom { digest, by: format!("within the index, {attestation}") }));
            }
        }
        for entry in self.source.referrers(self.repo, manifest, None).await? {
            // What is attached may be anything: only what cannot be fetched is an error.
            let raw = self.manifest(&entry.digest.clone().into()).await?;
            let Some(view) = raw.as_ref().and_then(|raw| raw.view().ok()) else { continue };
            if view.subject.as_ref().is_none_or(|subject| subject.digest != *manifest) {
                continue;
            }
            let is_one = view.effective_artifact_type().is_some_and(is_sbom)
                || view.annotations.values().any(|value| is_predicate(value));
            if let Some(digest) = self.among(raw, manifest, is_one).await? {
                return Ok(Some(Sbom { digest, by: format!("attached, {}", entry.digest) }));
            }
        }
        for (kind, is_one) in [(DigestTagKind::Sbom, true), (DigestTagKind::Attestation, false)] {
            let tag = DigestTag::new(manifest, kind).to_tag();
            let raw = self.manifest(&TagOrDigest::Tag(tag.clone())).await?;
            if let Some(digest) = self.among(raw, manifest, is_one).await? {
                return Ok(Some(Sbom { digest, by: format!("tag {tag}") }));
            }
        }
        Ok(None)
    }

    async fn manifest(&self, what: &TagOrDigest) -> Result<Option<RawManifest>, GateError> {
        let raw = match self.source.manifest(self.repo, what).await {
            Ok(raw) => raw,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(match what {
            TagOrDigest::Digest(digest) => RawManifest::verified(raw.media_type(), raw.bytes().clone(), digest)?,
            _ => raw,
        }))
    }

    /// The layer of `raw` that is a bill of materials for `manifest`; `is_one` where the manifest says that it holds one.
    async fn among(
        &self,
        raw: Option<RawManifest>,
        manifest: &Digest,
        is_one: bool,
    ) -> Result<Option<Digest>, GateError> {
        let Some(view) = raw.and_then(|raw| raw.view().ok()) else { return Ok(None) };
        let layers = match view.content {
            Content::Image { layers, .. } => layers,
            Content::Artifact { blobs } => blobs,
            _ => Vec::new(),
        };
        for layer in layers {
            let says = |name: &str| layer.annotations.get(name).is_some_and(|value| is_predicate(value));
            let claims =
                is_one || is_sbom(&layer.media_type) || says("in-toto.io/predicate-type") || says("predicateType");
            if claims && layer.size > 0 && self.is_about(&layer, manifest).await? {
                return Ok(Some(layer.digest));
            }
        }
        Ok(None)
    }

    /// What claims to be one: is it there, is it one as far as can be seen, and is it about this platform?
    async fn is_about(&self, layer: &Descriptor, manifest: &Digest) -> Result<bool, GateError> {
        let bytes = match self.source.read_blob(self.repo, layer, LIMIT).await {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let is_json = layer.media_type.contains("json") || bytes.first() == Some(&b'{');
        if !is_json {
            // XML and SPDX's tag-value form.
            return Ok(bytes.iter().any(|byte| !byte.is_ascii_whitespace()));
        }
        let Ok(said) = serde_json::from_slice::<Said>(&bytes) else { return Ok(false) };
        if layer.media_type != IN_TOTO && said.predicate_type.is_none() {
            let is_document = said.spdx_version.is_some() || said.bom_format.is_some() || said.context.is_some();
            return Ok(is_document || is_sealed(&layer.media_type));
        }
        let is_subject = |subject: &Subject| {
            subject.digest.get(&manifest.algorithm().to_string()).is_some_and(|hex| hex == manifest.hex())
        };
        Ok(said.predicate_type.as_deref().is_some_and(is_predicate)
            && said.predicate.is_some()
            && said.subject.iter().flatten().any(is_subject))
    }
}

/// An envelope or a bundle, whose statement is not seen from outside; a signature gate opens it.
fn is_sealed(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.dsse.envelope")
        || media_type.starts_with("application/vnd.dev.sigstore.bundle")
}

fn is_sbom(media_type: &str) -> bool {
    let kind = media_type.to_ascii_lowercase();
    ["spdx", "cyclonedx", "vnd.syft"].iter().any(|word| kind.contains(word))
}

fn is_predicate(kind: &str) -> bool {
    let kinds = [
        "https://spdx.dev/document",
        "https://cyclonedx.org/bom",
        "https://cyclonedx.org/schema",
        "https://syft.dev/bom",
    ];
    let kind = kind.to_ascii_lowercase();
    kinds.iter().any(|known| {
        kind.strip_prefix(known).is_some_and(|rest| rest.is_empty() || !rest.starts_with(char::is_alphanumeric))
    })
}
