//! The archive of the simulated registry, with what ECR refuses; it notices whatever goes there that should not.

use std::collections::{BTreeMap, BTreeSet};

use lockage_registry::provider::ImageStatus;
use lockage_registry::{Digest, Tag};

use crate::sim::State;

#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) archived: BTreeSet<Digest>,
    /// On the way back.
    pub(crate) activating: BTreeSet<Digest>,
    /// What the plan archives, each with the tags that it had when the plan was made.
    pub(crate) condemned: BTreeMap<Digest, BTreeSet<Tag>>,
    /// Whether it takes an image that an index names which is not archived.
    pub(crate) lenient: bool,
    /// How often something was asked to be archived, and to be taken out.
    pub(crate) archives: usize,
    pub(crate) taken_out: usize,
}

impl Shelf {
    fn has(&self, digest: &Digest) -> bool {
        self.archived.contains(digest) || self.activating.contains(digest)
    }

    pub(crate) fn activate(&mut self) {
        self.activating.clear();
    }
}

impl State {
    /// Whether it can be pulled.
    pub(crate) fn is_active(&self, digest: &Digest) -> bool {
        self.manifests.contains_key(digest) && !self.shelf.has(digest)
    }

    pub(crate) fn status(&self, digest: &Digest) -> Option<ImageStatus> {
        self.manifests.get(digest)?;
        Some(match (self.shelf.archived.contains(digest), self.shelf.activating.contains(digest)) {
            (true, _) => ImageStatus::Archived,
            (_, true) => ImageStatus::Activating,
            _ => ImageStatus::Active,
        })
    }

    /// Whether an index names it that can be pulled.
    pub(crate) fn is_named_by_active(&self, digest: &Digest) -> bool {
        self.manifests.keys().any(|other| other != digest && self.is_active(other) && self.names(other, digest))
    }

    pub(crate) fn put_away(&mut self, digest: &Digest) {
        let Some(expect) = self.shelf.condemned.get(digest).cloned() else {
            self.violations.push(format!("{digest} is archived, and no plan says so"));
            return;
        };
        for tag in self.tags_at(digest) {
            match (expect.contains(&tag), self.unseen.contains(&tag)) {
                (true, false) => {}
                (_, true) => self.unlucky += 1,
                (false, false) => {
                    self.violations.push(format!("{digest} is archived with {tag}, which was moved there"))
                }
            }
        }
        let seen = self.reached(self.tags.iter().filter(|(tag, _)| !self.unseen.contains(*tag)).map(|(_, to)| to));
        let others = self.manifests.keys().filter(|other| *other != digest && self.is_active(other));
        let others: Vec<Digest> = others.cloned().collect();
        for other in others {
            let goes_too = self.shelf.condemned.contains_key(&other) || self.condemned.contains(&other);
            let (names, is_subject) = (self.names(&other, digest), self.is_attached(digest, &other));
            if !names && (!is_subject || !goes_too) {
                continue;
            }
            if self.returned.contains(&other) {
                self.unlucky += 1;
            } else if is_subject && !names {
                self.violations.push(format!("{other}, which goes first, loses {digest}, which is attached to it"));
            } else if goes_too || seen.contains(&other) {
                self.violations.push(format!("{other} loses its child {digest} to the archive"));
            } else {
                self.unlucky += 1;
            }
        }
        self.shelf.archived.insert(digest.clone());
    }
}
