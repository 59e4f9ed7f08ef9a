//! What is known besides the registry: who runs what, what was promoted, what must not be touched, what happened.

mod read;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lockage_tagging::Digest;
use serde::{Deserialize, Serialize};

use super::Capabilities;
use super::policy::{Glob, Require};

/// What is known besides the registry. Whoever could not find out does not leave it out, but fails.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Facts {
    /// Who was asked what is in use, and answered: `k8s`, `ledger`.
    pub asked: BTreeSet<String>,
    /// What is in use.
    pub in_use: Vec<InUse>,
    /// What was promoted, and found where it was promoted to.
    pub promoted: Vec<Promotion>,
    /// What must not be touched.
    pub holds: Vec<LegalHold>,
    /// What happened.
    pub events: Vec<Event>,
    /// Digests that tags were seen with before.
    pub seen: Vec<Seen>,
    /// What the registry can do.
    pub capabilities: Capabilities,
}

/// Something that somebody runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InUse {
    /// What.
    #[serde(flatten)]
    pub what: Running,
    /// Who says so: `k8s`, `ledger`.
    pub by: String,
    /// Why, where that is known: `current in prod`, `the pod shop/web-1 runs it`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// An image as whoever runs it names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Running {
    /// By its digest, in every repository. The indexes that name it are in use with it: their digest is what was deployed.
    Digest(Digest),
    /// By its digest, without the indexes that name it.
    Alone(Digest),
    /// By its tag, `repository:tag`.
    Tag(String),
}

impl InUse {
    /// An image that somebody runs.
    #[must_use]
    pub fn new(what: Running, by: impl Into<String>) -> Self {
        Self { what, by: by.into(), why: None, since: None }
    }

    /// Why it is in use.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// Since when.
    #[must_use]
    pub fn since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }
}

/// A promotion that was verified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Promotion {
    /// The image.
    pub digest: Digest,
    /// The environment or the repository.
    pub to: String,
    /// When it was found there.
    pub at: Timestamp,
    /// What was found there.
    #[serde(default)]
    pub checks: BTreeSet<Require>,
}

impl Promotion {
    /// An image that was found there, at that time.
    #[must_use]
    pub fn new(digest: Digest, to: impl Into<String>, at: Timestamp) -> Self {
        Self { digest, to: to.into(), at, checks: BTreeSet::new() }
    }

    /// What was found there besides.
    #[must_use]
    pub fn with(mut self, checks: impl IntoIterator<Item = Require>) -> Self {
        self.checks.extend(checks);
        self
    }
}

/// Something that must not be touched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LegalHold {
    /// What.
    #[serde(flatten)]
    pub scope: Held,
    /// Until when; for good otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// What a legal hold is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Held {
    /// An image, in every repository, by whatever tag.
    Digest(Digest),
    /// A tag, `repository:tag`.
    Tag(String),
    /// Everything of the repositories that are named like this.
    Repositories(Glob),
}

impl LegalHold {
    /// Holds it for good.
    #[must_use]
    pub fn new(scope: Held, reason: impl Into<String>) -> Self {
        Self { scope, until: None, reason: reason.into() }
    }

    /// Holds it no longer than this.
    #[must_use]
    pub fn until(mut self, until: Timestamp) -> Self {
        self.until = Some(until);
        self
    }
}

/// Something that happened to a group of tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Event {
    /// What happened: `pr_closed`.
    pub event: String,
    /// To what: `{"pr": "17"}`.
    pub group: BTreeMap<String, String>,
    /// In which repositories; in all otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<Glob>,
    /// When.
    pub at: Timestamp,
}

impl Event {
    /// Something that happened to a group, in every repository.
    #[must_use]
    pub fn new(event: impl Into<String>, group: impl IntoIterator<Item = (String, String)>, at: Timestamp) -> Self {
        Self { event: event.into(), group: group.into_iter().collect(), repo: None, at }
    }
}

/// A digest that a tag was seen with before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Seen {
    /// The tag, `repository:tag`.
    pub tag: String,
    /// The digest.
    pub digest: Digest,
}

impl Seen {
    /// A digest that a tag, `repository:tag`, was seen with.
    #[must_use]
    pub fn new(tag: impl Into<String>, digest: Digest) -> Self {
        Self { tag: tag.into(), digest }
    }
}

impl Facts {
    /// What others know as well. Of what a registry can do nothing is taken from there.
    pub fn add(&mut self, other: Self) {
        self.asked.extend(other.asked);
        self.in_use.extend(other.in_use);
        self.promoted.extend(other.promoted);
        self.holds.extend(other.holds);
        self.events.extend(other.events);
        self.seen.extend(other.seen);
    }
}
