//! Which images of a repository a lifecycle policy acts on.

use jiff::{SignedDuration, Timestamp};

use super::{Action, Count, LifecyclePolicy, Rule, StorageClass};
use crate::import::condemned::{self, by};
use crate::import::moment::older_from;
use crate::import::{Condemned, System};
use crate::retain::clock::Clock;
use crate::retain::{Layer, ManifestId, Reason, RepositoryId, Snapshot, Storage, Word};

impl LifecyclePolicy {
    /// What the policy does to the images of every repository, each by itself, at this time.
    ///
    /// An image of which nobody knows when it was pushed is acted on by no rule, and is counted by none.
    #[must_use]
    pub fn evaluate(&self, snapshot: &Snapshot, now: Timestamp) -> Condemned {
        self.evaluate_by(snapshot, &Clock::One(now))
    }

    pub(in crate::import) fn evaluate_by(&self, snapshot: &Snapshot, clock: &Clock) -> Condemned {
        let name = |rule: &Rule| {
            let words = rule.description.clone().unwrap_or_else(|| rule.words());
            condemned::Rule::new(Layer::Delete, format!("rule {}", rule.priority), words).numbered(rule.priority)
        };
        let names = self.rules.iter().map(name).collect();
        let mut condemned = Condemned::nothing(System::Ecr, snapshot, clock.clone(), names);
        for repository in snapshot.repositories() {
            self.mark(snapshot, repository, clock, &mut condemned);
            follow_subjects(snapshot, repository, &mut condemned);
            spare_what_is_needed(snapshot, repository, &mut condemned);
        }
        condemned.with_tags(snapshot).of_policy(self)
    }

    /// From when on an image is marked by the rule that owns it, where that is a matter of time.
    pub(in crate::import) fn moment(&self, snapshot: &Snapshot, image: ManifestId) -> Option<Timestamp> {
        let may_own = |rule: &&Rule| snapshot.subject(image).is_none() && rule.matches(snapshot, image);
        let (at, days) = self.rules.iter().find(may_own)?.counts_from(snapshot, image)?;
        older_from(at, days_of_24_hours(days))
    }

    fn mark(&self, snapshot: &Snapshot, repository: RepositoryId, clock: &Clock, condemned: &mut Condemned) {
        for (place, rule) in self.rules.iter().enumerate() {
            let mut matching: Vec<_> = snapshot
                .manifests_of(repository)
                .filter(|image| snapshot.subject(*image).is_none() && rule.matches(snapshot, *image))
                .collect();
            if let Count::MoreThan(_) = rule.count {
                matching.sort_by_cached_key(|image| std::cmp::Reverse(counted_at(snapshot, *image)));
            }
            let mut counted = 0;
            for image in matching {
                let marked = match rule.count {
                    Count::MoreThan(most) => counted_at(snapshot, image).is_some_and(|_| {
                        counted += 1;
                        counted > u64::from(most)
                    }),
                    _ => rule
                        .counts_from(snapshot, image)
                        .is_some_and(|(at, days)| clock.at(image).duration_since(at) > days_of_24_hours(days)),
                };
                // The rules come by their priority: an image that has an owner keeps it.
                if condemned.word(image) == Word::Keep(Reason::Default) {
                    let word = match (marked, rule.action) {
                        (false, _) => Word::Keep(by(Layer::Keep, place)),
                        (true, Action::Expire) => Word::Remove(by(Layer::Delete, place)),
                        (true, Action::Transition) => Word::Archive(by(Layer::Delete, place)),
                    };
                    condemned.say(image, word);
                }
            }
        }
    }
}

impl Rule {
    fn matches(&self, snapshot: &Snapshot, image: ManifestId) -> bool {
        let class = match snapshot.storage(image) {
            Storage::Archive => StorageClass::Archive,
            _ => StorageClass::Standard,
        };
        let tags: Vec<_> = snapshot.tags_at(image).map(|tag| snapshot.tag_name(tag)).collect();
        class == self.class && self.tags.matches(tags.iter().copied())
    }

    /// Since when the days of an image count, and the most that there may be of them.
    fn counts_from(&self, snapshot: &Snapshot, image: ManifestId) -> Option<(Timestamp, u32)> {
        let (at, days) = match self.count {
            Count::MoreThan(_) => return None,
            Count::SincePushed(days) => (counted_at(snapshot, image), days),
            Count::SincePulled(days) => (pulled_at(snapshot, image), days),
            Count::SinceTransitioned(days) => (snapshot.archived_at(image), days),
        };
        Some((at?, days))
    }
}

/// The time by which images are counted and grow old: that of the push, or of the restore from the archive.
fn counted_at(snapshot: &Snapshot, image: ManifestId) -> Option<Timestamp> {
    snapshot.pushed_at(image).map(|pushed| snapshot.activated_at(image).unwrap_or(pushed))
}

/// The last pull. An image that was never pulled counts from its push, one that was not pulled since its restore from that.
fn pulled_at(snapshot: &Snapshot, image: ManifestId) -> Option<Timestamp> {
    match (snapshot.pulled_at(image), snapshot.activated_at(image)) {
        (None, None) => snapshot.pushed_at(image),
        (pulled, activated) => pulled.max(activated),
    }
}

fn days_of_24_hours(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

/// What speaks about an image shares its fate, and what speaks about that too.
fn follow_subjects(snapshot: &Snapshot, repository: RepositoryId, condemned: &mut Condemned) {
    let mut subjects: Vec<_> =
        snapshot.manifests_of(repository).filter(|image| snapshot.subject(*image).is_none()).collect();
    while let Some(subject) = subjects.pop() {
        for referrer in snapshot.referrers(subject).filter(|referrer| snapshot.subject(*referrer) == Some(subject)) {
            let word = match condemned.word(subject) {
                Word::Remove(_) => Word::Remove(Reason::SubjectGoes(subject)),
                Word::Archive(_) if snapshot.storage(referrer) != Storage::Archive => {
                    Word::Archive(Reason::SubjectGoes(subject))
                }
                _ => Word::Keep(Reason::RefersTo(subject)),
            };
            condemned.say(referrer, word);
            subjects.push(referrer);
        }
    }
}

/// Leaves an image alone that an index names which is left alone, and then what speaks about that image. An index in the
/// archive still needs its images, there.
fn spare_what_is_needed(snapshot: &Snapshot, repository: RepositoryId, condemned: &mut Condemned) {
    let is_kept = |word: Word| matches!(word, Word::Keep(_) | Word::Nothing);
    let is_needed = |child: Word, index: ManifestId, word: Word| match word {
        Word::Remove(_) => false,
        Word::Keep(_) | Word::Nothing if snapshot.storage(index) != Storage::Archive => !is_kept(child),
        _ => matches!(child, Word::Remove(_)),
    };
    let mut stay: Vec<_> = snapshot.manifests_of(repository).collect();
    while let Some(image) = stay.pop() {
        let children = snapshot.children(image).map(|child| (child, Reason::ChildOf(image)));
        let children = children.filter(|(child, _)| is_needed(condemned.word(*child), image, condemned.word(image)));
        let referrers = snapshot.referrers(image).filter(|referrer| {
            let is_its_own = snapshot.subject(*referrer) == Some(image);
            is_its_own && is_kept(condemned.word(image)) && !is_kept(condemned.word(*referrer))
        });
        let spared: Vec<_> = children.chain(referrers.map(|referrer| (referrer, Reason::RefersTo(image)))).collect();
        for (spared, reason) in spared {
            condemned.say(spared, Word::Keep(reason));
            stay.push(spared);
        }
    }
}
