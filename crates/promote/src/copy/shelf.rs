//! `Shelf`: manifests that were read a moment ago, so that a copy need not read them again.
#![cfg_attr(not(feature = "pipeline"), allow(dead_code, reason = "who resolves keeps what was read"))]

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lockage_registry::{Digest, RawManifest, Repository};

/// The most bytes of manifests that are kept; then the shelf is cleared.
const MOST: usize = 16 * 1024 * 1024;

/// Manifests by digest, and by the repository that has them: what one repository has, another may lack.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    manifests: HashMap<(Repository, Digest), RawManifest>,
}

impl Shelf {
    /// Keeps what was read, and verified, from `repo`.
    pub(crate) fn keep(&self, repo: &Repository, raw: &RawManifest) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = raw.bytes().len();
        if kept.bytes.saturating_add(bytes) > MOST {
            *kept = Kept::default();
        }
        if bytes <= MOST && kept.manifests.insert((repo.clone(), raw.digest().clone()), raw.clone()).is_none() {
            kept.bytes += bytes;
        }
    }

    /// What `repo` had under this digest.
    pub(crate) fn find(&self, repo: &Repository, digest: &Digest) -> Option<RawManifest> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.manifests.get(&(repo.clone(), digest.clone())).cloned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{MOST, Shelf};
    use lockage_registry::RawManifest;

    #[test]
    fn a_full_shelf_is_cleared_and_never_holds_more() {
        let shelf = Shelf::default();
        let repo = "dev.test/app".parse().unwrap();
        let raw = |n: u8, bytes: usize| {
            let filler = " ".repeat(bytes);
            let text = format!("{{\"manifests\":[],\"annotations\":{{\"n\":\"{n}\"}}}}{filler}");
            RawManifest::new("application/vnd.oci.image.index.v1+json", text.into()).unwrap()
        };
        let (one, two, three) = (raw(1, MOST / 2), raw(2, 0), raw(3, MOST / 2));
        for raw in [&one, &one, &two] {
            shelf.keep(&repo, raw);
        }
        assert_eq!(shelf.find(&repo, one.digest()), Some(one.clone()));
        assert_eq!(shelf.find(&"dev.test/other".parse().unwrap(), one.digest()), None);
        shelf.keep(&repo, &three);
        assert_eq!(shelf.find(&repo, one.digest()), None, "cleared");
        assert_eq!(shelf.find(&repo, three.digest()), Some(three));
    }
}
