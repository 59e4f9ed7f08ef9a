//! `Known`: which repository has a blob, for mounts that name none.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lockage_tagging::{Digest, Repository};

/// How many blobs are remembered: a mount of one that is not is answered with an upload.
const MOST: usize = 8192;

/// The repositories that have received blobs through this server, the last one of each blob.
///
/// A port cannot be asked where a blob is, and it need not be: the specification lets a registry answer such a mount
/// with an upload. What is remembered is only where to look, so it is asked again whether the blob is there.
#[derive(Debug, Default)]
pub(in crate::server) struct Known(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    places: HashMap<Digest, Repository>,
    oldest: VecDeque<Digest>,
}

impl Known {
    pub(super) fn remember(&self, digest: &Digest, repo: &Repository) {
        let mut state = self.lock();
        if state.places.insert(digest.clone(), repo.clone()).is_some() {
            return;
        }
        state.oldest.push_back(digest.clone());
        if state.oldest.len() > MOST
            && let Some(forgotten) = state.oldest.pop_front()
        {
            state.places.remove(&forgotten);
        }
    }

    pub(super) fn place(&self, digest: &Digest) -> Option<Repository> {
        self.lock().places.get(digest).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{Algorithm, digest_of};

    #[test]
    fn the_last_place_of_each_blob_is_remembered_and_the_oldest_blobs_are_forgotten() {
        let digest = |n: usize| digest_of(Algorithm::Sha256, &n.to_le_bytes()).unwrap();
        let repo = |name: &str| -> Repository { format!("registry.test/{name}").parse().unwrap() };
        let known = Known::default();
        for n in 0..=MOST {
            known.remember(&digest(n), &repo("a"));
            known.remember(&digest(n), &repo("b"));
        }
        assert_eq!(known.place(&digest(0)), None);
        assert_eq!(known.place(&digest(1)), Some(repo("b")));
        assert_eq!(known.place(&digest(MOST)), Some(repo("b")));
        let state = known.lock();
        assert_eq!((state.places.len(), state.oldest.len()), (MOST, MOST));
    }
}
