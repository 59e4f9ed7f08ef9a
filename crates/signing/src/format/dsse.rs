//! `Envelope`: what is signed, its type, and one signature (DSSE 1.0.2).

use serde::Deserialize;

use super::strict::{self, Object, Shape};
use super::{FormatError, Statement, decode, encode, names};

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    payload: String,
    payload_type: String,
    signatures: Vec<Object<Signature>>,
}

#[derive(Deserialize)]
struct Signature {
    keyid: Option<String>,
    sig: String,
}

/// The fields of an envelope.
pub(super) const SHAPE: Shape = Shape::Fields(&[
    ("payload", Shape::Any),
    ("payloadType", Shape::Any),
    ("signatures", Shape::Fields(&[("keyid", Shape::Any), ("sig", Shape::Any)])),
]);

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
        Self::read(strict::document("DSSE envelope", bytes, SHAPE)?)
    }

    /// The envelope in JSON, as cosign writes it in the old layout.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, payload) = (json(&self.payload_type), encode(&self.payload));
        let (key_id, signature) = (json(&self.key_id), encode(&self.signature));
        let signatures = format!(r#"[{{"keyid":{key_id},"sig":"{signature}"}}]"#);
        format!(r#"{{"payloadType":{kind},"payload":"{payload}","signatures":{signatures}}}"#).into_bytes()
    }

    /// The statement that it is around.
    ///
    /// # Errors
    /// Where the payload is of another type, or no statement.
    pub fn statement(&self) -> Result<Statement, FormatError> {
        match self.payload_type == names::IN_TOTO {
            true => Statement::parse(&self.payload),
            false => {
                Err(FormatError::new("DSSE envelope", format!("its payload is of the type {:?}", self.payload_type)))
            }
        }
    }

    /// What the signature is over.
    #[must_use]
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }

    pub(super) fn read(document: Document) -> Result<Self, FormatError> {
        let [Object(signature)] = document.signatures.as_slice() else {
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

    /// The envelope in JSON, as cosign writes it in a bundle: other order, and no key ID where there is none.
    pub(super) fn in_bundle(&self) -> String {
        let (kind, payload) = (json(&self.payload_type), encode(&self.payload));
        let signature = match self.key_id.as_str() {
            "" => format!(r#"{{"sig":"{}"}}"#, encode(&self.signature)),
            id => format!(r#"{{"sig":"{}","keyid":{}}}"#, encode(&self.signature), json(id)),
        };
        format!(r#"{{"payload":"{payload}","payloadType":{kind},"signatures":[{signature}]}}"#)
    }
}

/// A string in JSON.
pub(super) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
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
