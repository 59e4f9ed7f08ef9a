//! The image that reports have to be about: from the passage, which was read whole, or read from where the copy begins.

use lockage_promote::{GateContext, GateError};
use lockage_registry::{
    Content, Descriptor, Digest, Platform, RawManifest, Repository, Source, SourceExt as _, TagOrDigest,
};
use serde::Deserialize;

use super::Asked;
use crate::scan::Subject;

/// The largest config that is read, in bytes.
const LIMIT: u64 = 8 << 20;

/// How deep an index may be nested, as a copy has it.
const DEEPEST: usize = 8;

/// What the gate is asked about. A passage costs no request; a plain copy one for each manifest and config.
pub(super) async fn asked<'a>(context: &GateContext<'a>) -> Result<Asked<'a>, GateError> {
    let Some(promoted) = context.passage else {
        let repository = context.plan.source().repository();
        let subject = read(context.source, repository, context.digest()).await?;
        return Ok(Asked::new(subject, repository.clone(), context.source));
    };
    let pinned = &promoted.passage.pinned;
    let digest = promoted.passage.digest();
    if digest != context.digest() {
        return Err(format!("the plan is for {}, and its passage for {digest}", context.digest()).into());
    }
    let named = Subject::new(digest.clone()).named(pinned.repository.to_string());
    let subject = pinned.platforms.iter().fold(named, |subject, one| {
        subject.platform(one.platform.to_string(), one.manifest.clone(), one.config.clone())
    });
    let image = Some(pinned.image.clone());
    let commit = pinned.facts.commit.clone();
    Ok(Asked { subject, image, commit, repository: pinned.repository.clone(), source: context.source })
}

/// Reads an image whole, by its digest.
pub(super) async fn read(source: &dyn Source, repository: &Repository, digest: &Digest) -> Result<Subject, GateError> {
    let mut subject = Subject::new(digest.clone()).named(repository.to_string());
    let mut level = vec![(digest.clone(), None::<Platform>)];
    for _ in 0..DEEPEST {
        let mut below = Vec::new();
        for (digest, platform) in level {
            let raw = source.manifest(repository, &TagOrDigest::Digest(digest.clone())).await?;
            let raw = RawManifest::verified(raw.media_type(), raw.bytes().clone(), &digest)?;
            match raw.view()?.content {
                Content::Image { config, .. } => {
                    let platform = match platform.filter(|platform| !platform.os.is_empty()) {
                        Some(platform) => platform.to_string(),
                        None => said(source, repository, &config).await?,
                    };
                    subject = subject.platform(platform, digest, config.digest.clone());
                }
                Content::Index { manifests } => {
                    for child in manifests {
                        // Both marks: a platform that only calls itself an attestation is one that nobody would scan.
                        let unknown = child.platform.as_ref().is_none_or(|platform| platform.os == "unknown");
                        if child.is_attestation() && unknown {
                            subject = subject.attestation(child.digest);
                        } else {
                            below.push((child.digest, child.platform));
                        }
                    }
                }
                _ => return Err(format!("{repository}@{digest} is no image: no scanner would see it").into()),
            }
        }
        if below.is_empty() {
            return Ok(subject);
        }
        level = below;
    }
    Err(format!("{repository}@{digest} has more than {DEEPEST} levels of indexes within indexes").into())
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
}

/// The platform that a config says; one that says none is to be scanned all the same.
async fn said(source: &dyn Source, repository: &Repository, config: &Descriptor) -> Result<String, GateError> {
    let bytes = source.read_blob(repository, config, LIMIT).await?;
    let config: Config = serde_json::from_slice(&bytes)?;
    Ok(match (config.os.as_str(), config.architecture.as_str()) {
        ("", _) | (_, "") => "unknown/unknown".to_owned(),
        (os, architecture) => Platform::new(os, architecture).to_string(),
    })
}
