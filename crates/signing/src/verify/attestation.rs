//! `Attestation`: a statement about an image by somebody whom a policy takes, for the caller to judge.

use std::collections::BTreeMap;
use std::time::SystemTime;

use lockage_registry::Digest;
use serde::Serialize;

use super::{Accepted, Check, Place, Rejection, SignedBy};
use crate::format::Statement;

/// What a caller says about a statement: nothing, or why it will not do.
pub(super) type Judge<'a> = dyn Fn(&Attestation) -> Result<(), String> + Sync + 'a;

/// A statement whose signature meets everything.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Attestation {
    /// Who says it.
    pub signer: SignedBy,
    /// Where it was found.
    pub place: Place,
    /// What was checked of the signature.
    pub checks: Vec<Check>,
    /// The times that an authority has signed; in RFC 3339 where they are written down.
    #[serde(serialize_with = "super::report::times")]
    pub times: Vec<SystemTime>,
    /// What the certificate says of the build, by Fulcio's names; nothing for a key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub certificate: BTreeMap<String, String>,
    /// What is said: read from the bytes that are signed, the predicate as it was written. For the predicates that are known,
    /// [`typed_predicate`](Statement::typed_predicate) reads it.
    pub statement: Statement,
}

/// A digest with attestations that meet a policy. Only a verification makes one.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct VerifiedAttestations {
    /// What was verified: what is to be used from here on, and no tag.
    pub digest: Digest,
    /// The attestations that count, all of them.
    pub attestations: Vec<Attestation>,
    /// Those that do not, and why.
    pub rejected: Vec<Rejection>,
    /// What could not be read or checked, and was not needed.
    pub undecided: Vec<String>,
    /// The children of an index, where the policy asks for them.
    pub children: Vec<VerifiedAttestations>,
}

impl Attestation {
    pub(super) fn new(accepted: Accepted, statement: Statement) -> Self {
        let Accepted { signer, place, checks, times, certificate, .. } = accepted;
        Self { signer, place, checks, times, certificate, statement }
    }
}
