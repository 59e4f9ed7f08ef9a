//! `PredicateType`: what kind of thing a statement says, by URI or by cosign's short name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::FormatError;

/// The URI of a predicate type.
///
/// ```
/// use lockage_signing::format::PredicateType;
/// let short: PredicateType = "slsaprovenance1".parse()?;
/// assert_eq!(short.as_str(), "https://slsa.dev/provenance/v1");
/// let own: PredicateType = "https://acme.example/load-test/v1".parse()?;
/// assert_eq!(own.as_str(), "https://acme.example/load-test/v1");
/// assert!("slsa provenance".parse::<PredicateType>().is_err());
/// # Ok::<(), lockage_signing::format::FormatError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PredicateType(String);

/// The short names, as cosign has them, and ours.
const SHORT: [(&str, &str); 13] = [
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("link", "https://in-toto.io/Link/v1"),
    ("spdx", "https://spdx.dev/Document"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("openvex", "https://openvex.dev/ns"),
    ("test-result", "https://in-toto.io/attestation/test-result/v0.1"),
    ("vsa", "https://slsa.dev/verification_summary/v1"),
    ("svr", "https://in-toto.io/attestation/svr/v0.2"),
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
];

impl PredicateType {
    /// What cosign 3 calls a signature that is a statement.
    pub const COSIGN_SIGN: &'static str = "https://sigstore.dev/cosign/sign/v1";

    /// The type of a signature.
    #[must_use]
    pub fn cosign_sign() -> Self {
        Self(Self::COSIGN_SIGN.to_owned())
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a statement of this type is a signature, and no attestation.
    #[must_use]
    pub fn is_signature(&self) -> bool {
        self.0 == Self::COSIGN_SIGN
    }

    /// The short names that are understood, and what they stand for.
    pub fn short_names() -> impl Iterator<Item = (&'static str, &'static str)> {
        SHORT.into_iter()
    }
}

impl FromStr for PredicateType {
    type Err = FormatError;

    /// A short name, or a URI.
    fn from_str(text: &str) -> Result<Self, FormatError> {
        if let Some((_, uri)) = SHORT.into_iter().find(|(short, _)| *short == text) {
            return Ok(Self(uri.to_owned()));
        }
        if is_uri(text) {
            return Ok(Self(text.to_owned()));
        }
        let known = SHORT.map(|(short, _)| short).join(", ");
        Err(FormatError::new("predicate type", format!("{text:?} is no URI and none of {known}")))
    }
}

impl<'de> Deserialize<'de> for PredicateType {
    /// A URI: a document has no short names.
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        match is_uri(&text) {
            true => Ok(Self(text)),
            false => Err(serde::de::Error::custom(format_args!("the predicate type {text:?} is no URI"))),
        }
    }
}

/// Whether a text is a URI, as far as that it cannot be taken for another.
fn is_uri(text: &str) -> bool {
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !rest.is_empty()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

impl fmt::Display for PredicateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
