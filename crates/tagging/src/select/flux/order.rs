//! The three rules of Flux, each on texts that have passed the filter.

use std::cmp::Ordering;

use semver::Version;

use crate::{
    Tag,
    excerpt::quoted,
    select::{Reason, SelectError, constraint::Constraint, number, version},
};

/// A rule that is ready to choose.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    SemVer(Constraint),
    Alphabetical(Direction),
    Numerical(Direction),
}

/// Ascending selects the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// What is compared, and the tag it comes from.
pub(super) struct Entry {
    pub(super) tag: Tag,
    pub(super) value: String,
    /// The place of the tag in the caller's list.
    pub(super) place: usize,
}

/// The place of the winner among the entries, and for each of the others its place and the reason.
pub(super) type Verdict = (Option<usize>, Vec<(usize, Reason)>);

impl Direction {
    pub(super) fn parse(text: &str) -> Result<Self, SelectError> {
        if text.is_empty() || text.eq_ignore_ascii_case("asc") {
            Ok(Self::Ascending)
        } else if text.eq_ignore_ascii_case("desc") {
            Ok(Self::Descending)
        } else {
            Err(SelectError::Order { order: quoted(text) })
        }
    }
}

impl Rule {
    pub(super) fn choose(&self, entries: &[Entry]) -> Result<Verdict, SelectError> {
        match self {
            Self::SemVer(constraint) => Ok(highest_version(constraint, entries)),
            Self::Alphabetical(direction) => Ok(last_by_alphabet(*direction, entries)),
            Self::Numerical(direction) => last_number(*direction, entries),
        }
    }
}

/// The first of those that no other exceeds.
fn highest_version(constraint: &Constraint, entries: &[Entry]) -> Verdict {
    let mut reasons = Vec::new();
    let mut eligible: Vec<(usize, Version)> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let value = entry.value.clone();
        match version::strict(&entry.value) {
            None => reasons.push((at, Reason::NotVersion { value })),
            Some(version) if constraint.matches(&version) => eligible.push((at, version)),
            Some(version) => reasons.push((at, Reason::unmatched(constraint, &version, value))),
        }
    }
    let mut best: Option<&(usize, Version)> = None;
    for candidate in &eligible {
        if best.is_none_or(|best| version::precedence(&candidate.1, &best.1).is_gt()) {
            best = Some(candidate);
        }
    }
    let Some((winner, best)) = best else { return (None, reasons) };
    for (at, version) in eligible.iter().filter(|(at, _)| at != winner) {
        reasons.push((*at, behind(entries, *at, *winner, version::precedence(version, best))));
    }
    (Some(*winner), reasons)
}

fn last_by_alphabet(direction: Direction, entries: &[Entry]) -> Verdict {
    let value = |at: &usize| entries.get(*at).map(|entry| entry.value.as_str());
    let places = 0..entries.len();
    let winner = match direction {
        Direction::Ascending => places.max_by_key(value),
        Direction::Descending => places.min_by_key(value),
    };
    let Some(winner) = winner else { return (None, Vec::new()) };
    let others = (0..entries.len()).filter(|at| *at != winner);
    let reasons = others.map(|at| (at, behind(entries, at, winner, value(&at).cmp(&value(&winner))))).collect();
    (Some(winner), reasons)
}

/// Goes through the list as Flux does, so that not-a-number has the effect that it has there: whatever follows it
/// takes its place.
fn last_number(direction: Direction, entries: &[Entry]) -> Result<Verdict, SelectError> {
    let mut numbers = Vec::with_capacity(entries.len());
    for entry in entries {
        let number = number::parse(&entry.value)
            .ok_or_else(|| SelectError::NotNumber { tag: entry.tag.clone(), value: quoted(&entry.value) })?;
        numbers.push(number);
    }
    let mut best: Option<(usize, f64)> = None;
    for (at, number) in numbers.iter().copied().enumerate() {
        let stays = best.is_some_and(|(_, best)| match direction {
            Direction::Ascending => number < best,
            Direction::Descending => number > best,
        });
        if !stays {
            best = Some((at, number));
        }
    }
    let Some((winner, best)) = best else { return Ok((None, Vec::new())) };
    let others = numbers.iter().enumerate().filter(|(at, _)| *at != winner);
    let order = |number: f64| number.partial_cmp(&best).unwrap_or(Ordering::Less);
    let reasons = others.map(|(at, number)| (at, behind(entries, at, winner, order(*number)))).collect();
    Ok((Some(winner), reasons))
}

fn behind(entries: &[Entry], at: usize, winner: usize, order: Ordering) -> Reason {
    let value = |at: usize| entries.get(at).map(|entry| entry.value.clone()).unwrap_or_default();
    let (value, winner) = (value(at), value(winner));
    if order.is_eq() { Reason::Tied { value, winner } } else { Reason::Outranked { value, winner } }
}
