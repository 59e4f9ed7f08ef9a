//! cosign 2's annotations in the form of a bundle's fields: certificates, what Rekor answered, a timestamp.

use serde::Deserialize;
use sigstore_types::bundle::{InclusionPromise, KindVersion, TransparencyLogEntry, X509Certificate};
use sigstore_types::{CanonicalizedBody, DerCertificate, LogId, LogIndex, LogKeyId, Sha256Hash, SignedTimestamp};

use super::reason::malformed;
use crate::format::{LogBundle, decode, timestamp_token};
use crate::verify::Reason;

/// The certificate, then those above it.
pub(super) fn certificates(leaf: &str, chain: Option<&str>) -> Result<Vec<X509Certificate>, Reason> {
    let mut certificates = pem(leaf)?;
    if certificates.len() != 1 {
        return Err(Reason::Certificate { why: format!("{} certificates instead of one", certificates.len()) });
    }
    certificates.extend(chain.map(pem).transpose()?.unwrap_or_default());
    Ok(certificates)
}

/// An entry that the log promised to have: the body, and the log's signature over it, its place and the time.
pub(super) fn log_entry(answer: &str) -> Result<TransparencyLogEntry, Reason> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        kind: String,
        api_version: String,
    }
    let LogBundle { signed_entry_timestamp, body, integrated_time, log_index, log_id } =
        LogBundle::parse(answer.as_bytes()).map_err(malformed)?;
    let Body { kind, api_version } = serde_json::from_slice(&body).map_err(malformed)?;
    let kind_version = match (kind.as_str(), api_version.as_str()) {
        ("hashedrekord", "0.0.1") => KindVersion::HashedRekordV001,
        ("dsse", "0.0.1") => KindVersion::DsseV001,
        ("intoto", "0.0.2") => KindVersion::IntotoV002,
        _ => {
            let why = format!("an entry of kind {kind:?} {api_version:?} cannot be checked");
            return Err(Reason::TransparencyLog { why });
        }
    };
    let log_id = Sha256Hash::from_hex(&log_id).map_err(malformed)?;
    let time = jiff::Timestamp::from_second(integrated_time).map_err(malformed)?;
    let entry = TransparencyLogEntry::new(
        LogIndex::new(log_index).map_err(malformed)?,
        LogId::new(LogKeyId::from_bytes(log_id.as_slice())),
        kind_version,
        CanonicalizedBody::new(body),
    );
    let promise = InclusionPromise::new(SignedTimestamp::new(signed_entry_timestamp));
    Ok(entry.with_integrated_time(time).with_inclusion_promise(promise))
}

/// A timestamp token (RFC 3161), in DER.
pub(super) fn timestamp(answer: &str) -> Result<Vec<u8>, Reason> {
    timestamp_token(answer.as_bytes()).map_err(malformed)
}

/// The certificates of a PEM text that has nothing else.
fn pem(text: &str) -> Result<Vec<X509Certificate>, Reason> {
    const MAX: usize = 64 * 1024;
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    if text.len() > MAX {
        return Err(Reason::Certificate { why: format!("{} bytes of certificates", text.len()) });
    }
    let read = |document: &str| {
        let body = document.trim().strip_prefix(BEGIN).ok_or_else(|| malformed("a PEM text that is no certificate"))?;
        let der = decode("certificate", &body.split_ascii_whitespace().collect::<String>()).map_err(malformed)?;
        Ok(X509Certificate::new(DerCertificate::new(der)))
    };
    let text = text.trim();
    let documents = text.strip_suffix(END).ok_or_else(|| malformed("a PEM text that does not end as one"))?;
    documents.split(END).map(read).collect()
}
