//! An image that clients accept as one: layers that are tar archives, configs that name them.

use bytes::Bytes;
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Algorithm, Descriptor, Platform, RawManifest, digest_of, media_type};

/// An index of two platforms which share a layer: 3 manifests, 5 distinct blobs. Each seed makes another one.
pub(crate) fn two_platforms(seed: u64) -> Image {
    let shared = layer("shared", seed, 200_000);
    // What a fixture holds can be replaced, though it cannot be made from outside.
    let mut image = fixtures::image(seed);
    (image.manifests, image.blobs) = (Vec::new(), vec![shared.clone()]);
    let mut entries = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let own = layer(architecture, seed, 3_000);
        let config = blob(
            media_type::OCI_CONFIG,
            format!(
                r#"{{"architecture":"{architecture}","os":"linux","config":{{}},"rootfs":{{"type":"layers","diff_ids":["{}","{}"]}},"history":[{{}},{{}}]}}"#,
                shared.0.digest, own.0.digest
            ),
        );
        let json = serde_json::json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config.0, "layers": [shared.0, own.0],
        });
        let child = RawManifest::new(media_type::OCI_MANIFEST, json.to_string().into()).unwrap();
        let mut entry = child.descriptor().clone();
        entry.platform = Some(Platform::new("linux", architecture));
        entries.push(entry);
        image.blobs.extend([config, own]);
        image.manifests.push(child);
    }
    let json = serde_json::json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries });
    image.manifests.push(RawManifest::new(media_type::OCI_INDEX, json.to_string().into()).unwrap());
    image
}

/// A tar archive with one file.
fn layer(name: &str, seed: u64, length: usize) -> (Descriptor, Bytes) {
    let (_, content) = fixtures::layer(media_type::OCI_LAYER, seed, length);
    let mut header = [0_u8; 512];
    let fields: [(usize, &str); 9] = [
        (0, name),
        (100, "0000644"),
        (108, "0000000"),
        (116, "0000000"),
        (124, &format!("{length:011o}")),
        (136, "00000000000"),
        (148, "        "),
        (156, "0"),
        (257, "ustar\x0000"),
    ];
    for (at, text) in fields {
        header[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut tar = [&header[..], &content].concat();
    // Whole records, and two empty ones at the end.
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    blob(media_type::OCI_LAYER, tar)
}

fn blob(media_type: &str, bytes: impl Into<Bytes>) -> (Descriptor, Bytes) {
    let bytes = bytes.into();
    let digest = digest_of(Algorithm::Sha256, &bytes).unwrap();
    (Descriptor::new(media_type, digest, bytes.len() as u64), bytes)
}
