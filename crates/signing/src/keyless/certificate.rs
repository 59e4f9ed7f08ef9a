//! `Issued`: a key that lives in memory for minutes, and the certificate that says whose it is.

use std::fmt;
use std::time::{Duration, SystemTime};

use sigstore_sign::crypto::{KeyPair, SubjectAltName, parse_certificate_info};
use sigstore_sign::fulcio::{Error, FulcioClient, SigningCertificate};
use sigstore_sign::reqwest::Client;
use sigstore_sign::types::DerCertificate;

use super::endpoint::Endpoint;
use super::{Failure, IdentityToken, KeylessError};
use crate::trust::San;

/// How long before its end a certificate is no longer used: the log has to take the signature before.
const MARGIN: Duration = Duration::from_secs(60);

/// A key and its certificate.
pub(super) struct Issued {
    pub(super) key: KeyPair,
    pub(super) leaf: DerCertificate,
    above: Vec<DerCertificate>,
    pub(super) subject: San,
    pub(super) issuer: String,
    end: SystemTime,
}

impl Issued {
    /// Asks Fulcio for the certificate of a new key.
    pub(super) async fn new(
        fulcio: &Endpoint,
        client: &Client,
        token: &IdentityToken,
        limit: Duration,
    ) -> Result<Self, KeylessError> {
        let machine = |error: sigstore_sign::crypto::Error| KeylessError::Machine { why: error.to_string() };
        let key = KeyPair::generate_ecdsa_p256().map_err(machine)?;
        let asked = FulcioClient::builder(fulcio.as_str()).with_http_client(client.clone()).build();
        let asked = asked.map_err(|error| failed(fulcio, token, error))?;
        let answer = fulcio.within(limit, asked.create_signing_certificate(token.inner(), &key)).await?;
        let SigningCertificate::EmbeddedSct { chain } = answer.map_err(|error| failed(fulcio, token, error))? else {
            return Err(fulcio.nonsense("the promise of the certificate log is not in the certificate"));
        };
        let mut chain = chain.into_iter();
        let leaf = chain.next().ok_or_else(|| fulcio.nonsense("there is no certificate in it"))?;
        let info = parse_certificate_info(&leaf).map_err(|error| fulcio.nonsense(error))?;
        if info.public_key != key.public_key_der().map_err(machine)? {
            return Err(fulcio.nonsense("the certificate is that of another key"));
        }
        let subject = match info.identity {
            Some(SubjectAltName::Email(text)) => San::Email(text),
            Some(SubjectAltName::Uri(text)) => San::Uri(text),
            Some(other) => San::Other(other.as_str().to_owned()),
            None => return Err(fulcio.nonsense("the certificate names nobody")),
        };
        let issuer = info.issuer.ok_or_else(|| fulcio.nonsense("the certificate names no issuer"))?;
        Ok(Self { key, leaf, above: chain.collect(), subject, issuer, end: info.not_after.into() })
    }

    /// Whether something can be signed and logged before the certificate ends.
    pub(super) fn lasts(&self, now: SystemTime) -> bool {
        now + MARGIN < self.end
    }

    /// The certificates above it, in PEM.
    pub(super) fn chain(&self) -> String {
        self.above.iter().map(|certificate| lines(&certificate.to_pem())).collect()
    }

    /// The certificate, in PEM.
    pub(super) fn pem(&self) -> String {
        lines(&self.leaf.to_pem())
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("subject", &self.subject).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// PEM in the lines that cosign writes.
fn lines(pem: &str) -> String {
    pem.lines().flat_map(|line| [line, "\n"]).collect()
}

fn failed(fulcio: &Endpoint, token: &IdentityToken, error: Error) -> KeylessError {
    match error {
        Error::Http(_) => fulcio.failed(Failure::Unreachable),
        Error::Status { status, message } => fulcio.refused(status, &token.redacted(&message)),
        Error::Signing(why) => KeylessError::Machine { why },
        other => fulcio.nonsense(token.redacted(&other.to_string())),
    }
}
