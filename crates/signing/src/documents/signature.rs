//! `kind = "signature"`: the image is signed by so many of these.

use std::collections::BTreeMap;

use lockage_promote::pipeline::documents::{Parameters, TableProblem};
use serde::Deserialize;
use serde_json::Value;

use super::asked::{Asked, built};
use crate::gate::{SignatureGate, Signers};
use crate::policy::ReferenceRule;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    signers: Vec<String>,
    threshold: Option<usize>,
    #[serde(default)]
    claims: BTreeMap<String, Value>,
    reference: Option<Reference>,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    transparency_log: bool,
    #[serde(default)]
    timestamp: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", untagged)]
enum Reference {
    Rule(Rule),
    Exact(Exact),
    Remap(Remap),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rule {
    Repository,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exact {
    exact: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remap {
    here: String,
    signed: String,
}

pub(super) fn gate(known: &Signers, parameters: &Parameters) -> Result<SignatureGate, TableProblem> {
    let Written { signers, threshold, claims, reference, recursive, transparency_log, timestamp } =
        parameters.read()?;
    let asked = Asked { signers, threshold, recursive, transparency_log, timestamp };
    let (mut policy, _) = asked.policy(known)?;
    policy = claims.into_iter().fold(policy, |policy, (name, value)| policy.claim(name, value));
    policy = match reference {
        None => policy,
        Some(Reference::Rule(Rule::Repository)) => policy.docker_reference(ReferenceRule::MatchRepository),
        Some(Reference::Exact(Exact { exact })) => policy.docker_reference(ReferenceRule::Exact(exact)),
        Some(Reference::Remap(Remap { here, signed })) => {
            policy.docker_reference(ReferenceRule::Remap { here, signed })
        }
    };
    Ok(SignatureGate::new(built(policy)?))
}
