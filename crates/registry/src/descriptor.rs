//! `Descriptor`: the type, digest and size of some content (image-spec, "OCI Content Descriptors").

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use lockage_tagging::Digest;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// Points at content by its digest and says how large it is and what it is.
///
/// A descriptor that was read out of a manifest is a *view*: fields that are not here are ignored, and nothing is
/// ever serialised back into the manifest it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Descriptor {
    /// The media type of the content. Empty where a manifest leaves it out.
    #[serde(default)]
    pub media_type: String,
    /// The digest of the content.
    pub digest: Digest,
    /// The size of the content in bytes.
    pub size: u64,
    /// Other places that have the content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The platform that an entry of an index is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The type of the artifact that the descriptor points at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// A descriptor with the three fields that every one has.
    #[must_use]
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            platform: None,
            artifact_type: None,
        }
    }

    /// True for an attestation that BuildKit keeps inside the index, under the platform `unknown/unknown`.
    #[must_use]
    pub fn is_attestation(&self) -> bool {
        self.annotations.get("vnd.docker.reference.type").is_some_and(|kind| kind == "attestation-manifest")
    }
}

/// What a manifest is for: operating system, architecture and variant, as Go names them.
///
/// ```
/// use lockage_registry::Platform;
/// let platform: Platform = "linux/arm64/v8".parse()?;
/// assert_eq!((platform.os.as_str(), platform.architecture.as_str()), ("linux", "arm64"));
/// assert_eq!(platform.to_string(), "linux/arm64/v8");
/// # Ok::<(), lockage_registry::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Platform {
    /// The CPU architecture: `amd64`, `arm64`, …
    #[serde(default)]
    pub architecture: String,
    /// The operating system: `linux`, `windows`, …
    #[serde(default)]
    pub os: String,
    /// The variant of the CPU: `v7`, `v8`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The version of the operating system, of use for Windows.
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
}

impl Platform {
    /// A platform without a variant.
    #[must_use]
    pub fn new(os: impl Into<String>, architecture: impl Into<String>) -> Self {
        Self { architecture: architecture.into(), os: os.into(), variant: None, os_version: None }
    }

    /// True where `offered` serves whoever asks for `self`: the same system and architecture, and the same variant
    /// where one is asked for. `linux/arm64` and `linux/arm64/v8` are one platform (containerd, "platforms").
    #[must_use]
    pub fn accepts(&self, offered: &Platform) -> bool {
        let variant = |platform: &Platform| match (platform.architecture.as_str(), platform.variant.as_deref()) {
            ("arm64", None | Some("")) => Some("v8".to_owned()),
            ("arm", None | Some("")) => Some("v7".to_owned()),
            (_, None | Some("")) => None,
            (_, Some(variant)) => Some(variant.to_owned()),
        };
        self.os == offered.os
            && self.architecture == offered.architecture
            && (variant(self).is_none() || variant(self) == variant(offered))
            && (self.os_version.is_none() || self.os_version == offered.os_version)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A manifest may name anything, and what it names ends up on a terminal.
        write!(f, "{}/{}", self.os.escape_debug(), self.architecture.escape_debug())?;
        match &self.variant {
            Some(variant) => write!(f, "/{}", variant.escape_debug()),
            None => Ok(()),
        }
    }
}

impl FromStr for Platform {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('/');
        let well_formed =
            |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        match (parts.next().filter(well_formed), parts.next().filter(well_formed), parts.next(), parts.next()) {
            (Some(os), Some(architecture), None, None) => Ok(Self::new(os, architecture)),
            (Some(os), Some(architecture), Some(variant), None) if well_formed(&variant) => {
                Ok(Self { variant: Some(variant.to_owned()), ..Self::new(os, architecture) })
            }
            _ => Err(Error::new(ErrorKind::Invalid, "parse platform", text)
                .with_message("not of the form os/architecture[/variant]")
                .with_remedy("Write for example linux/amd64 or linux/arm/v7.")),
        }
    }
}

/// Some builders write `"annotations": null`.
fn null_is_empty<'de, D>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn a_platform_that_is_none_moves_no_cursor() {
        let named = Platform { variant: Some("\u{202e}".to_owned()), ..Platform::new("linux\n", "\u{1b}[2J") };
        assert_eq!(named.to_string(), r"linux\n/\u{1b}[2J/\u{202e}");
        assert_eq!(Platform::new("linux", "s390x").to_string(), "linux/s390x");
    }
}
