//! `Sigstore`: the authorities of one instance, and the documents that say whom to trust and where to sign.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::certificate::{Authority, Certificate, Request};
use crate::text::{base64, canonical};
use crate::token::Tokens;
use crate::{Entry, Key, Log, TimestampAuthority};

/// The authorities of one instance. None of them needs HTTP: a test asks them directly for what it wants to forge.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sigstore {
    /// The certificate authority.
    pub authority: Authority,
    /// The key of the certificate log.
    pub certificate_log: Key,
    /// The log as Rekor v1.
    pub rekor: Log,
    /// The log as Rekor v2.
    pub rekor_v2: Log,
    /// The timestamp authority.
    pub timestamps: TimestampAuthority,
    /// The identity provider.
    pub tokens: Tokens,
}

/// Which services sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Services {
    /// Rekor v1, whose promise is the proof of the time.
    V1,
    /// Rekor v1 and a timestamp.
    V1Timestamp,
    /// Rekor v2 and a timestamp.
    V2Timestamp,
    /// No log.
    Timestamp,
}

/// Who is named in an entry of Rekor v2.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Signed<'a> {
    /// A certificate, in DER.
    Certificate(&'a [u8]),
    /// A P-256 key, as `SubjectPublicKeyInfo` in DER.
    PublicKey(&'a [u8]),
}

impl Services {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::V1, Self::V1Timestamp, Self::V2Timestamp, Self::Timestamp];

    /// The name of its signing configuration, without the extension.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::V1 => "sc-v1",
            Self::V1Timestamp => "sc-v1-tsa",
            Self::V2Timestamp => "sc-v2-tsa",
            Self::Timestamp => "sc-tsaonly",
        }
    }

    /// The version of Rekor, if there is one.
    #[must_use]
    pub fn rekor(self) -> Option<u8> {
        match self {
            Self::V1 | Self::V1Timestamp => Some(1),
            Self::V2Timestamp => Some(2),
            Self::Timestamp => None,
        }
    }

    /// Whether there is a timestamp.
    #[must_use]
    pub fn timestamp(self) -> bool {
        self != Self::V1
    }
}

impl Sigstore {
    /// A new instance, which nobody else trusts.
    #[must_use]
    pub fn new() -> Self {
        Self {
            authority: Authority::new(),
            certificate_log: Key::p256(),
            rekor: Log::v1(),
            rekor_v2: Log::v2(),
            timestamps: TimestampAuthority::new(),
            tokens: Tokens::new(),
        }
    }

    /// Issues a certificate.
    #[must_use]
    pub fn certify(&self, request: &Request) -> Certificate {
        self.authority.issue(request, &self.certificate_log)
    }

    /// Logs a signature over something of this SHA-256, by whom `verifier` (PEM) names: kind hashedrekord of Rekor v1.
    #[must_use]
    pub fn log_signature(&self, hash: &[u8], signature: &[u8], verifier: &str, time: SystemTime) -> Entry {
        let body = json!({
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": { "hash": { "algorithm": "sha256", "value": crate::text::hex(hash) } },
                "signature": {
                    "content": base64(signature),
                    "publicKey": { "content": base64(verifier.as_bytes()) },
                },
            },
        });
        self.rekor.add_v1(("hashedrekord", "0.0.1"), &body, time)
    }

    /// Logs a DSSE envelope, in JSON, with its one signature: kind dsse of Rekor v1. None where the envelope is none.
    #[must_use]
    pub fn log_envelope(&self, envelope: &str, verifier: &str, time: SystemTime) -> Option<Entry> {
        let read: Value = serde_json::from_str(envelope).ok()?;
        let payload = crate::text::unbase64(read.get("payload")?.as_str()?)?;
        let signature = read.get("signatures")?.get(0)?.get("sig")?.as_str()?;
        let hash = |bytes: &[u8]| json!({ "algorithm": "sha256", "value": crate::text::hex(&crate::sha256(bytes)) });
        let body = json!({
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": hash(envelope.as_bytes()),
                "payloadHash": hash(&payload),
                "signatures": [{ "signature": signature, "verifier": base64(verifier.as_bytes()) }],
            },
        });
        Some(self.rekor.add_v1(("dsse", "0.0.1"), &body, time))
    }

    /// Logs a signature over something of this SHA-256: kind hashedrekord of Rekor v2.
    #[must_use]
    pub fn log_v2(&self, hash: &[u8], signature: &[u8], signed: Signed<'_>) -> Entry {
        let mut verifier = json!({ "keyDetails": "PKIX_ECDSA_P256_SHA_256" });
        match signed {
            Signed::Certificate(der) => verifier["x509Certificate"] = json!({ "rawBytes": base64(der) }),
            Signed::PublicKey(der) => verifier["publicKey"] = json!({ "rawBytes": base64(der) }),
        }
        self.log_v2_as_asked(&json!(base64(hash)), &json!({ "content": base64(signature), "verifier": verifier }))
    }

    pub(crate) fn log_v2_as_asked(&self, digest: &Value, signature: &Value) -> Entry {
        let data = json!({ "algorithm": "SHA2_256", "digest": digest });
        let spec = json!({ "hashedRekordV002": { "data": data, "signature": signature } });
        let body = json!({ "apiVersion": "0.0.2", "kind": "hashedrekord", "spec": spec });
        self.rekor_v2.add_v2(("hashedrekord", "0.0.2"), &body)
    }

    /// The `trusted_root.json` of this instance, whose services are at `url`.
    #[must_use]
    pub fn trusted_root(&self, url: &str) -> String {
        let window = json!({ "start": an_hour_ago() });
        let certificates = |list: &[Vec<u8>]| -> Value {
            let list: Vec<Value> = list.iter().map(|der| json!({ "rawBytes": base64(der) })).collect();
            json!({ "certificates": list })
        };
        let log = |url: &str, key: &Key, id: [u8; 32], details: &str| {
            json!({
                "baseUrl": url,
                "hashAlgorithm": "SHA2_256",
                "publicKey": { "rawBytes": base64(&key.spki()), "keyDetails": details, "validFor": window },
                "logId": { "keyId": base64(&id) },
            })
        };
        let ecdsa = "PKIX_ECDSA_P256_SHA_256";
        let root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [
                log(url, &self.rekor.key, self.rekor.id(), ecdsa),
                // cosign takes the origin of the checkpoints from here, where a port has no place.
                log("http://127.0.0.1", &self.rekor_v2.key, self.rekor_v2.id(), "PKIX_ED25519"),
            ],
            "certificateAuthorities": [{
                "subject": { "organization": "sigstore.mock", "commonName": "sigstore" },
                "uri": url,
                "certChain": certificates(&self.authority.certificates),
                "validFor": window,
            }],
            "ctlogs": [log(url, &self.certificate_log, self.certificate_log.id(), ecdsa)],
            "timestampAuthorities": [{
                "subject": { "organization": "sigstore.mock", "commonName": "tsa" },
                "uri": format!("{url}/api/v1/timestamp"),
                "certChain": certificates(&self.timestamps.certificates),
                "validFor": window,
            }],
        });
        canonical(&root)
    }

    /// The signing configuration that has cosign and us sign with the services at `url`.
    #[must_use]
    pub fn signing_config(&self, url: &str, services: Services) -> String {
        let service = |url: String, version: u8| {
            let window = json!({ "start": an_hour_ago() });
            json!([{ "url": url, "majorApiVersion": version, "validFor": window, "operator": "mock" }])
        };
        let any = json!({ "selector": "ANY" });
        let mut config = json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": service(url.to_owned(), 1),
            "oidcUrls": [],
            "rekorTlogUrls": [],
            "rekorTlogConfig": {},
            "tsaUrls": [],
            "tsaConfig": {},
        });
        if let Some(version) = services.rekor() {
            config["rekorTlogUrls"] = service(url.to_owned(), version);
            config["rekorTlogConfig"] = any.clone();
        }
        if services.timestamp() {
            config["tsaUrls"] = service(format!("{url}/api/v1/timestamp"), 1);
            config["tsaConfig"] = any;
        }
        canonical(&config)
    }

    /// What cosign 2 is told by files: the name of each, and what is in it.
    #[must_use]
    pub fn pems(&self) -> [(&'static str, String); 4] {
        [
            ("fulcio.pem", self.authority.chain_pem()),
            ("rekor.pub", self.rekor.key.public_pem()),
            ("ctfe.pub", self.certificate_log.public_pem()),
            ("tsa.pem", self.timestamps.chain_pem()),
        ]
    }
}

impl Default for Sigstore {
    fn default() -> Self {
        Self::new()
    }
}

fn an_hour_ago() -> String {
    let time = Timestamp::try_from(SystemTime::now() - Duration::from_secs(3600)).expect("a time of this age");
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
