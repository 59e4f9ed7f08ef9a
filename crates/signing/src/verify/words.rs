//! Outcomes in words, for people: a line each.

use std::fmt;

use super::{Outcome, Reason, Rejection};

impl<V> fmt::Display for Outcome<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Verified(_) => "verified",
            Self::Unsigned => "unsigned",
            Self::Rejected(_) => "rejected",
            Self::Indeterminate(_) => "indeterminate",
        })
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        for (nth, reason) in self.reasons.iter().enumerate() {
            write!(f, "{}{reason}", if nth == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self {
            Self::Malformed { why } => why.clone(),
            Self::WrongDigest { said } => format!("it is about {}", said.join(", ")),
            Self::PredicateType { predicate_type } => format!("it is an attestation of {predicate_type}"),
            Self::UnknownKey => "no key of the policy has made it".to_owned(),
            Self::KeyExpired { key } => format!("{key} is not believed at that time"),
            Self::Claim { name, said: Some(said) } => format!("it claims {name}={said}"),
            Self::Claim { name, said: None } => format!("it does not claim {name}"),
            Self::DockerReference { said: Some(said) } => format!("it was made for {said}"),
            Self::DockerReference { said: None } => "it does not say for which place it was made".to_owned(),
            Self::Signature { why } => format!("the signature: {why}"),
            Self::Certificate { why } => format!("the certificate: {why}"),
            Self::Identity { identity, issuer } => format!("it was signed by {identity} (by {issuer})"),
            Self::TransparencyLog { why } => format!("the transparency log: {why}"),
            Self::Timestamp { why } => format!("the timestamp: {why}"),
            Self::Predicate { why } => format!("the predicate: {why}"),
            Self::TooFewSigners { found, asked } => format!("{found} distinct signers of {asked} that are asked for"),
            Self::Unsigned => "it is not signed".to_owned(),
            Self::Child => "it is not signed as asked".to_owned(),
        };
        // What a stranger wrote stays on one line.
        line.chars().try_for_each(|c| match c.is_control() {
            true => write!(f, "{}", c.escape_default()),
            false => write!(f, "{c}"),
        })
    }
}
