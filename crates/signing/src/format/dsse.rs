//! `Envelope`: what is signed, its type, and one signature (DSSE 1.0.2).

use serde::{Deserialize, Serialize};

use super::{FormatError, decode, encode, strict};

/// A DSSE envelope with exactly one signature.
///
/// The specification allows more; no writer makes them, and a reader that looks at one and a policy that looks at another is
/// how signatures are forged. Zero, and two or more, are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// What the payload is, such as `application/vnd.in-toto+json`. It is signed with it.
    pub payload_type: String,
    /// What is signed.
    pub payload: Vec<u8>,
    /// The signature over [`pae`].
    pub signature: Vec<u8>,
    /// The signer's own hint which key it was. Nothing vouches for it.
    pub key_id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
struct Signature {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    sig: String,
}

impl Envelope {
    /// An envelope around `payload`.
    #[must_use]
    pub fn new(payload_type: impl Into<String>, payload: Vec<u8>, signature: Vec<u8>) -> Self {
        Self { payload_type: payload_type.into(), payload, signature, key_id: String::new() }
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// What is no envelope, and one that has not exactly one signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::read(strict::document("DSSE envelope", bytes)?)
    }

    /// The envelope in JSON, as cosign writes it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let signature = encode(&self.signature);
        // Fields in cosign's order, which is not that of a bundle.
        serde_json::json!({
            "payloadType": self.payload_type,
            "payload": encode(&self.payload),
            "signatures": [{"keyid": self.key_id, "sig": signature}],
        })
        .to_string()
        .into_bytes()
    }

    /// What the signature is over.
    #[must_use]
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }

    pub(super) fn read(document: Document) -> Result<Self, FormatError> {
        let [signature] = document.signatures.as_slice() else {
            let many = document.signatures.len();
            return Err(FormatError::new("DSSE envelope", format!("it has {many} signatures, and must have one")));
        };
        Ok(Self {
            payload: decode("DSSE envelope", &document.payload)?,
            payload_type: document.payload_type,
            signature: decode("DSSE envelope", &signature.sig)?,
            key_id: signature.keyid.clone().unwrap_or_default(),
        })
    }

    pub(super) fn document(&self) -> Document {
        let keyid = Some(self.key_id.clone()).filter(|id| !id.is_empty());
        Document {
            payload: encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: vec![Signature { keyid, sig: encode(&self.signature) }],
        }
    }
}

/// The pre-authentication encoding: what is signed for a payload of a type (DSSE 1.0.2, protocol).
///
/// ```
/// let signed = lockage_signing::format::pae("http://example.com/HelloWorld", b"hello world");
/// assert_eq!(signed, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
/// ```
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}
