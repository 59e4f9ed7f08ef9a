//! Finding evidence: has our pipeline promoted this digest to that environment, and does that still count?

use std::fmt;
use std::time::{Duration, SystemTime};

use lockage_registry::{Digest, Repository, Source};

use super::read::{Attached, Said, attached};
use super::{EvidenceError, SVR, Summary};
use crate::pipeline::Name;
use crate::pipeline::approval::{SignedBy, StatementError, StatementVerifier};
use lockage_tagging::OneLine;

/// Clocks of those who sign may be ahead by this much.
const AHEAD: Duration = Duration::from_secs(300);

/// A verification result that is attached to an image.
#[derive(Debug)]
#[non_exhaustive]
pub struct Found {
    /// The manifest that attaches it.
    pub manifest: Digest,
    /// What it is about: the image, and each of its platforms. Nothing, where it is nobody's word.
    pub subjects: Vec<Digest>,
    /// What it is worth.
    pub word: Word,
}

/// What evidence is worth.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "it counts, has ended, is nobody's, or cannot be told")]
pub enum Word {
    /// Somebody whom the verifier knows says so.
    Good(Box<Summary>, SignedBy),
    /// Somebody whom the verifier knows said so, and it has ended.
    Expired(Box<Summary>, SignedBy),
    /// Nobody's word, and why.
    Nothing(String),
    /// The verifier cannot tell.
    Undecided(StatementError),
}

/// Evidence that counts, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promoted {
    /// The manifest that attaches it.
    pub manifest: Digest,
    /// What it is about: the image, and each of its platforms, to all of which it was attached.
    pub subjects: Vec<Digest>,
    /// What was verified.
    pub summary: Summary,
    /// Who signed it.
    pub by: SignedBy,
}

/// Whether a digest has been promoted to an environment, by its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it has, its evidence has ended, or it has none")]
pub enum Evident {
    /// It has. Look at [`Summary::overridden`]: gates may have been passed by.
    Promoted(Promoted),
    /// It had been, and the evidence has ended.
    Expired(Promoted),
    /// Nothing that counts says so.
    Missing {
        /// Why what is there does not count.
        reasons: Vec<String>,
    },
}

/// All verification results that are attached to `digest`, which is an image or a platform of one, by promotions.
///
/// One request for the list, and two for each result.
///
/// # Errors
/// Where the list, or what is on it, cannot be read.
pub async fn find(
    source: &dyn Source,
    repo: &Repository,
    digest: &Digest,
    verifier: &dyn StatementVerifier,
    now: SystemTime,
) -> Result<Vec<Found>, EvidenceError> {
    let found = attached(source, repo, digest, &[SVR], verifier).await?;
    let told = found.into_iter().map(|Attached { manifest, said }| {
        let subjects = match &said {
            Said::Signed { statement, .. } => statement.digests(repo),
            Said::Nothing(_) | Said::Undecided(_) => Vec::new(),
        };
        Found { manifest, subjects, word: word(said, now) }
    });
    Ok(told.collect())
}

fn word(said: Said, now: SystemTime) -> Word {
    match said {
        Said::Nothing(why) => Word::Nothing(why),
        Said::Undecided(error) => Word::Undecided(error),
        Said::Signed { statement, by, .. } => match Summary::parse(statement.predicate) {
            Err(why) => Word::Nothing(why),
            Ok(summary) if summary.at > now + AHEAD => Word::Nothing("it is from the future".to_owned()),
            Ok(summary) if !summary.is_young(None, now) => Word::Expired(Box::new(summary), by),
            Ok(summary) => Word::Good(Box::new(summary), by),
        },
    }
}

/// Whether `digest`, an image or a platform of one, has been promoted to `environment` in this repository, by somebody whom
/// `verifier` knows. Of several results the newest counts.
///
/// # Errors
/// As [`find`]; and where nothing that can be told says so, and something cannot be told.
pub async fn promoted_to(
    source: &dyn Source,
    repo: &Repository,
    digest: &Digest,
    environment: &Name,
    verifier: &dyn StatementVerifier,
    now: SystemTime,
) -> Result<Evident, EvidenceError> {
    let (mut good, mut expired, mut undecided, mut reasons) = (None, None, None, Vec::new());
    let newest = |best: &mut Option<Promoted>, one: Promoted| {
        if best.as_ref().is_none_or(|best| best.summary.at < one.summary.at) {
            *best = Some(one);
        }
    };
    for Found { manifest, subjects, word } in find(source, repo, digest, verifier, now).await? {
        match word {
            Word::Good(summary, _) | Word::Expired(summary, _) if summary.environment != *environment => {
                reasons.push(format!("{}: it was promoted to {}", manifest.short(), summary.environment));
            }
            Word::Good(summary, by) => newest(&mut good, Promoted { manifest, subjects, summary: *summary, by }),
            Word::Expired(summary, by) => newest(&mut expired, Promoted { manifest, subjects, summary: *summary, by }),
            Word::Nothing(why) => reasons.push(format!("{}: {why}", manifest.short())),
            Word::Undecided(error) => undecided = Some(error),
        }
    }
    match (good, undecided, expired) {
        (Some(good), ..) => Ok(Evident::Promoted(good)),
        // What cannot be told may be what is missing.
        (None, Some(error), _) => Err(EvidenceError::Verifier(error)),
        (None, None, Some(expired)) => Ok(Evident::Expired(expired)),
        (None, None, None) => Ok(Evident::Missing { reasons }),
    }
}

impl fmt::Display for Evident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Promoted(found) => {
                write!(f, "promoted to {}, signed by {}", found.summary.environment, OneLine(&found.by.identity))?;
                let mut overridden = found.summary.overridden().peekable();
                if overridden.peek().is_some() {
                    write!(f, ", past {}", OneLine(overridden.collect::<Vec<_>>().join(", ")))?;
                }
                Ok(())
            }
            Self::Expired(found) => {
                write!(f, "promoted to {}, by evidence that has ended", found.summary.environment)
            }
            Self::Missing { reasons } if reasons.is_empty() => f.write_str("no evidence of a promotion"),
            Self::Missing { reasons } => write!(f, "no evidence that counts: {}", OneLine(reasons.join("; "))),
        }
    }
}
