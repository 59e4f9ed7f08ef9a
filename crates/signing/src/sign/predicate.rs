//! `Predicate`: what is attested, in the bytes that it came in.

use serde_json::value::RawValue;

use crate::format::{FormatError, PredicateType, StatementVersion};

/// What is attested of an image: JSON of some type. Its bytes are signed as they are.
#[derive(Clone, Debug)]
#[must_use]
pub struct Predicate {
    pub(super) kind: PredicateType,
    pub(super) json: Box<RawValue>,
    pub(super) version: StatementVersion,
}

impl Predicate {
    /// A predicate, which a statement of version 1 will hold.
    ///
    /// ```
    /// use lockage_signing::sign::Predicate;
    /// let passed = Predicate::new("test-result".parse()?, r#"{"result":"PASSED","configuration":[]}"#)?;
    /// assert!(Predicate::new("https://sigstore.dev/cosign/sign/v1".parse()?, "{}").is_err());
    /// # Ok::<(), lockage_signing::format::FormatError>(())
    /// ```
    ///
    /// # Errors
    /// Where `json` is not one JSON value, and for the type of a signature: that is what
    /// [`Signing::sign`](super::Signing::sign) makes.
    pub fn new(kind: PredicateType, json: &str) -> Result<Self, FormatError> {
        if kind.is_signature() {
            return Err(FormatError::new("predicate type", "it is that of a signature, which is no attestation"));
        }
        let json = RawValue::from_string(json.trim().to_owned())
            .map_err(|error| FormatError::new("predicate", error.to_string()))?;
        Ok(Self { kind, json, version: StatementVersion::default() })
    }

    /// Has a statement of this version hold it.
    pub fn version(mut self, version: StatementVersion) -> Self {
        self.version = version;
        self
    }
}
