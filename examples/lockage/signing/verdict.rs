//! What a verification found, as lines, as a document, and as an exit code.

use std::collections::BTreeSet;
use std::process::ExitCode;

use lockage_registry::{Digest, Error as RegistryError, Reference};
use lockage_signing::verify::{
    Accepted, Attestation, Check, Outcome, Place, Rejection, SignedBy, Verified, VerifiedAttestations,
};
use serde::Serialize;

use super::pinned;
use crate::report::{Failure, describe, say, say_json};

/// What was found of one image. Every key is always there.
#[derive(Serialize)]
pub(crate) struct Verdict<'a, V> {
    reference: &'a Reference,
    digest: Option<Digest>,
    outcome: Word,
    /// The signatures or attestations that count.
    verified: Option<V>,
    rejected: Vec<Rejection>,
    /// What could not be read or checked.
    errors: Vec<String>,
    /// The same, for a terminal.
    #[serde(skip)]
    details: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Verified,
    Unsigned,
    Rejected,
    Indeterminate,
}

#[derive(Serialize)]
struct Document<'v, 'a, V> {
    images: &'v [Verdict<'a, V>],
}

/// What was found good.
pub(crate) trait Good: Serialize {
    /// What would have to be there, for a sentence.
    const WANTED: &'static str;
    fn rejected(&self) -> &[Rejection];
    fn undecided(&self) -> &[String];
    /// What counts, on a line or more.
    fn lines(&self) -> Vec<String>;
}

impl<'a, V: Good> Verdict<'a, V> {
    pub(crate) fn new(reference: &'a Reference, digest: Digest, outcome: Outcome<V>) -> Self {
        let empty = Self {
            reference,
            digest: Some(digest),
            outcome: Word::Unsigned,
            verified: None,
            rejected: Vec::new(),
            errors: Vec::new(),
            details: Vec::new(),
        };
        match outcome {
            Outcome::Verified(verified) => Self {
                outcome: Word::Verified,
                rejected: verified.rejected().to_vec(),
                errors: verified.undecided().to_vec(),
                verified: Some(verified),
                ..empty
            },
            Outcome::Unsigned => empty,
            Outcome::Rejected(rejected) => Self { outcome: Word::Rejected, rejected, ..empty },
            Outcome::Indeterminate(undecided) => Self {
                outcome: Word::Indeterminate,
                rejected: undecided.rejected,
                errors: undecided.errors.iter().map(ToString::to_string).collect(),
                details: undecided.errors.iter().map(|error| describe(error)).collect(),
                ..empty
            },
        }
    }

    /// The tag could not be looked up.
    pub(crate) fn unknown(reference: &'a Reference, error: &RegistryError) -> Self {
        Self {
            reference,
            digest: None,
            outcome: Word::Indeterminate,
            verified: None,
            rejected: Vec::new(),
            errors: vec![error.to_string()],
            details: vec![describe(error)],
        }
    }

    fn name(&self) -> String {
        self.digest.as_ref().map_or_else(|| self.reference.to_string(), |digest| pinned::name(self.reference, digest))
    }

    /// What was found good on standard output, and why not on the other.
    fn show(&self) -> Result<(), Failure> {
        if let Some(verified) = &self.verified {
            verified.lines().into_iter().try_for_each(say)?;
        }
        self.details.iter().for_each(|error| eprint!("{error}"));
        let name = self.name();
        match self.outcome {
            Word::Verified => return Ok(()),
            Word::Unsigned => eprintln!("error: {name}: there is no {}", V::WANTED),
            Word::Rejected => eprintln!("error: {name}: no {} is taken", V::WANTED),
            Word::Indeterminate => {
                eprintln!("error: {name}: it could not be decided whether there is a good {}", V::WANTED)
            }
        }
        self.rejected.iter().for_each(|rejection| eprintln!("  {rejection}"));
        Ok(())
    }
}

/// Prints what was found, and says it as an exit code: refused if any image is, else undecided if any is.
pub(crate) fn print<V: Good>(verdicts: &[Verdict<'_, V>], json: bool) -> Result<ExitCode, Failure> {
    if json {
        // To text at once: what a predicate says is not read and written again.
        say_json(&Document { images: verdicts })?;
    } else {
        for verdict in verdicts {
            if verdict.outcome == Word::Verified {
                say(verdict.name())?;
            }
            verdict.show()?;
        }
    }
    let any = |words: &[Word]| verdicts.iter().any(|verdict| words.contains(&verdict.outcome));
    Ok(match () {
        () if any(&[Word::Rejected, Word::Unsigned]) => ExitCode::from(1),
        () if any(&[Word::Indeterminate]) => ExitCode::from(3),
        () => ExitCode::SUCCESS,
    })
}

impl Good for Verified {
    const WANTED: &'static str = "signature";

    fn rejected(&self) -> &[Rejection] {
        &self.rejected
    }

    fn undecided(&self) -> &[String] {
        &self.undecided
    }

    fn lines(&self) -> Vec<String> {
        let line = |one: &Accepted| signed(&one.signer, &one.place, &one.checks);
        let mut lines: Vec<_> = self.accepted.iter().map(line).collect();
        for child in &self.children {
            lines.push(format!("  child {}", child.digest));
            lines.extend(child.lines().into_iter().map(|line| format!("  {line}")));
        }
        lines
    }
}

impl Good for VerifiedAttestations {
    const WANTED: &'static str = "attestation of that type";

    fn rejected(&self) -> &[Rejection] {
        &self.rejected
    }

    fn undecided(&self) -> &[String] {
        &self.undecided
    }

    /// The predicates, one a line; one that is there in both layouts is shown once.
    fn lines(&self) -> Vec<String> {
        let line =
            |one: &Attestation| one.statement.predicate.get().lines().map(str::trim).collect::<Vec<_>>().join(" ");
        let mut lines: Vec<_> = self.attestations.iter().map(line).collect();
        lines.extend(self.children.iter().flat_map(Self::lines));
        let mut seen = BTreeSet::new();
        lines.retain(|line| seen.insert(line.clone()));
        lines
    }
}

fn signed(signer: &SignedBy, place: &Place, checks: &[Check]) -> String {
    // By the names that the document has.
    let checks: Vec<_> =
        checks.iter().filter_map(|check| Some(serde_json::to_value(check).ok()?.as_str()?.to_owned())).collect();
    format!("  signed by {signer}, {place}; checked: {}", checks.join(", "))
}
