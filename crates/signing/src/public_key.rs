//! `PublicKey`: a key as it is written down, without the means to use it.

use std::fmt;

use pem_rfc7468::LineEnding;

use crate::format::FormatError;

/// A SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) in DER: what a `PUBLIC KEY` in PEM holds.
///
/// Two are equal where their bytes are. Whether the key can be used is for the [`Verifier`](crate::Verifier) that is made of
/// it to say.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// The label of the PEM document.
    const LABEL: &'static str = "PUBLIC KEY";

    /// The largest key that is read, in bytes; an RSA key of 16,384 bits has 2,086.
    const MAX_BYTES: usize = 16 * 1024;

    /// The key in DER.
    ///
    /// # Errors
    /// Where the bytes are not one DER sequence and nothing else, or more than 16 KiB.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self, FormatError> {
        let der = der.into();
        let why = match content_length(&der) {
            _ if der.len() > Self::MAX_BYTES => "it is longer than a key can be",
            Some(content) if content == der.len() => return Ok(Self(der)),
            _ => "it is not one DER sequence",
        };
        Err(FormatError::new("public key", why))
    }

    /// The key in PEM: `-----BEGIN PUBLIC KEY-----`.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der), for any other label, such as a certificate's or a private key's, and where there is
    /// more than one document: readers differ in which they take.
    pub fn from_pem(pem: &str) -> Result<Self, FormatError> {
        if pem.matches("-----BEGIN").count() > 1 {
            return Err(FormatError::new("public key", "more than one PEM document"));
        }
        let unreadable = |why: pem_rfc7468::Error| FormatError::new("public key", format!("no PEM document: {why}"));
        let label = pem_rfc7468::decode_label(pem.trim().as_bytes()).map_err(unreadable)?;
        if label != Self::LABEL {
            return Err(FormatError::new(
                "public key",
                format!("a PEM document labelled {label:?}, not \"PUBLIC KEY\""),
            ));
        }
        let (_, der) = pem_rfc7468::decode_vec(pem.trim().as_bytes()).map_err(unreadable)?;
        Self::from_der(der)
    }

    /// The DER bytes.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// The key in PEM, with lines that end in a line feed.
    #[must_use]
    pub fn to_pem(&self) -> String {
        // Fails for a label that is none, and for more bytes than memory has.
        pem_rfc7468::encode_string(Self::LABEL, LineEnding::LF, &self.0).unwrap_or_default()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        self.0.iter().rev().take(8).rev().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// How long the DER sequence at the front of `der` is, header included.
fn content_length(der: &[u8]) -> Option<usize> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if tag != 0x30 {
        return None;
    }
    if first < 0x80 {
        return Some(2 + usize::from(first));
    }
    let count = usize::from(first & 0x7f);
    let bytes = rest.get(..count).filter(|bytes| (1..=2).contains(&count) && bytes.first() != Some(&0))?;
    let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    (length >= 0x80).then_some(2 + count + length)
}
