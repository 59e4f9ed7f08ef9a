//! The parts of what is attached: each signature and attestation, with what it says and what a policy says about it.

use std::time::SystemTime;

use lockage_registry::{Digest, Repository};

use super::{ClaimedSigner, Part, PartVerdict};
use crate::error::Error;
use crate::found::Found;
use crate::verify::{Evidence, Place, Reason, Rejection, Says, judge_one, report};
use crate::{Policy, Result};

/// The policy that is asked, and what it has to know.
#[derive(Clone, Copy)]
pub(super) struct Asks<'a> {
    pub(super) policy: &'a Policy,
    pub(super) repo: &'a Repository,
    pub(super) now: SystemTime,
}

impl Part {
    /// A document that nobody has signed.
    pub(super) fn plain(place: Place, kind: impl Into<String>) -> Self {
        Self { place, kind: kind.into(), predicate_type: None, claimed_signer: None, problem: None, verified: None }
    }

    fn malformed(rejection: Rejection) -> Self {
        let why = rejection.reasons.iter().map(|reason| match reason {
            Reason::Malformed { why } => why.clone(),
            other => format!("{other:?}"),
        });
        let problem = Some(why.collect::<Vec<_>>().join("; "));
        Self { problem, ..Self::plain(rejection.place, "malformed") }
    }
}

/// The parts that were found about `subject`.
///
/// # Errors
/// What could not be read.
pub(super) async fn of(found: Found, subject: &Digest, asks: Option<Asks<'_>>) -> Result<Vec<Part>, Error> {
    let Found { evidence, malformed, errors } = found;
    if let Some(error) = errors.into_iter().next() {
        return Err(error);
    }
    let mut parts = Vec::new();
    for evidence in evidence {
        parts.push(one(evidence, subject, asks).await);
    }
    parts.extend(malformed.into_iter().map(Part::malformed));
    Ok(parts)
}

async fn one(evidence: Evidence, subject: &Digest, asks: Option<Asks<'_>>) -> Part {
    let predicate_type = match &evidence.says {
        Says::Payload(_) => None,
        Says::Statement { statement, .. } => Some(statement.predicate_type.clone()),
    };
    let kind = match &predicate_type {
        Some(other) if !other.is_signature() => "attestation",
        _ => "signature",
    };
    let part = Part {
        predicate_type: predicate_type.map(|name| name.to_string()),
        claimed_signer: ClaimedSigner::of(&evidence),
        ..Part::plain(evidence.place.clone(), kind)
    };
    let verified = match asks {
        Some(Asks { policy, repo, now }) => Some(match judge_one(policy, repo, now, subject, evidence).await {
            Ok(Ok(accepted)) => PartVerdict::Verified { signer: accepted.signer },
            Ok(Err(rejection)) => PartVerdict::Rejected { reasons: rejection.reasons },
            Err(error) => PartVerdict::Indeterminate { error: report::text(&error) },
        }),
        None => None,
    };
    Part { verified, ..part }
}
