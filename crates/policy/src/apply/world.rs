//! What is there now, as far as it was looked at, and what of the condemned something needs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lockage_registry::{Digest, DigestTag, ErrorKind, RawManifest, Repository, Result, Tag, TagOrDigest};

use super::book::Book;
use super::doomed::{AllDoomed, Doomed};
use super::wanted::Wanted;
use super::work::{Condemned, Todo};
use super::{Fate, Remover, Settings, Way};

/// How many requests are under way at once, of those that only look.
pub(super) const AT_ONCE: usize = 8;

#[derive(Debug)]
pub(super) struct World<'a> {
    pub(super) remover: &'a dyn Remover,
    pub(super) settings: &'a Settings,
    pub(super) repo: &'a Repository,
    kept: &'a HashSet<Digest>,
    pub(super) doomed: AllDoomed,
    pub(super) tags: BTreeMap<Tag, Digest>,
    pub(super) wanted: Wanted,
    walked: HashSet<Digest>,
}

impl<'a> World<'a> {
    /// Reads every manifest that the plan deletes or archives: what names what is as certain as a hash. What an earlier run has taken is
    /// read from what that run wrote down.
    pub(super) async fn load(
        remover: &'a dyn Remover,
        settings: &'a Settings,
        repo: &'a Repository,
        todo: &'a Todo,
        book: &Book<'_>,
    ) -> Result<Self> {
        let read = |condemned: Condemned| async move {
            let manifest = read(remover, settings, repo, &condemned.digest).await?;
            Ok::<_, lockage_registry::Error>((condemned, manifest))
        };
        let found: Vec<(Condemned, Option<RawManifest>)> =
            stream::iter(todo.manifests.iter().chain(&todo.quarantined).cloned())
                .map(read)
                .buffered(AT_ONCE)
                .try_collect()
                .await?;
        let mut all = HashMap::new();
        for (Condemned { digest, expect, way, .. }, manifest) in found {
            let former = match (&manifest, book.stored(repo, &digest)) {
                (None, Some(stored)) => Some(stored.manifest()?),
                _ => None,
            };
            let (children, subject) = manifest.as_ref().or(former.as_ref()).map_or(Ok((Vec::new(), None)), names)?;
            all.insert(digest, Doomed { way, expect, manifest, children, subject });
        }
        let mut doomed = AllDoomed::of(all);
        // What waits is there meanwhile, and is to be whole and signed.
        for Condemned { digest, expect, .. } in &todo.quarantined {
            doomed.keep(digest, Fate::Quarantined, "a second plan has to condemn it");
            for subject in expect.iter().filter_map(DigestTag::parse).filter_map(|about| about.digest()) {
                doomed.keep(&subject, Fate::Needed, &format!("{digest}, which is about it, stays"));
            }
        }
        Ok(Self {
            remover,
            settings,
            repo,
            kept: &todo.kept,
            doomed,
            tags: BTreeMap::new(),
            wanted: Wanted::default(),
            walked: HashSet::new(),
        })
    }

    pub(super) fn doomed(&self, digest: &Digest) -> Option<&Doomed> {
        self.doomed.get(digest)
    }

    /// One of the condemned that goes before this one, and is not known to have gone: which, and what it has to do with it.
    pub(super) fn waits_for(&self, digest: &Digest) -> Option<(&Digest, &'static str)> {
        let before = self.doomed.before(digest).iter().find(|before| !self.doomed.gone().contains(*before))?;
        Some((before, self.doomed.tie(digest, before)))
    }

    /// The condemned that were seen to be gone, or archived.
    pub(super) fn gone(&self) -> &HashSet<Digest> {
        self.doomed.gone()
    }

    pub(super) fn went(&mut self, digest: &Digest) {
        self.doomed.went(digest);
    }

    pub(super) fn keep(&mut self, digest: &Digest, fate: Fate, why: &str) {
        self.doomed.keep(digest, fate, why);
    }

    /// Why a condemned manifest stays, where it does.
    pub(super) fn safe(&self, digest: &Digest) -> Option<&(Fate, String)> {
        self.doomed.safe(digest)
    }

    /// The tags that a digest is known to have.
    pub(super) fn tags_at(&self, digest: &Digest) -> BTreeSet<Tag> {
        self.tags.iter().filter(|(_, held)| *held == digest).map(|(tag, _)| tag.clone()).collect()
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
            let chain = self.doomed.chain(digest);
            let expect = chain.iter().filter_map(|digest| self.doomed.get(digest)).flat_map(|doomed| &doomed.expect);
            let expect: Vec<Tag> = expect.cloned().collect();
            self.resolve(expect).await?;
        }
        for digest in self.doomed.chain(digest) {
            // It keeps its tags there: they do not say that anybody wants it.
            if self.is_archived(&digest) {
                continue;
            }
            let Some(tags) = patiently!(self.settings, self.remover.tags_of(self.repo, &digest).await)? else { break };
            for tag in tags {
                self.found(tag, digest.clone()).await?;
            }
        }
        Ok(())
    }

    /// Whether this run has archived it, or one before.
    fn is_archived(&self, digest: &Digest) -> bool {
        let is_of = |way| self.doomed.get(digest).is_some_and(|doomed| doomed.way == way);
        !self.settings.dry_run && self.gone().contains(digest) && is_of(Way::Archive)
    }

    /// Whether what went before it is there again, which whoever pushes the same image once more brings back.
    pub(super) async fn look_behind(&mut self, digest: &Digest) -> Result<()> {
        for before in self.doomed.before(digest).to_vec() {
            let at = TagOrDigest::Digest(before.clone());
            if patiently!(self.settings, self.remover.head(self.repo, &at).await)?.is_some() {
                let tie = self.doomed.tie(digest, &before);
                self.keep(&before, Fate::Returned, "it was pushed again");
                self.keep(digest, Fate::Needed, &format!("{before}, {tie}, was pushed again"));
            }
        }
        Ok(())
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
            } else if self.gone().contains(&digest) && !self.settings.dry_run {
                self.keep(&digest, Fate::Returned, &format!("{tag} was pushed again"));
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
            let manifest = read(self.remover, self.settings, self.repo, &digest).await?;
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

pub(super) async fn read(
    remover: &dyn Remover,
    settings: &Settings,
    repo: &Repository,
    digest: &Digest,
) -> Result<Option<RawManifest>> {
    patiently!(settings, remover.manifest(repo, digest).await)
}

/// What a manifest names: its children, and what it is attached to.
pub(super) fn names(manifest: &RawManifest) -> Result<(Vec<Digest>, Option<Digest>)> {
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
