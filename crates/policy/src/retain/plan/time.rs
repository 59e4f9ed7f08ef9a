//! Which times are believed.

use crate::retain::policy::Basis;
use crate::retain::snapshot::UNKNOWN;
use crate::retain::{Snapshot, TagId};

/// 1980-01-01, before which there are clocks that were never set, and builds that want to be reproducible.
const FIRST: i64 = 315_532_800_000_000;

/// How far ahead the clock of a registry may be.
pub(super) const AHEAD: i64 = 300_000_000;

/// The time, if it can be one at `now`.
pub(super) fn believed(at: i64, now: i64) -> i64 {
    if at <= FIRST || at > now.saturating_add(AHEAD) { UNKNOWN } else { at }
}

/// From when a tag's age is counted, if that is known at `now`.
pub(super) fn of_tag(snapshot: &Snapshot, tag: TagId, basis: Basis, now: i64) -> i64 {
    let (moved, pushed) = (snapshot.moved_micros(tag.0), snapshot.pushed_micros(snapshot.target(tag).0));
    match basis {
        // It may have been pushed since it was moved. Many registries tell no moves, so without one the push counts.
        Basis::Latest if pushed <= FIRST => UNKNOWN,
        // A time that is still to come is none yet: the tag is no older for it.
        Basis::Latest => believed(moved.max(pushed), now),
        Basis::Moved if moved != UNKNOWN => believed(moved, now),
        Basis::Moved | Basis::Pushed => believed(pushed, now),
        Basis::Created => believed(snapshot.created_micros(snapshot.target(tag).0), now),
    }
}

/// Every time that the age of a tag may be counted from, whether it is believed or not.
#[cfg_attr(not(feature = "import"), allow(dead_code, reason = "only other systems' policies are asked like this"))]
pub(super) fn written(snapshot: &Snapshot, tag: TagId) -> impl Iterator<Item = i64> {
    let target = snapshot.target(tag).0;
    let times = [snapshot.moved_micros(tag.0), snapshot.pushed_micros(target), snapshot.created_micros(target)];
    times.into_iter().filter(|at| *at != UNKNOWN)
}

/// When a tag or its manifest was last pulled. What was never pulled counts from its age, where its registry would know.
pub(super) fn pulled(snapshot: &Snapshot, tag: TagId, at: i64, now: i64) -> i64 {
    let target = snapshot.target(tag);
    let written = snapshot.tag_pulled_micros(tag.0).max(snapshot.pulled_micros(target.0));
    if written == UNKNOWN {
        return if snapshot.tracks_pulls(snapshot.repository_of_tag(tag)) { at } else { UNKNOWN };
    }
    believed(written, now)
}
