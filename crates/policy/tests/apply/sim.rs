//! A registry in memory that deletes as a preset says, with one fault, and somebody who pushes between any two calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use lockage_policy::apply::{Caps, Removed, Remover, Stored, TagDelete};
use lockage_registry::provider::ImageStatus;
use lockage_registry::{Digest, Error, ErrorKind, RawManifest, Repository, Result, Tag, TagOrDigest};

use crate::shelf::Shelf;

/// What goes wrong at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails once, before it had any effect.
    OnceBefore,
    /// It fails once, though it took effect.
    OnceAfter,
    /// It has its effect, and from then on nothing works: the run was killed.
    Killed,
    /// It has no effect, and nothing after it.
    KilledBefore,
}

pub(crate) type Pusher = Box<dyn FnMut(&mut State) + Send>;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) manifests: BTreeMap<Digest, RawManifest>,
    /// Everything that was ever here.
    pub(crate) known: BTreeMap<Digest, RawManifest>,
    /// What was pushed again after it was gone, and was not looked at since.
    pub(crate) returned: BTreeSet<Digest>,
    pub(crate) tags: BTreeMap<Tag, Digest>,
    /// Tags that nobody may take away.
    pub(crate) locked: BTreeSet<Tag>,
    /// Tags that were pushed since they were last looked at.
    pub(crate) unseen: BTreeSet<Tag>,
    /// What the plan condemns: each tag with its digest, and the manifests.
    pub(crate) condemned_tags: BTreeMap<Tag, Digest>,
    pub(crate) condemned: BTreeSet<Digest>,
    pub(crate) violations: Vec<String>,
    /// What went in the moment in which nobody could know.
    pub(crate) unlucky: usize,
    pub(crate) calls: usize,
    pub(crate) deletes: usize,
    pub(crate) fault: Option<(usize, Fault)>,
    /// Whether the layers of what is gone have been collected.
    pub(crate) collected: bool,
    /// A delete is seen after so many looks.
    pub(crate) lag: usize,
    hidden: BTreeMap<Digest, usize>,
    /// Manifests that have lost a tag to another one since their tags were last asked for.
    deserted: BTreeSet<Digest>,
    /// What each manifest that was ever here names, and what it is attached to.
    edges: BTreeMap<Digest, (Vec<Digest>, Option<Digest>)>,
    /// How long a rate limit asks to be left alone.
    pub(crate) rate_limited: usize,
    pub(crate) shelf: Shelf,
}

pub(crate) struct Sim {
    pub(crate) caps: Caps,
    state: Mutex<State>,
    pusher: Mutex<Option<Pusher>>,
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sim({})", self.caps.name)
    }
}

impl fmt::Display for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "simulated {}", self.caps.name)
    }
}

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "simulate", "registry.test/app")
}

impl State {
    pub(crate) fn push(&mut self, manifest: &RawManifest, tag: Option<&Tag>) {
        let view = manifest.view().unwrap();
        let children = view.children().into_iter().map(|child| child.digest.clone()).collect();
        self.edges.insert(manifest.digest().clone(), (children, view.subject.map(|subject| subject.digest)));
        self.known.insert(manifest.digest().clone(), manifest.clone());
        let digest = manifest.digest();
        // That takes it out of the archive at once.
        let was_archived = self.shelf.archived.remove(digest) | self.shelf.activating.remove(digest);
        if self.manifests.insert(digest.clone(), manifest.clone()).is_none() || was_archived {
            self.returned.insert(manifest.digest().clone());
            self.hidden.remove(manifest.digest());
        }
        if let Some(tag) = tag {
            self.deserted.extend(self.tags.insert(tag.clone(), manifest.digest().clone()));
            self.unseen.insert(tag.clone());
        }
    }

    pub(crate) fn names(&self, from: &Digest, to: &Digest) -> bool {
        self.edges.get(from).is_some_and(|(children, _)| children.contains(to))
    }

    pub(crate) fn is_attached(&self, from: &Digest, to: &Digest) -> bool {
        self.edges.get(from).is_some_and(|(_, subject)| subject.as_ref() == Some(to))
    }

    /// What these tags lead to.
    pub(crate) fn reached<'a>(&self, tags: impl Iterator<Item = &'a Digest>) -> BTreeSet<Digest> {
        let mut waiting: Vec<Digest> = tags.cloned().collect();
        let mut reached = BTreeSet::new();
        while let Some(digest) = waiting.pop() {
            if self.manifests.contains_key(&digest) && reached.insert(digest.clone()) {
                waiting.extend(self.edges[&digest].0.iter().cloned());
            }
        }
        reached
    }

    pub(crate) fn tags_at(&self, digest: &Digest) -> Vec<Tag> {
        self.tags.iter().filter(|(_, held)| *held == digest).map(|(tag, _)| tag.clone()).collect()
    }

    /// The tags that speak about nothing.
    fn plain(&self) -> impl Iterator<Item = &Tag> {
        self.tags.keys().filter(|tag| !tag.as_str().starts_with("sha256-"))
    }

    /// A tag goes that held `digest`.
    fn lose_tag(&mut self, tag: &Tag) {
        let Some(digest) = self.tags.remove(tag) else { return };
        if self.condemned_tags.get(tag) == Some(&digest) {
            return;
        }
        if self.unseen.contains(tag) {
            self.unlucky += 1;
        } else {
            self.violations.push(format!("{tag}, which held {digest}, was moved and is deleted"));
        }
    }

    fn lose_manifest(&mut self, digest: &Digest) {
        for tag in self.tags_at(digest) {
            self.lose_tag(&tag);
        }
        if self.deserted.contains(digest) {
            self.unlucky += 1;
        } else if !self.condemned.contains(digest) {
            self.violations.push(format!("{digest} is deleted, and no plan says so"));
        }
        let seen = self.reached(self.tags.iter().filter(|(tag, _)| !self.unseen.contains(*tag)).map(|(_, to)| to));
        let reached = self.reached(self.tags.values());
        for other in self.manifests.keys() {
            if other != digest && self.names(other, digest) {
                if self.returned.contains(other) {
                    self.unlucky += 1;
                } else if seen.contains(other) || self.condemned.contains(other) {
                    self.violations.push(format!("{other} loses its child {digest}"));
                } else if reached.contains(other) {
                    self.unlucky += 1;
                }
            }
            if self.is_attached(other, digest) && self.condemned.contains(other) && !self.returned.contains(other) {
                self.violations.push(format!("{other}, which is to go first, loses its subject {digest}"));
            }
        }
        self.manifests.remove(digest);
        self.hidden.insert(digest.clone(), self.lag);
    }

    /// Whether a manifest that is gone is still shown.
    fn lingers(&mut self, digest: &Digest) -> bool {
        self.hidden.get_mut(digest).is_some_and(|left| {
            *left = left.saturating_sub(1);
            *left > 0
        })
    }

    /// No tag leads to nothing, and no index that a tag leads to has lost what it names. What is archived is not pulled.
    pub(crate) fn whole(&self, was: &BTreeSet<Digest>) -> Vec<String> {
        let mut broken = Vec::new();
        let mut waiting = Vec::new();
        for (tag, digest) in &self.tags {
            waiting.push(digest.clone());
            if !self.manifests.contains_key(digest) {
                broken.push(format!("{tag} leads to {digest}, which is not there"));
            }
        }
        while let Some(digest) = waiting.pop() {
            if !self.is_active(&digest) {
                continue;
            }
            for child in &self.edges[&digest].0 {
                if was.contains(child) && !self.is_active(child) {
                    broken.push(format!("{digest} has lost {child}"));
                }
                waiting.push(child.clone());
            }
        }
        broken
    }
}

impl Sim {
    pub(crate) fn new(caps: Caps, state: State) -> Self {
        Self { caps, state: Mutex::new(state), pusher: Mutex::new(None) }
    }

    pub(crate) fn pusher(self, pusher: Pusher) -> Self {
        *self.pusher.lock().unwrap() = Some(pusher);
        self
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn call<T>(&self, effect: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.state();
        if let Some(pusher) = self.pusher.lock().unwrap().as_mut() {
            pusher(&mut state);
        }
        let number = state.calls;
        state.calls += 1;
        if state.rate_limited > 0 {
            state.rate_limited -= 1;
            return Err(error(ErrorKind::RateLimited).with_retry_after(Duration::from_millis(2)));
        }
        match state.fault {
            Some((at, Fault::OnceBefore)) if at == number => Err(error(ErrorKind::Unavailable)),
            Some((at, Fault::OnceAfter)) if at == number => effect(&mut state).and(Err(error(ErrorKind::Timeout))),
            Some((at, Fault::Killed)) if at == number => effect(&mut state).and(Err(error(ErrorKind::Unauthorized))),
            Some((at, Fault::KilledBefore)) if at == number => Err(error(ErrorKind::Unauthorized)),
            Some((at, Fault::Killed | Fault::KilledBefore)) if number > at => Err(error(ErrorKind::Unauthorized)),
            _ => effect(&mut state),
        }
    }

    fn refuses(&self, state: &State, digest: &Digest) -> bool {
        let by_parent = || state.manifests.keys().any(|other| state.names(other, digest));
        let by_referrer = || state.manifests.keys().any(|other| state.is_attached(other, digest));
        self.caps.needs_parents_first && by_parent() || self.caps.needs_referrers_first && by_referrer()
    }
}

#[async_trait::async_trait]
impl Remover for Sim {
    fn caps(&self) -> Caps {
        self.caps
    }

    async fn head(&self, _: &Repository, what: &TagOrDigest) -> Result<Option<Digest>> {
        self.call(|state| {
            Ok(match what {
                TagOrDigest::Tag(tag) => {
                    state.unseen.remove(tag);
                    let held = state.tags.get(tag).filter(|held| state.is_active(held)).cloned();
                    state.returned.retain(|digest| held.as_ref() != Some(digest));
                    held
                }
                TagOrDigest::Digest(digest) => {
                    state.returned.remove(digest);
                    (state.lingers(digest) || state.is_active(digest)).then(|| digest.clone())
                }
            })
        })
    }

    async fn manifest(&self, _: &Repository, digest: &Digest) -> Result<Option<RawManifest>> {
        self.call(|state| Ok(state.manifests.get(digest).filter(|_| state.is_active(digest)).cloned()))
    }

    async fn tags(&self, _: &Repository) -> Result<BTreeSet<Tag>> {
        self.call(|state| Ok(state.tags.keys().cloned().collect()))
    }

    async fn tags_of(&self, _: &Repository, digest: &Digest) -> Result<Option<BTreeSet<Tag>>> {
        if !["GitHub Container Registry", "Amazon ECR", "Harbor"].contains(&self.caps.name) {
            return Ok(None);
        }
        self.call(|state| {
            let tags = state.tags_at(digest);
            state.unseen.retain(|tag| !tags.contains(tag));
            state.deserted.remove(digest);
            Ok(Some(tags.into_iter().collect()))
        })
    }

    async fn delete_tag(&self, _: &Repository, tag: &Tag, expect: &Digest) -> Result<Removed> {
        self.call(|state| {
            state.deletes += 1;
            if self.caps.tag_delete == TagDelete::None {
                return Err(error(ErrorKind::Unsupported));
            }
            if state.locked.contains(tag) {
                return Err(error(ErrorKind::TagImmutable));
            }
            let Some(held) = state.tags.get(tag).cloned() else { return Ok(Removed::Gone) };
            if self.caps.compare_and_delete && held != *expect {
                return Ok(Removed::Moved(held));
            }
            if self.caps.last_tagged_undeletable && state.plain().eq([tag]) {
                return Err(error(ErrorKind::Rejected));
            }
            if self.caps.last_tag_deletes_manifest && state.tags_at(&held).len() == 1 {
                if self.refuses(state, &held) {
                    return Err(error(ErrorKind::Rejected));
                }
                state.lose_manifest(&held);
            }
            state.lose_tag(tag);
            Ok(Removed::Accepted)
        })
    }

    async fn delete_manifest(&self, _: &Repository, digest: &Digest) -> Result<Removed> {
        self.call(|state| {
            state.deletes += 1;
            if !self.caps.digest_delete {
                return Err(error(ErrorKind::Unsupported));
            }
            if !state.manifests.contains_key(digest) {
                return Ok(Removed::Gone);
            }
            let tags = state.tags_at(digest).len();
            let left = state.plain().filter(|tag| state.tags.get(*tag) != Some(digest)).count();
            let last_tagged = left == 0 && state.plain().next().is_some();
            let refused = self.refuses(state, digest)
                || self.caps.several_tags_refused && tags > 1
                || !self.caps.digest_delete_drops_tags && tags > 0
                || self.caps.last_tagged_undeletable && last_tagged;
            if refused {
                return Err(error(ErrorKind::Rejected));
            }
            state.lose_manifest(digest);
            Ok(Removed::Accepted)
        })
    }

    async fn forget_referrer(&self, _: &Repository, _: &Digest, _: &Digest) -> Result<()> {
        self.call(|_| Ok(()))
    }

    async fn restore(&self, _: &Repository, what: &Stored) -> Result<()> {
        let manifest = what.manifest()?;
        self.call(|state| {
            if state.collected {
                return Err(error(ErrorKind::Rejected));
            }
            state.push(&manifest, None);
            Ok(())
        })
    }

    async fn image_status(&self, _: &Repository, digest: &Digest) -> Result<Option<ImageStatus>> {
        self.call(|state| Ok(state.status(digest)))
    }

    async fn archive(&self, _: &Repository, digest: &Digest) -> Result<()> {
        self.call(|state| {
            state.shelf.archives += 1;
            if !self.caps.archives {
                return Err(error(ErrorKind::Unsupported));
            }
            match state.status(digest) {
                None => Err(error(ErrorKind::NotFound)),
                Some(ImageStatus::Archived) => Ok(()),
                Some(ImageStatus::Active) if state.shelf.lenient || !state.is_named_by_active(digest) => {
                    state.put_away(digest);
                    Ok(())
                }
                Some(_) => Err(error(ErrorKind::Rejected)),
            }
        })
    }

    async fn unarchive(&self, _: &Repository, digest: &Digest) -> Result<ImageStatus> {
        self.call(|state| {
            state.shelf.taken_out += 1;
            if state.shelf.archived.remove(digest) {
                state.shelf.activating.insert(digest.clone());
            }
            state.status(digest).ok_or_else(|| error(ErrorKind::NotFound))
        })
    }

    async fn restore_tag(&self, _: &Repository, tag: &Tag, digest: &Digest) -> Result<()> {
        self.call(|state| {
            state.tags.insert(tag.clone(), digest.clone());
            Ok(())
        })
    }
}
