//! Random cases, as the model makes them.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Case, Manifest, Rule, Rules, Tag};

/// Numbers that look random, the same for the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ bits >> 31
    }

    /// From the first to the last.
    pub(crate) fn between(&mut self, first: i64, last: i64) -> i64 {
        first + i64::try_from(self.next() % u64::try_from(last - first + 1).unwrap()).unwrap()
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub(crate) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.next()).unwrap() % all.len()]
    }

    fn time(&mut self) -> i64 {
        if self.chance(50) { self.between(0, 100) } else { 25 * self.between(0, 4) }
    }

    pub(crate) fn case(&mut self) -> Case {
        let ids: Vec<String> = (0..self.between(1, 9)).map(|id| format!("{id:04x}")).collect();
        let mut manifests = BTreeMap::new();
        for (place, id) in ids.iter().enumerate() {
            let pushed = if self.chance(8) { None } else { Some(self.time()) };
            let before = &ids[..place];
            let mut children = Vec::new();
            if place > 0 && self.chance(35) {
                children.extend((0..self.between(1, 3)).map(|_| self.of(before).clone()));
            }
            if self.chance(10) {
                children.push("dead".to_owned());
            }
            let subject = (place > 0 && self.chance(25)).then(|| self.of(before).clone());
            manifests.insert(id.clone(), Manifest { pushed, children, subject });
        }
        let mut tags = BTreeMap::new();
        for number in 0..self.between(0, 12) {
            let name = match self.between(0, 5) {
                0 if self.chance(50) => format!("pr-{}-{number}", self.between(1, 2)),
                0 => format!("pr-{}{}-{number}", self.between(1, 2), self.between(0, 9)),
                1 => format!("v1.{}.{number}", self.between(0, 3)),
                2 => format!("sha-{number}"),
                3 => "latest".to_owned(),
                4 => format!("sha256-{}.sig", self.of(&ids)),
                _ => format!("sha256-{}", self.of(&ids)),
            };
            let moved = if self.chance(33) { None } else { Some(self.time()) };
            tags.insert(name, Tag { m: self.of(&ids).clone(), moved });
        }
        let in_use = manifests.keys().chain(tags.keys()).filter(|_| self.chance(5)).cloned().collect();
        let mut promoted = BTreeMap::new();
        for id in &ids {
            if self.chance(30) {
                promoted.insert(id.clone(), self.between(0, 100));
            }
        }
        let complete = self.chance(90);
        let unresolved: BTreeSet<String> = ids.iter().filter(|_| self.chance(2)).cloned().collect();
        let policy = self.rules();
        let now = self.between(60, 140);
        Case {
            manifests,
            tags,
            in_use,
            promoted,
            complete,
            unresolved,
            policy,
            now,
            latest: false,
            with_parents: false,
        }
    }

    /// A case as the planner has it and the model does not: it may count from the later time, what names something in use is in
    /// use with it, and some times are still to come.
    pub(crate) fn own_case(&mut self) -> Case {
        let mut case = self.case();
        (case.latest, case.with_parents) = (self.chance(70), self.chance(70));
        // Five minutes ahead a clock may be, and a minute or two passes in tests.
        let now = case.now;
        let soon = |random: &mut Self| now + 300 + random.between(-5, 100);
        for tag in case.tags.values_mut() {
            if self.chance(20) {
                tag.moved = Some(soon(self));
            }
        }
        for manifest in case.manifests.values_mut() {
            if self.chance(10) {
                manifest.pushed = Some(soon(self));
            }
        }
        case
    }

    fn rules(&mut self) -> Rules {
        Rules {
            holds: (0..self.between(0, 1)).map(|_| self.hold()).collect(),
            keep: (0..self.between(0, 2)).map(|_| self.keep()).collect(),
            delete: (0..self.between(0, 2)).map(|_| self.delete()).collect(),
            untagged: if self.chance(50) { Some(self.between(0, 80)) } else { None },
            grace: if self.chance(50) { Some(5) } else { None },
        }
    }

    fn rule(&mut self) -> Rule {
        let tags = self.of(&[".*", r"pr-\d+-\d+", r"v1\..*", "sha-.*", "latest"]);
        Rule { tags: (*tags).to_owned(), ..Rule::default() }
    }

    fn group(&mut self) -> Option<String> {
        self.of(&[None, Some(r"pr-(\d+)-\d+"), Some(r"v(\d+\.\d+)\.\d+")]).map(str::to_owned)
    }

    pub(crate) fn hold(&mut self) -> Rule {
        let rule = self.rule();
        if self.chance(50) { Rule { legal: true, ..rule } } else { Rule { min_age: Some(self.between(0, 90)), ..rule } }
    }

    pub(crate) fn keep(&mut self) -> Rule {
        let rule = self.rule();
        match self.between(0, 9) {
            0..6 => Rule { newest: Some(u32::try_from(self.between(0, 3)).unwrap()), group: self.group(), ..rule },
            6..8 => Rule { within: Some(self.between(0, 60)), ..rule },
            _ => rule,
        }
    }

    pub(crate) fn delete(&mut self) -> Rule {
        let mut rule = self.rule();
        let kind = self.between(0, 99);
        if kind < 50 && self.chance(50) {
            rule.older_than = Some(self.between(0, 80));
        }
        if kind > 30 {
            rule.beyond = Some(u32::try_from(self.between(0, 3)).unwrap());
            rule.group = self.group();
        }
        if kind > 80 {
            rule.promoted = Some(self.between(0, 50));
        }
        rule
    }
}
