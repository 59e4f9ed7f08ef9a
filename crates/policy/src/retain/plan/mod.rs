//! A plan: what would go, in which order, and why everything else stays.

mod actions;
mod evaluation;
mod explain;
mod guard;
mod id;
mod known;
mod matching;
mod rank;
mod report;
mod rules;
mod simulate;
mod table;
mod time;
mod timeline;
#[cfg(any(feature = "import-ecr", feature = "import-gar", feature = "import-harbor", feature = "import-zot"))]
pub(crate) mod travel;
mod words;
mod write;

use std::sync::OnceLock;

use jiff::Timestamp;

pub use self::actions::Action;
pub use self::explain::{Explanation, Voice};
pub use self::guard::{Refusal, Warning};
pub use self::report::{Line, Report};
pub use self::rules::RuleName;
pub use self::simulate::simulate;
pub use self::timeline::{Breakpoint, Timeline};

pub(super) use self::known::tag as find_tag;

use self::evaluation::Evaluation;
use super::clock::Clock;
use super::facts::Facts;
use super::graph::{Capabilities, Protection, Reason, RuleId, Said, Settled, Verdict, Word, settle};
use super::parallel;
use super::policy::{Policy, Untag};
use super::snapshot::{DigestKey, ManifestId, Snapshot, TagId, micros};

/// What a policy comes to on a snapshot, at one moment. It deletes nothing: it says what would be deleted, and why.
#[derive(Debug)]
pub struct Plan<'a> {
    evaluation: Evaluation<'a>,
    now: Timestamp,
    rules: Vec<RuleName>,
    settled: Settled,
    would_delete: Vec<ManifestId>,
    id: OnceLock<DigestKey>,
    policy: DigestKey,
    protection: Protection,
    refusals: Vec<Refusal>,
    warnings: Vec<Warning>,
}

/// What another system's policy says of a snapshot, ready to be settled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// What it says. Its rules are numbered by their places in `rules`.
    pub said: Said,
    /// Its rules.
    pub rules: Vec<RuleName>,
    /// How much more is kept than it says.
    pub protection: Protection,
    /// The hash of the policy, where it is known.
    pub policy: Option<DigestKey>,
    /// What it would say if it did not ask for a dry run, where it does.
    pub instead_of: Option<Said>,
}

impl Imported {
    /// What another system's policy says, and its rules by number.
    #[must_use]
    pub fn new(said: Said, rules: Vec<RuleName>) -> Self {
        Self { said, rules, protection: Protection::Full, policy: None, instead_of: None }
    }

    /// Keeps no more than that system keeps; a policy that [imports](super::Policy::import) it still holds what it holds, with
    /// what that needs. For comparisons: such a plan is never executed.
    #[must_use]
    pub fn faithful(mut self) -> Self {
        self.protection = Protection::Faithful;
        self
    }
}

/// What a policy comes to on a snapshot at `now`. The same whatever order rows and rules came in.
///
/// ```
/// use lockage_policy::retain::{Facts, Policy, Snapshot, plan};
///
/// let snapshot = Snapshot::read(br#"{"repositories": [{"name": "app", "manifests": [
///     {"digest": "sha256:1111111111111111111111111111111111111111111111111111111111111111", "tags": ["pr-2-aaaaaaa"],
///      "pushed_at": "2026-06-01T10:00:00Z"},
///     {"digest": "sha256:2222222222222222222222222222222222222222222222222222222222222222", "tags": ["pr-2-bbbbbbb"],
///      "pushed_at": "2026-06-01T11:00:00Z"}]}]}"#.as_slice())?;
/// let policy: Policy = serde_json::from_str(r#"{"version": 1,
///     "classes": {"pr": {"tag": {"regex": "pr-(?<pr>[0-9]+)-[0-9a-f]{7,40}"}}},
///     "delete": [{"name": "superseded", "class": "pr", "beyond": 1, "per": ["pr"]}]}"#)?;
/// let facts = Facts::default();
/// let plan = plan(&snapshot, &policy, &facts, "2026-06-01T12:00:00Z".parse()?);
/// assert_eq!(plan.report().delete_tags, ["app:pr-2-aaaaaaa"]);
/// assert_eq!(plan.explain("app:pr-2-aaaaaaa").unwrap().rule.as_deref(), Some("superseded"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn plan<'a>(snapshot: &'a Snapshot, policy: &'a Policy, facts: &'a Facts, now: Timestamp) -> Plan<'a> {
    Plan::new(Evaluation::new(snapshot, policy, facts, micros(Some(now))), facts, now, None)
}

/// What another system's policy comes to: what it says, then the holds and guards of `policy`, then what names what.
#[must_use]
pub fn plan_imported<'a>(
    snapshot: &'a Snapshot,
    policy: &'a Policy,
    facts: &'a Facts,
    imported: Imported,
    now: Timestamp,
) -> Plan<'a> {
    Plan::new(Evaluation::new(snapshot, policy, facts, micros(Some(now))), facts, now, Some(imported))
}

impl<'a> Plan<'a> {
    fn new(evaluation: Evaluation<'a>, facts: &Facts, now: Timestamp, imported: Option<Imported>) -> Self {
        let (snapshot, policy) = (evaluation.snapshot, evaluation.policy);
        let mut rules = rules::rules(policy);
        let can = can(policy, facts);
        let mut protection = Protection::Full;
        let mut would_delete = Vec::new();
        let mut policy_digest = policy.digest();
        let clock = Clock::One(now);
        let said = match imported {
            None => own(&evaluation),
            Some(imported) => {
                protection = imported.protection;
                if let Some(theirs) = imported.policy {
                    policy_digest = policy.digest_with(theirs);
                }
                let first = rules.len();
                rules.extend(imported.rules);
                if let Some(said) = imported.instead_of {
                    let instead =
                        settle(snapshot, &theirs(&evaluation, &clock, said, first, protection), protection, can);
                    would_delete = instead.order().to_vec();
                }
                theirs(&evaluation, &clock, imported.said, first, protection)
            }
        };
        let settled = settle(snapshot, &said, protection, can);
        let mut plan = Self {
            evaluation,
            now,
            rules,
            settled,
            would_delete,
            id: OnceLock::new(),
            policy: policy_digest,
            protection,
            refusals: Vec::new(),
            warnings: Vec::new(),
        };
        // Whoever compares brings no policy of their own; a document that names another one says what it guards.
        if protection == Protection::Full || policy.import.is_some() {
            (plan.refusals, plan.warnings) = guard::guard(&plan, facts);
        }
        plan
    }

    /// The hash of all that it says as a document. What executes a plan executes this one.
    ///
    /// It is computed when it is first asked for, in the time that it takes to write the document.
    #[must_use]
    pub fn id(&self) -> DigestKey {
        *self.id.get_or_init(|| id::id(self))
    }

    /// Whether it keeps no more than another system would, to be compared with that. Such a plan is never executed.
    #[must_use]
    pub fn is_faithful(&self) -> bool {
        self.protection == Protection::Faithful
    }

    /// The moment that it is for.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The hash of the policy.
    #[must_use]
    pub fn policy(&self) -> DigestKey {
        self.policy
    }

    /// The policy of the own language: of another system's plan, the one around it.
    pub(super) fn own_policy(&self) -> &'a Policy {
        self.evaluation.policy
    }

    /// What it is about.
    #[must_use]
    pub fn snapshot(&self) -> &'a Snapshot {
        self.evaluation.snapshot
    }

    /// The rules, by the numbers that reasons use.
    #[must_use]
    pub fn rules(&self) -> &[RuleName] {
        &self.rules
    }

    /// What happens to a tag, and why.
    #[must_use]
    pub fn tag(&self, id: TagId) -> (Verdict, Reason) {
        self.settled.tag(id)
    }

    /// What happens to a manifest, and why.
    #[must_use]
    pub fn manifest(&self, id: ManifestId) -> (Verdict, Reason) {
        self.settled.manifest(id)
    }

    /// The manifests that are deleted: parents before children, referrers before their subjects.
    #[must_use]
    pub fn deletes(&self) -> &[ManifestId] {
        self.settled.order()
    }

    /// The manifests that would be deleted if another system's policy did not ask for a dry run.
    #[must_use]
    pub fn would_delete(&self) -> &[ManifestId] {
        &self.would_delete
    }

    /// What stops it. A plan with a refusal is not executed.
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// What whoever wrote the policy might not have meant.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// How many bytes become free, as far as its registry says how large manifests are. Layers that others share are counted.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let sizes = self.deletes().iter().filter_map(|id| self.snapshot().size(*id));
        sizes.fold(0, u64::saturating_add)
    }
}

/// What the registry can do, as far as the policy lets it.
fn can(policy: &Policy, facts: &Facts) -> Capabilities {
    if policy.untag == Untag::Never { facts.capabilities.without_untag() } else { facts.capabilities }
}

/// What the own rules say.
fn own(evaluation: &Evaluation<'_>) -> Said {
    let snapshot = evaluation.snapshot;
    let tag = |tag: TagId| match snapshot.speaks_about(tag) {
        None => match evaluation.decide(tag) {
            (true, reason) => Word::Keep(reason),
            (false, reason) => Word::Remove(reason),
        },
        Some(_) if snapshot.is_immutable(tag) => Word::Keep(Reason::Immutable),
        Some(Some(_)) => Word::Nothing,
        Some(None) => match evaluation.orphan_from(tag) {
            Some((reason, from)) if from <= evaluation.now => Word::Remove(reason),
            _ => Word::Nothing,
        },
    };
    let rows = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let tags = parallel::map(rows(snapshot.tags().len()), Word::Nothing, |row| tag(TagId(row)));
    let manifests =
        parallel::map(rows(snapshot.manifests().len()), Word::Nothing, |row| manifest(evaluation, ManifestId(row)));
    Said::of(tags, manifests)
}

fn manifest(evaluation: &Evaluation<'_>, id: ManifestId) -> Word {
    let snapshot = evaluation.snapshot;
    let has_plain_tag = snapshot.tags_at(id).any(|tag| snapshot.speaks_about(tag).is_none());
    let (reason, until) = evaluation.manifest(id, has_plain_tag);
    if until > evaluation.now {
        return Word::Keep(reason);
    }
    if has_plain_tag || snapshot.has_parent(id) || snapshot.is_referrer(id) {
        return Word::Nothing;
    }
    let pushed = snapshot.pushed_micros(id.0);
    evaluation.alone_from(id, pushed).map_or(Word::Nothing, |(reason, _)| Word::Remove(reason))
}

/// What another system's rules say, where the own holds say nothing at the moment of each.
fn theirs(evaluation: &Evaluation<'_>, clock: &Clock, mut said: Said, first: usize, protection: Protection) -> Said {
    let snapshot = evaluation.snapshot;
    let renamed = |reason| match reason {
        Reason::Rule(layer, RuleId(rule)) => {
            Reason::Rule(layer, RuleId(u16::try_from(first + usize::from(rule)).unwrap_or(u16::MAX)))
        }
        reason => reason,
    };
    let word = |word| match word {
        Word::Nothing => Word::Nothing,
        Word::Keep(reason) => Word::Keep(renamed(reason)),
        Word::Remove(reason) => Word::Remove(renamed(reason)),
        Word::Archive(reason) => Word::Archive(renamed(reason)),
    };
    let full = protection == Protection::Full;
    let held = (!full && evaluation.policy.import.is_some()).then(|| held(evaluation, clock));
    let kept = |(verdict, reason)| (verdict == Verdict::Keep).then_some(reason);
    for tag in snapshot.tags() {
        let stays = match &held {
            Some(held) => kept(held.tag(tag)),
            None if full => held_tag(evaluation, clock, tag),
            None => None,
        };
        said.say_tag(tag, stays.map_or_else(|| word(said.tag(tag)), Word::Keep));
    }
    for id in snapshot.manifests() {
        let stays = match &held {
            Some(held) => kept(held.manifest(id)),
            None if full => held_manifest(evaluation, clock, id),
            None => None,
        };
        said.say_manifest(id, stays.map_or_else(|| word(said.manifest(id)), Word::Keep));
    }
    said
}

/// Why a plain tag is held at its moment, where it is.
fn held_tag(evaluation: &Evaluation<'_>, clock: &Clock, tag: TagId) -> Option<Reason> {
    let snapshot = evaluation.snapshot;
    if snapshot.speaks_about(tag).is_some() {
        return None;
    }
    let now = micros(Some(clock.at(snapshot.target(tag))));
    let mut holds = evaluation.holds_of_age(tag, time::of_tag(snapshot, tag, evaluation.policy.basis, now), now);
    // Without a time, the other system decided by what it has; only its own importer can know what that means.
    let stays = |(reason, until): &(Reason, i64)| *until > now && *reason != Reason::UnknownTime;
    holds.find(stays).map(|(reason, _)| reason)
}

/// Why a manifest is held for its own sake at its moment, where it is.
fn held_manifest(evaluation: &Evaluation<'_>, clock: &Clock, id: ManifestId) -> Option<Reason> {
    let (reason, until) = evaluation.manifest(id, true);
    (until > micros(Some(clock.at(id)))).then_some(reason)
}

/// What stays if only that stays which the own policy holds, and what that needs.
fn held(evaluation: &Evaluation<'_>, clock: &Clock) -> Settled {
    let snapshot = evaluation.snapshot;
    let mut said = Said::nothing(snapshot);
    for tag in snapshot.tags().filter(|tag| snapshot.speaks_about(*tag).is_none()) {
        said.say_tag(tag, held_tag(evaluation, clock, tag).map_or(Word::Remove(Reason::Default), Word::Keep));
    }
    for id in snapshot.manifests() {
        said.say_manifest(id, held_manifest(evaluation, clock, id).map_or(Word::Remove(Reason::Default), Word::Keep));
    }
    settle(snapshot, &said, Protection::Full, Capabilities::OCI)
}
