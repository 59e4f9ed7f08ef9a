//! The ports by which statements are signed and signatures are read, whoever implements them.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

/// Any error of a signer or a verifier. It is never a verdict.
pub type StatementError = Box<dyn StdError + Send + Sync>;

/// A signed statement as it is stored: a Sigstore bundle, a DSSE envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sealed {
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Signs in-toto statements.
#[async_trait]
pub trait StatementSigner: Debug + Send + Sync {
    /// Signs exactly these bytes, which are an in-toto statement in JSON.
    ///
    /// # Errors
    /// Whatever keeps it from signing.
    async fn sign_statement(&self, statement: &[u8]) -> Result<Sealed, StatementError>;
}

/// Tells who signed a statement.
#[async_trait]
pub trait StatementVerifier: Debug + Send + Sync {
    /// Checks what is stored.
    ///
    /// # Errors
    /// Whatever keeps it from deciding, such as a trust root that cannot be read. What is malformed, signed wrongly, or by
    /// nobody whom it knows is decided: it is [`Checked::Refused`].
    async fn verify_statement(&self, sealed: &Sealed) -> Result<Checked, StatementError>;

    /// Why nobody can ever have signed as `identity`, where that is known without a signature: documents refuse such names,
    /// since a misspelt one lets nobody in, or keeps nobody out.
    fn never_signs_as(&self, identity: &str) -> Option<Unsigned> {
        let _ = identity;
        None
    }
}

/// Why nobody signs under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsigned {
    /// Why, in one line.
    pub why: String,
    /// Which names there are.
    pub remedy: String,
}

impl Unsigned {
    /// A reason, and what to write instead.
    #[must_use]
    pub fn new(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { why: why.into(), remedy: remedy.into() }
    }
}

/// What a verifier found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "somebody whom it knows has signed it, or nobody")]
pub enum Checked {
    /// Somebody whom the verifier knows has signed it.
    Signed {
        /// The bytes that were signed.
        statement: Bytes,
        /// Who.
        by: SignedBy,
    },
    /// Nobody whom the verifier knows has, for this reason.
    Refused {
        /// Why.
        reason: String,
    },
}

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedBy {
    /// The name by which the verifier knows who signed: of a key or of one identity the name that it was given, of an
    /// identity that a pattern takes the subject that its certificate proves. Quorums count it, and groups list it.
    pub identity: String,
    /// When, where that is proven by others.
    pub at: Option<SystemTime>,
}

impl Sealed {
    /// A signed statement.
    #[must_use]
    pub fn new(media_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { media_type: media_type.into(), bytes: bytes.into() }
    }
}

impl SignedBy {
    /// A signature of this identity, at no proven time.
    #[must_use]
    pub fn new(identity: impl Into<String>) -> Self {
        Self { identity: identity.into(), at: None }
    }

    /// The same at a time that is proven.
    #[must_use]
    pub fn at(self, at: SystemTime) -> Self {
        Self { at: Some(at), ..self }
    }
}

#[async_trait]
impl<T: StatementSigner + ?Sized> StatementSigner for Arc<T> {
    async fn sign_statement(&self, statement: &[u8]) -> Result<Sealed, StatementError> {
        (**self).sign_statement(statement).await
    }
}

#[async_trait]
impl<T: StatementVerifier + ?Sized> StatementVerifier for Arc<T> {
    async fn verify_statement(&self, sealed: &Sealed) -> Result<Checked, StatementError> {
        (**self).verify_statement(sealed).await
    }

    fn never_signs_as(&self, identity: &str) -> Option<Unsigned> {
        (**self).never_signs_as(identity)
    }
}
