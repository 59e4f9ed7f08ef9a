//! Which manifests have to do with each other.

use crate::retain::{ManifestId, Snapshot};

/// Manifests by what they have to do with each other: an index with what it names, and a manifest with what speaks about it.
/// The number of a group is the row of one of its manifests.
pub(super) struct Groups {
    of: Vec<u32>,
}

impl Groups {
    /// The groups of a snapshot. A whole repository is one where everything in it is entangled.
    pub(super) fn of(snapshot: &Snapshot, is_entangled: impl Fn(&str) -> bool) -> Self {
        let rows = u32::try_from(snapshot.manifests().len()).unwrap_or(u32::MAX);
        let mut groups = Self { of: (0..rows).collect() };
        for id in snapshot.manifests() {
            snapshot.children(id).chain(snapshot.referrers(id)).for_each(|other| groups.join(id.0, other.0));
        }
        for repository in snapshot.repositories().filter(|id| is_entangled(snapshot.repository_name(*id))) {
            let mut manifests = snapshot.manifests_of(repository);
            if let Some(first) = manifests.next() {
                manifests.for_each(|other| groups.join(first.0, other.0));
            }
        }
        (0..rows).for_each(|row| {
            groups.root(row);
        });
        groups
    }

    /// The number of the group of a manifest.
    pub(super) fn of_manifest(&self, id: ManifestId) -> u32 {
        self.of.get(id.index()).copied().unwrap_or(id.0)
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        self.set(one.max(other), one.min(other));
    }

    /// The row that a group is named after, which all rows on the way to it are told.
    fn root(&mut self, row: u32) -> u32 {
        let up = |groups: &Self, row: u32| groups.of_manifest(ManifestId(row));
        let mut root = row;
        while up(self, root) != root {
            root = up(self, root);
        }
        let mut row = row;
        while row != root {
            let next = up(self, row);
            self.set(row, root);
            row = next;
        }
        root
    }

    fn set(&mut self, row: u32, root: u32) {
        if let Some(place) = self.of.get_mut(row as usize) {
            *place = root;
        }
    }
}
