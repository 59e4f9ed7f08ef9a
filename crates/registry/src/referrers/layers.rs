//! The layers under one of cosign's tags: the union of what the tag has and what is brought.

use async_trait::async_trait;
use bytes::Bytes;
use lockage_tagging::{Algorithm, Repository, Tag};
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::Object;
use super::settle::Keep;
use crate::{
    Body, Content, Descriptor, Error, ErrorKind, RawManifest, Result, SourceExt as _, Target, TargetExt as _,
    digest_of, media_type,
};

/// The largest config that is read: those of cosign have a line a layer.
const CONFIG_LIMIT: u64 = 4 * 1024 * 1024;

/// The manifest whose layers have to stay; it grows with what is seen.
pub(super) struct Layers<'t> {
    target: &'t dyn Target,
    repo: &'t Repository,
    place: String,
    wanted: RawManifest,
}

impl<'t> Layers<'t> {
    pub(super) fn of(target: &'t dyn Target, repo: &'t Repository, tag: &Tag, wanted: RawManifest) -> Self {
        Self { target, repo, place: format!("{repo}:{tag}"), wanted }
    }
}

#[async_trait]
impl Keep for Layers<'_> {
    async fn lacking(&mut self, held: Option<&RawManifest>) -> Result<Option<RawManifest>> {
        let Some(held) = held else { return Ok(Some(self.wanted.clone())) };
        if covers(held, &self.wanted)? {
            self.wanted = held.clone();
            return Ok(None);
        }
        if !covers(&self.wanted, held)? {
            self.wanted = self.union(held).await?;
        }
        Ok(Some(self.wanted.clone()))
    }
}

/// Whether `held` has all layers of `wanted`.
pub(super) fn covers(held: &RawManifest, wanted: &RawManifest) -> Result<bool> {
    if held.digest() == wanted.digest() {
        return Ok(true);
    }
    match (held.view()?.content, wanted.view()?.content) {
        (Content::Image { layers: held, .. }, Content::Image { layers: wanted, .. }) => {
            Ok(wanted.iter().all(|layer| held.iter().any(|held| same(held, layer))))
        }
        _ => Ok(false),
    }
}

/// Two signatures over one payload are one blob with other annotations.
fn same(a: &Descriptor, b: &Descriptor) -> bool {
    a.digest == b.digest && a.annotations == b.annotations
}

/// An image manifest in parts that can be put together anew.
struct Parts {
    document: Object,
    config: Descriptor,
    layers: Vec<(Descriptor, Box<RawValue>)>,
}

impl Layers<'_> {
    async fn union(&self, held: &RawManifest) -> Result<RawManifest> {
        let (held_parts, wanted) = (self.parts(held)?, self.parts(&self.wanted)?);
        if held_parts.config.media_type != wanted.config.media_type {
            return Err(self.cannot("their configs are of different types"));
        }
        let is_new = |layer: &Descriptor| !held_parts.layers.iter().any(|(held, _)| same(held, layer));
        let fresh: Vec<usize> =
            wanted.layers.iter().enumerate().filter(|(_, (layer, _))| is_new(layer)).map(|(n, _)| n).collect();

        let mut document = self.fields(&held_parts.document, &wanted.document)?;
        let added = fresh.iter().filter_map(|n| wanted.layers.get(*n));
        let layers: Vec<_> = held_parts.layers.iter().chain(added).map(|(_, raw)| &**raw).collect();
        document.set("layers", &layers).map_err(|e| self.unwritable(e))?;
        let config = self.config(&held_parts, &wanted, &fresh).await?;
        // The pointer keeps its order too: cosign's is not that of a `Descriptor`.
        let mut pointer = match document.get("config") {
            Some(raw) => serde_json::from_str(raw.get()).map_err(|e| self.unwritable(e))?,
            None => Object::default(),
        };
        pointer
            .set("digest", &config.digest)
            .and_then(|()| pointer.set("size", &config.size))
            .and_then(|()| document.set("config", &pointer))
            .map_err(|e| self.unwritable(e))?;
        let bytes = serde_json::to_vec(&document).map_err(|e| self.unwritable(e))?;
        if bytes.len() as u64 > RawManifest::MAX_BYTES {
            return Err(self.cannot("together they are larger than a manifest may be"));
        }
        RawManifest::new(held.media_type(), bytes.into())
    }

    fn parts(&self, manifest: &RawManifest) -> Result<Parts> {
        let Content::Image { config, layers } = manifest.view()?.content else {
            return Err(self.cannot("one of them is no image manifest"));
        };
        let document: Object = serde_json::from_slice(manifest.bytes()).map_err(|e| self.unwritable(e))?;
        let raw = document.get("layers").map_or("[]", RawValue::get);
        let raw: Vec<Box<RawValue>> = serde_json::from_str(raw).map_err(|e| self.unwritable(e))?;
        Ok(Parts { document, config: *config, layers: layers.into_iter().zip(raw).collect() })
    }

    /// The fields of both; annotations are merged, and whatever else both have must be the same.
    fn fields(&self, held: &Object, wanted: &Object) -> Result<Object> {
        let value = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).map_err(|e| self.unwritable(e));
        let mut merged = held.clone();
        for (name, theirs) in wanted.fields().filter(|(name, _)| !matches!(*name, "config" | "layers")) {
            match (held.get(name), name) {
                (None, _) => merged.set(name, theirs).map_err(|e| self.unwritable(e))?,
                (Some(held), "annotations") => {
                    if let (Value::Object(mut all), Value::Object(held)) = (value(theirs)?, value(held)?) {
                        all.extend(held);
                        merged.set(name, &all).map_err(|e| self.unwritable(e))?;
                    }
                }
                (Some(held), _) if value(held)? == value(theirs)? => {}
                (Some(_), _) => return Err(self.cannot(&format!("their fields `{name}` differ"))),
            }
        }
        Ok(merged)
    }

    /// A config for the layers of `held` and the `fresh` ones of `wanted`, stored at the target.
    async fn config(&self, held: &Parts, wanted: &Parts, fresh: &[usize]) -> Result<Descriptor> {
        let (mut config, theirs) = (self.read(&held.config).await?, self.read(&wanted.config).await?);
        // An artifact's config says nothing of layers.
        let speaks = |config: &Object| config.get("rootfs").is_some() || config.get("history").is_some();
        if held.config.digest == wanted.config.digest && !speaks(&config) {
            return Ok(held.config.clone());
        }
        let mut diff_ids = self.diff_ids(&config, &held.layers)?;
        let other_ids = self.diff_ids(&theirs, &wanted.layers)?;
        diff_ids.extend(fresh.iter().filter_map(|n| other_ids.get(*n).cloned()));
        let mut rootfs = match config.get("rootfs") {
            Some(raw) => serde_json::from_str(raw.get()).map_err(|e| self.unwritable(e))?,
            None => Object::default(),
        };
        rootfs
            .set("type", "layers")
            .and_then(|()| rootfs.set("diff_ids", &diff_ids))
            .map_err(|e| self.unwritable(e))?;

        let list = |config: &Object| -> Result<Vec<Box<RawValue>>> {
            let raw = config.get("history").map_or("[]", RawValue::get);
            serde_json::from_str(raw).map_err(|e| self.unwritable(e))
        };
        let (mut history, other) = (list(&config)?, list(&theirs)?);
        if history.len() == held.layers.len() && other.len() == wanted.layers.len() {
            history.extend(fresh.iter().filter_map(|n| other.get(*n).cloned()));
            config.set("history", &history).map_err(|e| self.unwritable(e))?;
        }
        config.set("rootfs", &rootfs).map_err(|e| self.unwritable(e))?;

        let bytes = Bytes::from(serde_json::to_vec(&config).map_err(|e| self.unwritable(e))?);
        let digest = digest_of(Algorithm::Sha256, &bytes)?;
        let descriptor = Descriptor::new(held.config.media_type.clone(), digest, bytes.len() as u64);
        // Others bring the same config at the same time: the less often it is uploaded, the better (see `doubt`).
        if self.target.stat_blob(self.repo, &descriptor.digest).await.is_err() {
            self.target.put_blob(self.repo, &descriptor, Body::bytes(bytes)).await?;
        }
        Ok(descriptor)
    }

    async fn read(&self, config: &Descriptor) -> Result<Object> {
        let bytes = self.target.read_blob(self.repo, config, CONFIG_LIMIT).await?;
        serde_json::from_slice(&bytes).map_err(|e| self.cannot("the config of one is no JSON object").with_source(e))
    }

    /// What the config says of its layers; one that says nothing has layers that are not compressed, as signatures are.
    fn diff_ids(&self, config: &Object, layers: &[(Descriptor, Box<RawValue>)]) -> Result<Vec<String>> {
        #[derive(serde::Deserialize)]
        struct RootFs {
            #[serde(default)]
            diff_ids: Option<Vec<String>>,
        }
        let said = match config.get("rootfs") {
            Some(raw) => serde_json::from_str::<Option<RootFs>>(raw.get()).map_err(|e| self.unwritable(e))?,
            None => None,
        };
        match said.and_then(|rootfs| rootfs.diff_ids) {
            Some(ids) if ids.len() == layers.len() => Ok(ids),
            Some(_) => Err(self.cannot("the config of one does not match its layers")),
            None if layers.iter().any(|(layer, _)| is_compressed(&layer.media_type)) => {
                Err(self.cannot("the config of one does not say what its layers hold"))
            }
            None => Ok(layers.iter().map(|(layer, _)| layer.digest.to_string()).collect()),
        }
    }

    fn cannot(&self, why: &str) -> Error {
        Error::new(ErrorKind::Unsupported, "merge into", &self.place)
            .with_message(format_args!("what it holds cannot be merged with what is brought: {why}"))
            .with_remedy("Look at the tag at both sides, and delete the one that is not wanted.")
    }

    fn unwritable(&self, error: serde_json::Error) -> Error {
        Error::new(ErrorKind::Rejected, "merge into", &self.place).with_source(error)
    }
}

fn is_compressed(name: &str) -> bool {
    let essence = media_type::essence(name);
    ["+gzip", "+zstd", ".gzip"].iter().any(|suffix| essence.ends_with(suffix))
}
