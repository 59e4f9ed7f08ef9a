//! `where_is`: every environment where an image is or was, and its tags there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::SystemTime;

use lockage_registry::{Digest, Tag};
use serde::Serialize;

use super::ago::Since;
use super::running::known;
use super::{By, Wanted, known_as};
use crate::ledger::{Chronicle, Denial, ImageFacts, Kind, rfc3339};
use crate::pipeline::Name;
use lockage_tagging::OneLine;

/// Where what was asked for is, and was.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Whereabouts {
    /// What was asked for.
    pub wanted: Wanted,
    /// When this was asked.
    #[serde(with = "rfc3339")]
    pub asked: SystemTime,
    /// Every image that it is; more than one where a commit was built twice, or for several images.
    pub images: Vec<Whose>,
    /// The commits that it may mean, where it is the beginning of several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<String>,
}

/// One image, and every environment where it is or was.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Whose {
    /// The image.
    pub image: Name,
    /// The digest.
    pub digest: Digest,
    /// What it is known by.
    pub facts: ImageFacts,
    /// The environments, in the order in which it came to them.
    pub places: Vec<Place>,
    /// Why it may move nowhere, where somebody has denied it everywhere, as this image or as another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<Denial>,
}

/// An environment where an image is or was.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Place {
    /// The environment.
    pub environment: Name,
    /// Whether it is there now.
    pub current: bool,
    /// Its tags there, by the ledger: those that move only as long as they hold it.
    pub tags: Vec<Tag>,
    /// When it was there, in order. None where it was taken from: builds arrive there, and are not recorded.
    pub visits: Vec<Visit>,
    /// When it was first promoted from there.
    #[serde(with = "rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub left: Option<SystemTime>,
    /// Why it may not go there, where somebody has denied it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<Denial>,
}

/// A time that an image was somewhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Visit {
    /// Since when.
    #[serde(with = "rfc3339")]
    pub from: SystemTime,
    /// Until when; not yet over, where it is there now.
    #[serde(with = "rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub until: Option<SystemTime>,
    /// Who brought it.
    pub by: String,
    /// The digest of the plan, where it came by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Digest>,
}

/// Everywhere that `wanted` is or was, by the ledger.
#[must_use]
pub fn where_is(chronicle: &Chronicle, wanted: &Wanted, now: SystemTime) -> Whereabouts {
    let mut found: BTreeMap<(&Name, &Digest), Vec<&Name>> = BTreeMap::new();
    for entry in chronicle.entries().iter().map(|recorded| &recorded.entry) {
        // A hold is of an environment, whatever is in it.
        if matches!(entry.kind, Kind::Hold { .. }) || !wanted.is(entry) {
            continue;
        }
        let places = found.entry((&entry.image, &entry.digest)).or_default();
        let from = match &entry.kind {
            Kind::Promote { from, .. } => Some(from),
            _ => None,
        };
        let there = entry.environment.as_ref().filter(|_| entry.arrives());
        for environment in from.into_iter().chain(there) {
            if !places.contains(&environment) {
                places.push(environment);
            }
        }
    }
    let whose = found.into_iter().map(|((image, digest), environments)| {
        let places: Vec<Place> = environments.into_iter().map(|one| place(chronicle, image, one, digest)).collect();
        let anywhere = places.last().map(|place| place.environment.clone());
        Whose {
            image: image.clone(),
            digest: digest.clone(),
            facts: anywhere.as_ref().map(|one| known(chronicle, image, one, digest)).unwrap_or_default(),
            places,
            denied: chronicle.denied_everywhere(image, digest),
        }
    });
    let images: Vec<Whose> = whose.collect();
    let commits = commits(wanted, &images);
    Whereabouts { wanted: wanted.clone(), asked: now, images, commits }
}

/// The commits that begin as what was asked for does, if there are several; where one was recorded short, it may be any.
fn commits(wanted: &Wanted, images: &[Whose]) -> Vec<String> {
    let (Wanted::Commit(asked) | Wanted::Hex(asked)) = wanted else { return Vec::new() };
    let said = images.iter().filter_map(|one| one.facts.commit.as_deref()).map(str::to_ascii_lowercase);
    let all: BTreeSet<String> = said.filter(|commit| commit.starts_with(asked)).collect();
    let is_whole = |one: &&String| !all.iter().any(|other| other != *one && other.starts_with(one.as_str()));
    let whole: Vec<String> = all.iter().filter(is_whole).cloned().collect();
    if whole.len() > 1 { whole } else { Vec::new() }
}

fn place(chronicle: &Chronicle, image: &Name, environment: &Name, digest: &Digest) -> Place {
    let mut visits: Vec<Visit> = Vec::new();
    let mut is_there = false;
    for entry in chronicle.there(image, environment).map(|recorded| &recorded.entry).filter(|entry| entry.arrives()) {
        match (entry.digest == *digest, is_there) {
            (true, false) => {
                visits.push(Visit { from: entry.at, until: None, by: entry.actor.clone(), plan: entry.plan().cloned() })
            }
            (false, true) => visits.last_mut().into_iter().for_each(|last| last.until = Some(entry.at)),
            _ => {}
        }
        is_there = entry.digest == *digest;
    }
    let left = chronicle.about(image).map(|recorded| &recorded.entry).find_map(|entry| match &entry.kind {
        Kind::Promote { from, .. } if from == environment && entry.digest == *digest => Some(entry.at),
        _ => None,
    });
    let tags = chronicle.tags(image, environment);
    Place {
        environment: environment.clone(),
        current: is_there,
        tags: tags.into_iter().filter(|(_, held)| held.digest == *digest).map(|(tag, _)| tag).collect(),
        left: left.filter(|_| visits.is_empty()),
        visits,
        denied: chronicle.denied(image, environment, digest),
    }
}

impl Whereabouts {
    /// Whether nobody has ever recorded it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.images.is_empty()
    }
}

impl fmt::Display for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.images.is_empty() {
            return write!(f, "{}  has never been anywhere, by the ledger", self.wanted);
        }
        for (n, one) in self.images.iter().enumerate() {
            let lead = if n == 0 { "" } else { "\n" };
            write!(f, "{lead}{}  {}{}", one.image, one.digest, known_as(&one.facts))?;
            if let Some(denial) = &one.denied {
                let (elsewhere, when) = (denial.elsewhere(&one.image), Since(denial.at, self.asked));
                let (reason, actor) = (OneLine(&denial.reason), OneLine(&denial.actor));
                write!(f, "\n  DENIED everywhere: {reason} ({actor}{elsewhere}, {when})")?;
            }
            let width = one.places.iter().map(|place| place.environment.as_str().len()).max().unwrap_or(0);
            for place in &one.places {
                write!(f, "\n  {:<width$}", place.environment)?;
                self.place(f, place)?;
            }
        }
        match self.commits.as_slice() {
            [] => Ok(()),
            several => {
                write!(
                    f,
                    "\n{} is the beginning of {} commits: {}",
                    self.wanted,
                    several.len(),
                    OneLine(several.join(", "))
                )
            }
        }
    }
}

impl Whereabouts {
    fn place(&self, f: &mut fmt::Formatter<'_>, place: &Place) -> fmt::Result {
        if let Some(visit) = place.visits.last() {
            let by = By(&visit.by, visit.plan.as_ref());
            match visit.until {
                None => write!(f, "  now, since {} {by}", Since(visit.from, self.asked))?,
                Some(until) => write!(f, "  until {} {by}", Since(until, self.asked))?,
            }
        }
        if let Some(left) = place.left {
            write!(f, "  came from there {}", Since(left, self.asked))?;
        }
        match place.visits.len() {
            0 | 1 => {}
            times => write!(f, ", {times} times in all")?,
        }
        let tags: Vec<_> = place.tags.iter().map(Tag::as_str).collect();
        if tags.is_empty() { Ok(()) } else { write!(f, "  {}", tags.join("  ")) }
    }
}
