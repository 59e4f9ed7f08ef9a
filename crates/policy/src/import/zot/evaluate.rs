//! Which tags and manifests zot's retention takes away.

use std::cmp::Reverse;
use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::{Policy, Retention, Rules, Span};
use crate::import::condemned::{Rule, by};
use crate::import::moment::as_old_from;
use crate::import::{Condemned, System};
use crate::retain::clock::Clock;
use crate::retain::{Layer, ManifestId, Reason, RepositoryId, Snapshot, TagId, Word};

/// What a run takes at most. A delay that is shorter is over before the run is.
const RUN: SignedDuration = SignedDuration::from_mins(1);

/// What zot does without a rule, after the names of the rules.
const WITHOUT_RULE: [(&str, &str); 3] = [
    ("keepTags", "no pattern is found in it"),
    ("deleteUntagged", "it has no tag and is older than the delay"),
    ("deleteReferrers", "what it speaks about is gone, and it is older than the delay"),
];

impl Retention {
    /// What the policies do to the tags and manifests of every repository, each by itself, at this time.
    ///
    /// A manifest of which nobody knows when it was pushed is one without statistics: it and its tags stay.
    #[must_use]
    pub fn evaluate(&self, snapshot: &Snapshot, now: Timestamp) -> Condemned {
        self.evaluate_by(snapshot, &Clock::One(now))
    }

    pub(in crate::import) fn evaluate_by(&self, snapshot: &Snapshot, clock: &Clock) -> Condemned {
        let mut names = Vec::new();
        let mut groups = Vec::new();
        for (place, policy) in self.policies.iter().enumerate() {
            groups.push(names.len());
            for (keep, group) in policy.keep_tags.iter().enumerate() {
                let name = format!("policy {} keepTags {}", place + 1, keep + 1);
                names.push(Rule::new(Layer::Keep, name, group.to_string()));
            }
            let rules = policy.keep_untagged.map(|rules| rules.to_string()).unwrap_or_default();
            names.push(Rule::new(Layer::Keep, format!("policy {} keepUntagged", place + 1), rules));
        }
        let defaults = names.len();
        names.extend(WITHOUT_RULE.map(|(name, words)| Rule::new(Layer::Delete, name, words)));
        let mut condemned = Condemned::nothing(System::Zot, snapshot, clock.clone(), names);
        condemned.dry_run = self.dry_run;
        let needs_statistics = self.needs_statistics();
        for repository in snapshot.repositories() {
            let name = snapshot.repository_name(repository);
            let place = self.policies.iter().position(|policy| policy.is_for(name));
            let policy = place.and_then(|place| self.policies.get(place));
            let first = place.and_then(|place| groups.get(place)).copied().unwrap_or_default();
            let run = Run { snapshot, repository, clock, retention: self, first, defaults, needs_statistics };
            if let Some(policy) = policy {
                run.tags(policy, &mut condemned);
            }
            run.manifests(policy, &mut condemned);
        }
        condemned.of_policy(self)
    }

    fn policy_for(&self, repository: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.is_for(repository))
    }

    /// From when on rules keep a manifest or a tag at it no longer, and the delay of the manifest is over.
    pub(in crate::import) fn moments(
        &self,
        snapshot: &Snapshot,
        id: ManifestId,
        add: &mut dyn FnMut(Option<Timestamp>),
    ) {
        let (pushed, pulled) = (snapshot.pushed_at(id), snapshot.pulled_at(id));
        let after = |at: Option<Timestamp>, span: Span| at.and_then(|at| as_old_from(at, span.duration()));
        add(after(pushed, self.delay));
        let Some(policy) = self.policy_for(snapshot.repository_name(snapshot.repository_of(id))) else { return };
        let tags = || snapshot.tags_at(id).map(|tag| snapshot.tag_name(tag));
        let groups = policy.keep_tags.iter().filter(|keep| tags().any(|tag| keep.matches(tag)));
        for rules in groups.map(|keep| keep.rules).chain(policy.keep_untagged) {
            if let Some(span) = rules.pulled_within {
                add(after(pulled, span));
                add(after(pushed, span));
            }
            add(rules.pushed_within.and_then(|span| after(pushed, span)));
        }
    }

    /// Whether the untagged manifests of a repository are counted together with those that lose their tags.
    pub(in crate::import) fn is_entangled(&self, repository: &str) -> bool {
        let counts = |policy: &Policy| policy.keep_untagged.is_some_and(|rules| !rules.is_empty());
        self.delay.duration() < RUN && self.policy_for(repository).is_some_and(counts)
    }
}

impl Policy {
    fn is_for(&self, repository: &str) -> bool {
        self.repositories.iter().any(|glob| glob.matches(repository))
    }
}

/// One run over one repository.
struct Run<'a> {
    snapshot: &'a Snapshot,
    repository: RepositoryId,
    clock: &'a Clock,
    retention: &'a Retention,
    /// The place of the first rule of the policy.
    first: usize,
    /// The place of the first rule that is none of a policy.
    defaults: usize,
    needs_statistics: bool,
}

impl Run<'_> {
    fn tags(&self, policy: &Policy, condemned: &mut Condemned) {
        if policy.keep_tags.is_empty() {
            return;
        }
        let mut groups: Vec<Vec<TagId>> = vec![Vec::new(); policy.keep_tags.len()];
        for tag in self.snapshot.tags_of(self.repository) {
            if self.has_no_statistics(tag) {
                condemned.said.say_tag(tag, Word::Keep(Reason::UnknownTime));
                continue;
            }
            let name = self.snapshot.tag_name(tag);
            let place = policy.keep_tags.iter().position(|keep| keep.matches(name));
            match place.and_then(|place| groups.get_mut(place)) {
                Some(group) => group.push(tag),
                None => condemned.said.say_tag(tag, Word::Remove(by(Layer::Delete, self.defaults))),
            }
        }
        for (place, (group, keep)) in groups.into_iter().zip(&policy.keep_tags).enumerate() {
            let kept = self.kept(&group, keep.rules, |tag| self.snapshot.target(*tag));
            let rule = self.first + place;
            for tag in group {
                let word = if kept.contains(&tag) {
                    Word::Keep(by(Layer::Keep, rule))
                } else {
                    Word::Remove(by(Layer::Delete, rule))
                };
                condemned.said.say_tag(tag, word);
            }
        }
    }

    /// Whether zot's database says nothing of a tag. It has signatures of cosign as signatures, and not as tags.
    fn has_no_statistics(&self, tag: TagId) -> bool {
        let name = self.snapshot.tag_name(tag);
        let is_signature = self.snapshot.speaks_about(tag).is_some() && name.contains('.');
        self.snapshot.has_no_statistics(self.snapshot.target(tag))
            || self.needs_statistics && (is_signature || self.pushed_at(self.snapshot.target(tag)).is_none())
    }

    /// What the rules keep of a group: the union of what each keeps, and all of it where there is none.
    fn kept<T: Copy + Eq + std::hash::Hash>(
        &self,
        group: &[T],
        rules: Rules,
        manifest: impl Fn(&T) -> ManifestId,
    ) -> HashSet<T> {
        if rules.is_empty() {
            return group.iter().copied().collect();
        }
        let pushed = |one: &T| self.pushed_at(manifest(one));
        let pulled = |one: &T| self.snapshot.pulled_at(manifest(one));
        let mut kept = HashSet::new();
        let mut newest = |most: u32, at: &dyn Fn(&T) -> Option<Timestamp>| {
            let mut sorted = group.to_vec();
            sorted.sort_by_cached_key(|one| Reverse(at(one)));
            kept.extend(sorted.into_iter().take(most as usize));
        };
        newest(rules.pulled_count, &pulled);
        newest(rules.pushed_count, &pushed);
        let since = |one: &T, span: Span| self.clock.at(manifest(one)).checked_sub(span.duration()).ok();
        if let Some(span) = rules.pulled_within {
            let is_within = |one: &&T| pulled(one).max(pushed(one)) > since(one, span);
            kept.extend(group.iter().filter(is_within));
        }
        if let Some(span) = rules.pushed_within {
            kept.extend(group.iter().filter(|one| pushed(one) > since(one, span)));
        }
        kept
    }

    fn pushed_at(&self, id: ManifestId) -> Option<Timestamp> {
        self.snapshot.pushed_at(id)
    }

    /// Takes away what has no tag, and what speaks about something that is gone, until there is no more.
    fn manifests(&self, policy: Option<&Policy>, condemned: &mut Condemned) {
        let untagged = policy.is_none_or(|policy| policy.delete_untagged);
        let referrers = policy.is_some_and(|policy| policy.delete_referrers);
        let retained = policy.map(|policy| self.retained_untagged(policy, condemned)).unwrap_or_default();
        let keep = Word::Keep(by(Layer::Keep, self.first + policy.map_or(0, |policy| policy.keep_tags.len())));
        retained.iter().for_each(|id| condemned.say(*id, keep));
        let mut changed = true;
        while changed {
            changed = false;
            if referrers {
                changed |= self.without_subject(condemned);
            }
            if untagged {
                changed |= self.without_tags(&retained, condemned);
            }
        }
    }

    /// The untagged manifests that `keepUntagged` keeps, and those without statistics.
    fn retained_untagged(&self, policy: &Policy, condemned: &Condemned) -> HashSet<ManifestId> {
        let Some(rules) = policy.keep_untagged.filter(|rules| !rules.is_empty()) else { return HashSet::new() };
        let pool = self.snapshot.manifests_of(self.repository).filter(|id| self.is_untagged_by_then(*id, condemned));
        let (unknown, pool): (Vec<_>, Vec<_>) = pool.partition(|id| self.is_unknown(*id));
        let mut kept = self.kept(&pool, rules, |id| *id);
        kept.extend(unknown);
        kept
    }

    fn is_unknown(&self, id: ManifestId) -> bool {
        self.snapshot.has_no_statistics(id) || self.pushed_at(id).is_none()
    }

    fn is_untagged(&self, id: ManifestId) -> bool {
        self.snapshot.tags_at(id).next().is_none()
    }

    /// Whether it has no tag when the manifests have their turn. What loses its last tag now waits for the delay from now
    /// on, for its next run, unless a run is longer than the delay.
    fn is_untagged_by_then(&self, id: ManifestId, condemned: &Condemned) -> bool {
        let lost = |tag| matches!(condemned.said.tag(tag), Word::Remove(_));
        self.is_untagged(id) || self.retention.delay.duration() < RUN && self.snapshot.tags_at(id).all(lost)
    }

    /// Whether the delay has gone by. It has after exactly as long.
    fn is_old(&self, id: ManifestId) -> Option<bool> {
        let pushed = self.pushed_at(id)?;
        Some(self.clock.at(id).duration_since(pushed) >= self.retention.delay.duration())
    }

    /// Takes those of the manifests away that are old enough, and says whether it took any.
    fn take(&self, ids: &[ManifestId], rule: usize, condemned: &mut Condemned) -> bool {
        let mut taken = false;
        for id in ids {
            let word = match self.is_old(*id) {
                Some(true) => Word::Remove(by(Layer::Delete, self.defaults + rule)),
                Some(false) => Word::Keep(Reason::Grace),
                None => Word::Keep(Reason::UnknownTime),
            };
            condemned.say(*id, word);
            taken |= matches!(word, Word::Remove(_));
        }
        taken
    }

    fn without_tags(&self, retained: &HashSet<ManifestId>, condemned: &mut Condemned) -> bool {
        let mut named: HashSet<ManifestId> = HashSet::new();
        for id in self.snapshot.manifests_of(self.repository).filter(|id| !condemned.is_condemned(*id)) {
            named.extend(self.snapshot.children(id));
            if self.snapshot.subject_key(id).is_some() {
                named.insert(id);
            }
        }
        let is_free = |id: &ManifestId, condemned: &Condemned| {
            let untagged = self.is_untagged_by_then(*id, condemned);
            untagged && !condemned.is_condemned(*id) && !named.contains(id) && !retained.contains(id)
        };
        let free: Vec<_> = self.snapshot.manifests_of(self.repository).filter(|id| is_free(id, condemned)).collect();
        self.take(&free, 1, condemned)
    }

    fn without_subject(&self, condemned: &mut Condemned) -> bool {
        let is_gone = |id: &ManifestId, condemned: &Condemned| {
            let lost = |subject: Option<ManifestId>| subject.is_none_or(|subject| condemned.is_condemned(subject));
            let by_field = self.snapshot.subject_key(*id).is_some() && lost(self.snapshot.subject(*id));
            let mut tags = self.snapshot.tags_at(*id).filter(|tag| self.snapshot.tag_name(*tag).contains('.'));
            let by_tag = tags.any(|tag| self.snapshot.speaks_about(tag).is_some_and(lost));
            !condemned.is_condemned(*id) && (by_field || by_tag)
        };
        let gone: Vec<_> = self.snapshot.manifests_of(self.repository).filter(|id| is_gone(id, condemned)).collect();
        self.take(&gone, 2, condemned)
    }
}
