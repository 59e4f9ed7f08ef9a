//! Which versions cleanup policies delete.

use std::cmp::Reverse;
use std::collections::HashSet;

use jiff::Timestamp;

use super::{Action, Age, CleanupPolicies, CleanupPolicy, Condition, Criteria, TagState};
use crate::import::condemned::{Rule, by};
use crate::import::moment::{as_old_from, older_from};
use crate::import::{Condemned, System};
use crate::retain::clock::Clock;
use crate::retain::{Layer, ManifestId, Reason, RepositoryId, Snapshot, Word};

impl CleanupPolicies {
    /// What the policies do to the versions of every package, at this time.
    ///
    /// A version of which nobody knows when it was uploaded is deleted for no age, kept for every one, and one of the most
    /// recent ones without being counted as one.
    #[must_use]
    pub fn evaluate(&self, snapshot: &Snapshot, now: Timestamp) -> Condemned {
        self.evaluate_by(snapshot, &Clock::One(now))
    }

    pub(in crate::import) fn evaluate_by(&self, snapshot: &Snapshot, clock: &Clock) -> Condemned {
        let mut names: Vec<_> = self.policies.iter().map(CleanupPolicy::named).collect();
        names.push(Rule::new(Layer::Keep, "referrer", "what speaks about it stays"));
        let mut condemned = Condemned::nothing(System::Gar, snapshot, clock.clone(), names);
        condemned.dry_run = self.dry_run;
        for repository in snapshot.repositories() {
            // What comes later says more: a policy that keeps is heard above all that delete.
            for action in [Action::Delete, Action::Keep] {
                let policies = self.policies.iter().enumerate().filter(|(_, policy)| policy.action == action);
                for (place, policy) in policies {
                    let word = match action {
                        Action::Delete => Word::Remove(by(Layer::Delete, place)),
                        Action::Keep => Word::Keep(by(Layer::Keep, place)),
                    };
                    for version in policy.matching(snapshot, repository, clock) {
                        let is_first = condemned.word(version) == Word::Keep(Reason::Default);
                        if is_first || action == Action::Keep && condemned.is_condemned(version) {
                            condemned.say(version, word);
                        }
                    }
                }
            }
            self.spare_what_is_named(snapshot, repository, &mut condemned);
        }
        condemned.with_tags(snapshot).of_policy(self)
    }

    /// From when on a version is old enough for a policy that is about it, or too old.
    pub(in crate::import) fn moments(
        &self,
        snapshot: &Snapshot,
        version: ManifestId,
        add: &mut dyn FnMut(Option<Timestamp>),
    ) {
        let Some(uploaded) = snapshot.pushed_at(version) else { return };
        let package = package(snapshot.repository_name(snapshot.repository_of(version)));
        for policy in &self.policies {
            let Criteria::Condition(condition) = &policy.criteria else { continue };
            if condition.is_for(package) && condition.is_about(snapshot, version) {
                add(condition.older_than.and_then(|limit| older_from(uploaded, limit.duration())));
                add(condition.newer_than.and_then(|limit| as_old_from(uploaded, limit.duration())));
            }
        }
    }

    /// Leaves alone what the registry refuses to delete: what a version names that stays.
    fn spare_what_is_named(&self, snapshot: &Snapshot, repository: RepositoryId, condemned: &mut Condemned) {
        let referrer_stays = Word::Keep(by(Layer::Keep, self.policies.len()));
        let stays = |condemned: &Condemned, id: ManifestId| !condemned.is_condemned(id);
        let mut stay: Vec<_> = snapshot.manifests_of(repository).filter(|id| stays(condemned, *id)).collect();
        while let Some(id) = stay.pop() {
            let children = snapshot.children(id).map(|child| (child, Word::Keep(Reason::ChildOf(id))));
            let subject = snapshot.subject(id).map(|subject| (subject, referrer_stays));
            for (named, word) in children.chain(subject) {
                if condemned.is_condemned(named) {
                    condemned.say(named, word);
                    stay.push(named);
                }
            }
        }
    }
}

impl CleanupPolicy {
    fn named(&self) -> Rule {
        let layer = match self.action {
            Action::Delete => Layer::Delete,
            Action::Keep => Layer::Keep,
        };
        Rule::new(layer, &self.name, self.words())
    }

    fn matching(&self, snapshot: &Snapshot, repository: RepositoryId, clock: &Clock) -> Vec<ManifestId> {
        let package = package(snapshot.repository_name(repository));
        match &self.criteria {
            Criteria::Condition(condition) => {
                if !condition.is_for(package) {
                    return Vec::new();
                }
                let matches = |id: &ManifestId| condition.matches(snapshot, *id, clock.at(*id), self.action);
                snapshot.manifests_of(repository).filter(matches).collect()
            }
            Criteria::MostRecentVersions(most) => {
                if !any_prefix(&most.package_name_prefixes, std::iter::once(package)) {
                    return Vec::new();
                }
                let mut versions: Vec<_> = snapshot.manifests_of(repository).collect();
                versions.sort_by_cached_key(|id| Reverse(snapshot.pushed_at(*id)));
                let dated = versions.iter().filter(|id| snapshot.pushed_at(**id).is_some());
                let newest: HashSet<_> = dated.take(most.keep_count as usize).copied().collect();
                versions.retain(|id| newest.contains(id) || snapshot.pushed_at(*id).is_none());
                versions
            }
        }
    }
}

impl Condition {
    fn is_for(&self, package: &str) -> bool {
        any_prefix(&self.package_name_prefixes, std::iter::once(package))
    }

    /// Whether it is about a version, however old that is.
    fn is_about(&self, snapshot: &Snapshot, id: ManifestId) -> bool {
        let tags = || snapshot.tags_at(id).map(|tag| snapshot.tag_name(tag));
        let state = match self.tag_state {
            TagState::Any => true,
            TagState::Tagged => tags().next().is_some(),
            TagState::Untagged => tags().next().is_none(),
        };
        let version = || snapshot.version_name(id).map_or_else(|| snapshot.key(id).to_string(), str::to_owned);
        state
            && any_prefix(&self.tag_prefixes, tags())
            && (self.version_name_prefixes.is_empty()
                || any_prefix(&self.version_name_prefixes, std::iter::once(version().as_str())))
    }

    fn matches(&self, snapshot: &Snapshot, id: ManifestId, now: Timestamp, action: Action) -> bool {
        let age = snapshot.pushed_at(id).map(|at| now.duration_since(at));
        let unknown = action == Action::Keep;
        let older = |limit: Age| age.map_or(unknown, |age| age > limit.duration());
        let newer = |limit: Age| age.map_or(unknown, |age| age < limit.duration());
        self.is_about(snapshot, id) && self.older_than.is_none_or(older) && self.newer_than.is_none_or(newer)
    }
}

/// Whether one of the words begins with one of the prefixes, or nothing is asked.
fn any_prefix<'a>(prefixes: &[String], mut words: impl Iterator<Item = &'a str>) -> bool {
    prefixes.is_empty() || words.any(|word| prefixes.iter().any(|prefix| word.starts_with(prefix.as_str())))
}

/// The name of the package: what comes after `HOST.pkg.dev/PROJECT/REPOSITORY/`, or all of the name.
fn package(repository: &str) -> &str {
    let mut parts = repository.splitn(4, '/');
    match (parts.next(), parts.nth(2)) {
        (Some(host), Some(package)) if host.ends_with(".pkg.dev") => package,
        _ => repository,
    }
}

#[cfg(test)]
mod tests {
    use super::package;

    #[test]
    fn a_package_is_named_without_its_registry() {
        let table = [
            ("webapp", "webapp"),
            ("team/webapp", "team/webapp"),
            ("europe-docker.pkg.dev/project/repository/webapp", "webapp"),
            ("europe-docker.pkg.dev/project/repository/team/webapp", "team/webapp"),
            ("europe-docker.pkg.dev/project/repository", "europe-docker.pkg.dev/project/repository"),
            ("a/b/c/d", "a/b/c/d"),
        ];
        for (repository, expected) in table {
            assert_eq!(package(repository), expected, "{repository}");
        }
    }
}
