//! What may still go further down: images that an environment may yet be given from one before it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use lockage_promote::ledger::{Chronicle, Entry, Kind};
use lockage_promote::pipeline::{Graph, Name};
use lockage_registry::Digest;
use lockage_tagging::semver::Version;

/// What a ledger says of one image under one digest.
#[derive(Default)]
struct Known<'a> {
    /// Where it arrived, with the places of the first and the last entry that say so.
    arrived: BTreeMap<&'a Name, (usize, usize)>,
    /// Where it was taken from, with the place of the first entry that says so.
    taken: BTreeMap<&'a Name, usize>,
    version: Option<Version>,
    created: Option<SystemTime>,
}

impl<'a> Known<'a> {
    fn hears(&mut self, place: usize, entry: &'a Entry) {
        if let Some(environment) = entry.environment.as_ref().filter(|_| entry.arrives()) {
            self.arrived.entry(environment).or_insert((place, place)).1 = place;
        }
        if let Kind::Promote { from, .. } = &entry.kind {
            self.taken.entry(from).or_insert(place);
        }
        let version = entry.facts.version.as_ref().map(|text| Version::parse(text.strip_prefix('v').unwrap_or(text)));
        self.version = version.and_then(Result::ok).or(self.version.take());
        self.created = entry.facts.created.or(self.created);
    }

    /// When it came to an environment for the first and for the last time. Where builds arrive nobody writes that down, so it is
    /// when it was first taken from there.
    fn at(&self, environment: &Name) -> Option<(usize, usize)> {
        let taken = self.taken.get(environment).map(|place| (*place, *place));
        self.arrived.get(environment).copied().or(taken)
    }

    /// Whether the other one is newer: by version, by when it was built, or else because it came only later to every environment
    /// `before` where both were. Where nobody knows, it is not.
    fn is_behind(&self, other: &Self, before: &BTreeSet<&Name>) -> bool {
        if let (Some(own), Some(other)) = (&self.version, &other.version) {
            return own < other;
        }
        if let (Some(own), Some(other)) = (self.created, other.created) {
            return own < other;
        }
        let mut both = before.iter().filter_map(|at| Some((self.at(at)?, other.at(at)?))).peekable();
        both.peek().is_some() && both.all(|((_, own), (other, _))| own < other)
    }
}

/// The images that an environment may still get, each with the first such environment by its name.
///
/// An image is somewhere if it arrived there or was taken from there. It may still go to every environment downstream of that
/// where it never was and is not denied, and that has nothing newer by now.
pub(super) fn eligible<'a>(
    chronicle: &'a Chronicle,
    graph: Option<&'a Graph>,
    image: &'a Name,
) -> Vec<(&'a Digest, &'a Name)> {
    let mut all: BTreeMap<&Digest, Known<'_>> = BTreeMap::new();
    for (place, entry) in chronicle.about(image).map(|recorded| &recorded.entry).enumerate() {
        all.entry(&entry.digest).or_default().hears(place, entry);
    }
    let edges: BTreeSet<(&Name, &Name)> = match graph {
        Some(graph) => graph.edges().map(|edge| (edge.from(), edge.to())).collect(),
        None => chronicle.entries().iter().filter_map(|recorded| edge(&recorded.entry)).collect(),
    };
    let back: BTreeSet<(&Name, &Name)> = edges.iter().map(|(from, to)| (*to, *from)).collect();
    let ends: BTreeSet<&Name> = back.iter().map(|(to, _)| *to).collect();
    // What each has now, and what is before it.
    let has = |to: &'a Name| {
        let current = all.get(&chronicle.current(image, to)?.entry.digest)?;
        Some((to, (current, reached(&back, &[to]))))
    };
    let current: BTreeMap<&Name, (&Known<'_>, BTreeSet<&Name>)> = ends.into_iter().filter_map(has).collect();
    let mut below: BTreeMap<Vec<&Name>, BTreeSet<&Name>> = BTreeMap::new();
    let mut found = Vec::new();
    for (digest, known) in &all {
        let from: BTreeSet<&Name> = known.arrived.keys().chain(known.taken.keys()).copied().collect();
        let from: Vec<&Name> = from.into_iter().collect();
        let below = below.entry(from).or_insert_with_key(|from| reached(&edges, from));
        let first = below.iter().find(|to| {
            let was_there = known.arrived.contains_key(*to);
            let is_denied = || chronicle.denied(image, to, digest).is_some();
            let is_behind = || current.get(*to).is_some_and(|(current, before)| known.is_behind(current, before));
            !was_there && !is_denied() && !is_behind()
        });
        found.extend(first.map(|to| (*digest, *to)));
    }
    found
}

fn edge(entry: &Entry) -> Option<(&Name, &Name)> {
    match (&entry.kind, &entry.environment) {
        (Kind::Promote { from, .. }, Some(to)) => Some((from, to)),
        _ => None,
    }
}

/// Everything that edges lead to from any of these.
fn reached<'a>(edges: &BTreeSet<(&'a Name, &'a Name)>, from: &[&'a Name]) -> BTreeSet<&'a Name> {
    let mut reached: BTreeSet<&Name> = BTreeSet::new();
    let mut waiting = from.to_vec();
    while let Some(at) = waiting.pop() {
        waiting.extend(edges.iter().filter(|(from, _)| *from == at).map(|(_, to)| *to).filter(|to| reached.insert(to)));
    }
    reached
}
