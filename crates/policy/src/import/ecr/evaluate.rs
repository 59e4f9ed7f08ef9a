//! Which images of a repository a lifecycle policy acts on.

use jiff::{SignedDuration, Timestamp};

use super::{Action, Count, LifecyclePolicy, Rule, StorageClass};
use crate::import::condemned::{self, by};
use crate::import::{Condemned, System};
use crate::retain::{Layer, ManifestId, Reason, RepositoryId, Snapshot, Storage, Word};

impl LifecyclePolicy {
    /// What the policy does to the images of every repository, each by itself, at this time.
    ///
    /// An image of which nobody knows when it was pushed is acted on by no rule, and is counted by none.
    #[must_use]
    pub fn evaluate(&self, snapshot: &Snapshot, now: Timestamp) -> Condemned {
        let name = |rule: &Rule| {
            let words = rule.description.clone().unwrap_or_else(|| rule.words());
            condemned::Rule::new(Layer::Delete, format!("rule {}", rule.priority), words).numbered(rule.priority)
        };
        let names = self.rules.iter().map(name).collect();
        let mut condemned = Condemned::nothing(System::Ecr, snapshot, now, names);
        for repository in snapshot.repositories() {
            self.mark(snapshot, repository, now, &mut condemned);
            spare_what_is_referenced(snapshot, repository, &mut condemned);
            follow_subjects(snapshot, repository, &mut condemned);
        }
        condemned.with_tags(snapshot).of_policy(self)
    }

    fn mark(&self, snapshot: &Snapshot, repository: RepositoryId, now: Timestamp, condemned: &mut Condemned) {
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
                    Count::SincePushed(days) => older(snapshot.pushed_at(image), days, now),
                    Count::SincePulled(days) => older(pulled_at(snapshot, image), days, now),
                    Count::SinceTransitioned(days) => older(snapshot.archived_at(image), days, now),
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
}

/// The time by which images are counted: that of the push, or of the restore from the archive.
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

fn older(at: Option<Timestamp>, days: u32, now: Timestamp) -> bool {
    at.is_some_and(|at| now.duration_since(at) > SignedDuration::from_hours(24 * i64::from(days)))
}

/// Leaves an image alone that an index names which is left alone. An index in the archive still needs its images.
fn spare_what_is_referenced(snapshot: &Snapshot, repository: RepositoryId, condemned: &mut Condemned) {
    let is_needed = |child: Word, parent: Word| match parent {
        Word::Remove(_) => false,
        Word::Archive(_) => matches!(child, Word::Remove(_)),
        Word::Keep(_) | Word::Nothing => !matches!(child, Word::Keep(_) | Word::Nothing),
    };
    let mut stay: Vec<_> = snapshot.manifests_of(repository).collect();
    while let Some(parent) = stay.pop() {
        for child in snapshot.children(parent) {
            if is_needed(condemned.word(child), condemned.word(parent)) {
                condemned.say(child, Word::Keep(Reason::ChildOf(parent)));
                stay.push(child);
            }
        }
    }
}

/// What speaks about an image shares its fate, and what speaks about that too.
fn follow_subjects(snapshot: &Snapshot, repository: RepositoryId, condemned: &mut Condemned) {
    let mut subjects: Vec<_> =
        snapshot.manifests_of(repository).filter(|image| snapshot.subject(*image).is_none()).collect();
    while let Some(subject) = subjects.pop() {
        for referrer in snapshot.referrers(subject).filter(|referrer| snapshot.subject(*referrer) == Some(subject)) {
            let word = match condemned.word(subject) {
                Word::Remove(_) => Word::Remove(Reason::SubjectGoes(subject)),
                Word::Archive(_) => Word::Archive(Reason::SubjectGoes(subject)),
                Word::Keep(_) | Word::Nothing => Word::Keep(Reason::RefersTo(subject)),
            };
            condemned.say(referrer, word);
            subjects.push(referrer);
        }
    }
}
