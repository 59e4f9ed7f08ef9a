//! One signature against the policy: it meets everything by itself, or it does not count.

use std::collections::BTreeMap;
use std::time::SystemTime;

use lockage_registry::{Digest, Repository};
use serde_json::Value;

use super::attestation::{Attestation, Judge};
use super::signer::{Signed, Signer, Who, who};
use super::{Accepted, Check, Evidence, Reason, Rejection, Says};
use crate::format::{PredicateType, Statement, names};
use crate::policy::{ReferenceRule, claim};
use crate::{Error, Policy};

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) enum Asked<'a> {
    Signature,
    Attestation { predicate_type: &'a PredicateType, judge: &'a Judge<'a> },
}

/// The question: is this repository's digest signed or attested so.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) policy: &'a Policy,
    pub(super) asked: Asked<'a>,
    pub(super) repo: &'a Repository,
    pub(super) now: SystemTime,
}

/// What came out for one signature.
pub(super) enum Judged {
    Counts(Box<Counts>),
    Not(Rejection),
    Undecided(Error),
}

/// A signature that meets everything.
pub(super) struct Counts {
    pub(super) signer: Signer,
    pub(super) accepted: Accepted,
    /// What is said, where it is a statement.
    pub(super) statement: Option<Statement>,
}

/// What a signature says, compared with what is asked.
struct Said {
    claims: BTreeMap<String, Value>,
    docker_reference: Option<String>,
    reasons: Vec<Reason>,
    /// Whether it is about this digest, and of the type that is asked for: if not, no key is tried.
    is_meant: bool,
}

impl Question<'_> {
    /// Judges a signature; nothing comes out for what is not even a candidate: a signature is no attestation, nor an
    /// attestation a signature.
    pub(super) async fn examine(&self, digest: &Digest, evidence: Evidence) -> Option<Judged> {
        let said = match &evidence.says {
            Says::Payload(payload) => match self.asked {
                Asked::Signature => {
                    let said = payload.claims.clone();
                    self.said(
                        said,
                        Some(payload.docker_reference.clone()),
                        self.digest_of_payload(digest, &payload.digest),
                    )
                }
                Asked::Attestation { .. } => return None,
            },
            Says::Statement { statement, payload_type, .. } => {
                let is_signature = statement.predicate_type.is_signature();
                let wrong = match self.asked {
                    Asked::Signature if !is_signature => return None,
                    Asked::Attestation { predicate_type, .. } if is_signature && !predicate_type.is_signature() => {
                        return None;
                    }
                    Asked::Attestation { predicate_type, .. } if *predicate_type != statement.predicate_type => {
                        Some(Reason::PredicateType { predicate_type: statement.predicate_type.to_string() })
                    }
                    _ if payload_type != names::IN_TOTO => Some(Reason::Malformed {
                        why: format!("an envelope of {payload_type:?}, not {}", names::IN_TOTO),
                    }),
                    _ => None,
                };
                let subject = statement.about(digest);
                let wrong =
                    wrong.or_else(|| subject.is_none().then(|| Reason::WrongDigest { said: subjects(statement) }));
                let annotations = subject.map(|subject| subject.annotations.clone()).unwrap_or_default();
                self.said(annotations.into_iter().collect(), None, wrong)
            }
        };
        if !said.is_meant {
            return Some(Judged::Not(Rejection { place: evidence.place, reasons: said.reasons }));
        }
        Some(self.decide(evidence, said).await)
    }

    fn digest_of_payload(&self, digest: &Digest, said: &Digest) -> Option<Reason> {
        (said != digest).then(|| Reason::WrongDigest { said: vec![said.to_string()] })
    }

    fn said(&self, claims: BTreeMap<String, Value>, docker_reference: Option<String>, wrong: Option<Reason>) -> Said {
        let is_meant = wrong.is_none();
        let mut reasons: Vec<_> = wrong.into_iter().collect();
        if is_meant {
            for (name, asked) in &self.policy.claims {
                let said = claims.get(name);
                if !said.is_some_and(|said| claim::fulfils(said, asked)) {
                    reasons.push(Reason::Claim { name: name.clone(), said: said.cloned() });
                }
            }
            if !self.policy.reference.allows(docker_reference.as_deref(), self.repo) {
                reasons.push(Reason::DockerReference { said: docker_reference.clone() });
            }
        }
        Said { claims, docker_reference, reasons, is_meant }
    }

    /// Who has signed, and whether that suffices.
    async fn decide(&self, evidence: Evidence, said: Said) -> Judged {
        let Said { claims, docker_reference, mut reasons, .. } = said;
        let signed = match who(self.policy, &evidence, self.now).await {
            Who::Known(signed) => *signed,
            // What cannot count anyway needs no decision.
            Who::Undecided(_) if !reasons.is_empty() => {
                return Judged::Not(Rejection { place: evidence.place, reasons });
            }
            Who::Undecided(error) => return Judged::Undecided(error),
            Who::Nobody(why) => {
                reasons.extend(why);
                return Judged::Not(Rejection { place: evidence.place, reasons });
            }
        };
        if !reasons.is_empty() {
            return Judged::Not(Rejection { place: evidence.place, reasons });
        }
        let Signed { signer, by, mut checks, times, certificate } = signed;
        checks.push(Check::Digest);
        checks.extend((!self.policy.claims.is_empty()).then_some(Check::Claims));
        checks.extend((self.policy.reference != ReferenceRule::Ignore).then_some(Check::DockerReference));
        checks.sort_unstable();
        checks.dedup();
        let accepted =
            Accepted { signer: by, place: evidence.place, checks, claims, docker_reference, times, certificate };
        let statement = match evidence.says {
            Says::Statement { statement, .. } => Some(*statement),
            Says::Payload(_) => None,
        };
        match (self.asked, &statement) {
            (Asked::Attestation { judge, .. }, Some(statement)) => {
                let attestation = Attestation::new(accepted.clone(), statement.clone());
                if let Err(why) = judge(&attestation) {
                    let reasons = vec![Reason::Predicate { why }];
                    return Judged::Not(Rejection { place: accepted.place, reasons });
                }
            }
            (Asked::Attestation { .. } | Asked::Signature, _) => {}
        }
        Judged::Counts(Box::new(Counts { signer, accepted, statement }))
    }
}

/// What a statement is about, a digest each, as far as it fits a report.
fn subjects(statement: &Statement) -> Vec<String> {
    const MOST: usize = 8;
    let digests = statement.subject.iter().flat_map(|subject| &subject.digest);
    digests.map(|(algorithm, hex)| format!("{algorithm}:{hex}")).take(MOST).collect()
}
