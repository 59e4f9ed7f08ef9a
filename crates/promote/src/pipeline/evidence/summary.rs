//! `Summary`: what was verified of an image on its way along an edge, as a Simple Verification Result.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use lockage_registry::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::statement::{parse_time, time};
use super::{EvidenceError, EvidenceSigning};
use crate::Clearance;
use crate::pipeline::{Name, Passage};

// Properties are words with a prefix of the verifier's (in-toto attestation, predicate "svr"); these have a value.
const ENVIRONMENT: &str = "LOCKAGE_ENVIRONMENT";
const EDGE: &str = "LOCKAGE_EDGE";
const PLAN: &str = "LOCKAGE_PLAN";
const UNTIL: &str = "LOCKAGE_VALID_UNTIL";
const PASSED: &str = "LOCKAGE_GATE_PASSED";
const OVERRIDDEN: &str = "LOCKAGE_GATE_OVERRIDDEN";
const ADVISORY: &str = "LOCKAGE_GATE_ADVISORY";
/// The one property that an admission controller need ask for: no gate that blocks was passed by.
const ALL: &str = "LOCKAGE_ALL_GATES_PASSED";

/// What was verified of an image on its way along an edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Summary {
    /// The URI of who verified.
    pub verifier: String,
    /// The digest of what the gates decide by ([`Edge::policy`](crate::pipeline::Edge::policy)).
    pub policy: Digest,
    /// When.
    #[serde(with = "crate::ledger::rfc3339")]
    pub at: SystemTime,
    /// Until when it counts, where it ends by itself.
    #[serde(with = "crate::ledger::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub expires: Option<SystemTime>,
    /// Where the image was promoted to.
    pub environment: Name,
    /// The edge.
    pub edge: Name,
    /// The digest of the plan.
    pub plan: Digest,
    /// The gates.
    pub gates: BTreeMap<String, GateWord>,
}

/// What became of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "all that a cleared plan can have")]
pub enum GateWord {
    /// It passed.
    Passed,
    /// It did not pass, and was passed by.
    Overridden,
    /// It does not block.
    Advisory,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Svr {
    verifier: Verifier,
    time_created: String,
    properties: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Verifier {
    id: String,
    policies: Vec<Policy>,
}

/// A resource descriptor (in-toto attestation).
#[derive(Serialize, Deserialize)]
struct Policy {
    #[serde(default)]
    name: String,
    digest: BTreeMap<String, String>,
}

impl Summary {
    pub(super) fn of(
        signing: &EvidenceSigning,
        passage: &Passage,
        plan: &Digest,
        policy: Digest,
        clearances: &[Clearance],
        now: SystemTime,
    ) -> Self {
        let word = |one: &Clearance| match one {
            Clearance { overridden: Some(_), .. } => GateWord::Overridden,
            Clearance { advisory: Some(_), .. } => GateWord::Advisory,
            _ => GateWord::Passed,
        };
        Self {
            verifier: signing.id.clone(),
            policy,
            at: now,
            expires: signing.valid_for.map(|time| now + time),
            environment: passage.to.clone(),
            edge: passage.edge.clone(),
            plan: plan.clone(),
            gates: clearances.iter().map(|one| (one.gate.clone(), word(one))).collect(),
        }
    }

    /// The gates that did not pass and were passed by.
    pub fn overridden(&self) -> impl Iterator<Item = &str> {
        self.gates.iter().filter(|(_, word)| **word == GateWord::Overridden).map(|(gate, _)| gate.as_str())
    }

    /// Whether it says of another time, or for another plan, the very same.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let said = |one: &Self| {
            (one.verifier.clone(), one.policy.clone(), one.environment.clone(), one.edge.clone(), one.gates.clone())
        };
        said(self) == said(other)
    }

    /// Whether it still counts at `now`: neither over, nor older than `max_age`.
    pub(super) fn is_young(&self, max_age: Option<Duration>, now: SystemTime) -> bool {
        let age = now.duration_since(self.at).unwrap_or_default();
        self.expires.is_none_or(|expires| now < expires) && max_age.is_none_or(|max_age| age <= max_age)
    }

    pub(super) fn predicate(&self) -> Result<Value, EvidenceError> {
        let mut properties = vec![
            format!("{ENVIRONMENT}={}", self.environment),
            format!("{EDGE}={}", self.edge),
            format!("{PLAN}={}", self.plan),
        ];
        if let Some(expires) = self.expires {
            properties.push(format!("{UNTIL}={}", time(expires)?));
        }
        for (gate, word) in &self.gates {
            let word = match word {
                GateWord::Passed => PASSED,
                GateWord::Overridden => OVERRIDDEN,
                GateWord::Advisory => ADVISORY,
            };
            properties.push(format!("{word}={gate}"));
        }
        if self.overridden().next().is_none() {
            properties.push(ALL.to_owned());
        }
        let digest = BTreeMap::from([(self.policy.algorithm().to_string(), self.policy.hex().to_owned())]);
        let policies = vec![Policy { name: format!("edge {}", self.edge), digest }];
        let verifier = Verifier { id: self.verifier.clone(), policies };
        let svr = Svr { verifier, time_created: time(self.at)?, properties };
        serde_json::to_value(svr).map_err(EvidenceError::malformed)
    }

    /// What a predicate says that was written by a promotion; or why it was not. Fields and properties that are not known
    /// are passed over, as the framework's parsing rules ask.
    pub(super) fn parse(predicate: Value) -> Result<Self, String> {
        let svr: Svr = serde_json::from_value(predicate).map_err(|error| format!("it is no such result: {error}"))?;
        let [policy] = svr.verifier.policies.as_slice() else {
            return Err(format!("it names {} policies, and a promotion has one", svr.verifier.policies.len()));
        };
        let Some((algorithm, hex)) = policy.digest.first_key_value() else {
            return Err("its policy has no digest".to_owned());
        };
        let mut gates = BTreeMap::new();
        let (mut environment, mut edge, mut plan, mut expires) = (None, None, None, None);
        for property in &svr.properties {
            let Some((word, value)) = property.split_once('=') else { continue };
            let before = match word {
                ENVIRONMENT => environment.replace(value).is_some(),
                EDGE => edge.replace(value).is_some(),
                PLAN => plan.replace(value).is_some(),
                UNTIL => expires.replace(value).is_some(),
                PASSED => gates.insert(value.to_owned(), GateWord::Passed).is_some(),
                OVERRIDDEN => gates.insert(value.to_owned(), GateWord::Overridden).is_some(),
                ADVISORY => gates.insert(value.to_owned(), GateWord::Advisory).is_some(),
                _ => false,
            };
            if before {
                return Err(format!("it says {word} twice"));
            }
        }
        let name = |text: Option<&str>, what: &str| -> Result<Name, String> {
            text.ok_or_else(|| format!("it names no {what}"))?.parse().map_err(|error| format!("{error}"))
        };
        let digest = |text: &str| text.parse::<Digest>().map_err(|error| format!("{text:?} is no digest: {error}"));
        Ok(Self {
            policy: digest(&format!("{algorithm}:{hex}"))?,
            at: parse_time(&svr.time_created)?,
            expires: expires.map(parse_time).transpose()?,
            environment: name(environment, "environment")?,
            edge: name(edge, "edge")?,
            plan: digest(plan.ok_or("it names no plan")?)?,
            verifier: svr.verifier.id,
            gates,
        })
    }
}
