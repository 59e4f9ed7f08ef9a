//! `RawPredicate`: what a gate looked at, as the predicate of an in-toto statement.

use lockage_registry::Digest;
use serde_json::Value;

/// What a gate looked at, to be signed and kept with the image: a scan report, the result of tests, approvals.
///
/// ```
/// use lockage_promote::{Evidence, RawPredicate};
/// let result = serde_json::json!({ "result": "PASSED", "configuration": [] });
/// let evidence = Evidence::new("all green").with_predicate(RawPredicate::new(RawPredicate::TEST_RESULT, result));
/// assert_eq!(evidence.predicates.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RawPredicate {
    /// The predicate type, a URI.
    pub predicate_type: String,
    /// The predicate, a JSON object.
    pub predicate: Value,
    /// The one manifest that it is about, such as that of a platform; none where it is about the image and all of its
    /// platforms.
    pub subject: Option<Digest>,
}

impl RawPredicate {
    /// Vulnerabilities that a scanner found (in-toto attestation, predicate "vulns", v0.2).
    pub const VULNS: &'static str = "https://in-toto.io/attestation/vulns/v0.2";
    /// The result of tests (in-toto attestation, predicate "test-result").
    pub const TEST_RESULT: &'static str = "https://in-toto.io/attestation/test-result/v0.1";

    /// A predicate about the image and all of its platforms.
    #[must_use]
    pub fn new(predicate_type: impl Into<String>, predicate: Value) -> Self {
        Self { predicate_type: predicate_type.into(), predicate, subject: None }
    }

    /// The same about one manifest alone, which is the image or one of its platforms.
    #[must_use]
    pub fn about(self, subject: Digest) -> Self {
        Self { subject: Some(subject), ..self }
    }
}
