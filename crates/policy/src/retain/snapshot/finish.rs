//! A snapshot of the rows of a builder, in the one order that snapshots have.

use std::collections::HashMap;

use super::builder::About;
use super::column::{Column, Edges};
use super::key::{Digests, NONE};
use super::named::Named;
use super::numbered::Numbered;
use super::{Repository, RepositoryId, Snapshot, SnapshotBuilder, SnapshotError};
use crate::retain::bits::Bits;
use crate::retain::parallel;

pub(super) fn finish(mut builder: SnapshotBuilder) -> Result<Snapshot, SnapshotError> {
    let ranks = ranks(&builder);
    let tag_order = tag_order(&mut builder, &ranks)?;
    let numbered = Numbered::of(&builder, &ranks)?;
    let rows = u32::try_from(numbered.rows.len()).map_err(|_| SnapshotError::TooLarge)?;
    let named: Named = std::mem::take(&mut builder.named);
    let (children, children_of_all) =
        (std::mem::take(&mut builder.children), std::mem::take(&mut builder.children_of_all));
    let ((heads, tails), (children, parents)) = parallel::both(
        numbered.order.len(),
        || named.ordered(&numbered.order),
        || {
            let children = self::children(&numbered, rows, &children, children_of_all);
            let parents = parents(&children, rows);
            (children, parents)
        },
    );
    let digests = Digests::new(heads, tails, &numbered.counts);

    let by_rows = |bits: &Bits| {
        if bits.is_empty() {
            return Bits::default();
        }
        (0_u32..).zip(&numbered.rows).filter(|(_, row)| bits.has(**row)).map(|(place, _)| place).collect()
    };
    let mut unresolved = by_rows(&builder.unresolved);
    // What a tag points at is there, even where nothing is known of it.
    for (place, _) in (0_u32..).zip(&numbered.rows).filter(|(_, row)| **row == NONE) {
        unresolved.add(place);
    }
    let (in_archive, no_statistics) = (by_rows(&builder.in_archive), by_rows(&builder.no_statistics));
    let renamed =
        |names: HashMap<u32, Box<str>>| names.into_iter().map(|(old, name)| (numbered.number(old), name)).collect();

    let tag_names = builder.tag_names.ordered(&tag_order);
    let old = |tag: &u32| builder.tag_manifests.get(*tag as usize).copied().unwrap_or(NONE);
    let tag_manifests: Vec<u32> = tag_order.iter().map(|tag| numbered.number(old(tag))).collect();
    let immutable = (0_u32..).zip(&tag_order).filter(|(_, old)| builder.immutable.has(**old));
    let immutable = immutable.map(|(place, _)| place).collect();
    let structural = structural(&builder, &numbered, &tag_order, &tag_manifests, &digests);
    let subjects = subjects(&builder, &numbered);
    let (referrers, is_referrer) = referrers(rows, &structural, &tag_manifests, &builder, &numbered);
    let by_manifest = Edges::new(rows as usize, |each| {
        (0_u32..).zip(&tag_manifests).for_each(|(tag, manifest)| each(*manifest, tag));
    });
    let repositories = repositories(builder.repositories, &ranks, &numbered.counts, &digests, &tag_manifests);

    let order = &numbered.rows;
    let (pushed, pulled, created) = (builder.pushed, builder.pulled, builder.created);
    let (archived, activated, sizes) = (builder.archived, builder.activated, builder.sizes);
    let (media, artifact) = (builder.media, builder.artifact);
    let ((pushed, pulled, created), (archived, activated, sizes, media, artifact)) = parallel::both(
        order.len(),
        || (pushed.ordered(order), pulled.ordered(order), created.ordered(order)),
        || {
            let (archived, activated) = (archived.ordered(order), activated.ordered(order));
            (archived, activated, sizes.ordered(order), media.ordered(order), artifact.ordered(order))
        },
    );
    let mut snapshot = Snapshot {
        taken_at: builder.taken_at,
        repositories,
        digests,
        rows,
        pushed,
        pulled,
        created,
        archived,
        activated,
        sizes,
        types: builder.types,
        media,
        artifact,
        subjects,
        children,
        referrers,
        parents,
        is_referrer,
        unresolved,
        in_archive,
        no_statistics,
        names: renamed(builder.names),
        versions: renamed(builder.versions),
        tag_names,
        tag_manifests,
        tag_moved: builder.tag_moved.ordered(&tag_order),
        tag_pulled: builder.tag_pulled.ordered(&tag_order),
        immutable,
        structural,
        by_manifest,
        digest: [0; 32],
    };
    drop(numbered);
    snapshot.digest = super::canonical::digest(&snapshot);
    Ok(snapshot)
}

/// The place of each repository by its name: the same for the same name.
fn ranks(builder: &SnapshotBuilder) -> Vec<u32> {
    let mut names: Vec<&str> = builder.repositories.iter().map(|(name, ..)| &**name).collect();
    names.sort_unstable();
    names.dedup();
    let rank = |name: &str| u32::try_from(names.partition_point(|other| *other < name)).unwrap_or(NONE);
    builder.repositories.iter().map(|(name, ..)| rank(name)).collect()
}

/// The tags by their repository's name and their own. A tag that was listed at two manifests was moved while it was listed: no
/// more is known of its repository than that.
fn tag_order(builder: &mut SnapshotBuilder, ranks: &[u32]) -> Result<Vec<u32>, SnapshotError> {
    let target = |tag: u32| builder.tag_manifests.get(tag as usize).copied().unwrap_or(NONE);
    let repository = |tag: u32| builder.named.repository(target(tag));
    let rank = |tag: u32| ranks.get(repository(tag) as usize).copied().unwrap_or(NONE);
    let name = |tag: u32| builder.tag_names.get(tag);
    // The first bytes decide nearly always, and are beside each other.
    let first = |tag: u32| {
        let mut first = [0; 16];
        first.iter_mut().zip(name(tag).bytes()).for_each(|(place, byte)| *place = byte);
        (rank(tag), u128::from_be_bytes(first), tag)
    };
    let all = u32::try_from(builder.tag_names.len()).unwrap_or(NONE);
    let mut keyed = parallel::map(all, (0, 0, 0), first);
    let key = |tag: u32| (builder.named.head(target(tag)), builder.named.tail(target(tag)));
    parallel::sort_by(&mut keyed, |one, other| {
        let by_name = || name(one.2).cmp(name(other.2));
        let by_digest = || (key(one.2), one.2).cmp(&(key(other.2), other.2));
        (one.0, one.1).cmp(&(other.0, other.1)).then_with(by_name).then_with(by_digest)
    });
    let order: Vec<u32> = keyed.iter().map(|(.., tag)| *tag).collect();
    let same = |one: &(u32, u128, u32), other: &(u32, u128, u32)| {
        (one.0, one.1) == (other.0, other.1) && name(one.2) == name(other.2)
    };
    let mut moved = Vec::new();
    for (one, other) in keyed.iter().zip(keyed.iter().skip(1)).filter(|(one, other)| same(one, other)) {
        let repository = RepositoryId(repository(one.2));
        if key(one.2) == key(other.2) {
            return Err(SnapshotError::TwiceTag { repository: builder.name(repository), tag: name(one.2).to_owned() });
        }
        moved.push(repository);
    }
    moved.into_iter().for_each(|repository| builder.incomplete(repository));
    Ok(order)
}

fn children(numbered: &Numbered, rows: u32, indexes: &[(u32, u32)], mut all: Vec<u32>) -> Edges {
    all.iter_mut().for_each(|child| *child = numbered.number(*child));
    let indexes: Vec<(u32, u32)> = indexes.iter().map(|(index, end)| (numbered.number(*index), *end)).collect();
    Edges::sorted(rows as usize, |each| {
        let mut start = 0;
        for (index, end) in &indexes {
            let named = all.get(start..*end as usize).unwrap_or_default();
            named.iter().for_each(|child| each(*index, *child));
            start = *end as usize;
        }
    })
}

/// The first index that names each.
fn parents(children: &Edges, rows: u32) -> Column<u32> {
    let mut parents = Column::new(NONE);
    for parent in (0..rows).rev() {
        children.of(parent).iter().filter(|child| **child < rows).for_each(|child| parents.set(*child, parent));
    }
    parents
}

fn subjects(builder: &SnapshotBuilder, numbered: &Numbered) -> Column<u32> {
    if builder.subjects.is_empty() {
        return Column::new(NONE);
    }
    let mut subjects = vec![NONE; numbered.rows.len()];
    for (from, to) in &builder.subjects {
        let place = subjects.get_mut(numbered.number(*from) as usize);
        place.into_iter().for_each(|place| *place = numbered.number(*to));
    }
    Column::of(subjects, NONE)
}

/// What the structural tags speak about.
fn structural(
    builder: &SnapshotBuilder,
    numbered: &Numbered,
    tag_order: &[u32],
    tag_manifests: &[u32],
    digests: &Digests,
) -> HashMap<u32, Option<u32>> {
    if builder.structural.is_empty() {
        return HashMap::new();
    }
    let mut places = vec![NONE; tag_order.len()];
    for (place, old) in (0_u32..).zip(tag_order) {
        places.get_mut(*old as usize).into_iter().for_each(|to| *to = place);
    }
    let rows = u32::try_from(numbered.rows.len()).unwrap_or(NONE);
    let subject = |tag: u32, about: &About| match about {
        About::Digest(id) => Some(numbered.number(*id)).filter(|subject| *subject < rows),
        About::Half(head) => {
            let manifest = tag_manifests.get(tag as usize)?;
            digests.find(digests.repository(*manifest), true, head)
        }
    };
    let place = |old: u32| places.get(old as usize).copied().unwrap_or(NONE);
    builder.structural.iter().map(|(old, about)| (place(*old), subject(place(*old), about))).collect()
}

/// What speaks about each manifest, and everything that speaks about one.
fn referrers(
    rows: u32,
    structural: &HashMap<u32, Option<u32>>,
    tag_manifests: &[u32],
    builder: &SnapshotBuilder,
    numbered: &Numbered,
) -> (Edges, Bits) {
    let by_tag = structural.iter().filter_map(|(tag, subject)| Some(((*subject)?, *tag_manifests.get(*tag as usize)?)));
    let by_hash = builder.subjects.iter().map(|(from, to)| (numbered.number(*to), numbered.number(*from)));
    let mut about: Vec<(u32, u32)> = by_tag.filter(|(subject, manifest)| subject != manifest).collect();
    about.extend(by_hash.filter(|(subject, _)| *subject < rows));
    let referrers = Edges::sorted(rows as usize, |each| about.iter().for_each(|(from, to)| each(*from, *to)));
    (referrers, about.iter().map(|(_, referrer)| *referrer).collect())
}

fn repositories(
    named: Vec<(Box<str>, bool, bool)>,
    ranks: &[u32],
    counts: &[(u32, u32)],
    digests: &Digests,
    tag_manifests: &[u32],
) -> Vec<Repository> {
    let mut named: Vec<_> = ranks.iter().zip(named).collect();
    named.sort_by_key(|(rank, _)| **rank);
    let mut all: Vec<Repository> = Vec::new();
    for (_, (name, complete, tracks_pulls)) in named {
        match all.last_mut().filter(|last| last.name == name) {
            Some(same) => {
                same.complete &= complete;
                same.tracks_pulls |= tracks_pulls;
            }
            None => all.push(Repository { name, complete, tracks_pulls, manifests_end: 0, tags_end: 0 }),
        }
    }
    for manifest in tag_manifests {
        if let Some(repository) = all.get_mut(digests.repository(*manifest) as usize) {
            repository.tags_end += 1;
        }
    }
    let (mut manifests, mut tags) = (0, 0);
    for (repository, (here, _)) in all.iter_mut().zip(counts) {
        manifests += here;
        tags += repository.tags_end;
        (repository.manifests_end, repository.tags_end) = (manifests, tags);
    }
    all
}
