//! `in_force`: every denial and every hold that nobody has released.

use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use serde::Serialize;

use super::ago::Since;
use crate::ledger::{Chronicle, Denial, Hold, Kind, rfc3339};
use crate::pipeline::Name;
use lockage_tagging::OneLine;

/// What may not move, and where nothing may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct InForce {
    /// When this was asked.
    #[serde(with = "rfc3339")]
    pub asked: SystemTime,
    /// The images that may not move. What is denied everywhere is not said again of one environment.
    pub denials: Vec<Denial>,
    /// The environments that keep what they have.
    pub holds: Vec<Held>,
}

/// An environment that keeps what it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Held {
    /// The image.
    pub image: Name,
    /// The environment.
    pub environment: Name,
    /// Until when, where it ends by itself.
    #[serde(with = "rfc3339::option")]
    pub until: Option<SystemTime>,
    /// Why, who says so, and since when.
    #[serde(flatten)]
    pub hold: Hold,
}

/// The denials and holds that are in force at `now`.
#[must_use]
pub fn in_force(chronicle: &Chronicle, now: SystemTime) -> InForce {
    let mut holds = Vec::new();
    for image in chronicle.images() {
        let mut held: BTreeSet<&Name> = BTreeSet::new();
        for entry in chronicle.about(image).map(|recorded| &recorded.entry) {
            if let (Kind::Hold { .. }, Some(at)) = (&entry.kind, &entry.environment) {
                held.insert(at);
            }
        }
        for at in held {
            let hold = chronicle.held(image, at, now);
            let until = chronicle.there(image, at).rev().find_map(|recorded| match &recorded.entry.kind {
                Kind::Hold { until, .. } => Some(*until),
                _ => None,
            });
            let (image, environment, until) = (image.clone(), at.clone(), until.flatten());
            holds.extend(hold.map(|hold| Held { image, environment, until, hold }));
        }
    }
    let all = chronicle.denials();
    let said = |denial: &Denial| (denial.image.clone(), denial.digest.clone());
    let everywhere: BTreeSet<_> = all.iter().filter(|one| one.environment.is_none()).map(said).collect();
    let is_new = |one: &Denial| one.environment.is_none() || !everywhere.contains(&said(one));
    InForce { asked: now, denials: all.into_iter().filter(is_new).collect(), holds }
}

impl fmt::Display for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lead = "";
        for Denial { image, digest, environment, reason, actor, at } in &self.denials {
            let there = environment.as_ref().map_or("everywhere".to_owned(), |at| format!("in {at}"));
            let since = Since(*at, self.asked);
            let (reason, actor) = (OneLine(reason), OneLine(actor));
            write!(f, "{lead}denied  {image}  {digest}  {there}: {reason} ({actor}, {since})")?;
            lead = "\n";
        }
        for Held { image, environment, until, hold } in &self.holds {
            let since = Since(hold.at, self.asked);
            let (reason, actor) = (OneLine(&hold.reason), OneLine(&hold.actor));
            write!(f, "{lead}held    {image}  {environment}: {reason} ({actor}, {since})")?;
            if let Some(until) = until {
                write!(f, " until {}", super::ago::Absolute(*until))?;
            }
            lead = "\n";
        }
        if lead.is_empty() { f.write_str("nothing is denied, and nothing is held") } else { Ok(()) }
    }
}
