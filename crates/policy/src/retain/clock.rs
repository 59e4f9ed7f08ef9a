//! The moment that something is decided for: one for all, or one of its own for each manifest.

use std::sync::Arc;

use jiff::Timestamp;

use super::ManifestId;

/// The moment that something is decided for. Manifests that have nothing to do with each other can be decided for different
/// ones at once.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    /// This one, for all.
    One(Timestamp),
    /// For each manifest and its tags the one of its row.
    #[cfg_attr(not(feature = "import"), allow(dead_code, reason = "only other systems' policies are asked like this"))]
    Each(Arc<[Timestamp]>),
}

impl Clock {
    /// The moment for a manifest, and for the tags that point at it.
    pub(crate) fn at(&self, id: ManifestId) -> Timestamp {
        match self {
            Self::One(now) => *now,
            // Every row has one. At the first of all moments nothing is old.
            Self::Each(moments) => moments.get(id.index()).copied().unwrap_or(Timestamp::MIN),
        }
    }
}
