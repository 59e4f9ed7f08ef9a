//! An image that clients accept as one: layers that are compressed tar archives, configs that name them.

use bytes::Bytes;
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Algorithm, Descriptor, Digest, Platform, RawManifest, digest_of, media_type};

/// An index of two platforms which share a layer: 3 manifests, 5 distinct blobs. Each seed makes another one.
pub(crate) fn two_platforms(seed: u64) -> Image {
    platforms(seed, &["amd64", "arm64"], 200_000, 3_000)
}

/// An index with an image for each architecture: a layer that all share and one of its own, of so many bytes.
pub(crate) fn platforms(seed: u64, architectures: &[&str], shared: usize, own: usize) -> Image {
    let shared = layer("shared", seed, shared);
    // What a fixture holds can be replaced, though it cannot be made from outside.
    let mut image = fixtures::image(seed);
    (image.manifests, image.blobs) = (Vec::new(), vec![shared.blob.clone()]);
    let mut entries = Vec::new();
    for architecture in architectures {
        let own = layer(architecture, seed, own);
        let config = blob(
            media_type::OCI_CONFIG,
            format!(
                r#"{{"architecture":"{architecture}","os":"linux","config":{{}},"rootfs":{{"type":"layers","diff_ids":["{}","{}"]}},"history":[{{}},{{}}]}}"#,
                shared.diff_id, own.diff_id
            ),
        );
        let json = serde_json::json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config.0, "layers": [shared.blob.0, own.blob.0],
        });
        let child = RawManifest::new(media_type::OCI_MANIFEST, json.to_string().into()).unwrap();
        let mut entry = child.descriptor().clone();
        entry.platform = Some(Platform::new("linux", *architecture));
        entries.push(entry);
        image.blobs.extend([config, own.blob]);
        image.manifests.push(child);
    }
    let json = serde_json::json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries });
    image.manifests.push(RawManifest::new(media_type::OCI_INDEX, json.to_string().into()).unwrap());
    image
}

/// A compressed tar archive, and the digest of the archive itself.
struct Layer {
    blob: (Descriptor, Bytes),
    diff_id: Digest,
}

fn layer(name: &str, seed: u64, length: usize) -> Layer {
    let tar = tar(name, &fixtures::layer(media_type::OCI_LAYER, seed, length).1);
    let diff_id = digest_of(Algorithm::Sha256, &tar).unwrap();
    Layer { blob: blob(media_type::OCI_LAYER_GZIP, gzip(&tar)), diff_id }
}

/// An archive with one file.
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let fields: [(usize, &str); 9] = [
        (0, name),
        (100, "0000644"),
        (108, "0000000"),
        (116, "0000000"),
        (124, &format!("{:011o}", content.len())),
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
    let mut tar = [&header[..], content].concat();
    // Whole records, and two empty ones at the end.
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    tar
}

/// The format without the compression: blocks that are stored (RFC 1951, 3.2.4; RFC 1952).
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = bytes.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        packed.push(u8::from(blocks.peek().is_none()));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(block);
    }
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    });
    packed.extend((!crc).to_le_bytes());
    packed.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    packed
}

fn blob(media_type: &str, bytes: impl Into<Bytes>) -> (Descriptor, Bytes) {
    let bytes = bytes.into();
    let digest = digest_of(Algorithm::Sha256, &bytes).unwrap();
    (Descriptor::new(media_type, digest, bytes.len() as u64), bytes)
}
