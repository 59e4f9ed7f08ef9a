//! `AttachmentKind`: what an attachment is, in a word for people. Nothing is decided by it.

use std::collections::BTreeMap;

use lockage_registry::{DigestTag, DigestTagKind, Tag};
use serde::{Deserialize, Serialize};

/// What an attachment is, as far as its artifact type or its tag tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AttachmentKind {
    /// A signature over a manifest.
    Signature,
    /// A signed statement about a manifest, such as its provenance.
    Attestation,
    /// A bill of materials.
    Sbom,
    /// Anything else.
    Other,
}

/// What sigstore's bundles say of themselves.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
const BUNDLE_CONTENT: &str = "dev.sigstore.bundle.content";
const BUNDLE_PREDICATE: &str = "dev.sigstore.bundle.predicateType";
/// The predicate by which cosign 3 signs an image.
const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/";

impl AttachmentKind {
    pub(super) fn of_tag(tag: &Tag) -> Self {
        match DigestTag::parse(tag).map(|tag| tag.kind()) {
            Some(DigestTagKind::Signature) => Self::Signature,
            Some(DigestTagKind::Attestation) => Self::Attestation,
            Some(DigestTagKind::Sbom) => Self::Sbom,
            _ => Self::Other,
        }
    }

    pub(super) fn of_type(artifact_type: Option<&str>, annotations: &BTreeMap<String, String>) -> Self {
        let Some(kind) = artifact_type.map(str::to_ascii_lowercase) else { return Self::Other };
        let says = |part: &str| kind.contains(part);
        if kind.starts_with(BUNDLE) {
            let message = annotations.get(BUNDLE_CONTENT).is_some_and(|content| content == "message-signature");
            let signs = annotations.get(BUNDLE_PREDICATE).is_some_and(|of| of.starts_with(COSIGN_SIGN));
            return if message || signs { Self::Signature } else { Self::Attestation };
        }
        if says("signature") || says("cosign.artifact.sig") || says("simplesigning") {
            Self::Signature
        } else if says("spdx") || says("cyclonedx") || says("syft") || says("sbom") {
            Self::Sbom
        } else if says("in-toto") || says("dsse") || says("attestation") || says("provenance") {
            Self::Attestation
        } else {
            Self::Other
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Attestation => "attestation",
            Self::Sbom => "SBOM",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_types_have_a_word() {
        let none = BTreeMap::new();
        for (artifact_type, kind) in [
            ("application/vnd.cncf.notary.signature", AttachmentKind::Signature),
            ("application/vnd.dev.cosign.artifact.sig.v1+json", AttachmentKind::Signature),
            ("application/vnd.dev.sigstore.bundle.v0.3+json", AttachmentKind::Attestation),
            ("application/vnd.in-toto+json", AttachmentKind::Attestation),
            ("application/vnd.dsse.envelope.v1+json", AttachmentKind::Attestation),
            ("application/spdx+json", AttachmentKind::Sbom),
            ("text/spdx", AttachmentKind::Sbom),
            ("application/vnd.cyclonedx+json", AttachmentKind::Sbom),
            ("application/vnd.syft+json", AttachmentKind::Sbom),
            ("application/vnd.example.notes", AttachmentKind::Other),
        ] {
            assert_eq!(AttachmentKind::of_type(Some(artifact_type), &none), kind, "{artifact_type}");
        }
        assert_eq!(AttachmentKind::of_type(None, &none), AttachmentKind::Other);
        let signs = BTreeMap::from([(BUNDLE_PREDICATE.to_owned(), format!("{COSIGN_SIGN}v1"))]);
        let bundle = Some("application/vnd.dev.sigstore.bundle.v0.3+json");
        assert_eq!(AttachmentKind::of_type(bundle, &signs), AttachmentKind::Signature);
    }
}
