//! Documents that are attached to an image, in its repository: within its index, as referrers, and under cosign's tags.

use std::collections::BTreeSet;

use lockage_registry::{
    Content, Descriptor, Digest, DigestTag, DigestTagKind, RawManifest, Repository, Source, SourceExt as _, TagOrDigest,
};

use super::contents::Contents;
use crate::pipeline::PromoteError;

/// The largest document that is read, in bytes.
const LIMIT: u64 = 256 * 1024 * 1024;

/// What is in the image, by everything that is attached to it and to its platforms.
///
/// # Errors
/// Where a registry fails: only a 404 is nothing.
pub(super) async fn read(source: &dyn Source, repo: &Repository, digest: &Digest) -> Result<Contents, PromoteError> {
    let place = Place { source, repo };
    let Some(root) = place.manifest(&digest.clone().into()).await? else {
        let note = format!("{digest} is not in {repo}");
        return Ok(Contents { notes: vec![note], ..Contents::default() });
    };
    let view = root.view()?;
    let (attestations, children): (Vec<&Descriptor>, Vec<&Descriptor>) =
        view.children().into_iter().partition(|entry| entry.is_attestation());
    let subjects: Vec<Digest> =
        std::iter::once(digest.clone()).chain(children.iter().map(|child| child.digest.clone())).collect();
    let (mut contents, mut seen) = (Contents::default(), BTreeSet::new());
    let mut found: Vec<RawManifest> = Vec::new();
    for entry in attestations {
        found.extend(place.manifest(&entry.digest.clone().into()).await?);
    }
    for subject in &subjects {
        for entry in source.referrers(repo, subject, None).await? {
            let raw = place.manifest(&entry.digest.into()).await?;
            let is_its = |raw: &RawManifest| {
                // What is no manifest says nothing, and is told below.
                raw.view().map_or(true, |view| view.subject.is_some_and(|said| said.digest == *subject))
            };
            found.extend(raw.filter(is_its));
        }
        for kind in [DigestTagKind::Sbom, DigestTagKind::Attestation] {
            let tag = DigestTag::new(subject, kind).to_tag();
            found.extend(place.manifest(&TagOrDigest::Tag(tag)).await?);
        }
    }
    for raw in found {
        let view = match raw.view() {
            Ok(view) => view,
            Err(error) => {
                let name = raw.digest().short();
                contents.notes.push(format!("{name}, which is attached, cannot be read: it is no manifest: {error}"));
                continue;
            }
        };
        let artifact = view.effective_artifact_type().unwrap_or_default().to_owned();
        let layers = match view.content {
            Content::Image { layers, .. } => layers,
            Content::Artifact { blobs } => blobs,
            _ => Vec::new(),
        };
        for layer in layers.into_iter().filter(|layer| is_asked(&layer.media_type) || is_asked(&artifact)) {
            if !seen.insert(layer.digest.clone()) {
                continue;
            }
            let name = format!("{} {}", layer.media_type, layer.digest.short());
            match source.read_blob(repo, &layer, LIMIT).await {
                Ok(bytes) => contents.add(&name, &bytes, &subjects),
                Err(error) if error.is_not_found() => contents.notes.push(format!("{name} is gone")),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(contents)
}

/// What may be a bill of materials or a statement, by its type.
fn is_asked(media_type: &str) -> bool {
    let kind = media_type.to_ascii_lowercase();
    ["in-toto", "dsse", "sigstore.bundle", "spdx", "cyclonedx", "syft"].iter().any(|word| kind.contains(word))
}

struct Place<'a> {
    source: &'a dyn Source,
    repo: &'a Repository,
}

impl Place<'_> {
    async fn manifest(&self, what: &TagOrDigest) -> Result<Option<RawManifest>, PromoteError> {
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
}
