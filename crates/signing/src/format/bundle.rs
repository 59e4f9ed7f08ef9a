//! `Bundle`: a signature with all that is needed to check it (Sigstore bundle, v0.1 to v0.3).

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::strict::{self, Object, Shape};
use super::{Envelope, FormatError, decode, dsse, encode};

/// A Sigstore bundle, read as far as it can be judged without a trusted root.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bundle {
    /// Its media type.
    pub media_type: String,
    /// What says which key it was.
    pub material: Material,
    /// What is signed.
    pub content: Content,
    /// How many entries of transparency logs it has.
    pub log_entries: usize,
    /// How many RFC 3161 timestamps it has.
    pub timestamps: usize,
    bytes: Vec<u8>,
}

/// What a bundle says about the key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Material {
    /// A hint, which proves nothing: the key comes from the policy.
    PublicKey {
        /// For cosign: the SHA-256 of the key in DER, in base64.
        hint: String,
    },
    /// The certificate of the key, in DER, and those above it where the bundle has a chain.
    Certificate(Vec<Vec<u8>>),
}

/// What a bundle signs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// A payload in an envelope.
    Envelope(Envelope),
    /// Something that is elsewhere.
    Message(MessageSignature),
}

/// A signature over bytes that the bundle does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageSignature {
    /// The hash of the bytes, where it is said, and its algorithm, such as `SHA2_256`.
    pub digest: Option<(String, Vec<u8>)>,
    /// The signature.
    pub signature: Vec<u8>,
}

// cosign refuses fields that it does not know, and so do its snake_case twins here, which cosign would read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    media_type: String,
    verification_material: Object<VerificationMaterial>,
    dsse_envelope: Option<Object<dsse::Document>>,
    message_signature: Option<Object<Message>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VerificationMaterial {
    public_key: Option<Object<PublicKeyHint>>,
    certificate: Option<Object<Certificate>>,
    x509_certificate_chain: Option<Object<Chain>>,
    tlog_entries: Option<Vec<IgnoredAny>>,
    timestamp_verification_data: Option<Object<Timestamps>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicKeyHint {
    hint: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Certificate {
    raw_bytes: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chain {
    certificates: Vec<Object<Certificate>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Timestamps {
    rfc3161_timestamps: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Message {
    message_digest: Option<Object<MessageDigest>>,
    signature: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageDigest {
    algorithm: String,
    digest: String,
}

/// The fields in which others may be.
const SHAPE: Shape = Shape::Fields(&[("dsseEnvelope", dsse::SHAPE)]);

impl Bundle {
    /// How many log entries, or timestamps, a bundle may have.
    pub const MAX_ENTRIES: usize = 32;

    /// A bundle of version 0.3 around an envelope that a key has signed, without a log or a timestamp, as cosign 3 writes
    /// it. `hint` says which key it was.
    #[must_use]
    pub fn of_key(envelope: Envelope, hint: impl Into<String>) -> Self {
        let (hint, media_type) = (hint.into(), super::names::BUNDLE.to_owned());
        let material = format!(r#"{{"publicKey":{{"hint":{}}}}}"#, dsse::json(&hint));
        let text = format!(
            r#"{{"mediaType":"{media_type}","verificationMaterial":{material},"dsseEnvelope":{}}}"#,
            envelope.in_bundle()
        );
        let material = Material::PublicKey { hint };
        let content = Content::Envelope(envelope);
        Self { media_type, material, content, log_entries: 0, timestamps: 0, bytes: text.into_bytes() }
    }

    /// Reads a bundle.
    ///
    /// # Errors
    /// What is no bundle; one that has more than one kind of material or content, a chain where its version has none, a field
    /// that is unknown outside of log entries and timestamps, or more than [`MAX_ENTRIES`](Self::MAX_ENTRIES) of either.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let Document { media_type, verification_material: Object(material), dsse_envelope, message_signature } =
            strict::document("bundle", bytes, SHAPE)?;
        let Some(version) = version(&media_type) else {
            return Err(FormatError::new("bundle", format!("its media type is {media_type:?}")));
        };
        if version >= 3 && material.x509_certificate_chain.is_some() {
            return Err(FormatError::new("bundle", "it has a chain of certificates, which version 0.3 has not"));
        }
        let log_entries = material.tlog_entries.as_ref().map_or(0, Vec::len);
        let stamps = material.timestamp_verification_data.as_ref();
        let timestamps = stamps.and_then(|Object(data)| data.rfc3161_timestamps.as_ref()).map_or(0, Vec::len);
        if log_entries.max(timestamps) > Self::MAX_ENTRIES {
            let why = format!("it has {log_entries} log entries and {timestamps} timestamps");
            return Err(FormatError::new("bundle", why));
        }
        let content = match (dsse_envelope, message_signature) {
            (Some(Object(envelope)), None) => Content::Envelope(Envelope::read(envelope)?),
            (None, Some(Object(message))) => Content::Message(message.read()?),
            _ => {
                return Err(FormatError::new(
                    "bundle",
                    "it must have an envelope or a message signature, and one of them",
                ));
            }
        };
        Ok(Self { media_type, material: material.read()?, content, log_entries, timestamps, bytes: bytes.to_vec() })
    }

    /// The signature, whatever it is over.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        match &self.content {
            Content::Envelope(envelope) => &envelope.signature,
            Content::Message(message) => &message.signature,
        }
    }

    /// The bundle as it was read, or made.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hint by which cosign names a key whose SHA-256 is this.
    #[must_use]
    pub fn hint(sha256_of_key: &[u8]) -> String {
        encode(sha256_of_key)
    }
}

impl VerificationMaterial {
    fn read(self) -> Result<Material, FormatError> {
        let der = |Object(certificate): Object<Certificate>| decode("bundle", &certificate.raw_bytes);
        match (self.public_key, self.certificate, self.x509_certificate_chain) {
            (Some(Object(key)), None, None) => Ok(Material::PublicKey { hint: key.hint.unwrap_or_default() }),
            (None, Some(certificate), None) => Ok(Material::Certificate(vec![der(certificate)?])),
            (None, None, Some(Object(chain))) if !chain.certificates.is_empty() => {
                Ok(Material::Certificate(chain.certificates.into_iter().map(der).collect::<Result<_, _>>()?))
            }
            _ => Err(FormatError::new("bundle", "it must name a key, a certificate or a chain, and one of them")),
        }
    }
}

impl Message {
    fn read(self) -> Result<MessageSignature, FormatError> {
        let digest =
            self.message_digest.map(|Object(said)| decode("bundle", &said.digest).map(|hash| (said.algorithm, hash)));
        Ok(MessageSignature { digest: digest.transpose()?, signature: decode("bundle", &self.signature)? })
    }
}

/// The minor version that a media type names. Version 0.3 has two spellings, and the first is the right one.
fn version(media_type: &str) -> Option<u8> {
    match media_type {
        super::names::BUNDLE | "application/vnd.dev.sigstore.bundle+json;version=0.3" => Some(3),
        "application/vnd.dev.sigstore.bundle+json;version=0.2" => Some(2),
        "application/vnd.dev.sigstore.bundle+json;version=0.1" => Some(1),
        _ => None,
    }
}
