//! The kinds of content that are pushed: images, indexes, artifacts, and odd ones.

use lockage_registry::Algorithm;
use serde_json::{Value, json};

use super::{OCI_INDEX, content, hash};
use crate::http::OCI_MANIFEST;

/// A set of content as the program has it: blobs, and manifests that point at them, the last one on top.
pub struct Data {
    pub name: &'static str,
    pub blobs: Vec<Vec<u8>>,
    pub manifests: Vec<Vec<u8>>,
    pub algorithm: Algorithm,
    pub sparse: bool,
}

impl Data {
    pub fn new(name: &'static str) -> Self {
        Self { name, blobs: Vec::new(), manifests: Vec::new(), algorithm: Algorithm::Sha256, sparse: false }
    }

    pub fn descriptor(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = hash(self.algorithm, bytes);
        json!({ "mediaType": media_type, "digest": digest.as_str(), "size": bytes.len() })
    }

    pub fn blob(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let descriptor = self.descriptor(media_type, &bytes);
        self.blobs.push(bytes);
        descriptor
    }

    pub fn manifest(&mut self, manifest: &Value) -> Value {
        let bytes = serde_json::to_vec(manifest).unwrap();
        let descriptor = self.descriptor(manifest["mediaType"].as_str().unwrap(), &bytes);
        self.manifests.push(bytes);
        descriptor
    }

    /// An image with two layers of this type, and with these fields besides.
    pub fn image(&mut self, layer_type: &str, more: &Value) -> Value {
        let number = self.manifests.len();
        let config = format!(r#"{{"architecture":"amd64","os":"linux","number":"{} {number}"}}"#, self.name);
        let config = self.blob("application/vnd.oci.image.config.v1+json", config.into_bytes());
        let layers: Vec<Value> =
            (0..2).map(|layer| self.blob(layer_type, content((number * 2 + layer) as u8))).collect();
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers,
        });
        for (key, value) in more.as_object().unwrap() {
            manifest[key] = value.clone();
        }
        self.manifest(&manifest)
    }

    pub fn index(&mut self, manifests: &[Value], more: &Value) -> Value {
        let mut index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests });
        for (key, value) in more.as_object().unwrap() {
            index[key] = value.clone();
        }
        self.manifest(&index)
    }

    /// An artifact: a config without content, and one layer or none.
    pub fn artifact(&mut self, layers: usize, more: &Value) -> Value {
        let config = self.blob("application/vnd.oci.empty.v1+json", b"{}".to_vec());
        let number = self.manifests.len() as u8;
        let layers: Vec<Value> =
            (0..layers).map(|layer| self.blob("text/plain", content(number ^ layer as u8))).collect();
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "application/vnd.example.v1",
            "config": config, "layers": layers,
        });
        for (key, value) in more.as_object().unwrap() {
            manifest[key] = value.clone();
        }
        self.manifest(&manifest)
    }
}

pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

pub fn data() -> Vec<Data> {
    let none = json!({});
    let mut all = Vec::new();
    let mut add = |name, fill: &dyn Fn(&mut Data)| {
        let mut data = Data::new(name);
        fill(&mut data);
        all.push(data);
    };
    add("image", &|data| drop(data.image(LAYER, &none)));
    add("uncompressed", &|data| drop(data.image("application/vnd.oci.image.layer.v1.tar", &none)));
    add("nondistributable", &|data| {
        data.image("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", &none);
        // The layers need not be there.
        data.blobs.truncate(1);
    });
    add("no-layers", &|data| drop(data.image(LAYER, &json!({ "layers": [] }))));
    add("custom-fields", &|data| {
        let image = data.image(LAYER, &json!({ "org.example.field": { "deep": [1, null, "\u{e9}"] } }));
        data.index(&[image], &json!({ "org.example.other": 1.50 }));
    });
    add("large-manifest", &|data| {
        let long = "x".repeat(4 * 1024 * 1024 - 2048);
        data.image(LAYER, &json!({ "annotations": { "org.example.long": long } }));
    });
    add("empty-index", &|data| drop(data.index(&[], &none)));
    add("index", &|data| {
        let images = [data.image(LAYER, &none), data.image(LAYER, &none)];
        data.index(&images, &none);
    });
    add("nested-index", &|data| {
        let images = [data.image(LAYER, &none), data.image(LAYER, &none)];
        let inner = data.index(&images, &none);
        data.index(&[inner], &none);
    });
    add("data-field", &|data| {
        let mut config = data.blob("application/vnd.oci.empty.v1+json", b"{}".to_vec());
        config["data"] = "e30=".into();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "a/b", "config": config, "layers": [config],
        });
        data.manifest(&manifest);
    });
    add("artifact", &|data| drop(data.artifact(1, &none)));
    add("artifact-without-layers", &|data| drop(data.artifact(0, &none)));
    add("artifact-index", &|data| {
        let artifacts = [data.artifact(1, &none), data.artifact(0, &none)];
        data.index(&artifacts, &json!({ "artifactType": "application/vnd.example.list" }));
    });
    add("sha512", &|data| {
        data.algorithm = Algorithm::Sha512;
        let images = [data.image(LAYER, &none), data.image(LAYER, &none)];
        data.index(&images, &none);
    });
    add("sparse-image", &|data| {
        data.sparse = true;
        data.image(LAYER, &none);
        data.blobs.clear();
    });
    add("sparse-index", &|data| {
        data.sparse = true;
        let missing = data.descriptor(OCI_MANIFEST, b"missing");
        let there = data.image(LAYER, &none);
        data.index(&[there, missing], &none);
    });
    all
}
