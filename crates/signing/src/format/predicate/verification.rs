//! `Verification`: that somebody has judged something, and what came of it (SLSA VSA v1, in-toto SVR v0.2).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::strict::Object;
use super::{FormatError, given, object};

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// Who has judged, by their own word; the signature says who it was.
    pub verifier: String,
    /// When, as it is written: RFC 3339.
    pub at: Option<String>,
    /// Whether it has passed. A simple verification result lists what holds, and nothing else.
    pub passed: bool,
    /// What was judged, by URI, where it is said.
    pub resource: Option<String>,
    /// What holds: the levels of a VSA, the properties of an SVR.
    pub properties: Vec<String>,
}

#[derive(Deserialize)]
struct Verifier {
    id: Option<String>,
}

/// A verification summary: <https://slsa.dev/spec/v1.0/verification_summary>.
pub(super) fn vsa(raw: &RawValue) -> Result<Verification, FormatError> {
    const WHAT: &str = "verification summary";
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        verifier: Object<Verifier>,
        time_verified: Option<String>,
        resource_uri: Option<String>,
        verification_result: Passed,
        verified_levels: Option<Vec<String>>,
    }
    #[derive(Deserialize, PartialEq)]
    #[serde(rename_all = "UPPERCASE")]
    enum Passed {
        Passed,
        Failed,
    }
    let Document { verifier: Object(verifier), time_verified, resource_uri, verification_result, verified_levels } =
        object(WHAT, raw)?;
    Ok(Verification {
        verifier: given(WHAT, "verifier ID", verifier.id)?,
        at: time_verified,
        passed: verification_result == Passed::Passed,
        resource: resource_uri,
        properties: verified_levels.unwrap_or_default(),
    })
}

/// A simple verification result: in-toto attestation framework, predicate "svr".
pub(super) fn svr(raw: &RawValue) -> Result<Verification, FormatError> {
    const WHAT: &str = "simple verification result";
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        verifier: Object<Verifier>,
        time_created: Option<String>,
        properties: Vec<String>,
    }
    let Document { verifier: Object(verifier), time_created, properties } = object(WHAT, raw)?;
    let verifier = given(WHAT, "verifier ID", verifier.id)?;
    Ok(Verification { verifier, at: time_created, passed: true, resource: None, properties })
}
