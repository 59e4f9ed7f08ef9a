//! Witnesses: the entry of a log, and a timestamp, for a signature that was just made.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use sigstore_sign::crypto::sha256;
use sigstore_sign::rekor::{
    DsseEntry, Error, HashedRekord, HashedRekordV2, LogEntry, RekorClient, RekorV2Client, RekorV2KeyDetails,
};
use sigstore_sign::reqwest::Client;
use sigstore_sign::tsa::{self, TimestampClient};
use sigstore_sign::types::{DerCertificate, KindVersion, SignatureBytes, TimestampToken, TransparencyLogEntry};

use super::certificate::Issued;
use super::endpoint::Endpoint;
use super::{Failure, KeylessError, RekorVersion, Services};
use crate::format::{Envelope, encode};

/// What a log says about a signature.
#[derive(Debug)]
pub(super) enum Entry {
    V1(Box<LogEntry>, KindVersion),
    V2(Box<TransparencyLogEntry>),
}

/// Asks the services of one signature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Witnesses<'a> {
    pub(super) services: &'a Services,
    pub(super) client: &'a Client,
    pub(super) limit: Duration,
}

impl Witnesses<'_> {
    /// Logs the signature of an envelope, whose bytes in version 1 are those of [`Envelope::to_bytes`]: cosign 2 compares their
    /// hash with that of the layer.
    pub(super) async fn envelope(self, envelope: &Envelope, issued: &Issued) -> Result<Entry, KeylessError> {
        let rekor = &self.services.rekor;
        let signature = SignatureBytes::from_bytes(&envelope.signature);
        if self.services.version == RekorVersion::V2 {
            return self.v2(&envelope.pae(), &signature, &issued.leaf).await;
        }
        let machine = |error: &dyn std::error::Error| KeylessError::Machine { why: error.to_string() };
        let text = String::from_utf8(envelope.to_bytes()).map_err(|error| machine(&error))?;
        let content = json!({ "envelope": text, "verifiers": [encode(issued.pem())] });
        // Its own constructor writes the envelope in another way.
        let asked = json!({ "apiVersion": "0.0.1", "kind": "dsse", "spec": { "proposedContent": content } });
        let asked: DsseEntry = serde_json::from_value(asked).map_err(|error| machine(&error))?;
        let answer = rekor.within(self.limit, self.v1()?.create_dsse_entry(asked)).await?;
        let entry = answer.map_err(|error| failed(rekor, error))?;
        checked(rekor, entry, KindVersion::DsseV001, "/spec/signatures/0/signature", &signature)
    }

    /// Logs the signature of a payload of the old layout, at a log of version 1.
    pub(super) async fn payload(
        self,
        payload: &[u8],
        signature: &SignatureBytes,
        certificate: &DerCertificate,
    ) -> Result<Entry, KeylessError> {
        let rekor = &self.services.rekor;
        let asked = HashedRekord::new(&sha256(payload), signature, certificate);
        let answer = rekor.within(self.limit, self.v1()?.create_entry(asked)).await?;
        let entry = answer.map_err(|error| failed(rekor, error))?;
        checked(rekor, entry, KindVersion::HashedRekordV001, "/spec/signature/content", signature)
    }

    /// Has the time of the signature signed, where there is an authority for it.
    pub(super) async fn timestamp(self, signature: &SignatureBytes) -> Result<Option<TimestampToken>, KeylessError> {
        let Some(authority) = &self.services.timestamps else { return Ok(None) };
        let asked = TimestampClient::builder(authority.as_str()).with_http_client(self.client.clone()).build();
        let asked = asked.map_err(|error| stampless(authority, error))?;
        let answer = authority.within(self.limit, asked.timestamp_signature(signature)).await?;
        answer.map(Some).map_err(|error| stampless(authority, error))
    }

    fn v1(self) -> Result<RekorClient, KeylessError> {
        let rekor = &self.services.rekor;
        let client = RekorClient::builder(rekor.as_str()).with_http_client(self.client.clone()).build();
        client.map_err(|error| failed(rekor, error))
    }

    async fn v2(
        self,
        message: &[u8],
        signature: &SignatureBytes,
        certificate: &DerCertificate,
    ) -> Result<Entry, KeylessError> {
        let rekor = &self.services.rekor;
        let client = RekorV2Client::builder(rekor.as_str()).with_http_client(self.client.clone()).build();
        let client = client.map_err(|error| failed(rekor, error))?;
        let kind = RekorV2KeyDetails::PkixEcdsaP256Sha256;
        let asked = HashedRekordV2::new_with_certificate(&sha256(message), signature, certificate, kind);
        let answer = rekor.within(self.limit, client.create_entry(asked)).await?;
        Ok(Entry::V2(Box::new(answer.map_err(|error| failed(rekor, error))?)))
    }
}

impl Entry {
    /// As a bundle has it.
    pub(super) fn into_bundle(self, rekor: &Endpoint) -> Result<TransparencyLogEntry, KeylessError> {
        match self {
            Self::V1(entry, kind) => entry.to_bundle_entry(kind).map_err(|error| rekor.nonsense(error)),
            Self::V2(entry) => Ok(*entry),
        }
    }

    /// As the old layout has it: what the log promised, in cosign's order.
    pub(super) fn to_annotation(&self, rekor: &Endpoint) -> Result<String, KeylessError> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Promise<'a> {
            signed_entry_timestamp: String,
            payload: Promised<'a>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Promised<'a> {
            body: String,
            integrated_time: i64,
            log_index: u64,
            #[serde(rename = "logID")]
            log_id: &'a str,
        }
        let Self::V1(entry, _) = self else { return Err(KeylessError::NoLegacy { url: rekor.shown() }) };
        let promise = entry.verification.as_ref().and_then(|said| said.signed_entry_timestamp.as_ref());
        let (Some(promise), Some(time)) = (promise, entry.integrated_time) else {
            return Err(rekor.nonsense("there is no promise in it"));
        };
        let document = Promise {
            signed_entry_timestamp: encode(promise.as_bytes()),
            payload: Promised {
                body: encode(entry.body.as_bytes()),
                integrated_time: time.as_second(),
                log_index: entry.log_index.get(),
                log_id: entry.log_id.as_str(),
            },
        };
        serde_json::to_string(&document).map_err(|error| rekor.nonsense(error))
    }
}

/// Whether an entry of version 1 is about this signature, and has what a verification will ask for. The client leaves it open.
fn checked(
    rekor: &Endpoint,
    entry: LogEntry,
    kind: KindVersion,
    path: &str,
    signature: &SignatureBytes,
) -> Result<Entry, KeylessError> {
    let body: serde_json::Value =
        serde_json::from_slice(entry.body.as_bytes()).map_err(|_| rekor.nonsense("its entry is no JSON"))?;
    let logged = body.pointer(path).and_then(serde_json::Value::as_str);
    if logged != Some(encode(signature.as_bytes()).as_str()) {
        return Err(rekor.nonsense("its entry is about another signature"));
    }
    let said = entry.verification.as_ref();
    if said.is_none_or(|said| said.signed_entry_timestamp.is_none() || said.inclusion_proof.is_none()) {
        return Err(rekor.nonsense("its entry comes without the promise or the proof that the log has it"));
    }
    Ok(Entry::V1(Box::new(entry), kind))
}

fn failed(rekor: &Endpoint, error: Error) -> KeylessError {
    match error {
        Error::Http(_) => rekor.failed(Failure::Unreachable),
        Error::Status { status, message } => rekor.refused(status, &message),
        other => rekor.nonsense(other),
    }
}

fn stampless(authority: &Endpoint, error: tsa::Error) -> KeylessError {
    let tsa::Error::Http(said) = &error else { return authority.nonsense(error) };
    // Its client has no variant for a status; a test sees whether it still says it so.
    let status = said.strip_prefix("TSA returned status ").and_then(|rest| rest.get(..3)?.parse().ok());
    match status {
        Some(status) => authority.refused(status, ""),
        None => authority.failed(Failure::Unreachable),
    }
}
