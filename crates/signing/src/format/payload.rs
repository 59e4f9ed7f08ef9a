//! `SimpleSigning`: what is signed in the old layout, byte for byte as cosign writes it.

use std::collections::BTreeMap;

use lockage_tagging::Digest;
use serde::Deserialize;
use serde_json::Value;

use super::FormatError;
use super::dsse::json;
use super::strict::{self, Object, Shape};

/// The payload of a signature in the old layout ("simple signing", of containers/image).
///
/// ```
/// use lockage_signing::format::SimpleSigning;
/// let digest = "sha256:fc0b000000000000000000000000000000000000000000000000000000000000".parse()?;
/// let payload = SimpleSigning::new("registry.example/app", digest).claim("env", "prod");
/// assert_eq!(
///     String::from_utf8(payload.to_bytes()?)?,
///     r#"{"critical":{"identity":{"docker-reference":"registry.example/app"},"image":{"docker-manifest-digest":"sha256:fc0b000000000000000000000000000000000000000000000000000000000000"},"type":"cosign container image signature"},"optional":{"env":"prod"}}"#,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SimpleSigning {
    /// Where the image was when it was signed; nothing proves it, and cosign does not look at it.
    pub docker_reference: String,
    /// The image.
    pub digest: Digest,
    /// The claims.
    pub claims: BTreeMap<String, Value>,
}

// containers/image takes exactly these fields, and no writer has others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    critical: Object<Critical>,
    optional: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Critical {
    identity: Object<Identity>,
    image: Object<Image>,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Identity {
    docker_reference: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Image {
    docker_manifest_digest: Digest,
}

/// The claims are kept as they are; a number that cannot be is an error.
const SHAPE: Shape = Shape::Fields(&[("critical", Shape::Any), ("optional", Shape::Exact)]);

impl SimpleSigning {
    /// The `critical.type` that such a payload has.
    pub const TYPE: &'static str = "cosign container image signature";

    /// A payload without claims.
    #[must_use]
    pub fn new(docker_reference: impl Into<String>, digest: Digest) -> Self {
        Self { docker_reference: docker_reference.into(), digest, claims: BTreeMap::new() }
    }

    /// Adds a claim.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// What is no payload, is of another type, or names no digest.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let Document { critical: Object(critical), optional } = strict::document("signature payload", bytes, SHAPE)?;
        let Critical { identity: Object(identity), image: Object(image), kind } = critical;
        if kind != Self::TYPE {
            return Err(FormatError::new("signature payload", format!("its type is {kind:?}")));
        }
        let (docker_reference, digest) = (identity.docker_reference, image.docker_manifest_digest);
        Ok(Self { docker_reference, digest, claims: optional.unwrap_or_default() })
    }

    /// The bytes that are signed.
    ///
    /// # Errors
    /// None that can happen: claims are always JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let optional = match self.claims.is_empty() {
            true => "null".to_owned(),
            false => serde_json::to_string(&self.claims)
                .map_err(|error| FormatError::new("signature payload", error.to_string()))?,
        };
        let text = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":{}}},"image":{{"docker-manifest-digest":"{}"}},"type":"{}"}},"optional":{optional}}}"#,
            json(&self.docker_reference),
            self.digest,
            Self::TYPE
        );
        // As Go's encoder does; none of these is ever outside of a string.
        let escapes =
            [("<", r"\u003c"), (">", r"\u003e"), ("&", r"\u0026"), ("\u{2028}", r"\u2028"), ("\u{2029}", r"\u2029")];
        Ok(escapes.into_iter().fold(text, |text, (plain, escaped)| text.replace(plain, escaped)).into_bytes())
    }
}
