//! Whole signatures without HTTP: a bundle, or what the old layout has beside a signature, from a new key each time.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::certificate::{Certificate, Name, Request};
use crate::text::base64;
use crate::timestamp::Stamp;
use crate::{Entry, Key, Services, Signed, Sigstore, sha256};

/// The parts of a keyless signature. A test makes one of them wrong and puts them together.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sealed {
    /// The key that signed, which Fulcio has seen.
    pub key: Key,
    /// The certificate.
    pub certificate: Certificate,
    /// The signature.
    pub signature: Vec<u8>,
    /// The entry of the log, where there is one.
    pub entry: Option<Entry>,
    /// The whole answer of the timestamp authority, where there is one.
    pub timestamp: Option<Vec<u8>>,
}

impl Sigstore {
    /// Signs a statement as `application/vnd.in-toto+json`, for `name` from `issuer`, now.
    #[must_use]
    pub fn seal_statement(&self, statement: &[u8], name: Name, issuer: &str, services: Services) -> Sealed {
        let key = Key::p256();
        let certificate = self.certify(&Request::new(&key, name, issuer));
        self.seal_statement_with(statement, key, certificate, services, SystemTime::now())
    }

    /// The same with a key, a certificate and a time of the test's own.
    #[must_use]
    pub fn seal_statement_with(
        &self,
        statement: &[u8],
        key: Key,
        certificate: Certificate,
        services: Services,
        time: SystemTime,
    ) -> Sealed {
        let message = pre_authentication(statement);
        let signature = key.sign(&message);
        let entry = match services.rekor() {
            Some(1) => {
                let envelope = envelope(statement, &signature).to_string();
                self.log_envelope(&envelope, &certificate.pem(), time)
            }
            Some(_) => Some(self.log_v2(&sha256(&message), &signature, Signed::Certificate(&certificate.der))),
            None => None,
        };
        self.sealed(key, certificate, signature, entry, services, time)
    }

    /// Signs a payload of the old layout, for `name` from `issuer`, now.
    #[must_use]
    pub fn seal_payload(&self, payload: &[u8], name: Name, issuer: &str, services: Services) -> Sealed {
        let key = Key::p256();
        let certificate = self.certify(&Request::new(&key, name, issuer));
        self.seal_payload_with(payload, key, certificate, services, SystemTime::now())
    }

    /// The same with a key, a certificate and a time of the test's own.
    #[must_use]
    pub fn seal_payload_with(
        &self,
        payload: &[u8],
        key: Key,
        certificate: Certificate,
        services: Services,
        time: SystemTime,
    ) -> Sealed {
        let signature = key.sign(payload);
        let entry = match services.rekor() {
            Some(1) => Some(self.log_signature(&sha256(payload), &signature, &certificate.pem(), time)),
            Some(_) => Some(self.log_v2(&sha256(payload), &signature, Signed::Certificate(&certificate.der))),
            None => None,
        };
        self.sealed(key, certificate, signature, entry, services, time)
    }

    fn sealed(
        &self,
        key: Key,
        certificate: Certificate,
        signature: Vec<u8>,
        entry: Option<Entry>,
        services: Services,
        time: SystemTime,
    ) -> Sealed {
        let timestamp = services.timestamp().then(|| self.timestamps.response(&Stamp::of(&signature, time)));
        Sealed { key, certificate, signature, entry, timestamp }
    }
}

impl Sealed {
    /// The bundle over this statement.
    #[must_use]
    pub fn bundle(&self, statement: &[u8]) -> Value {
        let mut material = json!({ "certificate": { "rawBytes": base64(&self.certificate.der) } });
        if let Some(entry) = &self.entry {
            material["tlogEntries"] = json!([entry.to_bundle()]);
        }
        if let Some(timestamp) = &self.timestamp {
            let stamps = json!([{ "signedTimestamp": base64(timestamp) }]);
            material["timestampVerificationData"] = json!({ "rfc3161Timestamps": stamps });
        }
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": material,
            "dsseEnvelope": envelope(statement, &self.signature),
        })
    }

    /// The annotations of a layer of the old layout.
    #[must_use]
    pub fn annotations(&self) -> Vec<(&'static str, String)> {
        let mut annotations = vec![
            ("dev.cosignproject.cosign/signature", base64(&self.signature)),
            ("dev.sigstore.cosign/certificate", self.certificate.pem()),
            ("dev.sigstore.cosign/chain", self.certificate.chain.clone()),
        ];
        annotations.extend(self.entry.as_ref().map(|entry| ("dev.sigstore.cosign/bundle", entry.to_annotation())));
        // The whole answer, as cosign 2 keeps it.
        annotations.extend(self.timestamp.as_ref().map(|response| {
            ("dev.sigstore.cosign/rfc3161timestamp", json!({ "SignedRFC3161Timestamp": base64(response) }).to_string())
        }));
        annotations
    }
}

/// What a signature of a statement is over (DSSE, PAE).
#[must_use]
pub fn pre_authentication(statement: &[u8]) -> Vec<u8> {
    let kind = "application/vnd.in-toto+json";
    [format!("DSSEv1 {} {kind} {} ", kind.len(), statement.len()).as_bytes(), statement].concat()
}

fn envelope(statement: &[u8], signature: &[u8]) -> Value {
    json!({
        "payload": base64(statement),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{ "sig": base64(signature) }],
    })
}
