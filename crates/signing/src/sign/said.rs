//! What is said of an image, in the documents of both layouts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Predicate;
use super::task::Task;
use crate::Result;
use crate::format::{PredicateType, SimpleSigning, Statement, Subject};

/// What is said of an image.
#[derive(Clone, Copy)]
pub(super) enum Said<'a> {
    /// That it is released.
    Released { claims: &'a BTreeMap<String, Value>, docker_reference: Option<&'a str> },
    /// Something that is known of it.
    Attested(&'a Predicate),
}

/// The payload of the old layout.
pub(super) fn payload(
    task: &Task<'_>,
    claims: &BTreeMap<String, Value>,
    docker_reference: Option<&str>,
) -> SimpleSigning {
    let reference = docker_reference.map_or_else(|| task.repo.to_string(), str::to_owned);
    let payload = SimpleSigning::new(reference, task.image.digest.clone());
    claims.iter().fold(payload, |payload, (name, value)| payload.claim(name, value.clone()))
}

impl Said<'_> {
    /// The statement. cosign names the repository in an attestation and nothing in a signature.
    pub(super) fn statement(self, task: &Task<'_>) -> Result<Statement> {
        let mut subject = Subject::new(&task.image.digest);
        let statement = match self {
            Self::Released { claims, .. } => {
                subject.annotations = claims.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                Statement::new(subject, PredicateType::cosign_sign(), "{}")
            }
            Self::Attested(Predicate { kind, json, version }) => {
                Statement::new(subject.named(task.repo.to_string()), kind.clone(), json.get())
                    .map(|statement| statement.version(*version))
            }
        };
        statement.map_err(|error| task.malformed(error))
    }
}

/// Whether two statements say the same, and of the same: the predicate to the byte.
pub(super) fn same(a: &Statement, b: &Statement) -> bool {
    a.version == b.version
        && a.subject == b.subject
        && a.predicate_type == b.predicate_type
        && a.predicate.get() == b.predicate.get()
}
