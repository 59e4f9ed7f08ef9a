//! The hash of a snapshot: the same for the same rows, whatever order they came in.

use sha2::{Digest as _, Sha256};

use super::{NONE, Snapshot};

/// The hash of everything that a plan could depend on.
pub(super) fn digest(snapshot: &Snapshot) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut buffer = Vec::with_capacity(1 << 16);
    buffer.extend_from_slice(b"lockage snapshot 1");
    for repository in snapshot.repositories() {
        text(&mut buffer, snapshot.repository_name(repository));
        buffer.push(u8::from(snapshot.is_complete(repository)) | u8::from(snapshot.tracks_pulls(repository)) << 1);
        number(&mut buffer, snapshot.manifests_of(repository).len() as u64);
        for manifest in snapshot.manifests_of(repository) {
            row(&mut buffer, snapshot, manifest.0);
            flush(&mut hash, &mut buffer, 1 << 15);
        }
        number(&mut buffer, snapshot.tags_of(repository).len() as u64);
        for tag in snapshot.tags_of(repository) {
            text(&mut buffer, snapshot.tag_name(tag));
            buffer.extend_from_slice(&snapshot.target(tag).0.to_le_bytes());
            buffer.extend_from_slice(&snapshot.moved_micros(tag.0).to_le_bytes());
            buffer.extend_from_slice(&snapshot.tag_pulled_micros(tag.0).to_le_bytes());
            buffer.push(u8::from(snapshot.is_immutable(tag)));
            flush(&mut hash, &mut buffer, 1 << 15);
        }
    }
    flush(&mut hash, &mut buffer, 0);
    hash.finalize().into()
}

fn row(buffer: &mut Vec<u8>, snapshot: &Snapshot, row: u32) {
    let id = super::ManifestId(row);
    let key = snapshot.digests.key(row);
    buffer.push(u8::from(key.is_wide()));
    buffer.extend_from_slice(&key.head);
    buffer.extend(key.tail.iter().flatten());
    for column in [&snapshot.pushed, &snapshot.pulled, &snapshot.created, &snapshot.archived, &snapshot.activated] {
        buffer.extend_from_slice(&column.get(row).to_le_bytes());
    }
    buffer.extend_from_slice(&snapshot.sizes.get(row).to_le_bytes());
    text(buffer, snapshot.media_type(id));
    text(buffer, snapshot.artifact_type(id));
    let flags = [snapshot.unresolved.has(row), snapshot.in_archive.has(row), snapshot.no_statistics.has(row)];
    buffer.extend(flags.map(u8::from));
    text(buffer, snapshot.names.get(&row).map_or("", |name| name));
    text(buffer, snapshot.version_name(id).unwrap_or_default());
    // Rows have their numbers by their digests; what is not here has none, so it is told by its digest.
    let named = snapshot.children.of(row);
    number(buffer, named.len() as u64);
    named.iter().for_each(|child| told(buffer, snapshot, *child));
    told(buffer, snapshot, snapshot.subjects.get(row));
}

fn told(buffer: &mut Vec<u8>, snapshot: &Snapshot, row: u32) {
    buffer.extend_from_slice(&row.min(snapshot.rows).to_le_bytes());
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
