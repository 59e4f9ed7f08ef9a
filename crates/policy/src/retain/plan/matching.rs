//! Which tags each rule is about, found once for all rules about the same.

use crate::retain::bits::Bits;
use crate::retain::policy::{Class, Policy, Scope};
use crate::retain::{Snapshot, TagId};

/// Which tags each rule is about.
pub(super) struct Matching<'a> {
    snapshot: &'a Snapshot,
    policy: &'a Policy,
    found: Vec<(Scope, usize)>,
    sets: Vec<Bits>,
}

impl<'a> Matching<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, policy: &'a Policy) -> Self {
        Self { snapshot, policy, found: Vec::new(), sets: Vec::new() }
    }

    /// The number of the set of a scope.
    pub(super) fn of(&mut self, scope: Scope) -> usize {
        if let Some((_, set)) = self.found.iter().find(|(known, _)| *known == scope) {
            return *set;
        }
        let class = self.policy.class(&scope);
        let mut set = Bits::new(self.snapshot.tags().len());
        for repository in self.snapshot.repositories() {
            if !is_in(self.snapshot.repository_name(repository), class, &scope) {
                continue;
            }
            for tag in self.snapshot.tags_of(repository) {
                if is_about(self.snapshot.tag_name(tag), class, &scope) && self.snapshot.speaks_about(tag).is_none() {
                    set.add(tag.0);
                }
            }
        }
        self.sets.push(set);
        self.found.push((scope, self.sets.len() - 1));
        self.sets.len() - 1
    }

    pub(super) fn sets(self) -> Vec<Bits> {
        self.sets
    }
}

/// Whether a scope reaches into a repository.
pub(super) fn is_in(repository: &str, class: Option<&Class>, scope: &Scope) -> bool {
    let matches =
        |glob: &Option<crate::retain::policy::Glob>| glob.as_ref().is_none_or(|glob| glob.matches(repository));
    matches(&scope.repo) && class.is_none_or(|class| matches(&class.repo))
}

/// Whether a scope is about a tag of this name.
pub(super) fn is_about(name: &str, class: Option<&Class>, scope: &Scope) -> bool {
    let class = class.and_then(|class| class.tag.as_ref());
    class.is_none_or(|tag| tag.matches(name)) && scope.tag.as_ref().is_none_or(|tag| tag.matches(name))
}

/// What a tag is counted with: its repository, and what the rule's groups hold. Nothing where one of them has no such tag.
pub(super) struct Grouping<'a> {
    per: Vec<By<'a>>,
}

enum By<'a> {
    Group(&'a str, Vec<&'a crate::retain::policy::TagSelector>),
    Version(&'a crate::retain::policy::Per),
}

impl<'a> Grouping<'a> {
    pub(super) fn new(
        class: Option<&'a Class>,
        tag: Option<&'a crate::retain::policy::TagSelector>,
        per: &'a [crate::retain::policy::Per],
    ) -> Self {
        let selectors = || class.and_then(|class| class.tag.as_ref()).into_iter().chain(tag);
        let by = |per: &'a crate::retain::policy::Per| {
            let with: Vec<_> = selectors().filter(|tag| tag.groups().contains(&per.0.as_str())).collect();
            if with.is_empty() { By::Version(per) } else { By::Group(&per.0, with) }
        };
        Self { per: per.iter().map(by).collect() }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.per.is_empty()
    }

    /// What the groups hold, apart from each other.
    pub(super) fn key(&self, tag: &str) -> Option<String> {
        let mut key = String::new();
        for by in &self.per {
            match by {
                By::Group(name, with) => key += with.iter().find_map(|one| one.group(name, tag)).unwrap_or_default(),
                By::Version(per) => key += &per.of_version(tag)?,
            }
            key.push('\0');
        }
        Some(key)
    }

    pub(super) fn of(&self, snapshot: &Snapshot, tag: TagId) -> Option<String> {
        self.key(snapshot.tag_name(tag))
    }
}
