//! The digest tag: a tag that speaks about a digest, where a registry offers no better way.

use std::{fmt, str::FromStr, sync::Arc};

use super::{
    algorithm::Algorithm,
    digest::{Digest, is_lower_hex},
    error::{NameError, NameKind, NameProblem},
    tag::Tag,
};

/// How many hexadecimal digits a digest tag can carry, by the distribution specification.
const HEX_LIMIT: usize = 64;

/// A tag that is made from the digest of an image and speaks about that image:
/// `sha256-<hex>`, `sha256-<hex>.sig`.
///
/// Such tags are no releases. They go where their image goes, and they stay as long as it stays.
///
/// The [referrers tag schema] leaves room for 64 hexadecimal digits only, so a tag for a sha512
/// digest carries the first half of it: enough to [match](Self::matches) against a digest at hand,
/// not enough to [name](Self::digest) one. cosign's suffixes are read by the same rule.
///
/// ```
/// use lockage_tagging::{Algorithm, Digest, DigestTag, DigestTagKind};
///
/// let image = Digest::from_bytes(Algorithm::Sha256, &[0xab; 32])?;
/// let tag = DigestTag::new(&image, DigestTagKind::Signature).to_tag();
/// assert_eq!(tag, format!("sha256-{}.sig", image.hex()));
/// assert!(DigestTag::parse(&tag).is_some_and(|tag| tag.matches(&image)));
/// # Ok::<(), lockage_tagging::NameError>(())
/// ```
///
/// [referrers tag schema]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigestTag {
    algorithm: Algorithm,
    hex: Arc<str>,
    kind: DigestTagKind,
}

impl DigestTag {
    /// The tag of `kind` that speaks about `digest`.
    pub fn new(digest: &Digest, kind: DigestTagKind) -> Self {
        Self { algorithm: digest.algorithm(), hex: truncated(digest).into(), kind }
    }

    /// Reads `tag` as a digest tag; `None` says that it is an ordinary tag.
    pub fn parse(tag: &Tag) -> Option<Self> {
        let (stem, kind) = split_kind(tag.as_str());
        let (algorithm, hex) = stem.split_once('-')?;
        let algorithm: Algorithm = algorithm.parse().ok()?;
        let legal = hex.len() == algorithm.hex_len().min(HEX_LIMIT) && hex.chars().all(is_lower_hex);
        legal.then(|| Self { algorithm, hex: hex.into(), kind })
    }

    /// What the tag points at.
    pub fn kind(&self) -> DigestTagKind {
        self.kind
    }

    /// The algorithm of the digest that the tag speaks about.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hexadecimal digits that the tag carries: all, or the first 64.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// Whether the tag speaks about `digest`.
    pub fn matches(&self, digest: &Digest) -> bool {
        self.algorithm == digest.algorithm() && *self.hex == *truncated(digest)
    }

    /// The digest that the tag speaks about; `None` where the tag carries only half of it.
    pub fn digest(&self) -> Option<Digest> {
        format!("{}:{}", self.algorithm, self.hex).parse().ok()
    }

    /// The tag to ask a registry for.
    pub fn to_tag(&self) -> Tag {
        Tag::from_legal(&self.to_string())
    }
}

impl From<DigestTag> for Tag {
    fn from(tag: DigestTag) -> Self {
        tag.to_tag()
    }
}

impl fmt::Display for DigestTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}{}", self.algorithm, self.hex, self.kind.suffix())
    }
}

impl FromStr for DigestTag {
    type Err = NameError;

    fn from_str(input: &str) -> Result<Self, NameError> {
        Self::parse(&input.parse()?).ok_or_else(|| NameError::new(NameKind::DigestTag, input, NameProblem::OrdinaryTag))
    }
}

name_conversions!(DigestTag, "a digest tag such as sha256-<64 hexadecimal digits>.sig");

/// What a [`DigestTag`] points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DigestTagKind {
    /// The index of everything that refers to the image: `sha256-<hex>`.
    ///
    /// cosign's newer bundles live here too.
    Referrers,
    /// cosign's signatures: `sha256-<hex>.sig`.
    Signature,
    /// cosign's attestations: `sha256-<hex>.att`.
    Attestation,
    /// cosign's bill of materials: `sha256-<hex>.sbom`.
    Sbom,
}

impl DigestTagKind {
    fn suffix(self) -> &'static str {
        match self {
            Self::Referrers => "",
            Self::Signature => ".sig",
            Self::Attestation => ".att",
            Self::Sbom => ".sbom",
        }
    }
}

fn split_kind(tag: &str) -> (&str, DigestTagKind) {
    [DigestTagKind::Signature, DigestTagKind::Attestation, DigestTagKind::Sbom]
        .into_iter()
        .find_map(|kind| Some((tag.strip_suffix(kind.suffix())?, kind)))
        .unwrap_or((tag, DigestTagKind::Referrers))
}

fn truncated(digest: &Digest) -> &str {
    digest.hex().get(..HEX_LIMIT).unwrap_or_else(|| digest.hex())
}
