//! From when until when each rule says something of a tag or a manifest. A plan asks for one moment, a simulation for all.

use super::known::Known;
use super::matching::{Grouping, Matching};
use super::rank::{Before, OUTSIDE, Ranks, UNRANKED, ranks};
use super::time;
use crate::retain::bits::Bits;
use crate::retain::facts::Facts;
use crate::retain::parallel;
use crate::retain::policy::{Age, Delete, Glob, Hold, HoldFrom, Keep, Policy};
use crate::retain::snapshot::UNKNOWN;
use crate::retain::{Layer, ManifestId, Reason, RuleId, Snapshot, TagId};

/// Never, as the beginning of something; for good, as its end.
pub(super) const EVER: i64 = i64::MAX;
/// Always, as the beginning of something; not at all, as its end.
pub(super) const NOT: i64 = i64::MIN;

/// Rules over a snapshot, with everything counted that has to be.
#[derive(Debug)]
pub(super) struct Evaluation<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) policy: &'a Policy,
    pub(super) facts: &'a Facts,
    pub(super) known: Known<'a>,
    pub(super) now: i64,
    at: Vec<i64>,
    sets: Vec<Bits>,
    holds: Vec<usize>,
    /// The holds that are about images, whatever their tags.
    by_digest: Vec<ByDigest>,
    keeps: Vec<Counted>,
    deletes: Vec<Counted>,
}

/// A hold that is about images, whatever their tags: of what the ledger saw promoted, or of what nobody was asked about.
#[derive(Debug)]
struct ByDigest {
    place: usize,
    /// Since the first promotion; for good otherwise.
    period: Option<Age>,
    /// The repositories that it is about, by their numbers.
    repositories: Vec<bool>,
}

#[derive(Debug)]
struct Counted {
    set: usize,
    ranks: Option<Ranks>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, policy: &'a Policy, facts: &'a Facts, now: i64) -> Self {
        let tags = u32::try_from(snapshot.tags().len()).unwrap_or(u32::MAX);
        let at = parallel::map(tags, UNKNOWN, |tag| time::of_tag(snapshot, TagId(tag), policy.basis, now));
        let mut matching = Matching::new(snapshot, policy);
        let holds = policy.hold.iter().map(|rule| matching.of(rule.scope())).collect();
        let keeps: Vec<_> = policy.keep.iter().map(|rule| matching.of(rule.scope())).collect();
        let deletes: Vec<_> = policy.delete.iter().map(|rule| matching.of(rule.scope())).collect();
        let sets = matching.sets();
        let rank = |scope, tag, set: &usize, per, order, before: Before| {
            let grouping = Grouping::new(policy.class(&scope), tag, per);
            Some(ranks(snapshot, sets.get(*set)?, &at, &grouping, order, &before))
        };
        let kept = || -> Vec<Counted> {
            let all = keeps.iter().zip(&policy.keep).map(|(set, rule)| {
                let tag = rule.tag.as_ref();
                let ranks =
                    rule.newest.and_then(|_| rank(rule.scope(), tag, set, &rule.per, rule.order, Before::Image));
                Counted { set: *set, ranks }
            });
            all.collect()
        };
        let deleted = || -> Vec<Counted> {
            let all = deletes.iter().zip(&policy.delete).map(|(set, rule)| {
                let tag = rule.tag.as_ref();
                let ranks = rule.beyond.and_then(|_| rank(rule.scope(), tag, set, &rule.per, rule.order, Before::Tag));
                Counted { set: *set, ranks }
            });
            all.collect()
        };
        let (keeps, deletes) = parallel::both(at.len(), kept, deleted);
        let by_digest = by_digest(snapshot, policy, facts);
        let known = Known::new(snapshot, facts);
        Self { snapshot, policy, facts, known, now, at, sets, holds, by_digest, keeps, deletes }
    }

    /// How many rules there are with names of their own.
    fn rules(&self) -> usize {
        self.policy.hold.len() + self.policy.keep.len() + self.policy.delete.len()
    }

    /// From when a tag's age is counted.
    pub(super) fn at(&self, tag: TagId) -> i64 {
        self.at.get(tag.index()).copied().unwrap_or(UNKNOWN)
    }

    fn has(&self, set: usize, tag: TagId) -> bool {
        self.sets.get(set).is_some_and(|set| set.has(tag.0))
    }

    /// Everything that holds a tag, with the end of it.
    pub(super) fn holds(&self, tag: TagId) -> impl Iterator<Item = (Reason, i64)> {
        self.holds_of_age(tag, self.at(tag), self.now)
    }

    /// Everything that holds a tag whose age is counted from this moment, as it is seen at `now`, with the end of it.
    pub(super) fn holds_of_age(&self, tag: TagId, at: i64, now: i64) -> impl Iterator<Item = (Reason, i64)> {
        let target = self.snapshot.target(tag);
        let lasts = |says: bool| if says { EVER } else { NOT };
        let in_use = self.known.tag_in_use(tag).or_else(|| self.known.in_use(target));
        let (one, other) = (self.known.held(target), self.known.tag_held(tag));
        let legal = if other.until > one.until { other } else { one };
        let unknown = at == UNKNOWN;
        let grace = self.policy.grace.filter(|_| !unknown).map_or(NOT, |grace| grace.after(at));
        let built_in = [
            (Reason::Immutable, lasts(self.snapshot.is_immutable(tag))),
            (Reason::InUse(in_use.unwrap_or_default()), lasts(in_use.is_some())),
            (Reason::Unasked, lasts(self.known.may_be_in_use(target))),
            (Reason::Legal(legal.fact), legal.until),
            (Reason::UnknownTime, lasts(unknown)),
            (Reason::Grace, grace),
        ];
        let rules = self.policy.hold.iter().zip(&self.holds).enumerate().map(move |(place, (rule, set))| {
            let until = if self.has(*set, tag) { self.hold(rule, target, at, now) } else { NOT };
            (named(Layer::Hold, place), until)
        });
        built_in.into_iter().chain(rules).filter(|(_, until)| *until != NOT)
    }

    fn hold(&self, rule: &Hold, target: ManifestId, at: i64, now: i64) -> i64 {
        if rule.forever || rule.in_use.as_ref().is_some_and(|from| !self.asked(from)) {
            return EVER;
        }
        let Some(period) = rule.period else { return NOT };
        let from = match rule.from {
            HoldFrom::Pushed => at,
            HoldFrom::Promoted => {
                let first = self.known.promotions(target, rule.to.as_ref(), &[]).min();
                first.unwrap_or_else(|| self.pushed_or_later(target, at, now))
            }
        };
        if from == UNKNOWN { EVER } else { period.after(from) }
    }

    /// The later one of a push and a tag's age. What an image says of its own making begins nothing, nor does an unknown push.
    fn pushed_or_later(&self, target: ManifestId, at: i64, now: i64) -> i64 {
        let pushed = time::believed(self.snapshot.pushed_micros(target.0), now);
        if pushed == UNKNOWN { UNKNOWN } else { pushed.max(at) }
    }

    fn asked(&self, from: &[String]) -> bool {
        is_asked(self.facts, from)
    }

    /// Every rule that keeps a tag, with the end of it.
    pub(super) fn keeps(&self, tag: TagId) -> impl Iterator<Item = (Reason, i64)> {
        let rules = self.policy.keep.iter().zip(&self.keeps).enumerate();
        rules.filter(move |(_, (_, counted))| self.has(counted.set, tag)).map(move |(place, (rule, counted))| {
            (named(Layer::Keep, self.policy.hold.len() + place), self.keep(rule, counted, tag))
        })
    }

    fn keep(&self, rule: &Keep, counted: &Counted, tag: TagId) -> i64 {
        let at = self.at(tag);
        let until = |age: Age, from: i64| if from == UNKNOWN { EVER } else { age.after(from) };
        if let (Some(newest), Some(ranks)) = (rule.newest, &counted.ranks) {
            return match ranks.of(tag) {
                OUTSIDE => NOT,
                UNRANKED => EVER,
                rank if rank < newest => EVER,
                _ => NOT,
            };
        }
        if let Some(within) = rule.within {
            return until(within, at);
        }
        match rule.pulled_within {
            Some(within) => until(within, time::pulled(self.snapshot, tag, at, self.now)),
            None => EVER,
        }
    }

    /// Every rule that deletes such tags, with the first moment at which it deletes this one.
    pub(super) fn deletes(&self, tag: TagId) -> impl Iterator<Item = (Reason, i64)> {
        let rules = self.policy.delete.iter().zip(&self.deletes).enumerate();
        let before = self.policy.hold.len() + self.policy.keep.len();
        rules.filter(move |(_, (_, counted))| self.has(counted.set, tag)).map(move |(place, (rule, counted))| {
            (named(Layer::Delete, before + place), self.delete(rule, counted, tag))
        })
    }

    fn delete(&self, rule: &Delete, counted: &Counted, tag: TagId) -> i64 {
        let (at, target) = (self.at(tag), self.snapshot.target(tag));
        if at == UNKNOWN {
            return EVER;
        }
        // What is older than something is not just as old: it begins a moment later.
        let past = |age: Age, from: i64| if from == UNKNOWN { EVER } else { age.after(from).saturating_add(1) };
        let holds = |says: bool| if says { NOT } else { EVER };
        let mut from = NOT;
        if let Some(age) = rule.older_than {
            from = from.max(past(age, at));
        }
        if let (Some(beyond), Some(ranks)) = (rule.beyond, &counted.ranks) {
            from = from.max(holds(match ranks.of(tag) {
                OUTSIDE | UNRANKED => false,
                rank => rank >= beyond,
            }));
        }
        if let Some(promoted) = &rule.promoted {
            let first = self.known.promotions(target, Some(&promoted.to), &promoted.require).min();
            from = from.max(first.map_or(EVER, |first| past(promoted.after, first)));
        }
        if let (Some(event), Some(after)) = (&rule.event, rule.after) {
            from = from.max(self.happened(rule, event, tag).map_or(EVER, |at| past(after, at)));
        }
        if let Some(age) = rule.unpulled_for {
            from = from.max(past(age, time::pulled(self.snapshot, tag, at, self.now)));
        }
        if rule.partial {
            let partial = self.snapshot.missing_children(target) > 0 && self.snapshot.children(target).next().is_some();
            from = from.max(holds(partial && self.snapshot.is_resolved(target)));
        }
        from
    }

    fn happened(&self, rule: &Delete, event: &str, tag: TagId) -> Option<i64> {
        let class = rule.class.as_ref().and_then(|class| self.policy.classes.get(class));
        let held_by = |per| {
            let mut key = String::new();
            let has = Grouping::new(class, rule.tag.as_ref(), per).key(self.snapshot.tag_name(tag), &mut key);
            has.then_some(key)
        };
        let repository = self.snapshot.repository_name(self.snapshot.repository_of_tag(tag));
        let groups: Vec<(&str, String)> = rule
            .per
            .iter()
            .map(|per| {
                let key = held_by(std::slice::from_ref(per))?;
                Some((per.0.as_str(), key.trim_end_matches('\0').to_owned()))
            })
            .collect::<Option<_>>()?;
        self.known.event(event, repository, |event| {
            event.group.len() == groups.len()
                && groups.iter().all(|(name, value)| event.group.get(*name).is_some_and(|group| group == value))
        })
    }

    /// What keeps a manifest for its own sake, whatever its tags, with the end of it.
    pub(super) fn manifest(&self, id: ManifestId, has_plain_tag: bool) -> (Reason, i64) {
        let mut longest = (Reason::Untouched, NOT);
        let mut add = |reason, until| {
            if until > longest.1 {
                longest = (reason, until);
            }
        };
        if let Some(fact) = self.known.in_use(id) {
            add(Reason::InUse(fact), EVER);
        }
        let held = self.known.held(id);
        add(Reason::Legal(held.fact), held.until);
        for hold in &self.by_digest {
            let repository = self.snapshot.repository_of(id).index();
            if hold.repositories.get(repository).copied().unwrap_or_default() {
                add(named(Layer::Hold, hold.place), self.held_by_digest(hold, id));
            }
        }
        if !has_plain_tag {
            let (reason, until) = self.untagged(id);
            add(reason, until);
        }
        longest
    }

    fn held_by_digest(&self, hold: &ByDigest, id: ManifestId) -> i64 {
        let Some(period) = hold.period else { return EVER };
        let to = self.policy.hold.get(hold.place).and_then(|rule| rule.to.as_ref());
        self.known.promotions(id, to, &[]).min().map_or(NOT, |first| period.after(first))
    }

    /// Until when a manifest stays that no plain tag points at.
    fn untagged(&self, id: ManifestId) -> (Reason, i64) {
        let pushed = time::believed(self.snapshot.pushed_micros(id.0), self.now);
        if pushed == UNKNOWN {
            return (Reason::UnknownTime, EVER);
        }
        let grace = self.policy.grace.map_or(NOT, |grace| grace.after(pushed));
        if self.snapshot.has_parent(id) || self.snapshot.is_referrer(id) {
            return (Reason::Grace, grace);
        }
        match self.alone_from(id, pushed) {
            None => (Reason::Untouched, EVER),
            Some((_, from)) if from > grace => (Reason::Untouched, from),
            Some(_) => (Reason::Grace, grace),
        }
    }

    /// Which rule deletes a manifest that nothing here has to do with, and from when.
    pub(super) fn alone_from(&self, id: ManifestId, pushed: i64) -> Option<(Reason, i64)> {
        let repository = self.snapshot.repository_name(self.snapshot.repository_of(id));
        let in_it = |glob: &Option<Glob>| glob.as_ref().is_none_or(|glob| glob.matches(repository));
        let past = |age: Age| age.after(pushed).saturating_add(1);
        let count = self.rules();
        let by_tag = self.snapshot.tags_at(id).any(|tag| self.snapshot.speaks_about(tag) == Some(None));
        let is_orphan = by_tag || self.snapshot.subject_key(id).is_some();
        let untagged = self.policy.untagged.as_ref().filter(|rule| !by_tag && in_it(&rule.repo));
        let orphans = self.policy.orphans.as_ref().filter(|rule| is_orphan && in_it(&rule.repo));
        let untagged = untagged.map(|rule| (named(Layer::Delete, count), past(rule.older_than)));
        let orphans = orphans.map(|rule| (named(Layer::Delete, count + 1), past(rule.older_than)));
        untagged.into_iter().chain(orphans).min_by_key(|(_, from)| *from)
    }

    /// From when a tag goes that speaks about something that is not here, and by which rule.
    pub(super) fn orphan_from(&self, tag: TagId) -> Option<(Reason, i64)> {
        let rule = self.policy.orphans.as_ref()?;
        let repository = self.snapshot.repository_name(self.snapshot.repository_of_tag(tag));
        let at = self.at(tag);
        if at == UNKNOWN
            || self.snapshot.is_immutable(tag)
            || !rule.repo.as_ref().is_none_or(|glob| glob.matches(repository))
        {
            return None;
        }
        let count = self.rules();
        let grace = self.policy.grace.map_or(NOT, |grace| grace.after(at));
        Some((named(Layer::Delete, count + 1), rule.older_than.after(at).saturating_add(1).max(grace)))
    }

    /// Which layer of a plain tag decides now, and by what.
    pub(super) fn decide(&self, tag: TagId) -> (bool, Reason) {
        let now = self.now;
        let stays = |(_, until): &(Reason, i64)| *until > now;
        if let Some((reason, _)) = self.holds(tag).find(stays).or_else(|| self.keeps(tag).find(stays)) {
            return (true, reason);
        }
        match self.deletes(tag).find(|(_, from)| *from <= now) {
            Some((reason, _)) => (false, reason),
            None => (true, Reason::Default),
        }
    }

    /// From when a plain tag goes, if nothing else changes.
    pub(super) fn goes_from(&self, tag: TagId) -> i64 {
        let stays = self.holds(tag).chain(self.keeps(tag)).map(|(_, until)| until).max().unwrap_or(NOT);
        self.deletes(tag).map(|(_, from)| from).min().unwrap_or(EVER).max(stays)
    }
}

fn is_asked(facts: &Facts, from: &[String]) -> bool {
    from.iter().all(|who| facts.asked.contains(who))
}

fn by_digest(snapshot: &Snapshot, policy: &Policy, facts: &Facts) -> Vec<ByDigest> {
    let one = |(place, rule): (usize, &Hold)| {
        let unasked = rule.in_use.as_ref().is_some_and(|from| !is_asked(facts, from));
        let period = rule.period.filter(|_| !unasked && rule.from == HoldFrom::Promoted);
        if !unasked && period.is_none() {
            return None;
        }
        let scope = rule.scope();
        let in_it = |glob: Option<&Glob>, name: &str| glob.is_none_or(|glob| glob.matches(name));
        let of_class = policy.class(&scope).and_then(|class| class.repo.as_ref());
        let names = snapshot.repositories().map(|id| snapshot.repository_name(id));
        let repositories = names.map(|name| in_it(rule.repo.as_ref(), name) && in_it(of_class, name)).collect();
        Some(ByDigest { place, period, repositories })
    };
    policy.hold.iter().enumerate().filter_map(one).collect()
}

/// The rule with this number: holds first, then rules that keep, rules that delete, `untagged` and `orphans`.
pub(super) fn named(layer: Layer, place: usize) -> Reason {
    Reason::Rule(layer, RuleId(u16::try_from(place).unwrap_or(u16::MAX)))
}
