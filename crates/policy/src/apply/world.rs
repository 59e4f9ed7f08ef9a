//! What is there now, as far as it was looked at, and what of the condemned something needs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::{Digest, DigestTag, ErrorKind, RawManifest, Repository, Result, Tag, TagOrDigest};

use super::work::Todo;
use super::{Fate, Remover, Settings};
use crate::retain::{InUse, Running};

/// How many requests are under way at once, of those that only look.
const AT_ONCE: usize = 8;

/// A manifest that the plan deletes.
#[derive(Debug)]
pub(super) struct Doomed {
    pub(super) expect: BTreeSet<Tag>,
    pub(super) manifest: Option<RawManifest>,
    pub(super) children: Vec<Digest>,
    pub(super) subject: Option<Digest>,
}

#[derive(Debug)]
pub(super) struct World<'a> {
    remover: &'a dyn Remover,
    settings: &'a Settings,
    pub(super) repo: &'a Repository,
    kept: &'a HashSet<Digest>,
    doomed: HashMap<Digest, Doomed>,
    /// Of the condemned, those that name another one of them by hash: as a child, or as what they are attached to.
    namers: HashMap<Digest, Vec<Digest>>,
    parents: HashMap<Digest, Vec<Digest>>,
    /// Of the condemned, those that are attached to another one: by hash, or by a structural tag.
    attached: HashMap<Digest, Vec<Digest>>,
    pub(super) tags: BTreeMap<Tag, Digest>,
    safe: HashMap<Digest, (Fate, String)>,
    used: BTreeSet<Tag>,
    walked: HashSet<Digest>,
}

impl<'a> World<'a> {
    /// Reads every manifest that the plan deletes: what names what is as certain as a hash.
    pub(super) async fn load(
        remover: &'a dyn Remover,
        settings: &'a Settings,
        repo: &'a Repository,
        todo: &'a Todo,
    ) -> Result<Self> {
        let mut world = Self {
            remover,
            settings,
            repo,
            kept: &todo.kept,
            doomed: HashMap::new(),
            namers: HashMap::new(),
            parents: HashMap::new(),
            attached: HashMap::new(),
            tags: BTreeMap::new(),
            safe: HashMap::new(),
            used: BTreeSet::new(),
            walked: HashSet::new(),
        };
        let read = |digest: Digest| async move {
            let manifest = world_manifest(remover, settings, repo, &digest).await?;
            Ok((digest, manifest))
        };
        let digests: Vec<Digest> = todo.manifests.iter().map(|condemned| condemned.digest.clone()).collect();
        let found: Vec<(Digest, Option<RawManifest>)> =
            stream::iter(digests).map(read).buffered(AT_ONCE).try_collect().await?;
        for (condemned, (digest, manifest)) in todo.manifests.iter().zip(found) {
            let (children, subject) = manifest.as_ref().map_or(Ok((Vec::new(), None)), names)?;
            let doomed = Doomed { expect: condemned.expect.clone(), manifest, children, subject };
            world.doomed.insert(digest, doomed);
        }
        world.link();
        Ok(world)
    }

    fn link(&mut self) {
        let by_hex: HashMap<&str, &Digest> = self.doomed.keys().map(|digest| (digest.hex(), digest)).collect();
        for (digest, doomed) in &self.doomed {
            for child in doomed.children.iter().filter(|child| *child != digest) {
                self.namers.entry(child.clone()).or_default().push(digest.clone());
                self.parents.entry(child.clone()).or_default().push(digest.clone());
            }
            if let Some(subject) = doomed.subject.as_ref().filter(|subject| *subject != digest) {
                self.namers.entry(subject.clone()).or_default().push(digest.clone());
                self.attached.entry(subject.clone()).or_default().push(digest.clone());
            }
            for about in doomed.expect.iter().filter_map(DigestTag::parse) {
                if let Some(subject) = by_hex.get(about.hex()).filter(|subject| about.matches(subject)) {
                    self.attached.entry((*subject).clone()).or_default().push(digest.clone());
                }
            }
        }
    }

    pub(super) fn doomed(&self, digest: &Digest) -> Option<&Doomed> {
        self.doomed.get(digest)
    }

    /// The condemned that name this one by hash.
    pub(super) fn namers(&self, digest: &Digest) -> &[Digest] {
        self.namers.get(digest).map_or(&[], Vec::as_slice)
    }

    /// Why a condemned manifest stays, where it does.
    pub(super) fn safe(&self, digest: &Digest) -> Option<&(Fate, String)> {
        self.safe.get(digest)
    }

    /// Whether somebody runs something by this tag.
    pub(super) fn is_used(&self, tag: &Tag) -> bool {
        self.used.contains(tag)
    }

    /// The tags that a digest is known to have.
    pub(super) fn tags_at(&self, digest: &Digest) -> BTreeSet<Tag> {
        self.tags.iter().filter(|(_, held)| *held == digest).map(|(tag, _)| tag.clone()).collect()
    }

    /// Keeps a manifest, and whatever of the condemned it needs or is attached to it.
    fn keep(&mut self, digest: &Digest, fate: Fate, why: &str) {
        let mut waiting = vec![(digest.clone(), fate, why.to_owned())];
        while let Some((digest, fate, why)) = waiting.pop() {
            let Some(doomed) = self.doomed.get(&digest) else { continue };
            if self.safe.contains_key(&digest) {
                continue;
            }
            let needed = doomed.children.iter().chain(self.attached.get(&digest).into_iter().flatten());
            waiting.extend(needed.map(|other| (other.clone(), Fate::Needed, format!("{digest} stays"))));
            self.safe.insert(digest, (fate, why));
        }
    }

    /// Keeps what is in use, as it is known now.
    pub(super) fn in_use(&mut self, all: &[InUse]) {
        for used in all {
            let why = format!("{} says so", used.by);
            match &used.what {
                Running::Alone(digest) => self.keep(digest, Fate::InUse, &why),
                Running::Digest(digest) => {
                    let mut above = vec![digest.clone()];
                    let mut seen = HashSet::new();
                    while let Some(digest) = above.pop().filter(|digest| seen.insert(digest.clone())) {
                        above.extend(self.parents.get(&digest).into_iter().flatten().cloned());
                        self.keep(&digest, Fate::InUse, &why);
                    }
                }
                Running::Tag(reference) => {
                    let Some((repository, tag)) = reference.rsplit_once(':') else { continue };
                    let Ok(tag) = tag.parse::<Tag>() else { continue };
                    if repository != self.repo.to_string() {
                        continue;
                    }
                    if let Some(digest) = self.tags.get(&tag).cloned() {
                        self.keep(&digest, Fate::InUse, &why);
                    }
                    self.used.insert(tag);
                }
            }
        }
    }

    /// Reads the tags, and resolves those that are new; or all of them, where that is asked for or there are few.
    ///
    /// One request a thousand tags, and a HEAD a tag that is resolved.
    pub(super) async fn look(&mut self, all: bool) -> Result<()> {
        let names = patiently!(self.settings, self.remover.tags(self.repo).await)?;
        self.tags.retain(|tag, _| names.contains(tag));
        let all = all || names.len() <= self.settings.resolve_each;
        let (known, new): (Vec<Tag>, Vec<Tag>) = names.into_iter().partition(|tag| self.tags.contains_key(tag));
        self.resolve(new).await?;
        if all { self.resolve(known).await } else { Ok(()) }
    }

    /// Looks again at a manifest and all that its end depends on, just before it is deleted.
    pub(super) async fn look_at(&mut self, digest: &Digest) -> Result<()> {
        if self.tags.len() <= self.settings.resolve_each {
            self.look(true).await?;
        } else {
            // A page more for each delete is what it costs to see new tags; with many pages, they are read once a batch.
            if self.tags.len() <= 1000 {
                self.look(false).await?;
            }
            let chain = self.chain(digest);
            let expect = chain.iter().filter_map(|digest| self.doomed.get(digest)).flat_map(|doomed| &doomed.expect);
            let expect: Vec<Tag> = expect.cloned().collect();
            self.resolve(expect).await?;
        }
        for digest in self.chain(digest) {
            let Some(tags) = patiently!(self.settings, self.remover.tags_of(self.repo, &digest).await)? else { break };
            for tag in tags {
                self.found(tag, digest.clone()).await?;
            }
        }
        Ok(())
    }

    /// A manifest, what it is attached to, and what that is attached to.
    fn chain(&self, digest: &Digest) -> Vec<Digest> {
        let mut chain = vec![digest.clone()];
        let mut at = 0;
        while let Some(doomed) = chain.get(at).and_then(|digest| self.doomed.get(digest)) {
            at += 1;
            let soft = doomed.expect.iter().filter_map(DigestTag::parse).filter_map(|about| about.digest());
            for subject in doomed.subject.iter().cloned().chain(soft) {
                if self.doomed.contains_key(&subject) && !chain.contains(&subject) {
                    chain.push(subject);
                }
            }
        }
        chain
    }

    async fn resolve(&mut self, tags: Vec<Tag>) -> Result<()> {
        let (remover, settings, repo) = (self.remover, self.settings, self.repo);
        let head = |tag: Tag| async move {
            let at = TagOrDigest::Tag(tag.clone());
            let held = patiently!(settings, remover.head(repo, &at).await)?;
            Ok::<_, lockage_registry::Error>((tag, held))
        };
        let found: Vec<(Tag, Option<Digest>)> = stream::iter(tags).map(head).buffered(AT_ONCE).try_collect().await?;
        for (tag, held) in found {
            match held {
                Some(digest) => self.found(tag, digest).await?,
                None => drop(self.tags.remove(&tag)),
            }
        }
        Ok(())
    }

    /// A tag holds this digest now.
    pub(super) async fn found(&mut self, tag: Tag, digest: Digest) -> Result<()> {
        self.tags.insert(tag.clone(), digest.clone());
        if self.kept.contains(&digest) {
            return Ok(());
        }
        if let Some(doomed) = self.doomed.get(&digest) {
            if !doomed.expect.contains(&tag) {
                self.keep(&digest, Fate::Retagged, &format!("it has the tag {tag}"));
            }
            return Ok(());
        }
        // The plan has never seen what is there: whatever it names stays, and what it is about.
        self.walk(&digest).await?;
        if let Some(subject) = DigestTag::parse(&tag).and_then(|about| about.digest()) {
            self.keep(&subject, Fate::Needed, &format!("{tag} is new"));
        }
        Ok(())
    }

    async fn walk(&mut self, digest: &Digest) -> Result<()> {
        let mut waiting = vec![digest.clone()];
        while let Some(digest) = waiting.pop() {
            if self.kept.contains(&digest) || self.walked.contains(&digest) {
                continue;
            }
            let manifest = world_manifest(self.remover, self.settings, self.repo, &digest).await?;
            let Some(manifest) = manifest else { continue };
            for child in names(&manifest)?.0 {
                self.keep(&child, Fate::Needed, &format!("{digest} names it"));
                waiting.push(child);
            }
            self.walked.insert(digest);
        }
        Ok(())
    }
}

async fn world_manifest(
    remover: &dyn Remover,
    settings: &Settings,
    repo: &Repository,
    digest: &Digest,
) -> Result<Option<RawManifest>> {
    patiently!(settings, remover.manifest(repo, digest).await)
}

/// What a manifest names: its children, and what it is attached to.
fn names(manifest: &RawManifest) -> Result<(Vec<Digest>, Option<Digest>)> {
    match manifest.view() {
        Ok(view) => {
            let children = view.children().into_iter().map(|child| child.digest.clone()).collect();
            Ok((children, view.subject.map(|subject| subject.digest)))
        }
        // Schema 1 knows no other manifests.
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok((Vec::new(), None)),
        Err(error) => Err(error),
    }
}
