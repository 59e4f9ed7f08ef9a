//! What was checked, and why a signature does not count, in words for people.

use std::fmt;

use super::{Check, Reason, Rejection};

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digest => "digest",
            Self::Claims => "claims",
            Self::DockerReference => "docker-reference",
            Self::Key => "key",
            Self::KeyValidity => "validity of the key",
            Self::Certificate => "certificate",
            Self::CertificateLog => "certificate log",
            Self::Identity => "identity",
            Self::TransparencyLog => "transparency log",
            Self::InclusionProof => "proof of inclusion",
            Self::Timestamp => "timestamp",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { why } => write!(f, "it cannot be read: {why}"),
            Self::WrongDigest { said } if said.is_empty() => f.write_str("it is about no digest"),
            Self::WrongDigest { said } => write!(f, "it is about {}", said.join(", ")),
            Self::NotASignature { predicate_type } => {
                write!(f, "it is an attestation, of type {predicate_type}, and no signature")
            }
            Self::PredicateType { predicate_type } => write!(f, "it is of type {predicate_type}"),
            Self::UnknownKey => f.write_str("no key of the policy has made it"),
            Self::KeyExpired { key } => write!(f, "the key {key} is not believed at its time"),
            Self::Claim { name, said: None } => write!(f, "it does not claim {name}"),
            Self::Claim { name, said: Some(said) } => write!(f, "it claims {name}={said}"),
            Self::DockerReference { said: None } => f.write_str("it does not say for which place it was made"),
            Self::DockerReference { said: Some(said) } => write!(f, "it was made for {said:?}"),
            Self::Certificate { why } => write!(f, "certificate: {why}"),
            Self::Identity { identity, issuer } => write!(f, "it was made by {identity} (by {issuer})"),
            Self::Signature { why } => write!(f, "signature: {why}"),
            Self::TransparencyLog { why } => write!(f, "transparency log: {why}"),
            Self::Timestamp { why } => write!(f, "timestamp: {why}"),
            Self::Predicate { why } => write!(f, "predicate: {why}"),
            Self::TooFewSigners { found, asked } => {
                write!(f, "it meets everything, but {found} of {asked} distinct signers do")
            }
            Self::Unsigned => f.write_str("there is no signature"),
            Self::Child => f.write_str("too few of its signatures count"),
        }
    }
}

/// Where it was found, and everything that is wrong with it, on one line.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        for (number, reason) in self.reasons.iter().enumerate() {
            write!(f, "{}{reason}", if number == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
