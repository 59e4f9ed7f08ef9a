//! `Outcome`: what a verification found, which is one of four things and never a fifth.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use lockage_tagging::Digest;
use serde::Serialize;
use serde_json::Value;

use super::Place;
use crate::{Error, PublicKey};

/// What a verification found.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a fifth outcome would have to be handled by everyone")]
pub enum Outcome<V = Verified> {
    /// The policy is met, for this digest.
    Verified(V),
    /// The registry says that there is no signature.
    Unsigned,
    /// There are signatures, and too few that the policy takes.
    Rejected(Vec<Rejection>),
    /// It could not be decided: something that might have been a good signature could not be read or checked.
    Indeterminate(Undecided),
}

/// A digest whose signatures meet a policy. Only a verification makes one.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Verified {
    /// What was verified: what is to be used from here on, and no tag.
    pub digest: Digest,
    /// The signatures that count.
    pub accepted: Vec<Accepted>,
    /// Those that do not, and why.
    pub rejected: Vec<Rejection>,
    /// What could not be read or checked, and was not needed.
    pub undecided: Vec<String>,
    /// The children of an index, where the policy asks for them.
    pub children: Vec<Verified>,
}

/// A signature that meets everything.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Accepted {
    /// Who.
    pub signer: SignedBy,
    /// Where it was found.
    pub place: Place,
    /// What was checked. What is not in this list was not.
    pub checks: Vec<Check>,
    /// What it claims. Nothing, for an attestation that says nothing beside its predicate.
    pub claims: BTreeMap<String, Value>,
    /// Where the image was when it was signed, if the signature says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_reference: Option<String>,
    /// The times that an authority has signed; in RFC 3339 where they are written down.
    #[serde(serialize_with = "super::report::times")]
    pub times: Vec<SystemTime>,
    /// What the certificate says of the build, by Fulcio's names; nothing for a key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub certificate: BTreeMap<String, String>,
}

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum SignedBy {
    /// Whoever has this key.
    Key {
        /// The name that the policy gives it.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Its SHA-256, in hex.
        fingerprint: String,
    },
    /// Whom a certificate names.
    Identity {
        /// The subject alternative name.
        identity: String,
        /// Who vouched for it.
        issuer: String,
    },
}

/// What was checked of a signature that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Check {
    /// It is about this digest.
    Digest,
    /// It claims what the policy asks for.
    Claims,
    /// It was made for this place.
    DockerReference,
    /// It is a signature of a key of the policy.
    Key,
    /// The key is believed at the time.
    KeyValidity,
    /// The certificate leads to a trusted authority and was valid at every proven time.
    Certificate,
    /// A certificate log has promised to list the certificate.
    CertificateLog,
    /// The certificate names an identity of the policy, and its issuer.
    Identity,
    /// A transparency log has it: the proof of inclusion, or the promise of it.
    TransparencyLog,
    /// The log has proven that it has it, and not only promised: a Merkle path to a checkpoint that the log has signed.
    InclusionProof,
    /// A timestamp authority has signed the time.
    Timestamp,
}

/// A signature that does not count.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Rejection {
    /// Where it was found.
    pub place: Place,
    /// Everything that is wrong with it.
    pub reasons: Vec<Reason>,
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
#[non_exhaustive]
pub enum Reason {
    /// It cannot be read.
    Malformed {
        /// Why.
        why: String,
    },
    /// It is about something else.
    WrongDigest {
        /// What it says it is about.
        said: Vec<String>,
    },
    /// It is of another type than was asked for.
    PredicateType {
        /// What it is.
        predicate_type: String,
    },
    /// No key of the policy has made it.
    UnknownKey,
    /// The key is not believed at the time.
    KeyExpired {
        /// Which key.
        key: String,
    },
    /// A claim is missing or says something else.
    Claim {
        /// Its name.
        name: String,
        /// What it says.
        #[serde(skip_serializing_if = "Option::is_none")]
        said: Option<Value>,
    },
    /// It was made for another place, or for none.
    DockerReference {
        /// The place.
        #[serde(skip_serializing_if = "Option::is_none")]
        said: Option<String>,
    },
    /// The certificate, its chain or its certificate log.
    Certificate {
        /// What is wrong.
        why: String,
    },
    /// The certificate names somebody else.
    Identity {
        /// Whom.
        identity: String,
        /// Who vouched for it.
        issuer: String,
    },
    /// It is none of the key that the certificate, or the policy, has.
    Signature {
        /// What is wrong.
        why: String,
    },
    /// The transparency log's entry is wrong, or missing where one is asked for.
    TransparencyLog {
        /// What is wrong.
        why: String,
    },
    /// The timestamp is wrong, or missing where one is asked for.
    Timestamp {
        /// What is wrong.
        why: String,
    },
    /// The predicate is not what the policy wants.
    Predicate {
        /// What the policy says.
        why: String,
    },
    /// It meets everything, and too few distinct signers do.
    TooFewSigners {
        /// Distinct signers found.
        found: usize,
        /// Asked for.
        asked: usize,
    },
    /// There is no signature on this child of an index.
    Unsigned,
    /// There are signatures on this child of an index, and too few that the policy takes. They are listed behind it.
    Child,
}

/// What kept a verification from deciding.
#[derive(Debug)]
#[non_exhaustive]
pub struct Undecided {
    /// What could not be read or checked; at least one.
    pub errors: Vec<Error>,
    /// What was read and does not count.
    pub rejected: Vec<Rejection>,
}

impl<V> Outcome<V> {
    /// What was verified, if it was.
    #[must_use]
    pub fn verified(self) -> Option<V> {
        match self {
            Self::Verified(verified) => Some(verified),
            _ => None,
        }
    }

    /// The same outcome with something else in place of what was verified.
    pub(crate) fn map<W>(self, change: impl FnOnce(V) -> W) -> Outcome<W> {
        match self {
            Self::Verified(verified) => Outcome::Verified(change(verified)),
            Self::Unsigned => Outcome::Unsigned,
            Self::Rejected(rejected) => Outcome::Rejected(rejected),
            Self::Indeterminate(undecided) => Outcome::Indeterminate(undecided),
        }
    }
}

impl SignedBy {
    /// Whoever has `key`.
    #[must_use]
    pub fn key(id: Option<String>, key: &PublicKey) -> Self {
        let hash = lockage_registry::digest_of(lockage_registry::Algorithm::Sha256, key.as_der());
        Self::Key { id, fingerprint: hash.map(|digest| digest.hex().to_owned()).unwrap_or_default() }
    }
}

impl fmt::Display for SignedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { id: Some(id), .. } => write!(f, "key {id}"),
            Self::Key { id: None, fingerprint } => {
                write!(f, "key {}", fingerprint.get(..12).unwrap_or(fingerprint))
            }
            Self::Identity { identity, issuer } => write!(f, "{identity} (by {issuer})"),
        }
    }
}
