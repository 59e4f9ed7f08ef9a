//! Which image of a group is the how-manieth: budgets are counted in images, over the whole group, whatever other rules say.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::matching::Grouping;
use crate::retain::bits::Bits;
use crate::retain::policy::{Order, version};
use crate::retain::snapshot::UNKNOWN;
use crate::retain::{Snapshot, TagId};

/// The tag is in no group.
pub(super) const OUTSIDE: u32 = u32::MAX;
/// The tag's image cannot be compared with the others.
pub(super) const UNRANKED: u32 = u32::MAX - 1;

/// For each tag of a rule, how many images come before it.
#[derive(Clone, Debug)]
pub(super) struct Ranks(Vec<u32>);

impl Ranks {
    pub(super) fn of(&self, tag: TagId) -> u32 {
        self.0.get(tag.index()).copied().unwrap_or(OUTSIDE)
    }
}

struct Entry {
    group: u32,
    manifest: u32,
    key: i64,
    tag: u32,
}

/// What comes before what.
pub(super) enum Before {
    /// The images that come before a tag's image: for rules that keep the first.
    Image,
    /// The other images that come before this very tag. So what one rule deletes changes nothing for the tags that stay.
    Tag,
}

/// Ranks every tag of a set.
pub(super) fn ranks(
    snapshot: &Snapshot,
    set: &Bits,
    at: &[i64],
    grouping: &Grouping<'_>,
    order: Order,
    before: &Before,
) -> Ranks {
    let mut entries = entries(snapshot, set, at, grouping, order);
    entries.sort_unstable_by_key(|entry| (entry.group, entry.manifest, entry.tag));
    let mut ranks = vec![OUTSIDE; at.len()];
    let mut tops: Vec<Top> = Vec::new();
    let mut places: Vec<usize> = Vec::new();
    for group in entries.chunk_by(|one, other| one.group == other.group) {
        // The newest of each image's tags; none where one of them has no place in the order.
        let images = || group.chunk_by(|one, other| one.manifest == other.manifest);
        let newest = |image: &[Entry]| {
            let known = image.iter().all(|entry| entry.key != UNKNOWN);
            image.iter().map(|entry| entry.key).max().filter(|_| known)
        };
        tops.clear();
        tops.extend(images().enumerate().filter_map(|(image, entries)| {
            Some(Top { key: newest(entries)?, manifest: entries.first()?.manifest, image })
        }));
        tops.sort_unstable_by_key(|top| (Reverse(top.key), top.manifest));
        places.clear();
        places.resize(group.len(), usize::MAX);
        for (place, top) in tops.iter().enumerate() {
            places.get_mut(top.image).into_iter().for_each(|at| *at = place);
        }
        let ahead = |key: i64, manifest: u32| {
            tops.partition_point(|top| top.key > key || top.key == key && top.manifest < manifest)
        };
        for (image, own) in images().zip(&places) {
            let top = newest(image);
            for entry in image {
                let rank = match (before, top) {
                    (Before::Image, Some(_)) => *own,
                    (Before::Image, None) => UNRANKED as usize,
                    (Before::Tag, _) if entry.key == UNKNOWN => UNRANKED as usize,
                    (Before::Tag, Some(top)) if top == entry.key => *own,
                    (Before::Tag, top) => {
                        let itself = top.is_some_and(|top| top > entry.key);
                        ahead(entry.key, entry.manifest) - usize::from(itself)
                    }
                };
                if let Some(place) = ranks.get_mut(entry.tag as usize) {
                    *place = u32::try_from(rank).unwrap_or(UNRANKED);
                }
            }
        }
    }
    Ranks(ranks)
}

/// An image by the newest of its tags.
struct Top {
    key: i64,
    manifest: u32,
    /// The how-manieth it is in its group, by its number.
    image: usize,
}

fn entries(snapshot: &Snapshot, set: &Bits, at: &[i64], grouping: &Grouping<'_>, order: Order) -> Vec<Entry> {
    let mut groups: HashMap<Box<str>, u32> = HashMap::new();
    let mut next = 0;
    let mut current = None;
    let mut key = String::new();
    let mut entries = Vec::new();
    let versions = (order == Order::Semver).then(|| versions(snapshot, set));
    for id in snapshot.tags().filter(|id| set.has(id.0)) {
        let repository = snapshot.repository_of_tag(id);
        let group = if grouping.is_plain() {
            repository.0
        } else {
            // Tags are in the order of their repositories, and no group is of two.
            if current.replace(repository) != Some(repository) {
                groups.clear();
            }
            if !grouping.key(snapshot.tag_name(id), &mut key) {
                continue;
            }
            match groups.get(key.as_str()) {
                Some(group) => *group,
                None => {
                    groups.insert(key.as_str().into(), next);
                    next += 1;
                    next - 1
                }
            }
        };
        let key = match &versions {
            Some(places) => places.get(id.index()).copied().unwrap_or(UNKNOWN),
            None => at.get(id.index()).copied().unwrap_or(UNKNOWN),
        };
        entries.push(Entry { group, manifest: snapshot.target(id).0, key, tag: id.0 });
    }
    entries
}

/// The place of each tag's version among all of them.
fn versions(snapshot: &Snapshot, set: &Bits) -> Vec<i64> {
    let mut all: Vec<_> = snapshot
        .tags()
        .filter(|id| set.has(id.0))
        .filter_map(|id| Some((version(snapshot.tag_name(id))?, id.0)))
        .collect();
    all.sort_unstable_by(|(one, _), (other, _)| one.cmp_precedence(other));
    let mut places = vec![UNKNOWN; snapshot.tags().len()];
    let same = all.chunk_by(|(one, _), (other, _)| one.cmp_precedence(other).is_eq());
    for (place, same) in (0_i64..).zip(same) {
        for (_, tag) in same {
            places.get_mut(*tag as usize).into_iter().for_each(|at| *at = place);
        }
    }
    places
}
