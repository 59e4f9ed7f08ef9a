//! Reading an image whole: its platforms, and what it is known by.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::{Content, Descriptor, Digest, Platform, RawManifest, SourceExt as _, TagOrDigest, media_type};
use serde::Deserialize;

use super::{Found, Place, ResolveError};
use crate::ledger::ImageFacts;
use crate::pipeline::{Pinned, PinnedPlatform, Select};

/// The largest config that is read, in bytes.
const CONFIG_LIMIT: u64 = 4 * 1024 * 1024;

/// How many manifests are read at once.
const AT_ONCE: usize = 8;

/// The fields of an image's config that are looked at (OCI image-spec, config.md).
#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    config: Option<RunConfig>,
}

#[derive(Default, Deserialize)]
struct RunConfig {
    #[serde(default, rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

pub(super) async fn read(place: Place<'_>, select: &Select, found: &Found) -> Result<Pinned, ResolveError> {
    let root = manifest(place, &found.digest)
        .await?
        .ok_or_else(|| ResolveError::None { select: select.clone(), repository: place.repository.clone() })?;
    let images = images(place, root.clone()).await?;
    let view = root.view()?;
    let first = images.first().ok_or_else(|| ResolveError::NoPlatform { digest: found.digest.clone() })?;
    let config = config(place, &first.config).await?;
    let of_config = platform_of(&config);
    let platforms = images.iter().map(|image| PinnedPlatform {
        platform: image.platform.clone().unwrap_or_else(|| of_config.clone()),
        manifest: image.manifest.clone(),
        config: image.config.digest.clone(),
    });
    let mut labels = config.config.and_then(|run| run.labels).unwrap_or_default();
    // What an index says about itself stands where the config is silent.
    for (name, value) in view.annotations {
        labels.entry(name).or_insert(value);
    }
    let label = |name: &str| labels.get(&format!("org.opencontainers.image.{name}")).filter(|text| !text.is_empty());
    let time = |text: &String| text.parse::<jiff::Timestamp>().ok();
    let created = label("created").and_then(time).or_else(|| config.created.as_ref().and_then(time));
    let facts = ImageFacts {
        commit: label("revision").cloned(),
        version: label("version").filter(|text| semver::Version::parse(text.trim_start_matches('v')).is_ok()).cloned(),
        pull_request: None,
        created: created.map(Into::into),
    };
    Ok(Pinned {
        image: place.image.clone(),
        environment: place.environment.clone(),
        repository: place.repository.clone(),
        root: root.descriptor().clone(),
        platforms: platforms.collect(),
        facts,
        selected: select.clone(),
        found: found.by.clone(),
        notes: Vec::new(),
    })
}

/// An image that could run.
struct Image {
    manifest: Digest,
    config: Descriptor,
    platform: Option<Platform>,
}

/// The images of `root`, which may be one itself. All children are read, attestations too: an index that lacks one is not
/// whole.
async fn images(place: Place<'_>, root: RawManifest) -> Result<Vec<Image>, ResolveError> {
    let mut images = Vec::new();
    let mut level = vec![(root, None::<Platform>, false)];
    // As deep as a copy goes.
    for _ in 0..8 {
        let mut children: Vec<(Digest, Descriptor)> = Vec::new();
        for (raw, platform, is_attestation) in std::mem::take(&mut level) {
            match raw.view()?.content {
                Content::Image { config, .. } if !is_attestation => {
                    images.push(Image { manifest: raw.digest().clone(), config: *config, platform });
                }
                Content::Index { manifests } => {
                    children.extend(manifests.into_iter().map(|child| (raw.digest().clone(), child)));
                }
                _ => {}
            }
        }
        if children.is_empty() {
            return Ok(images);
        }
        let read = stream::iter(children).map(|(index, child)| async move {
            match manifest(place, &child.digest).await? {
                Some(raw) => {
                    // Both marks: a platform that only calls itself an attestation could run, and is to be looked at.
                    let unknown = child.platform.as_ref().is_none_or(|platform| platform.os == "unknown");
                    Ok((raw, child.platform.clone(), child.is_attestation() && unknown))
                }
                None => Err(ResolveError::Incomplete {
                    digest: index,
                    child: child.digest,
                    repository: place.repository.clone(),
                }),
            }
        });
        level = read.buffered(AT_ONCE).try_collect().await?;
    }
    Err(lockage_registry::Error::new(lockage_registry::ErrorKind::TooLarge, "read image", place.repository)
        .with_message("it has more than 8 levels of indexes within indexes")
        .into())
}

async fn manifest(place: Place<'_>, digest: &Digest) -> Result<Option<RawManifest>, ResolveError> {
    let raw = match place.source.manifest(place.repository, &TagOrDigest::Digest(digest.clone())).await {
        Ok(raw) => raw,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // Bytes are what was asked for only where their hash says so, whoever served them.
    let raw = RawManifest::verified(raw.media_type(), raw.bytes().clone(), digest)?;
    if let Some(flights) = place.sharing {
        flights.shelf.keep(place.repository, &raw);
    }
    Ok(Some(raw))
}

async fn config(place: Place<'_>, config: &Descriptor) -> Result<Config, ResolveError> {
    let bytes = place.source.read_blob(place.repository, config, CONFIG_LIMIT).await?;
    match serde_json::from_slice(&bytes) {
        Ok(config) => Ok(config),
        // An artifact's config says nothing of the kind, and need not.
        Err(_) if !is_image_config(&config.media_type) => Ok(Config::default()),
        Err(error) => Err(lockage_registry::Error::new(
            lockage_registry::ErrorKind::Rejected,
            "read config",
            format_args!("{}@{}", place.repository, config.digest),
        )
        .with_message("it is no image config")
        .with_source(error)
        .into()),
    }
}

fn platform_of(config: &Config) -> Platform {
    let mut platform = Platform::new(config.os.clone(), config.architecture.clone());
    platform.variant.clone_from(&config.variant);
    platform
}

fn is_image_config(name: &str) -> bool {
    matches!(media_type::essence(name), media_type::OCI_CONFIG | "application/vnd.docker.container.image.v1+json")
}
