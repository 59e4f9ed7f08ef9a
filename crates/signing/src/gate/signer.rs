//! `KeySigner` and `KeylessSigner`: whoever signs approvals, ledger entries and evidence, by a key or an identity.

#[cfg(feature = "keyless")]
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use lockage_promote::statement::{Sealed, StatementError, StatementSigner};

use crate::Signer;
use crate::format::{Statement, names};
#[cfg(feature = "keyless")]
use crate::keyless::Keyless;
use crate::sign::Seal;

/// Signs statements with a key: into Sigstore bundles of version 0.3 as cosign 3 writes them, or DSSE envelopes.
///
/// Makes no request of its own; a key service takes one or two for each statement, because every signature is checked by the
/// key before it is given out.
///
/// ```
/// use lockage_promote::statement::StatementSigner;
/// # async fn sealed(key: impl lockage_signing::Signer + 'static) -> Result<(), lockage_promote::statement::StatementError> {
/// use lockage_signing::gate::KeySigner;
///
/// let statement = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],
///     "predicateType":"https://acme.example/checked/v1","predicate":{}}"#;
/// let sealed = KeySigner::new(key).sign_statement(statement).await?;
/// assert_eq!(sealed.media_type, "application/vnd.dev.sigstore.bundle.v0.3+json");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct KeySigner {
    key: Arc<dyn Signer>,
    envelope: bool,
}

/// Signs statements as whom an identity token names, into Sigstore bundles with an entry of a log.
///
/// Costs a request to the log and one to the timestamp authority for each statement, where there are those; and one for a
/// certificate every ten minutes.
#[cfg(feature = "keyless")]
#[derive(Clone)]
#[must_use]
pub struct KeylessSigner(Arc<Keyless>);

impl KeySigner {
    /// Signs with this key, into bundles.
    pub fn new(key: impl Signer + 'static) -> Self {
        Self::shared(Arc::new(key))
    }

    /// The same with a key that others hold too.
    pub fn shared(key: Arc<dyn Signer>) -> Self {
        Self { key, envelope: false }
    }

    /// Signs into DSSE envelopes, which say nothing of the key.
    pub fn into_envelopes(self) -> Self {
        Self { envelope: true, ..self }
    }
}

#[async_trait]
impl StatementSigner for KeySigner {
    /// # Errors
    /// What is no statement, which nobody would take; a key that cannot be used, or signs with another than it says.
    async fn sign_statement(&self, statement: &[u8]) -> Result<Sealed, StatementError> {
        Statement::parse(statement)?;
        let (seal, now) = (Seal::Key(&*self.key), SystemTime::now());
        if self.envelope {
            let (envelope, _) = seal.envelope(statement.to_vec(), now).await?;
            return Ok(Sealed::new(names::DSSE_ENVELOPE, envelope.to_bytes()));
        }
        let bundle = seal.bundle(statement.to_vec(), now).await?;
        Ok(Sealed::new(names::BUNDLE, bundle.as_bytes().to_vec()))
    }
}

#[cfg(feature = "keyless")]
impl KeylessSigner {
    /// Signs by this.
    pub fn new(keyless: impl Into<Arc<Keyless>>) -> Self {
        Self(keyless.into())
    }
}

#[cfg(feature = "keyless")]
#[async_trait]
impl StatementSigner for KeylessSigner {
    /// # Errors
    /// What is no statement; whatever keeps a service from doing its part; and a bundle that the trusted root, where
    /// there is one, does not believe.
    async fn sign_statement(&self, statement: &[u8]) -> Result<Sealed, StatementError> {
        Statement::parse(statement)?;
        let bundle = Seal::Keyless(&self.0).bundle(statement.to_vec(), SystemTime::now()).await?;
        Ok(Sealed::new(names::BUNDLE, bundle.as_bytes().to_vec()))
    }
}

#[cfg(feature = "keyless")]
impl fmt::Debug for KeylessSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeylessSigner").field(&self.0).finish()
    }
}
