//! The hash of a snapshot: the same for the same rows, whatever order they came in.

use sha2::{Digest as _, Sha256};

use super::{ManifestId, NONE, RepositoryId, Snapshot, TagId, UNKNOWN};
use crate::retain::parallel;

/// So many rows are hashed at once. It is part of what the hash is.
const PART: usize = 1 << 16;

/// The hash of everything that a plan could depend on: of the hashes of its parts, so that several are made at once.
pub(super) fn digest(snapshot: &Snapshot) -> [u8; 32] {
    let mut parts = Vec::new();
    let mut head = b"lockage snapshot 2".to_vec();
    // Kinds have numbers by their names, whatever order they came in.
    let mut kinds: Vec<(&str, usize)> = snapshot.types.iter().map(|kind| &**kind).zip(0..).collect();
    kinds.sort_unstable();
    let mut places = vec![0_u32; kinds.len()];
    for (place, (kind, number)) in (0_u32..).zip(kinds) {
        text(&mut head, kind);
        places.get_mut(number).into_iter().for_each(|number| *number = place);
    }
    for repository in snapshot.repositories() {
        text(&mut head, snapshot.repository_name(repository));
        head.push(u8::from(snapshot.is_complete(repository)) | u8::from(snapshot.tracks_pulls(repository)) << 1);
        let (manifests, tags) = (snapshot.manifests_of(repository), snapshot.tags_of(repository));
        number(&mut head, manifests.len() as u64);
        number(&mut head, tags.len() as u64);
        let starts = |len: usize| (0..len).step_by(PART);
        parts.extend(starts(manifests.len()).map(|start| Part::Manifests(repository, start)));
        parts.extend(starts(tags.len()).map(|start| Part::Tags(repository, start)));
    }
    let rows = snapshot.manifests().len() + snapshot.tags().len();
    let hashes = parallel::map_few(&parts, rows, |part| hash(snapshot, part, &places));
    let mut all = Sha256::new();
    all.update(&head);
    hashes.iter().for_each(|hash| all.update(hash));
    all.finalize().into()
}

enum Part {
    Manifests(RepositoryId, usize),
    Tags(RepositoryId, usize),
}

fn hash(snapshot: &Snapshot, part: &Part, kinds: &[u32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut buffer = Vec::with_capacity(1 << 16);
    match part {
        Part::Manifests(repository, start) => {
            for id in snapshot.manifests_of(*repository).skip(*start).take(PART) {
                manifest(&mut buffer, snapshot, id, kinds);
                flush(&mut hash, &mut buffer, 1 << 15);
            }
        }
        Part::Tags(repository, start) => {
            for id in snapshot.tags_of(*repository).skip(*start).take(PART) {
                tag(&mut buffer, snapshot, id);
                flush(&mut hash, &mut buffer, 1 << 15);
            }
        }
    }
    flush(&mut hash, &mut buffer, 0);
    hash.finalize().into()
}

fn tag(buffer: &mut Vec<u8>, snapshot: &Snapshot, tag: TagId) {
    text(buffer, snapshot.tag_name(tag));
    buffer.extend_from_slice(&snapshot.target(tag).0.to_le_bytes());
    buffer.extend_from_slice(&snapshot.moved_micros(tag.0).to_le_bytes());
    buffer.extend_from_slice(&snapshot.tag_pulled_micros(tag.0).to_le_bytes());
    buffer.push(u8::from(snapshot.is_immutable(tag)));
}

fn manifest(buffer: &mut Vec<u8>, snapshot: &Snapshot, id: ManifestId, kinds: &[u32]) {
    let row = id.0;
    let key = snapshot.digests.key(row);
    buffer.extend_from_slice(&key.head);
    buffer.extend(key.tail.iter().flatten());
    // Which of what may be unknown is known, then what is known of it.
    let (name, version) = (snapshot.names.get(&row), snapshot.version_name(id));
    let times = [&snapshot.pushed, &snapshot.pulled, &snapshot.created, &snapshot.archived, &snapshot.activated]
        .map(|column| column.get(row));
    let size = snapshot.sizes.get(row);
    let mut flags = 0_u16;
    let bits = [
        key.is_wide(),
        snapshot.unresolved.has(row),
        snapshot.in_archive.has(row),
        snapshot.no_statistics.has(row),
        name.is_some(),
        version.is_some(),
        size != u64::MAX,
    ];
    for known in bits.into_iter().chain(times.map(|time| time != UNKNOWN)) {
        flags = flags << 1 | u16::from(known);
    }
    buffer.extend_from_slice(&flags.to_le_bytes());
    for time in times.into_iter().filter(|time| *time != UNKNOWN) {
        buffer.extend_from_slice(&time.to_le_bytes());
    }
    if size != u64::MAX {
        buffer.extend_from_slice(&size.to_le_bytes());
    }
    for kind in [&snapshot.media, &snapshot.artifact] {
        let kind = kinds.get(usize::from(kind.get(row))).copied().unwrap_or_default();
        buffer.extend_from_slice(&kind.to_le_bytes());
    }
    name.into_iter().for_each(|name| text(buffer, name));
    version.into_iter().for_each(|version| text(buffer, version));
    // Rows have their numbers by their digests; what is not here has none, so it is told by its digest.
    let named = snapshot.children.of(row);
    buffer.extend_from_slice(&u32::try_from(named.len()).unwrap_or(NONE).to_le_bytes());
    named.iter().for_each(|child| told(buffer, snapshot, *child));
    told(buffer, snapshot, snapshot.subjects.get(row));
}

fn told(buffer: &mut Vec<u8>, snapshot: &Snapshot, row: u32) {
    buffer.extend_from_slice(&row.min(snapshot.rows).to_le_bytes());
    buffer.push(u8::from(row != NONE));
    if row >= snapshot.rows && row != NONE {
        buffer.extend_from_slice(snapshot.digests.head(row));
    }
}

fn text(buffer: &mut Vec<u8>, text: &str) {
    number(buffer, text.len() as u64);
    buffer.extend_from_slice(text.as_bytes());
}

fn number(buffer: &mut Vec<u8>, number: u64) {
    buffer.extend_from_slice(&number.to_le_bytes());
}

fn flush(hash: &mut Sha256, buffer: &mut Vec<u8>, from: usize) {
    if buffer.len() > from {
        hash.update(&buffer);
        buffer.clear();
    }
}
