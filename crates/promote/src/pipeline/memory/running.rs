//! `running`: what is in an environment, since when, by whom, and on which evidence.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, SystemTime};

use lockage_registry::{Digest, Tag};
use serde::Serialize;

use super::ago::Since;
use super::denied::denied_tags;
use super::{DeniedTag, known_as};
use crate::Clearance;
use crate::ledger::{Chronicle, Denial, Entry, Hold, ImageFacts, Kind, Phase, rfc3339};
use crate::pipeline::Name;
use lockage_tagging::OneLine;

/// What is in one environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Running {
    /// The environment.
    pub environment: Name,
    /// When this was asked.
    #[serde(with = "rfc3339")]
    pub asked: SystemTime,
    /// What is there, by the names of the images.
    pub images: Vec<Resident>,
}

/// An image that is in an environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Resident {
    /// The image.
    pub image: Name,
    /// The environment.
    pub environment: Name,
    /// The digest.
    pub digest: Digest,
    /// What it is known by: commit, version, pull request.
    pub facts: ImageFacts,
    /// The tags that it has there, by the ledger.
    pub tags: Vec<Tag>,
    /// Since when it is there without interruption.
    #[serde(with = "rfc3339")]
    pub since: SystemTime,
    /// Who brought it.
    pub by: String,
    /// How it came.
    pub arrived: Arrived,
    /// How long it is there, in this stay.
    pub seconds: u64,
    /// How long it has been there in all.
    pub seconds_in_total: u64,
    /// The promotion by which it came there last, with what the gates found; none where it was only found there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<Passed>,
    /// The rollback by which it came back, where it came back by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<RolledBack>,
    /// Why it may not move on, and should not be there, where somebody has denied it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<Denial>,
    /// Tags that move and were left on something else that is denied: a rollback found nothing that they held before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<DeniedTag>,
    /// Why it stays until it is released, where somebody holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Hold>,
    /// The entry of the ledger by which it came.
    pub entry: Digest,
}

/// How an image came where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Arrived {
    /// It was promoted.
    Promoted,
    /// It was put back.
    RolledBack,
    /// It was found there.
    Observed,
}

/// A promotion, and what its gates found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Passed {
    /// The edge.
    pub edge: Name,
    /// Where it came from.
    pub from: Name,
    /// When.
    #[serde(with = "rfc3339")]
    pub at: SystemTime,
    /// Who promoted it.
    pub by: String,
    /// The digest of the plan.
    pub plan: Digest,
    /// The index that it is a child of, where a platform was taken alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Digest>,
    /// What gates and steps found, in order; what was passed by says so.
    pub evidence: Vec<Clearance>,
}

/// A rollback.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RolledBack {
    /// Why.
    pub reason: String,
    /// What was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad: Option<Digest>,
    /// The digest of the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Digest>,
    /// What its gates found.
    pub evidence: Vec<Clearance>,
}

/// What is in `environment` at `now`, by the ledger.
#[must_use]
pub fn running(chronicle: &Chronicle, environment: &Name, now: SystemTime) -> Running {
    let images = chronicle.images().filter_map(|image| resident(chronicle, image, environment, now));
    Running { environment: environment.clone(), asked: now, images: images.collect() }
}

/// The entries of which [`running`] tells what gates and steps found, and perhaps a few more.
#[must_use]
pub fn told_of(chronicle: &Chronicle, environment: &Name) -> BTreeSet<Digest> {
    let of_image = |image| {
        let current = chronicle.current(image, environment).map(|recorded| &recorded.entry.digest);
        chronicle.there(image, environment).filter(move |recorded| {
            Some(&recorded.entry.digest) == current
                && match &recorded.entry.kind {
                    Kind::Promote { phase, .. } | Kind::Rollback { phase, .. } => *phase == Phase::Done,
                    kind => matches!(kind, Kind::Finish { .. }),
                }
        })
    };
    chronicle.images().flat_map(of_image).map(|recorded| recorded.id.clone()).collect()
}

/// What is of `image` in `environment` at `now`, if anything is.
#[must_use]
pub fn resident(chronicle: &Chronicle, image: &Name, environment: &Name, now: SystemTime) -> Option<Resident> {
    let digest = &chronicle.current(image, environment)?.entry.digest;
    // The entry with which this stay began, and what came after it.
    let mut first = None;
    let (mut passed, mut rolled_back): (Option<Passed>, Option<RolledBack>) = (None, None);
    for recorded in chronicle.there(image, environment) {
        let entry = &recorded.entry;
        if entry.arrives() && entry.digest != *digest {
            (first, rolled_back) = (None, None);
        }
        if entry.digest != *digest {
            continue;
        }
        if entry.arrives() {
            first = first.or(Some(recorded));
        }
        match &entry.kind {
            Kind::Promote { phase: Phase::Done, .. } => (passed, rolled_back) = (Passed::of(entry), None),
            Kind::Finish { edge, evidence, .. } => {
                if let Some(passed) = passed.as_mut().filter(|passed| passed.edge == *edge) {
                    passed.evidence.extend(evidence.iter().cloned());
                }
            }
            Kind::Rollback { phase: Phase::Done, reason, plan, bad, evidence, .. } => {
                rolled_back = Some(RolledBack {
                    reason: reason.clone(),
                    bad: bad.clone(),
                    plan: plan.clone(),
                    evidence: evidence.to_vec(),
                });
            }
            _ => {}
        }
    }
    let first = first?;
    let arrived = match (&first.entry.kind, &rolled_back) {
        (Kind::Rollback { .. }, _) => Arrived::RolledBack,
        (Kind::Promote { .. }, _) => Arrived::Promoted,
        _ => Arrived::Observed,
    };
    let tags = chronicle.tags(image, environment);
    let mut left = denied_tags(chronicle, image, environment);
    left.retain(|one| one.digest != *digest);
    let time = |total| chronicle.time_in(image, environment, digest, now, total).as_secs();
    Some(Resident {
        image: image.clone(),
        environment: environment.clone(),
        digest: digest.clone(),
        facts: known(chronicle, image, environment, digest),
        tags: tags.into_iter().filter(|(_, held)| held.digest == *digest).map(|(tag, _)| tag).collect(),
        since: first.entry.at,
        by: first.entry.actor.clone(),
        arrived,
        seconds: time(false),
        seconds_in_total: time(true),
        passed,
        rolled_back,
        denied: chronicle.denied(image, environment, digest),
        left,
        held: chronicle.held(image, environment, now),
        entry: first.id.clone(),
    })
}

/// What the ledger knows a digest by: what was said last there, and what is missing from wherever it was.
pub(crate) fn known(chronicle: &Chronicle, image: &Name, environment: &Name, digest: &Digest) -> ImageFacts {
    let mut facts = ImageFacts::default();
    let about = || chronicle.about(image).map(|recorded| &recorded.entry).filter(|entry| entry.digest == *digest).rev();
    let there = about().filter(|entry| entry.environment.as_ref() == Some(environment));
    for said in there.chain(about()).map(|entry| &entry.facts) {
        facts.commit = facts.commit.or_else(|| said.commit.clone());
        facts.version = facts.version.or_else(|| said.version.clone());
        facts.pull_request = facts.pull_request.or(said.pull_request);
        facts.created = facts.created.or(said.created);
    }
    facts
}

impl Passed {
    fn of(entry: &Entry) -> Option<Self> {
        let Kind::Promote { from, edge, plan, evidence, parent, .. } = &entry.kind else { return None };
        Some(Self {
            edge: edge.clone(),
            from: from.clone(),
            at: entry.at,
            by: entry.actor.clone(),
            plan: plan.clone(),
            parent: parent.clone(),
            evidence: evidence.to_vec(),
        })
    }
}

impl Resident {
    /// What the gates found: of the promotion by which it came, and of the rollback by which it came back.
    pub fn evidence(&self) -> impl Iterator<Item = &Clearance> {
        let passed = self.passed.iter().flat_map(|passed| &passed.evidence);
        passed.chain(self.rolled_back.iter().flat_map(|back| &back.evidence))
    }

    /// The gates that were passed by.
    pub fn overridden(&self) -> impl Iterator<Item = &Clearance> {
        self.evidence().filter(|one| one.overridden.is_some())
    }

    /// The digest of the plan by which it came: of the rollback, where it came back by one.
    #[must_use]
    pub fn plan(&self) -> Option<&Digest> {
        let promoted = || self.passed.as_ref().map(|passed| &passed.plan);
        self.rolled_back.as_ref().and_then(|back| back.plan.as_ref()).or_else(promoted)
    }

    /// How long it is there, in this stay.
    #[must_use]
    pub fn here(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.environment)?;
        if self.images.is_empty() {
            return f.write_str("  nothing, by the ledger");
        }
        self.images.iter().try_for_each(|one| write!(f, "\n  {}", Told(one, self.asked)))
    }
}

/// A resident, as it is told at a time.
struct Told<'r>(&'r Resident, SystemTime);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(one, now) = self;
        let tags: Vec<_> = one.tags.iter().map(Tag::as_str).collect();
        write!(f, "{}  {}{}", one.image, one.digest, known_as(&one.facts))?;
        if !tags.is_empty() {
            write!(f, "\n    tags      {}", tags.join("  "))?;
        }
        write!(f, "\n    here      since {} by {}", Since(one.since, *now), OneLine(&one.by))?;
        if let Some(passed) = &one.passed {
            let way = format_args!("{} → {} ({})", passed.from, one.environment, passed.edge);
            let (at, by) = (Since(passed.at, *now), OneLine(&passed.by));
            write!(f, "\n    promoted  {way}, {at} by {by}, plan {}", passed.plan)?;
        }
        if let Some(back) = &one.rolled_back {
            write!(f, "\n    back      {}", OneLine(&back.reason))?;
            if let Some(bad) = &back.bad {
                write!(f, " (instead of {})", bad.short())?;
            }
        }
        one.evidence().try_for_each(|one| write!(f, "\n    {one}"))?;
        if let Some(hold) = &one.held {
            write!(
                f,
                "\n    held      {} ({}, {})",
                OneLine(&hold.reason),
                OneLine(&hold.actor),
                Since(hold.at, *now)
            )?;
        }
        one.left.iter().try_for_each(|tag| write!(f, "\n    {}", tag.told(false, *now)))?;
        match &one.denied {
            Some(denial) => {
                let (elsewhere, since) = (denial.elsewhere(&one.image), Since(denial.at, *now));
                let (reason, actor) = (OneLine(&denial.reason), OneLine(&denial.actor));
                write!(f, "\n    DENIED    {reason} ({actor}{elsewhere}, {since})")
            }
            None => Ok(()),
        }
    }
}
