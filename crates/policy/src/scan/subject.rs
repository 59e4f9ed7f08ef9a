//! The image that is decided on: its digest, and every platform that has to be covered.

use lockage_tagging::Digest;
use serde::{Deserialize, Serialize};

/// The image that is decided on, as its registry has it.
///
/// Every platform has to be covered by a report that names the digest of its configuration or of its manifest. The
/// digest of an index proves nothing: scanners write it into the report of every platform alike.
///
/// ```
/// use lockage_policy::scan::Subject;
/// # let digest = |digit: char| format!("sha256:{}", digit.to_string().repeat(64)).parse::<lockage_tagging::Digest>();
/// # let (index, amd64, amd64_config, arm64, arm64_config, provenance) =
/// #     (digest('0')?, digest('1')?, digest('2')?, digest('3')?, digest('4')?, digest('5')?);
///
/// let subject = Subject::new(index)
///     .platform("linux/amd64", amd64, amd64_config)
///     .platform("linux/arm64", arm64, arm64_config)
///     .attestation(provenance);
/// assert_eq!(subject.platforms().len(), 2);
/// # Ok::<(), lockage_tagging::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    platforms: Vec<PlatformImage>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attestations: Vec<Digest>,
}

/// The image of one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlatformImage {
    /// `linux/amd64`, `linux/arm/v7`.
    pub platform: String,
    /// The digest of its manifest.
    pub manifest: Digest,
    /// The digest of its configuration.
    pub config: Digest,
}

impl Subject {
    /// The image with this digest, of an index or of a single manifest, without any platform yet.
    #[must_use]
    pub fn new(digest: Digest) -> Self {
        Self { digest, reference: None, platforms: Vec::new(), attestations: Vec::new() }
    }

    /// The name by which exceptions for some images know it: `registry.example/team/app`.
    #[must_use]
    pub fn named(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// Adds a platform that has to be covered. Also one that is called `unknown/unknown`: whoever knows it to be an
    /// attestation says so with [`attestation`](Self::attestation), and what nobody knows has to be scanned.
    #[must_use]
    pub fn platform(mut self, platform: impl Into<String>, manifest: Digest, config: Digest) -> Self {
        self.platforms.push(PlatformImage { platform: platform.into(), manifest, config });
        self
    }

    /// Adds a child that is an attestation on a platform, as BuildKit makes them. It is never a platform, and a report
    /// on it covers nothing.
    #[must_use]
    pub fn attestation(mut self, manifest: Digest) -> Self {
        self.attestations.push(manifest);
        self
    }

    /// The digest of the index or of the single manifest.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The name that exceptions know it by.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The platforms.
    #[must_use]
    pub fn platforms(&self) -> &[PlatformImage] {
        &self.platforms
    }

    /// How a platform is called in a decision: its name, and the beginning of its digest where several go by that name,
    /// as the versions of Windows do.
    pub(super) fn label(&self, platform: &PlatformImage) -> String {
        let same = self.platforms.iter().filter(|other| other.platform == platform.platform).count();
        match same {
            0 | 1 => platform.platform.clone(),
            _ => format!("{} {}", platform.platform, platform.manifest.short()),
        }
    }

    /// The children that are attestations.
    #[must_use]
    pub fn attestations(&self) -> &[Digest] {
        &self.attestations
    }
}
