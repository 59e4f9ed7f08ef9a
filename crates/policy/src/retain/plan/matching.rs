//! Which tags each rule is about, found once for all rules about the same.

use crate::retain::bits::Bits;
use crate::retain::parallel;
use crate::retain::policy::{Captured, Class, Per, Policy, Scope, TagSelector, version};
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
        let snapshot = self.snapshot;
        let names = snapshot.repositories().map(|id| snapshot.repository_name(id));
        let reaches: Vec<bool> = names.map(|name| is_in(name, class, &scope)).collect();
        let all = u32::try_from(snapshot.tags().len()).unwrap_or(u32::MAX);
        let is_of = |tag: TagId| {
            reaches.get(snapshot.repository_of_tag(tag).index()).is_some_and(|reaches| *reaches)
                && is_about(snapshot.tag_name(tag), class, &scope)
                && snapshot.speaks_about(tag).is_none()
        };
        // A word of the set at a time, 64 tags.
        let word = |word: u32| {
            let tags = (word * 64..all).take(64).map(TagId);
            (0..).zip(tags).filter(|(_, tag)| is_of(*tag)).fold(0, |set, (bit, _)| set | 1_u64 << bit)
        };
        self.sets.push(Bits::of(parallel::map(all.div_ceil(64), 0, word)));
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
    has_version: bool,
}

enum By<'a> {
    /// The one expression that has the group, with room for what it finds.
    Expression(Captured<'a>),
    /// Several have it.
    Group(&'a str, Vec<&'a TagSelector>),
    Version(&'a Per),
}

impl<'a> Grouping<'a> {
    pub(super) fn new(class: Option<&'a Class>, tag: Option<&'a TagSelector>, per: &'a [Per]) -> Self {
        let selectors = || class.and_then(|class| class.tag.as_ref()).into_iter().chain(tag);
        let by = |per: &'a Per| {
            let with: Vec<_> = selectors().filter(|tag| tag.groups().contains(&per.0.as_str())).collect();
            match with.as_slice() {
                [] => By::Version(per),
                [TagSelector::Regex(expression)] => match expression.captured(&per.0) {
                    Some(captured) => By::Expression(captured),
                    None => By::Version(per),
                },
                _ => By::Group(&per.0, with),
            }
        };
        let per: Vec<_> = per.iter().map(by).collect();
        let has_version = per.iter().any(|by| matches!(by, By::Version(_)));
        Self { per, has_version }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.per.is_empty()
    }

    /// What the groups hold, apart from each other; whether the tag has all of them.
    pub(super) fn key(&self, tag: &str, key: &mut String) -> bool {
        key.clear();
        let version = if self.has_version { version(tag) } else { None };
        for by in &self.per {
            match by {
                By::Expression(captured) => captured.of(tag, key),
                By::Group(name, with) => {
                    key.push_str(with.iter().find_map(|one| one.group(name, tag)).unwrap_or_default());
                }
                By::Version(per) => {
                    if !version.as_ref().is_some_and(|version| per.of_version(version, key)) {
                        return false;
                    }
                }
            }
            key.push('\0');
        }
        true
    }
}
