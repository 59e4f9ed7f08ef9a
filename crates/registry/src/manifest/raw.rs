//! `RawManifest`: a manifest exactly as it was served.

use bytes::Bytes;
use lockage_tagging::{Algorithm, Digest};

use super::{Content, Manifest, view};
use crate::{Descriptor, Error, ErrorKind, Result, hash, media_type};

/// The bytes of a manifest with the descriptor that they fulfil.
///
/// There is no way to make one whose digest is not that of its bytes, and none to change it: promoting an image is
/// passing these on. [`view`](RawManifest::view) parses them, and nothing serialises a view back.
///
/// ```
/// use lockage_registry::RawManifest;
/// // Odd whitespace and unknown fields are kept: they are part of the digest.
/// let bytes = br#"{"schemaVersion":2,   "manifests":[], "x-unknown": 1.0}"#;
/// let raw = RawManifest::new("application/vnd.oci.image.index.v1+json", bytes.as_slice().into())?;
/// assert_eq!(raw.bytes().as_ref(), bytes);
/// assert!(raw.view()?.children().is_empty());
/// # Ok::<(), lockage_registry::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawManifest {
    descriptor: Descriptor,
    bytes: Bytes,
}

impl RawManifest {
    /// The largest manifest that this crate's readers accept unless told otherwise: 4 MiB, what the distribution
    /// specification asks registries to accept at least (distribution-spec, "Pushing Manifests").
    pub const MAX_BYTES: u64 = 4 * 1024 * 1024;

    /// A manifest of one's own, under its SHA-256 digest.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] where the media type cannot be a header's value.
    pub fn new(media_type: impl Into<String>, bytes: Bytes) -> Result<Self> {
        let digest = hash::digest_of(Algorithm::Sha256, &bytes)?;
        Self::of_digest(media_type.into(), bytes, digest)
    }

    /// A manifest that was asked for by digest.
    ///
    /// # Errors
    /// [`ErrorKind::DigestMismatch`] where the bytes are other ones.
    pub fn verified(media_type: impl Into<String>, bytes: Bytes, expected: &Digest) -> Result<Self> {
        let actual = hash::digest_of(expected.algorithm(), &bytes)?;
        if actual != *expected {
            return Err(Error::new(ErrorKind::DigestMismatch, "verify manifest", expected)
                .with_message(format_args!("its bytes hash to {actual}"))
                .with_code("DIGEST_INVALID", "provided digest did not match uploaded content"));
        }
        Self::of_digest(media_type.into(), bytes, actual)
    }

    /// The media type that the bytes claim or, where they claim none (legal in OCI), that their structure shows.
    ///
    /// For manifests that arrive without a usable type: from a disk, or from a client that drops the header.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] where the bytes are no manifest.
    pub fn sniff_media_type(bytes: &[u8]) -> Result<String> {
        Manifest::parse(bytes, &"bytes").map(|manifest| match (&manifest.media_type, &manifest.content) {
            (Some(claimed), _) => claimed.clone(),
            (None, Content::Index { .. }) => media_type::OCI_INDEX.to_owned(),
            (None, Content::Image { .. }) => media_type::OCI_MANIFEST.to_owned(),
            (None, Content::Artifact { .. }) => media_type::OCI_ARTIFACT_MANIFEST.to_owned(),
        })
    }

    fn of_digest(media_type: String, bytes: Bytes, digest: Digest) -> Result<Self> {
        if media_type.is_empty() || !media_type.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err(Error::new(ErrorKind::Invalid, "hold manifest", &digest)
                .with_message(format_args!("{media_type:?} is no media type")));
        }
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(Self { descriptor: Descriptor::new(media_type, digest, size), bytes })
    }

    /// Type, digest and size.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The digest of the bytes.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.descriptor.digest
    }

    /// The media type, as the registry named it.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.descriptor.media_type
    }

    /// The bytes, as served.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Parses the bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for schema 1; [`ErrorKind::Rejected`] for bytes that are no manifest, or could be
    /// read as two kinds of one (CVE-2021-41190), or are another kind than the media type says.
    pub fn view(&self) -> Result<Manifest> {
        let digest = self.digest();
        if media_type::is_schema1(self.media_type()) {
            return Err(view::schema1(digest));
        }
        let manifest = Manifest::parse(&self.bytes, digest)?;
        let is_index = matches!(manifest.content, Content::Index { .. });
        let known = media_type::is_manifest(self.media_type());
        if known && media_type::is_index(self.media_type()) != is_index {
            return Err(Error::new(ErrorKind::Rejected, "read manifest", digest)
                .with_message(format_args!("served as {}, which it is not", self.media_type()))
                .with_code("MANIFEST_INVALID", "the content is of another kind than its media type"));
        }
        Ok(manifest)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    /// What may stand in a field, and what may not.
    fn value() -> impl Strategy<Value = Value> {
        let digest = json!(hash::digest_of(Algorithm::Sha256, b"").unwrap());
        let descriptor = json!({ "mediaType": media_type::OCI_LAYER, "digest": digest, "size": 0 });
        prop_oneof![
            Just(Value::Null),
            Just(json!([])),
            Just(json!(2)),
            Just(json!(["x"])),
            Just(json!([descriptor, descriptor])),
            Just(json!({ "a": "b" })),
            prop::sample::select(media_type::MANIFESTS.to_vec()).prop_map(Value::from),
            Just(descriptor),
        ]
    }

    fn document() -> impl Strategy<Value = Vec<u8>> {
        let fields = vec![
            "schemaVersion",
            "mediaType",
            "artifactType",
            "config",
            "layers",
            "manifests",
            "blobs",
            "subject",
            "annotations",
            "fsLayers",
        ];
        let fields = prop::collection::hash_map(prop::sample::select(fields), value(), 0..6);
        prop_oneof![
            fields.prop_map(|fields| {
                let fields: Map<_, _> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                Value::Object(fields).to_string().into_bytes()
            }),
            "\\PC*".prop_map(String::into_bytes),
        ]
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_they_stay_and_are_one_kind(bytes in document(), served in prop::sample::select(media_type::MANIFESTS.to_vec())) {
            let raw = RawManifest::new(served, bytes.clone().into()).unwrap();
            let view = raw.view();
            prop_assert_eq!(raw.bytes().as_ref(), &bytes[..]);
            let Ok(view) = view else { return Ok(()) };
            prop_assert!(RawManifest::sniff_media_type(&bytes).is_ok());
            prop_assert_eq!(matches!(view.content, Content::Index { .. }), media_type::is_index(served));
            prop_assert!(view.blobs().iter().all(|blob| !view.children().contains(blob)));
        }
    }
}
