//! From signatures to an outcome: how many distinct signers, and what it means that something could not be read.

use std::collections::BTreeSet;

use lockage_registry::Digest;

use super::attestation::{Attestation, VerifiedAttestations};
use super::examine::{Counts, Judged};
use super::{Outcome, Place, Reason, Rejection, Undecided, Verified, report};
use crate::Error;

/// All that is known about the signatures of one manifest.
#[derive(Default)]
pub(super) struct Judgement {
    pub(super) counts: Vec<Counts>,
    pub(super) rejected: Vec<Rejection>,
    pub(super) errors: Vec<Error>,
}

/// A manifest that meets the policy.
pub(super) struct Met {
    digest: Digest,
    counts: Vec<Counts>,
    rejected: Vec<Rejection>,
    undecided: Vec<String>,
    children: Vec<Met>,
}

impl Judgement {
    pub(super) fn add(&mut self, judged: Judged) {
        match judged {
            Judged::Counts(counts) => self.counts.push(*counts),
            Judged::Not(rejection) => self.rejected.push(rejection),
            Judged::Undecided(error) => self.errors.push(error),
        }
    }

    /// The outcome for `digest`, which needs so many distinct signers.
    pub(super) fn decide(self, digest: &Digest, asked: usize) -> Outcome<Met> {
        let Self { counts, mut rejected, errors } = self;
        let found = counts.iter().map(|one| &one.signer).collect::<BTreeSet<_>>().len();
        if found >= asked.max(1) {
            let undecided = errors.iter().map(report::text).collect();
            return Outcome::Verified(Met {
                digest: digest.clone(),
                counts,
                rejected,
                undecided,
                children: Vec::new(),
            });
        }
        rejected.extend(
            counts.into_iter().map(|one| Rejection {
                place: one.accepted.place,
                reasons: vec![Reason::TooFewSigners { found, asked }],
            }),
        );
        match (errors.is_empty(), rejected.is_empty()) {
            (false, _) => Outcome::Indeterminate(Undecided { errors, rejected }),
            (true, true) => Outcome::Unsigned,
            (true, false) => Outcome::Rejected(rejected),
        }
    }
}

impl Met {
    /// With its children, each of which has to meet the policy, too. One that certainly does not decides; else one of which
    /// it is not known keeps the whole from being known.
    pub(super) fn with(mut self, children: Vec<(Digest, Outcome<Met>)>) -> Outcome<Met> {
        let (mut refused, mut rejected, mut errors) = (false, Vec::new(), Vec::new());
        for (digest, outcome) in children {
            let child = |reason| Rejection { place: Place::Manifest { digest }, reasons: vec![reason] };
            match outcome {
                Outcome::Verified(met) => self.children.push(met),
                Outcome::Unsigned => {
                    refused = true;
                    rejected.push(child(Reason::Unsigned));
                }
                Outcome::Rejected(why) => {
                    refused = true;
                    rejected.push(child(Reason::Child));
                    rejected.extend(why);
                }
                Outcome::Indeterminate(undecided) => {
                    errors.extend(undecided.errors);
                    rejected.extend(undecided.rejected);
                }
            }
        }
        match (refused, errors.is_empty()) {
            (true, _) => Outcome::Rejected(rejected),
            (false, false) => Outcome::Indeterminate(Undecided { errors, rejected }),
            (false, true) => Outcome::Verified(self),
        }
    }
}

impl From<Met> for Verified {
    fn from(met: Met) -> Self {
        let Met { digest, counts, rejected, undecided, children } = met;
        let accepted = counts.into_iter().map(|one| one.accepted).collect();
        Self { digest, accepted, rejected, undecided, children: children.into_iter().map(Self::from).collect() }
    }
}

impl From<Met> for VerifiedAttestations {
    fn from(met: Met) -> Self {
        let Met { digest, counts, rejected, undecided, children } = met;
        let attestations =
            counts.into_iter().filter_map(|one| Some(Attestation::new(one.accepted, one.statement?))).collect();
        Self { digest, attestations, rejected, undecided, children: children.into_iter().map(Self::from).collect() }
    }
}
