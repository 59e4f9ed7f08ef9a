//! Finding what signs or attests one manifest: both layouts are read, within limits, and nothing is judged.
//!
//! Costs one GET for the tag of cosign, what the list of referrers takes (one request, two on a registry without the API), one
//! GET for each payload, and two for each bundle; of other referrers the manifest is read, because a list that a client keeps
//! may call them anything.

mod bundle;
mod embedded;
mod legacy;
mod reading;

use std::collections::HashSet;

use futures::future::{BoxFuture, FutureExt as _, join};
use futures::stream::{self, StreamExt as _};
use lockage_registry::{Descriptor, Digest, DigestTagKind, Manifest, RawManifest, Tag};

use crate::Error;
use crate::format::FormatError;
use crate::verify::{Evidence, Place, Reason, Rejection};
use legacy::SamePayload;

pub(crate) use embedded::statements;
pub use embedded::{EmbeddedStatement, embedded_statements};
pub(crate) use reading::Look;

/// How many requests are under way at once.
pub(crate) const AT_ONCE: usize = 8;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Under the tag `.sig`, and in bundles.
    Signatures,
    /// Under the tag `.att`, and in bundles.
    Attestations,
}

/// What was found about one manifest. Bundles of both kinds are among the evidence: what a bundle is stands in what it signs.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) evidence: Vec<Evidence>,
    /// What was read and is none.
    pub(crate) malformed: Vec<Rejection>,
    /// What could not be read, and what was not read because it is too much.
    pub(crate) errors: Vec<Error>,
}

/// Something to be read.
enum Candidate {
    Layers(SamePayload),
    Referrer(Descriptor),
}

impl Found {
    pub(crate) fn add(&mut self, other: Self) {
        self.evidence.extend(other.evidence);
        self.malformed.extend(other.malformed);
        self.errors.extend(other.errors);
    }

    fn error(error: impl Into<Error>) -> Self {
        Self { errors: vec![error.into()], ..Self::default() }
    }

    fn malformed(place: Place, why: impl ToString) -> Self {
        Self::rejected(place, Reason::Malformed { why: why.to_string() })
    }

    fn rejected(place: Place, reason: Reason) -> Self {
        Self { malformed: vec![Rejection { place, reasons: vec![reason] }], ..Self::default() }
    }

    fn read(place: &Place, evidence: Result<Evidence, FormatError>) -> Self {
        match evidence {
            Ok(evidence) => Self { evidence: vec![evidence], ..Self::default() },
            Err(error) => Self::malformed(place.clone(), error),
        }
    }
}

/// Everything of this kind that is attached to `subject`.
pub(crate) async fn find(look: &Look<'_>, subject: &Digest, wanted: Wanted) -> Found {
    let kind = match wanted {
        Wanted::Signatures => DigestTagKind::Signature,
        Wanted::Attestations => DigestTagKind::Attestation,
    };
    let (tagged, listed) = join(legacy::layers(look, subject, kind), bundle::referrers(look, subject)).await;
    let mut found = Found::default();
    let mut candidates = Vec::new();
    match tagged {
        Ok(layers) => candidates.push(layers.into_iter().map(Candidate::Layers).collect::<Vec<_>>()),
        Err(other) => found.add(*other),
    }
    match listed {
        Ok(entries) => candidates.push(entries.into_iter().map(Candidate::Referrer).collect()),
        Err(error) => found.add(Found::error(error)),
    }
    let (candidates, left) = first_of_each(candidates, look.limits.candidates);
    if left > 0 {
        found.add(Found::error(Error::TooMuch {
            place: look.place(subject),
            what: format!("{left} signatures, attestations and other referrers were not looked at"),
            limit: u64::try_from(look.limits.candidates).unwrap_or(u64::MAX),
        }));
    }
    let jobs: Vec<BoxFuture<'_, Found>> = candidates
        .into_iter()
        .map(|candidate| match candidate {
            Candidate::Layers(layers) => legacy::read(look, layers, wanted).boxed(),
            Candidate::Referrer(entry) => bundle::read(look, entry).boxed(),
        })
        .collect();
    found.add(all(look, jobs).await);
    found
}

/// What a manifest under one of cosign's tags holds.
pub(crate) async fn under_tag(look: &Look<'_>, raw: &RawManifest, tag: &Tag, wanted: Wanted) -> Found {
    match legacy::by_payload(raw, tag) {
        Ok(layers) => {
            let jobs = layers.into_iter().map(|layers| legacy::read(look, layers, wanted).boxed()).collect();
            all(look, jobs).await
        }
        Err(found) => *found,
    }
}

/// The bundle of a manifest that refers to something; nothing where it is another kind of artifact.
pub(crate) async fn in_manifest(look: &Look<'_>, manifest: &Digest, view: &Manifest) -> Option<Found> {
    bundle::open(look, Place::Bundle { manifest: manifest.clone() }, view).await
}

/// Runs all jobs, some at once; the results are in their order.
async fn all(look: &Look<'_>, jobs: Vec<BoxFuture<'_, Found>>) -> Found {
    let mut found = Found::default();
    // Boxed and collected: see rust-lang/rust#102211.
    let mut done = stream::iter(jobs).buffered(look.at_once);
    while let Some(one) = done.next().await {
        found.add(one);
    }
    found
}

/// Takes turns between the lists, so that a flood in one layout does not hide the other, and says how much is left.
fn first_of_each(lists: Vec<Vec<Candidate>>, most: usize) -> (Vec<Candidate>, usize) {
    let mut lists: Vec<_> = lists.into_iter().map(|list| list.into_iter().peekable()).collect();
    let (mut taken, mut room) = (Vec::new(), most);
    while room > 0 && lists.iter_mut().any(|list| list.peek().is_some()) {
        for candidate in lists.iter_mut().filter_map(Iterator::next) {
            let (now, rest) = candidate.at_most(room);
            room -= now.len();
            taken.push(now);
            if room == 0 {
                let left: usize = lists.into_iter().flatten().map(|candidate| candidate.len()).sum();
                return (taken, left + rest);
            }
        }
    }
    (taken, lists.into_iter().flatten().map(|candidate| candidate.len()).sum())
}

impl Candidate {
    fn len(&self) -> usize {
        match self {
            Self::Layers(layers) => layers.layers.len(),
            Self::Referrer(_) => 1,
        }
    }

    /// As much of it as there is room for, and how much was cut off.
    fn at_most(mut self, room: usize) -> (Self, usize) {
        let cut = self.len().saturating_sub(room);
        if let Self::Layers(layers) = &mut self {
            layers.layers.truncate(room);
        }
        (self, cut)
    }
}

/// Without those that are listed twice.
pub(crate) fn distinct(entries: Vec<Descriptor>) -> Vec<Descriptor> {
    let mut seen = HashSet::new();
    entries.into_iter().filter(|entry| seen.insert(entry.digest.clone())).collect()
}
