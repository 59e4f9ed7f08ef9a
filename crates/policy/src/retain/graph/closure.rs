//! What lives with what lives: the children of an index, and what speaks about a manifest.

use super::Reason;
use crate::retain::bits::Bits;
use crate::retain::{ManifestId, Snapshot};

/// The manifests that live, each with the reason that was found first.
pub(super) struct Live {
    live: Bits,
    reasons: Vec<Reason>,
    waiting: Vec<u32>,
}

impl Live {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let rows = snapshot.manifests().len();
        Self { live: Bits::new(rows), reasons: vec![Reason::Untouched; rows], waiting: Vec::new() }
    }

    pub(super) fn has(&self, id: ManifestId) -> bool {
        self.live.has(id.0)
    }

    pub(super) fn reason(&self, id: ManifestId) -> Reason {
        self.reasons.get(id.index()).copied().unwrap_or(Reason::Untouched)
    }

    /// Lets a manifest live for its own sake.
    pub(super) fn root(&mut self, id: ManifestId, reason: Reason) {
        if self.live.add(id.0) {
            if let Some(place) = self.reasons.get_mut(id.index()) {
                *place = reason;
            }
            self.waiting.push(id.0);
        }
    }

    /// Lets everything live that lives with what does.
    pub(super) fn close(&mut self, snapshot: &Snapshot) {
        // In their order, what they name is found in fewer places at once.
        self.waiting.sort_unstable();
        let mut next = 0;
        while let Some(row) = self.waiting.get(next).copied() {
            next += 1;
            let id = ManifestId(row);
            for child in snapshot.children(id) {
                self.root(child, Reason::ChildOf(id));
            }
            for referrer in snapshot.referrers(id) {
                self.root(referrer, Reason::RefersTo(id));
            }
        }
        self.waiting.clear();
    }
}
