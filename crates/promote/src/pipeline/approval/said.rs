//! `Approval`: what is said of a plan, as the predicate of an in-toto statement.

use std::collections::BTreeMap;
use std::time::SystemTime;

use lockage_registry::{Digest, Reference};
use serde::{Deserialize, Serialize};

use super::PREDICATE_TYPE;
use crate::Plan;
use crate::ledger::rfc3339;
use crate::pipeline::{Name, Passage};

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// That a plan is good: this image, along this edge, from what the tags held when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Approval {
    /// The digest of the plan.
    pub plan: Digest,
    /// What the image is called.
    pub image: Name,
    /// The digest that would be promoted.
    pub digest: Digest,
    /// The edge.
    pub edge: Name,
    /// The environment.
    pub environment: Name,
    /// Where the image comes from.
    pub source: Reference,
    /// Where it goes.
    pub target: Reference,
    /// Who approves, in their own words. It is the signature that counts; where both are there and differ, nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When.
    #[serde(with = "rfc3339")]
    pub at: SystemTime,
    /// Until when it counts, where it ends by itself.
    #[serde(default, with = "rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub expires: Option<SystemTime>,
}

/// Why a plan cannot be approved, or a text is no approval.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// A plan that is for no edge.
    #[error("the plan is for no edge of a graph, and approvals are for those")]
    NoPassage,
    /// A statement that is no approval.
    #[error("the statement is no approval: {why}")]
    Malformed {
        /// Why.
        why: String,
    },
    /// The signer failed.
    #[error("the approval could not be signed: {0}")]
    Signer(#[source] super::StatementError),
    /// The registry.
    #[error(transparent)]
    Registry(#[from] lockage_registry::Error),
}

impl ApprovalError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::NoPassage => "Plan with a promoter.".to_owned(),
            Self::Malformed { .. } => "Approve the plan again.".to_owned(),
            Self::Signer(_) => "Nothing was stored. Check the key and its password, and approve again.".to_owned(),
            Self::Registry(error) => return error.remedy().map(str::to_owned),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Statement<P> {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: P,
}

#[derive(Serialize, Deserialize)]
struct Subject {
    #[serde(default)]
    name: String,
    digest: BTreeMap<String, String>,
}

impl Approval {
    /// That `plan` is good, at `now`.
    ///
    /// # Errors
    /// A plan that is for no edge.
    pub fn of<S>(plan: &Plan<S>, now: SystemTime) -> Result<Self, ApprovalError> {
        let passage = plan.passage().ok_or(ApprovalError::NoPassage)?;
        Ok(Self {
            plan: plan.id()?,
            image: passage.pinned.image.clone(),
            digest: plan.digest().clone(),
            edge: passage.edge.clone(),
            environment: passage.to.clone(),
            source: plan.copy().source().clone(),
            target: plan.copy().target().clone(),
            approver: None,
            reason: String::new(),
            at: now,
            expires: None,
        })
    }

    /// The same in the name of `approver`.
    #[must_use]
    pub fn by(self, approver: impl Into<String>) -> Self {
        Self { approver: Some(approver.into()), ..self }
    }

    /// The same for a reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..self }
    }

    /// The same until a time.
    #[must_use]
    pub fn until(self, expires: SystemTime) -> Self {
        Self { expires: Some(expires), ..self }
    }

    /// The in-toto statement to sign; its subject is the image.
    ///
    /// # Errors
    /// None that can happen, but for a time that no calendar has.
    pub fn statement(&self) -> Result<Vec<u8>, ApprovalError> {
        let digest = BTreeMap::from([(self.digest.algorithm().to_string(), self.digest.hex().to_owned())]);
        let statement = Statement {
            kind: STATEMENT_TYPE.to_owned(),
            subject: vec![Subject { name: self.source.repository().to_string(), digest }],
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate: self,
        };
        serde_json::to_vec(&statement).map_err(malformed)
    }

    /// Reads an approval from a statement whose signature was checked.
    ///
    /// # Errors
    /// What is no such statement, has a field that is not known, or is about another image than it says.
    pub fn parse(statement: &[u8]) -> Result<Self, ApprovalError> {
        let Statement { kind, subject, predicate_type, predicate: approval } =
            serde_json::from_slice::<Statement<Self>>(statement).map_err(malformed)?;
        if kind != STATEMENT_TYPE || predicate_type != PREDICATE_TYPE {
            return Err(malformed(format!("it is a {predicate_type:?}")));
        }
        let is_subject = |subject: &Subject| {
            subject.digest.get(&approval.digest.algorithm().to_string()).is_some_and(|hex| hex == approval.digest.hex())
        };
        match subject.as_slice() {
            [one] if is_subject(one) => Ok(approval),
            _ => Err(malformed("its subject is another image".to_owned())),
        }
    }

    /// What it is about that `passage` is not.
    pub(super) fn differs(&self, passage: &Passage, source: &Reference, target: &Reference) -> Option<String> {
        let about = |what: &str, said: &dyn std::fmt::Display| Some(format!("it is for the {what} {said}"));
        match self {
            _ if self.digest != *passage.digest() => about("image", &self.digest),
            _ if self.image != passage.pinned.image => about("image", &self.image),
            _ if self.environment != passage.to => about("environment", &self.environment),
            _ if self.edge != passage.edge => about("edge", &self.edge),
            _ if self.source != *source => about("source", &self.source),
            _ if self.target != *target => about("target", &self.target),
            _ => None,
        }
    }
}

fn malformed(why: impl ToString) -> ApprovalError {
    ApprovalError::Malformed { why: why.to_string() }
}
