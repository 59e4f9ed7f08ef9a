//! `in_force`: every denial and every hold that nobody has released.

use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use lockage_registry::Digest;
use serde::Serialize;

use super::ago::Since;
use crate::ledger::{Chronicle, Denial, Kind, rfc3339};
use crate::pipeline::Name;

/// What may not move, and where nothing may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct InForce {
    /// When this was asked.
    #[serde(with = "rfc3339")]
    pub asked: SystemTime,
    /// The images that may not move.
    pub denials: Vec<Denied>,
    /// The environments that keep what they have.
    pub holds: Vec<Held>,
}

/// An image that may not move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Denied {
    /// The image.
    pub image: Name,
    /// The digest.
    pub digest: Digest,
    /// Where; everywhere, unless it says.
    pub environment: Option<Name>,
    /// Why, who says so, and since when.
    #[serde(flatten)]
    pub denial: Denial,
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
    pub hold: Denial,
}

/// The denials and holds that are in force at `now`.
#[must_use]
pub fn in_force(chronicle: &Chronicle, now: SystemTime) -> InForce {
    let (mut denials, mut holds) = (Vec::new(), Vec::new());
    for image in chronicle.images() {
        let (mut denied, mut held): (BTreeSet<(Option<&Name>, &Digest)>, BTreeSet<&Name>) = Default::default();
        for entry in chronicle.about(image).map(|recorded| &recorded.entry) {
            match (&entry.kind, &entry.environment) {
                (Kind::Deny { .. }, at) => drop(denied.insert((at.as_ref(), &entry.digest))),
                (Kind::Hold { .. }, Some(at)) => drop(held.insert(at)),
                _ => {}
            }
        }
        for (at, digest) in denied {
            let everywhere = chronicle.denied_everywhere(image, digest);
            let denial = match at {
                None => everywhere,
                // What is denied everywhere is not said again of one environment.
                Some(at) if everywhere.is_none() => chronicle.denied(image, at, digest),
                Some(_) => None,
            };
            let (image, digest, environment) = (image.clone(), digest.clone(), at.cloned());
            denials.extend(denial.map(|denial| Denied { image, digest, environment, denial }));
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
    InForce { asked: now, denials, holds }
}

impl fmt::Display for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lead = "";
        for Denied { image, digest, environment, denial } in &self.denials {
            let at = environment.as_ref().map_or("everywhere".to_owned(), |at| format!("in {at}"));
            let since = Since(denial.at, self.asked);
            write!(f, "{lead}denied  {image}  {digest}  {at}: {} ({}, {since})", denial.reason, denial.actor)?;
            lead = "\n";
        }
        for Held { image, environment, until, hold } in &self.holds {
            let since = Since(hold.at, self.asked);
            write!(f, "{lead}held    {image}  {environment}: {} ({}, {since})", hold.reason, hold.actor)?;
            if let Some(until) = until {
                write!(f, " until {}", super::ago::Absolute(*until))?;
            }
            lead = "\n";
        }
        if lead.is_empty() { f.write_str("nothing is denied, and nothing is held") } else { Ok(()) }
    }
}
