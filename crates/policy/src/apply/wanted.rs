//! What somebody runs, or holds, as it is known while a run goes on: it stays, by whatever tag it is reached.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use lockage_registry::{Digest, Result, Tag};

use super::Fate;
use super::world::{World, names, read};
use crate::retain::{Held, InUse, LegalHold, Running};

/// Why something stays.
type Why = (Fate, String);

/// What is wanted in one repository. What was once is not forgotten in the same run.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    all: Option<Why>,
    tags: BTreeMap<Tag, Why>,
    digests: HashMap<Digest, Why>,
    /// Those whose indexes are wanted with them.
    deployed: HashMap<Digest, Why>,
    /// What is under manifests that stay while a tag is taken from them.
    children: HashMap<Digest, Vec<Digest>>,
}

impl World<'_> {
    /// Keeps what is in use, as it is known now.
    pub(super) fn in_use(&mut self, all: &[InUse]) {
        for used in all {
            let why = (Fate::InUse, format!("{} says so", used.by));
            match &used.what {
                Running::Alone(digest) => self.want(digest, why),
                Running::Digest(digest) => {
                    self.doomed.keep_with_parents(digest, why.0, &why.1);
                    self.wanted.deployed.entry(digest.clone()).or_insert(why);
                }
                Running::Tag(reference) => self.want_tag(reference, why),
            }
        }
    }

    /// Keeps what must not be touched at this moment.
    pub(super) fn held(&mut self, all: &[LegalHold], now: Timestamp) {
        for hold in all.iter().filter(|hold| hold.until.is_none_or(|until| until > now)) {
            let why = (Fate::Held, hold.reason.clone());
            match &hold.scope {
                Held::Digest(digest) => self.want(digest, why),
                Held::Tag(reference) => self.want_tag(reference, why),
                Held::Repositories(glob) if glob.matches(&self.repo.to_string()) => {
                    self.doomed.keep_all(why.0, &why.1);
                    self.wanted.all.get_or_insert(why);
                }
                Held::Repositories(_) => {}
            }
        }
    }

    fn want(&mut self, digest: &Digest, why: Why) {
        self.keep(digest, why.0, &why.1);
        self.wanted.digests.entry(digest.clone()).or_insert(why);
    }

    fn want_tag(&mut self, reference: &str, why: Why) {
        let Some((repository, tag)) = reference.rsplit_once(':') else { return };
        let Ok(tag) = tag.parse::<Tag>() else { return };
        if repository != self.repo.to_string() {
            return;
        }
        if let Some(digest) = self.tags.get(&tag).cloned() {
            self.keep(&digest, why.0, &why.1);
        }
        self.wanted.tags.entry(tag).or_insert(why);
    }

    /// Why a tag stays at what it holds, where somebody wants it there: by the tag, by the digest, or by what that names.
    ///
    /// A GET an index and a child that is not yet known, where anything is in use by its digest.
    pub(super) async fn wants(&mut self, tag: &Tag, holds: &Digest) -> Result<Option<Why>> {
        let wanted = &self.wanted;
        let why = wanted.all.as_ref().or_else(|| wanted.tags.get(tag)).or_else(|| wanted.digests.get(holds));
        if why.is_some() || wanted.deployed.is_empty() {
            return Ok(why.cloned());
        }
        let (mut below, mut seen) = (vec![holds.clone()], HashSet::new());
        while let Some(digest) = below.pop() {
            if let Some(why) = self.wanted.deployed.get(&digest) {
                return Ok(Some(why.clone()));
            }
            if seen.insert(digest.clone()) {
                below.extend(self.children(&digest).await?);
            }
        }
        Ok(None)
    }

    async fn children(&mut self, digest: &Digest) -> Result<Vec<Digest>> {
        if let Some(children) = self.wanted.children.get(digest) {
            return Ok(children.clone());
        }
        let children = match self.doomed.get(digest) {
            Some(doomed) => doomed.children.clone(),
            None => match read(self.remover, self.settings, self.repo, digest).await? {
                Some(manifest) => names(&manifest)?.0,
                None => Vec::new(),
            },
        };
        self.wanted.children.insert(digest.clone(), children.clone());
        Ok(children)
    }
}
