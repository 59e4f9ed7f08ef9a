//! What the plan condemns, how it hangs together, and what of it stays after all.

use std::collections::{BTreeSet, HashMap, HashSet};

use lockage_registry::{Digest, DigestTag, RawManifest, Tag};

use super::{Fate, Way};

/// A manifest that the plan deletes or archives.
#[derive(Debug)]
pub(super) struct Doomed {
    pub(super) way: Way,
    pub(super) expect: BTreeSet<Tag>,
    /// Nothing where it was gone when this run began.
    pub(super) manifest: Option<RawManifest>,
    pub(super) children: Vec<Digest>,
    pub(super) subject: Option<Digest>,
}

/// All of them in one repository.
#[derive(Debug, Default)]
pub(super) struct AllDoomed {
    all: HashMap<Digest, Doomed>,
    /// Those that go before another one of them. That is whatever names it by hash: as a child, or as what it is attached to.
    /// What is archived comes back, so that it is to be whole meanwhile: it goes after what it is attached to, and what can be
    /// pulled is signed at any moment.
    before: HashMap<Digest, Vec<Digest>>,
    parents: HashMap<Digest, Vec<Digest>>,
    /// Those that are attached to another one: by hash, or by a structural tag.
    attached: HashMap<Digest, Vec<Digest>>,
    safe: HashMap<Digest, (Fate, String)>,
    gone: HashSet<Digest>,
}

impl AllDoomed {
    pub(super) fn of(all: HashMap<Digest, Doomed>) -> Self {
        let mut linked = Self::default();
        let by_hex: HashMap<&str, &Digest> = all.keys().map(|digest| (digest.hex(), digest)).collect();
        let mut after: Vec<(bool, &Digest, &Digest)> = Vec::new();
        for (digest, doomed) in &all {
            for child in doomed.children.iter().filter(|child| *child != digest) {
                linked.before.entry(child.clone()).or_default().push(digest.clone());
                linked.parents.entry(child.clone()).or_default().push(digest.clone());
            }
            if let Some(subject) = doomed.subject.as_ref().filter(|subject| *subject != digest) {
                match doomed.way {
                    Way::Delete => linked.before.entry(subject.clone()).or_default().push(digest.clone()),
                    Way::Archive => after.extend(all.contains_key(subject).then_some((false, digest, subject))),
                }
                linked.attached.entry(subject.clone()).or_default().push(digest.clone());
            }
            for about in doomed.expect.iter().filter_map(DigestTag::parse) {
                if let Some(subject) = by_hex.get(about.hex()).filter(|subject| about.matches(subject)) {
                    linked.attached.entry((*subject).clone()).or_default().push(digest.clone());
                    after.extend((doomed.way == Way::Archive).then_some((true, digest, *subject)));
                }
            }
        }
        // Of orders that contradict each other only some are kept: an index before what it names, then what a hash says, then
        // what a tag does.
        after.sort_unstable();
        for (_, digest, subject) in after {
            if !linked.waits(subject, digest) {
                linked.before.entry(digest.clone()).or_default().push(subject.clone());
            }
        }
        linked.all = all;
        linked
    }

    /// Whether one is the other, or goes after it.
    fn waits(&self, digest: &Digest, other: &Digest) -> bool {
        let (mut waiting, mut seen) = (vec![digest], HashSet::new());
        while let Some(at) = waiting.pop() {
            if at == other {
                return true;
            }
            if seen.insert(at) {
                waiting.extend(self.before(at));
            }
        }
        false
    }

    pub(super) fn get(&self, digest: &Digest) -> Option<&Doomed> {
        self.all.get(digest)
    }

    /// Those that go before this one.
    pub(super) fn before(&self, digest: &Digest) -> &[Digest] {
        self.before.get(digest).map_or(&[], Vec::as_slice)
    }

    /// What one that goes before this one has to do with it, for people.
    pub(super) fn tie(&self, digest: &Digest, before: &Digest) -> &'static str {
        let names = |doomed: &Doomed| doomed.children.contains(digest) || doomed.subject.as_ref() == Some(digest);
        if self.get(before).is_some_and(names) { "which names it" } else { "which it is attached to" }
    }

    /// Why one stays, where it does.
    pub(super) fn safe(&self, digest: &Digest) -> Option<&(Fate, String)> {
        self.safe.get(digest)
    }

    /// Those that were seen to be gone, or archived.
    pub(super) fn gone(&self) -> &HashSet<Digest> {
        &self.gone
    }

    pub(super) fn went(&mut self, digest: &Digest) {
        self.gone.insert(digest.clone());
    }

    /// Keeps a manifest, and whatever of the condemned it needs or is attached to it.
    pub(super) fn keep(&mut self, digest: &Digest, fate: Fate, why: &str) {
        let mut waiting = vec![(digest.clone(), fate, why.to_owned())];
        while let Some((digest, fate, why)) = waiting.pop() {
            let Some(doomed) = self.all.get(&digest) else { continue };
            if self.safe.contains_key(&digest) {
                continue;
            }
            let needed = doomed.children.iter().chain(self.attached.get(&digest).into_iter().flatten());
            waiting.extend(needed.map(|other| (other.clone(), Fate::Needed, format!("{digest} stays"))));
            self.safe.insert(digest, (fate, why));
        }
    }

    /// Keeps everything.
    pub(super) fn keep_all(&mut self, fate: Fate, why: &str) {
        let all: Vec<Digest> = self.all.keys().cloned().collect();
        for digest in all {
            self.safe.entry(digest).or_insert_with(|| (fate, why.to_owned()));
        }
    }

    /// Keeps a manifest with all that name it as a child: their digest is what was deployed.
    pub(super) fn keep_with_parents(&mut self, digest: &Digest, fate: Fate, why: &str) {
        let mut above = vec![digest.clone()];
        let mut seen = HashSet::new();
        while let Some(digest) = above.pop().filter(|digest| seen.insert(digest.clone())) {
            above.extend(self.parents.get(&digest).into_iter().flatten().cloned());
            self.keep(&digest, fate, why);
        }
    }

    /// A manifest, what it is attached to, and what that is attached to.
    pub(super) fn chain(&self, digest: &Digest) -> Vec<Digest> {
        let mut chain = vec![digest.clone()];
        let mut at = 0;
        while let Some(doomed) = chain.get(at).and_then(|digest| self.all.get(digest)) {
            at += 1;
            let soft = doomed.expect.iter().filter_map(DigestTag::parse).filter_map(|about| about.digest());
            for subject in doomed.subject.iter().cloned().chain(soft) {
                if self.all.contains_key(&subject) && !chain.contains(&subject) {
                    chain.push(subject);
                }
            }
        }
        chain
    }
}
