//! A SLSA Verification Summary for those who ask for one (slsa.dev, "Verification Summary Attestation", v1).

use std::time::{Duration, SystemTime};

use lockage_registry::{Digest, Repository};
use serde_json::{Value, json};

use super::statement::{parse_time, purl, time};
use super::{EvidenceError, Summary};

/// The predicate: the image, the policy, what it was verified by, and whether all of it passed. Where a gate was passed by,
/// the policy was not met, and it says so.
pub(super) fn predicate(
    summary: &Summary,
    repo: &Repository,
    digest: &Digest,
    levels: &[String],
    inputs: &[Digest],
) -> Result<Value, EvidenceError> {
    let of = |digest: &Digest| json!({ digest.algorithm().to_string(): digest.hex() });
    let passed = summary.overridden().next().is_none();
    Ok(json!({
        "verifier": { "id": summary.verifier },
        "timeVerified": time(summary.at)?,
        "resourceUri": purl(repo, digest),
        "policy": { "uri": format!("{}#{}", summary.verifier, summary.edge), "digest": of(&summary.policy) },
        "inputAttestations": inputs.iter().map(|input| json!({ "digest": of(input) })).collect::<Vec<_>>(),
        "verificationResult": if passed { "PASSED" } else { "FAILED" },
        "verifiedLevels": if passed { levels } else { &[] },
        "slsaVersion": "1.0",
    }))
}

/// Whether a predicate says the same as `wanted`, but for when, and by what.
pub(super) fn agrees(said: &Value, wanted: &Value, max_age: Option<Duration>, now: SystemTime) -> bool {
    let fields = ["verifier", "resourceUri", "policy", "verificationResult", "verifiedLevels"];
    let at = said.get("timeVerified").and_then(Value::as_str).and_then(|text| parse_time(text).ok());
    let age = at.map(|at| now.duration_since(at).unwrap_or_default());
    fields.iter().all(|field| said.get(field) == wanted.get(field))
        && age.is_some_and(|age| max_age.is_none_or(|max_age| age <= max_age))
}
