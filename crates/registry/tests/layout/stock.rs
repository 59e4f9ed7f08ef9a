//! A registry in a temporary directory, and what is put into it.

use std::fs;
use std::path::{Path, PathBuf};

use futures::TryStreamExt as _;
use lockage_registry::{
    Algorithm, Body, Descriptor, Digest, Error, ErrorKind, OciLayout, RawManifest, Repository, Source, TagOrDigest,
    Target, TargetExt, digest_of, media_type,
};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const OCTETS: &str = "application/octet-stream";

pub(crate) struct Place {
    pub(crate) dir: TempDir,
    pub(crate) registry: OciLayout,
}

pub(crate) fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let registry = open(dir.path());
    Place { dir, registry }
}

pub(crate) fn open(dir: &Path) -> OciLayout {
    OciLayout::open(dir, "registry.test".parse().unwrap()).unwrap()
}

impl Place {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn index(&self, layout: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(layout).join("index.json")).unwrap()).unwrap()
    }

    /// The entries of an index: digest and tag.
    pub(crate) fn entries(&self, layout: &str) -> Vec<(String, Option<String>)> {
        let index = self.index(layout);
        let entry = |entry: &Value| {
            let tag = entry["annotations"]["org.opencontainers.image.ref.name"].as_str().map(str::to_owned);
            (entry["digest"].as_str().unwrap().to_owned(), tag)
        };
        index["manifests"].as_array().unwrap().iter().map(entry).collect()
    }

    pub(crate) fn uploads(&self) -> usize {
        fs::read_dir(self.path("_uploads")).map_or(0, Iterator::count)
    }

    pub(crate) async fn push_blob(&self, repo: &Repository, content: &str) -> Descriptor {
        let blob = blob(content);
        self.registry.put_blob(repo, &blob, Body::bytes(content.to_owned())).await.unwrap();
        blob
    }

    /// An image of one layer under a tag.
    pub(crate) async fn push(&self, repo: &Repository, content: &str, tag: &str) -> RawManifest {
        let config = self.push_blob(repo, "{}").await;
        let layer = self.push_blob(repo, content).await;
        let manifest = image(&config, &layer);
        self.registry.put_manifest(repo, &manifest, &at(tag)).await.unwrap();
        manifest
    }

    pub(crate) async fn tags(&self, repo: &Repository) -> Vec<String> {
        self.registry.tags(repo).map_ok(|tag| tag.to_string()).try_collect().await.unwrap()
    }
}

pub(crate) fn repo(path: &str) -> Repository {
    format!("registry.test/{path}").parse().unwrap()
}

pub(crate) fn at(tag: &str) -> TagOrDigest {
    TagOrDigest::Tag(tag.parse().unwrap())
}

pub(crate) fn by(digest: &Digest) -> TagOrDigest {
    TagOrDigest::Digest(digest.clone())
}

pub(crate) fn blob(content: &str) -> Descriptor {
    Descriptor::new(OCTETS, digest_of(Algorithm::Sha256, content.as_bytes()).unwrap(), content.len() as u64)
}

pub(crate) fn image(config: &Descriptor, layer: &Descriptor) -> RawManifest {
    let json = json!({"schemaVersion": 2, "config": config, "layers": [layer]});
    RawManifest::new(media_type::OCI_MANIFEST, json.to_string().into()).unwrap()
}

pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A blob as another tool would put it into a layout.
pub(crate) fn foreign_blob(layout: &Path, bytes: &str) -> Value {
    let digest = digest_of(Algorithm::Sha256, bytes.as_bytes()).unwrap();
    write(&layout.join("blobs/sha256").join(digest.hex()), bytes);
    json!({"mediaType": OCTETS, "digest": digest, "size": bytes.len()})
}

/// All files below a directory.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found
}

pub(crate) async fn kind_of<T: std::fmt::Debug>(result: impl Future<Output = Result<T, Error>>) -> ErrorKind {
    result.await.unwrap_err().kind()
}
