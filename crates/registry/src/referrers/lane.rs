//! Lanes: within one process, those who write the same tag through the same target take turns, which saves rounds. Others
//! are kept apart by the protocol alone.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use futures::lock::{Mutex as AsyncMutex, OwnedMutexGuard};
use lockage_tagging::{Repository, Tag};

use crate::Target;

/// The target by its address: another object at the same address later is only made to wait for nobody.
type Key = (usize, Repository, Tag);

static LANES: LazyLock<Mutex<HashMap<Key, Weak<AsyncMutex<()>>>>> = LazyLock::new(Mutex::default);

pub(super) async fn enter(target: &dyn Target, repo: &Repository, tag: &Tag) -> OwnedMutexGuard<()> {
    let key = (std::ptr::from_ref(target).cast::<()>().addr(), repo.clone(), tag.clone());
    lane(key).lock_owned().await
}

fn lane(key: Key) -> Arc<AsyncMutex<()>> {
    let mut lanes = LANES.lock().unwrap_or_else(PoisonError::into_inner);
    if lanes.len() >= 1024 {
        lanes.retain(|_, lane| lane.strong_count() > 0);
    }
    let slot = lanes.entry(key).or_default();
    slot.upgrade().unwrap_or_else(|| {
        let fresh = Arc::default();
        *slot = Arc::downgrade(&fresh);
        fresh
    })
}
