//! Which artifacts Harbor's rules retain, and what goes.

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{ImmutableRule, RetentionPolicy, RetentionRule, Template};
use crate::import::condemned::{Rule, by};
use crate::import::moment::as_old_from;
use crate::import::{Condemned, System};
use crate::retain::clock::Clock;
use crate::retain::{Layer, ManifestId, Reason, RepositoryId, Snapshot, TagId, Word};

impl RetentionPolicy {
    /// What the rules do to the artifacts of every repository, each by itself, at this time.
    #[must_use]
    pub fn evaluate(&self, snapshot: &Snapshot, now: Timestamp) -> Condemned {
        self.evaluate_by(snapshot, &Clock::One(now))
    }

    pub(in crate::import) fn evaluate_by(&self, snapshot: &Snapshot, clock: &Clock) -> Condemned {
        let name = |(place, rule): (usize, &RetentionRule)| {
            Rule::new(Layer::Keep, format!("rule {}", place + 1), rule.template.to_string())
        };
        let mut names: Vec<_> = self.rules.iter().enumerate().map(name).collect();
        names.push(Rule::new(Layer::Delete, "retention", "what no rule retains goes"));
        let mut condemned = Condemned::nothing(System::Harbor, snapshot, clock.clone(), names);
        for repository in snapshot.repositories() {
            self.process(snapshot, repository, clock, &mut condemned);
        }
        condemned.with_tags(snapshot).of_policy(self)
    }

    /// From when on a rule that is about its repository retains an artifact no longer.
    pub(in crate::import) fn moments(
        &self,
        snapshot: &Snapshot,
        artifact: ManifestId,
        add: &mut dyn FnMut(Option<Timestamp>),
    ) {
        let name = within_project(snapshot.repository_name(snapshot.repository_of(artifact)));
        for rule in self.rules.iter().filter(|rule| rule.is_about(name)) {
            let (second, days, is_later) = match rule.template {
                Template::PushedWithin(days) => (pushed(snapshot, artifact), days, false),
                Template::PulledWithin(days) => (pulled(snapshot, artifact), days, false),
                Template::PushedLater(days) => (pushed(snapshot, artifact), days, true),
                Template::Always
                | Template::LatestPushed(_)
                | Template::LatestPulled(_)
                | Template::LatestActive(_) => continue,
            };
            // What is so many days ago is looked at in whole seconds, and as it is where it has to be before a push.
            let second = second.saturating_add(i64::from(!is_later));
            let at = Timestamp::from_second(second).ok();
            add(at.and_then(|at| as_old_from(at, SignedDuration::from_hours(24 * i64::from(days)))));
        }
    }

    fn process(&self, snapshot: &Snapshot, repository: RepositoryId, clock: &Clock, condemned: &mut Condemned) {
        let name = within_project(snapshot.repository_name(repository));
        let mut rules = self.rules.iter().enumerate().filter(|(_, rule)| rule.is_about(name)).peekable();
        if rules.peek().is_none() {
            return;
        }
        let artifacts: Vec<_> = snapshot.manifests_of(repository).filter(|id| is_listed(snapshot, *id)).collect();
        let unretained = Word::Remove(by(Layer::Delete, self.rules.len()));
        artifacts.iter().for_each(|id| condemned.say(*id, unretained));
        for (place, rule) in rules {
            for retained in rule.retained(snapshot, &artifacts, clock) {
                if condemned.word(retained) == unretained {
                    condemned.say(retained, Word::Keep(by(Layer::Keep, place)));
                }
            }
        }
        for id in &artifacts {
            let said_so = || snapshot.tags_at(*id).any(|tag| snapshot.is_immutable(tag));
            let by_rule = || self.immutable.iter().any(|rule| rule.is_about(snapshot, name, *id));
            if condemned.word(*id) == unretained && (said_so() || by_rule()) {
                condemned.say(*id, Word::Keep(Reason::Immutable));
            }
        }
        take_along(snapshot, repository, &artifacts, condemned);
        refuse_what_is_referenced(snapshot, repository, condemned);
    }
}

impl RetentionRule {
    fn is_about(&self, repository: &str) -> bool {
        !self.disabled && self.repositories.iter().all(|selector| selector.selects_name(repository))
    }

    fn retained(&self, snapshot: &Snapshot, artifacts: &[ManifestId], clock: &Clock) -> Vec<ManifestId> {
        let is_selected = |id: &&ManifestId| {
            let tags = || snapshot.tags_at(**id).map(|tag| snapshot.tag_name(tag));
            self.tags.iter().all(|selector| selector.selects(tags(), selector.untagged()))
        };
        let selected: Vec<_> = artifacts.iter().filter(is_selected).copied().collect();
        let pushed = |id: ManifestId| pushed(snapshot, id);
        let pulled = |id: ManifestId| pulled(snapshot, id);
        let since =
            |id: ManifestId, days: u32| clock.at(id).checked_sub(SignedDuration::from_hours(24 * i64::from(days)));
        let within = |days: u32, at: &dyn Fn(ManifestId) -> i64| {
            let is_within = |id: &ManifestId| at(*id) >= since(*id, days).map_or(i64::MIN, floor);
            selected.iter().copied().filter(is_within).collect()
        };
        match self.template {
            Template::Always => selected,
            Template::LatestPushed(most) => first(selected, most, pushed),
            Template::LatestPulled(most) => first(selected, most, pulled),
            Template::LatestActive(most) => first(selected, most, |id| pushed(id).max(pulled(id))),
            Template::PushedWithin(days) => within(days, &pushed),
            Template::PulledWithin(days) => within(days, &pulled),
            Template::PushedLater(days) => {
                let later = |id: &ManifestId| {
                    let at = Timestamp::from_second(pushed(*id)).unwrap_or(Timestamp::MAX);
                    since(*id, days).map_or(true, |since| at > since)
                };
                selected.into_iter().filter(later).collect()
            }
        }
    }
}

fn first(mut artifacts: Vec<ManifestId>, most: u32, at: impl Fn(ManifestId) -> i64) -> Vec<ManifestId> {
    artifacts.sort_by_cached_key(|id| Reverse(at(*id)));
    artifacts.truncate(most as usize);
    artifacts
}

impl ImmutableRule {
    /// Harbor looks at the first selector of either kind alone.
    fn is_about(&self, snapshot: &Snapshot, repository: &str, id: ManifestId) -> bool {
        let (Some(of_repository), Some(of_tag)) = (self.repositories.first(), self.tags.first()) else { return false };
        let tags = snapshot.tags_at(id).map(|tag| snapshot.tag_name(tag));
        !self.disabled && of_repository.selects_name(repository) && of_tag.selects(tags, false)
    }
}

/// When an artifact or one of its tags was last pushed, in seconds.
fn pushed(snapshot: &Snapshot, id: ManifestId) -> i64 {
    let tags = snapshot.tags_at(id).filter_map(|tag| snapshot.moved_at(tag));
    tags.chain(snapshot.pushed_at(id)).max().map_or(0, floor)
}

/// When an artifact or one of its tags was last pulled, in seconds.
fn pulled(snapshot: &Snapshot, id: ManifestId) -> i64 {
    let tags = snapshot.tags_at(id).filter_map(|tag| snapshot.tag_pulled_at(tag));
    tags.chain(snapshot.pulled_at(id)).max().map_or(0, floor)
}

fn floor(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}

/// The name of a repository without its host and its project, as selectors see it.
fn within_project(repository: &str) -> &str {
    let path = match repository.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => repository,
    };
    path.split_once('/').map_or(path, |(_, name)| name)
}

/// Whether Harbor lists it among the artifacts of its repository.
fn is_listed(snapshot: &Snapshot, id: ManifestId) -> bool {
    if snapshot.subject_key(id).is_some() {
        return false;
    }
    let mut tags = snapshot.tags_at(id).peekable();
    if tags.peek().is_none() {
        return !snapshot.has_parent(id);
    }
    tags.any(|tag| !is_signature(snapshot, tag))
}

/// Whether a tag makes its manifest cosign's signature of another one.
fn is_signature(snapshot: &Snapshot, tag: TagId) -> bool {
    snapshot.tag_name(tag).ends_with(".sig") && snapshot.speaks_about(tag).is_some_and(|subject| subject.is_some())
}

/// Deletes with an artifact what speaks about it, and what nothing else names.
fn take_along(snapshot: &Snapshot, repository: RepositoryId, artifacts: &[ManifestId], condemned: &mut Condemned) {
    let mut parents: HashMap<ManifestId, Vec<ManifestId>> = HashMap::new();
    for index in snapshot.manifests_of(repository) {
        snapshot.children(index).for_each(|child| parents.entry(child).or_default().push(index));
    }
    let mut gone: Vec<_> = artifacts.iter().copied().filter(|id| condemned.is_condemned(*id)).collect();
    while let Some(id) = gone.pop() {
        let is_free = |child: &ManifestId| {
            let indexes = parents.get(child).map(Vec::as_slice).unwrap_or_default();
            indexes.iter().all(|index| condemned.is_condemned(*index)) && snapshot.tags_at(*child).next().is_none()
        };
        let children = snapshot.children(id).filter(is_free).map(|child| (child, Reason::GoesWith(id)));
        let referrers = snapshot.referrers(id).filter(|referrer| !is_listed(snapshot, *referrer));
        let along: Vec<_> = children.chain(referrers.map(|referrer| (referrer, Reason::SubjectGoes(id)))).collect();
        for (id, reason) in along {
            if !condemned.is_condemned(id) {
                condemned.say(id, Word::Remove(reason));
                gone.push(id);
            }
        }
    }
}

/// Harbor deletes no artifact that an index names which stays, and then nothing along with it.
fn refuse_what_is_referenced(snapshot: &Snapshot, repository: RepositoryId, condemned: &mut Condemned) {
    let mut stay: Vec<_> = snapshot.manifests_of(repository).filter(|id| !condemned.is_condemned(*id)).collect();
    while let Some(id) = stay.pop() {
        let children = snapshot.children(id).filter(|child| condemned.is_condemned(*child));
        let along = Word::Remove(Reason::SubjectGoes(id));
        let referrers = snapshot.referrers(id).filter(|referrer| condemned.word(*referrer) == along);
        let children = children.map(|child| (child, Reason::ChildOf(id)));
        let spared: Vec<_> = children.chain(referrers.map(|referrer| (referrer, Reason::RefersTo(id)))).collect();
        for (spared, reason) in spared {
            condemned.say(spared, Word::Keep(reason));
            stay.push(spared);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::within_project;

    #[test]
    fn selectors_see_the_name_within_the_project() {
        let table = [
            ("app", "app"),
            ("library/app", "app"),
            ("library/team/app", "team/app"),
            ("harbor.example.com/library/team/app", "team/app"),
            ("localhost:5000/library/app", "app"),
        ];
        for (repository, expected) in table {
            assert_eq!(within_project(repository), expected, "{repository}");
        }
    }
}
