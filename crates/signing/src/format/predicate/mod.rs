//! `TypedPredicate`: what the predicates that are common say, as far as a policy asks for it.

mod openvex;
mod sbom;
mod slsa;
mod test_result;
mod verification;
mod vuln;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::strict::{self, Object, Shape};
use super::{FormatError, PredicateType};

pub use openvex::{OpenVex, VexStatement, VexStatus};
pub use sbom::{Sbom, SbomFormat};
pub use slsa::{Provenance, Resource};
pub use test_result::{TestResult, TestVerdict};
pub use verification::Verification;
pub use vuln::VulnerabilityScan;

/// A predicate by its type. These are views: what they do not have is in the predicate itself.
///
/// ```
/// use lockage_signing::format::{PredicateType, TypedPredicate};
/// use serde_json::value::RawValue;
///
/// let kind: PredicateType = "slsaprovenance1".parse()?;
/// let raw = RawValue::from_string(
///     r#"{"buildDefinition":{"buildType":"https://b.test/v1"},"runDetails":{"builder":{"id":"https://ci.test"}}}"#.to_owned(),
/// )?;
/// let TypedPredicate::Provenance(provenance) = TypedPredicate::read(&kind, &raw)? else { panic!() };
/// assert_eq!(provenance.builder, "https://ci.test");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TypedPredicate {
    /// SLSA provenance, v0.2 or v1.
    Provenance(Provenance),
    /// An SBOM: SPDX or CycloneDX.
    Sbom(Sbom),
    /// What a scanner found, as cosign's `vuln` has it.
    VulnerabilityScan(VulnerabilityScan),
    /// What of that matters: OpenVEX.
    OpenVex(OpenVex),
    /// The result of tests, as in-toto has it.
    TestResult(TestResult),
    /// That somebody has judged it: a SLSA verification summary, or a simple verification result of in-toto.
    Verification(Verification),
    /// A type that has no view.
    Other(Box<RawValue>),
}

impl TypedPredicate {
    /// Reads a predicate as what its type says that it is.
    ///
    /// # Errors
    /// Where it is not that, or lacks what such a predicate must have: an attestation that says nothing is never one that
    /// says there is nothing. A type that has no view is no error.
    pub fn read(kind: &PredicateType, raw: &RawValue) -> Result<Self, FormatError> {
        match kind.as_str() {
            "https://slsa.dev/provenance/v0.2" => slsa::v02(raw).map(Self::Provenance),
            "https://slsa.dev/provenance/v1" => slsa::v1(raw).map(Self::Provenance),
            "https://cosign.sigstore.dev/attestation/vuln/v1" => vuln::read(raw).map(Self::VulnerabilityScan),
            "https://in-toto.io/attestation/test-result/v0.1" => test_result::read(raw).map(Self::TestResult),
            "https://slsa.dev/verification_summary/v1" => verification::vsa(raw).map(Self::Verification),
            "https://in-toto.io/attestation/svr/v0.2" => verification::svr(raw).map(Self::Verification),
            uri if is(uri, "https://spdx.dev/Document") => sbom::spdx(raw).map(Self::Sbom),
            uri if is(uri, "https://cyclonedx.org/bom") => sbom::cyclonedx(raw).map(Self::Sbom),
            uri if is(uri, "https://openvex.dev/ns") => openvex::read(raw).map(Self::OpenVex),
            _ => Ok(Self::Other(raw.to_owned())),
        }
    }
}

/// Whether `uri` is this type, with or without its version.
fn is(uri: &str, family: &str) -> bool {
    uri.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with("/v"))
}

/// Reads an object.
fn object<T: DeserializeOwned>(what: &'static str, raw: &RawValue) -> Result<T, FormatError> {
    strict::document(what, raw.get().as_bytes(), Shape::Any)
}

/// What is there and not empty.
fn given(what: &'static str, field: &str, text: Option<String>) -> Result<String, FormatError> {
    text.filter(|text| !text.is_empty()).ok_or_else(|| FormatError::new(what, format!("it has no {field}")))
}

/// A list that may be missing.
fn list<T, U: From<T>>(list: Option<Vec<Object<T>>>) -> Vec<U> {
    list.unwrap_or_default().into_iter().map(|Object(item)| item.into()).collect()
}
