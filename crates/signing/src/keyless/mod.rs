//! Signing without a key of one's own: an identity token instead, a certificate for minutes, and a public log.
//!
//! ```no_run
//! use std::sync::Arc;
//! use lockage_signing::keyless::{IdentityToken, Keyless, Services};
//! use lockage_signing::{sign::Signing, trust::TrustedRoot};
//!
//! # async fn release() -> Result<(), Box<dyn std::error::Error>> {
//! let token = IdentityToken::from_actions(|name| std::env::var(name).ok()).await?;
//! let keyless = Keyless::new(Services::public_good()?, token)?.trusted_root(Arc::new(TrustedRoot::public_good()?));
//! let signing = Signing::keyless(&keyless);
//! # Ok(())
//! # }
//! ```
//!
//! One certificate is asked for and used for everything that is signed while it is valid (ten minutes): a hundred images cost
//! one request to Fulcio, and one to the log and the timestamp authority for each signature.

mod actions;
mod certificate;
mod endpoint;
mod error;
mod services;
mod token;
mod witness;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::lock::Mutex;
use sigstore_sign::bundle::BundleV03;
use sigstore_sign::reqwest::Client;
use sigstore_sign::types::{DsseEnvelope, DsseSignature, KeyId, PayloadBytes, SignatureBytes, TimestampToken};

pub use error::{Failure, KeylessError, Service};
pub use services::{RekorVersion, Services};
pub use token::IdentityToken;

use self::certificate::Issued;
use self::witness::{Entry, Witnesses};
use crate::format::{Bundle, Envelope, FormatError, SimpleSigning, encode, names, pae};
use crate::trust::{San, TrustedRoot};
use crate::verify::{Evidence, LegacyProof, Place, Proof, Reason, Says};

/// How long a service may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Signs as whom an identity token names.
pub struct Keyless {
    services: Services,
    token: IdentityToken,
    client: Client,
    limit: Duration,
    root: Option<Arc<TrustedRoot>>,
    issued: Mutex<Option<Arc<Issued>>>,
}

/// A signature, and who has witnessed it.
struct Sealed {
    issued: Arc<Issued>,
    signature: SignatureBytes,
    entry: Entry,
    timestamp: Option<TimestampToken>,
}

impl Keyless {
    /// Signs with these services as whom the token names. Nothing is asked for yet.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(services: Services, token: IdentityToken) -> Result<Self, KeylessError> {
        let client = endpoint::client()?;
        Ok(Self { services, token, client, limit: LIMIT, root: None, issued: Mutex::new(None) })
    }

    /// Verifies everything with this root: what is made, before it is stored, and what is there already.
    ///
    /// Without a root, nobody can say whether a signature that is there is good, so each call adds one.
    #[must_use]
    pub fn trusted_root(mut self, root: impl Into<Arc<TrustedRoot>>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// Waits for an answer of a service no longer than this; thirty seconds unless said otherwise.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The services.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Whom the certificate names, and who vouched for that: what a policy has to ask for. Costs a request to Fulcio unless
    /// there is a certificate that lasts.
    ///
    /// # Errors
    /// Where Fulcio issues none.
    pub async fn identity(&self, now: SystemTime) -> Result<(San, String), KeylessError> {
        let issued = self.certificate(now).await?;
        Ok((issued.subject.clone(), issued.issuer.clone()))
    }

    /// Signs an in-toto statement, in these bytes, into a bundle of version 0.3.
    ///
    /// # Errors
    /// Whatever keeps a service from doing its part, and a bundle that the trusted root does not believe.
    pub async fn bundle(&self, statement: &[u8], now: SystemTime) -> Result<Bundle, KeylessError> {
        let (envelope, sealed) = self.seal_statement(statement, now).await?;
        let signature = DsseSignature::new(sealed.signature, KeyId::default());
        let envelope = DsseEnvelope::new(envelope.payload_type, PayloadBytes::new(envelope.payload), signature);
        let mut bundle = BundleV03::with_certificate_and_dsse(sealed.issued.leaf.clone(), envelope)
            .with_tlog_entry(sealed.entry.into_bundle(&self.services.rekor)?);
        if let Some(timestamp) = sealed.timestamp {
            bundle = bundle.with_rfc3161_timestamp(timestamp);
        }
        let text = bundle.into_bundle().to_json().map_err(|error| KeylessError::Machine { why: error.to_string() })?;
        let bundle = Bundle::parse(text.as_bytes()).map_err(unwritten)?;
        self.believe(&sealed.issued, &Evidence::of_bundle(Place::File, bundle.clone()).map_err(unwritten)?)?;
        Ok(bundle)
    }

    /// Signs a payload of the old layout: the annotations of its layer.
    ///
    /// # Errors
    /// As [`bundle`](Self::bundle), and where the log is Rekor v2.
    pub async fn payload(&self, payload: &[u8], now: SystemTime) -> Result<BTreeMap<String, String>, KeylessError> {
        self.has_legacy()?;
        let issued = self.certificate(now).await?;
        let signature = sign(&issued, payload)?;
        let witnesses = self.witnesses();
        let entry = witnesses.payload(payload, &signature, &issued.leaf).await?;
        let timestamp = witnesses.timestamp(&signature).await?;
        let sealed = Sealed { issued, signature, entry, timestamp };
        let annotations = self.annotations(&sealed, encode(sealed.signature.as_bytes()))?;
        let evidence = Evidence {
            place: Place::File,
            says: Says::Payload(SimpleSigning::parse(payload).map_err(unwritten)?),
            message: payload.to_vec(),
            signature: sealed.signature.as_bytes().to_vec(),
            proof: Proof::Legacy(LegacyProof::of(&annotations)),
        };
        self.believe(&sealed.issued, &evidence)?;
        Ok(annotations)
    }

    /// Signs an in-toto statement for the old layout: the envelope, and the annotations of its layer.
    ///
    /// # Errors
    /// As [`payload`](Self::payload).
    pub async fn envelope(
        &self,
        statement: &[u8],
        now: SystemTime,
    ) -> Result<(Envelope, BTreeMap<String, String>), KeylessError> {
        self.has_legacy()?;
        let (envelope, sealed) = self.seal_statement(statement, now).await?;
        // The signature is in the envelope.
        let annotations = self.annotations(&sealed, String::new())?;
        let proof = Proof::Legacy(LegacyProof::of(&annotations));
        let evidence = Evidence::of_envelope(Place::File, envelope.clone(), proof).map_err(unwritten)?;
        self.believe(&sealed.issued, &evidence)?;
        Ok((envelope, annotations))
    }

    /// Whether the old layout can be written.
    pub(crate) fn has_legacy(&self) -> Result<(), KeylessError> {
        if self.services.has_legacy() {
            return Ok(());
        }
        Err(KeylessError::NoLegacy { url: self.services.rekor.shown() })
    }

    /// Whether a signature that is there is good, and of the same identity. Without a root, nobody knows.
    pub(crate) async fn made(&self, evidence: &Evidence, now: SystemTime) -> Result<bool, KeylessError> {
        let Some(certified) = self.root.as_ref().and_then(|root| root.certified(evidence).ok()) else {
            return Ok(false);
        };
        let issued = self.certificate(now).await?;
        Ok(certified.subject == issued.subject && certified.issuer == issued.issuer)
    }

    async fn seal_statement(&self, statement: &[u8], now: SystemTime) -> Result<(Envelope, Sealed), KeylessError> {
        let issued = self.certificate(now).await?;
        let signature = sign(&issued, &pae(names::IN_TOTO, statement))?;
        let envelope = Envelope::new(names::IN_TOTO, statement.to_vec(), signature.as_bytes().to_vec());
        let witnesses = self.witnesses();
        let entry = witnesses.envelope(&envelope, &issued).await?;
        let timestamp = witnesses.timestamp(&signature).await?;
        Ok((envelope, Sealed { issued, signature, entry, timestamp }))
    }

    fn annotations(&self, sealed: &Sealed, signature: String) -> Result<BTreeMap<String, String>, KeylessError> {
        let mut annotations = BTreeMap::from([
            (names::SIGNATURE.to_owned(), signature),
            (names::CERTIFICATE.to_owned(), sealed.issued.pem()),
            (names::CHAIN.to_owned(), sealed.issued.chain()),
            (names::REKOR_BUNDLE.to_owned(), sealed.entry.to_annotation(&self.services.rekor)?),
        ]);
        if let Some(timestamp) = &sealed.timestamp {
            // The whole answer, as cosign 2 keeps it.
            let stamp = serde_json::json!({ "SignedRFC3161Timestamp": encode(timestamp.as_bytes()) });
            annotations.insert(names::TIMESTAMP.to_owned(), stamp.to_string());
        }
        Ok(annotations)
    }

    /// The certificate, and a new one where it ends soon. Who asks at the same time waits and gets the same.
    async fn certificate(&self, now: SystemTime) -> Result<Arc<Issued>, KeylessError> {
        let mut held = self.issued.lock().await;
        if let Some(issued) = held.as_ref().filter(|issued| issued.lasts(now)) {
            return Ok(Arc::clone(issued));
        }
        self.token.usable(now)?;
        let issued = Issued::new(&self.services.fulcio, &self.client, &self.token, self.limit).await?;
        let issued = Arc::new(issued);
        *held = Some(Arc::clone(&issued));
        Ok(issued)
    }

    fn witnesses(&self) -> Witnesses<'_> {
        Witnesses { services: &self.services, client: &self.client, limit: self.limit }
    }

    /// Whether what was made will be believed by those who have the same root.
    fn believe(&self, issued: &Issued, evidence: &Evidence) -> Result<(), KeylessError> {
        let Some(root) = &self.root else { return Ok(()) };
        let certified = root.certified(evidence).map_err(|reason| KeylessError::NotBelieved { why: why(reason) })?;
        if certified.subject == issued.subject && certified.issuer == issued.issuer {
            return Ok(());
        }
        Err(KeylessError::NotBelieved { why: format!("it names {} of {}", certified.subject, certified.issuer) })
    }
}

impl fmt::Debug for Keyless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyless").field("services", &self.services).field("root", &self.root).finish_non_exhaustive()
    }
}

fn why(reason: Reason) -> String {
    match reason {
        Reason::Malformed { why }
        | Reason::Certificate { why }
        | Reason::TransparencyLog { why }
        | Reason::Timestamp { why } => why,
        _ => "it is not what was signed".to_owned(),
    }
}

fn sign(issued: &Issued, message: &[u8]) -> Result<SignatureBytes, KeylessError> {
    issued.key.sign(message).map_err(|error| KeylessError::Machine { why: error.to_string() })
}

fn unwritten(error: FormatError) -> KeylessError {
    KeylessError::Machine { why: error.to_string() }
}
