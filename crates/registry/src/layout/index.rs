//! `index.json`: the manifests and tags of a layout, in memory.

use std::path::Path;

use lockage_tagging::{Digest, Tag};
use serde_json::{Map, Value, json};

use super::entry::Entry;
use crate::{Descriptor, Error, ErrorKind, Result, media_type};

/// The entries of an `index.json`, and its other fields as they were.
#[derive(Clone, Debug)]
pub(super) struct Index {
    document: Map<String, Value>,
    entries: Vec<Entry>,
}

impl Index {
    /// The index of a layout that has nothing yet.
    pub(super) fn new() -> Self {
        let mut document = Map::new();
        document.insert("schemaVersion".to_owned(), json!(2));
        document.insert("mediaType".to_owned(), json!(media_type::OCI_INDEX));
        Self { document, entries: Vec::new() }
    }

    /// Reads the bytes of the file at `path`.
    pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let mut document: Map<String, Value> = serde_json::from_slice(bytes)
            .map_err(|e| damaged(path, "it is not the JSON of an index").with_source(e))?;
        let listed = match document.remove("manifests") {
            Some(Value::Array(listed)) => listed,
            // How Go writes an empty list that was never made.
            Some(Value::Null) => Vec::new(),
            _ => return Err(damaged(path, "it has no list `manifests`")),
        };
        let entries = listed.into_iter().enumerate().map(|(at, json)| {
            Entry::read(json).ok_or_else(|| damaged(path, &format!("entry {at} of `manifests` is no descriptor")))
        });
        Ok(Self { document, entries: entries.collect::<Result<_>>()? })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut document = self.document.clone();
        document.insert("manifests".to_owned(), self.entries.iter().map(Entry::json).collect());
        let mut bytes = Value::Object(document).to_string().into_bytes();
        bytes.push(b'\n');
        bytes
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All tags, sorted by their bytes.
    pub(super) fn tags(&self) -> Vec<Tag> {
        let mut tags: Vec<_> = self.entries.iter().filter_map(Entry::tag).cloned().collect();
        tags.sort();
        tags.dedup();
        tags
    }

    /// The entry of a digest, one that tells the media type if there is such a one.
    pub(super) fn of_digest(&self, digest: &Digest) -> Option<&Entry> {
        let mut found = self.entries.iter().filter(|entry| entry.points_at(digest));
        let first = found.next()?;
        Some(if first.media_type().is_some() {
            first
        } else {
            found.find(|e| e.media_type().is_some()).unwrap_or(first)
        })
    }

    /// The entry of a tag.
    ///
    /// # Errors
    /// Several entries that claim the tag for several manifests, as of two images in one layout: whichever is taken may
    /// be the wrong one. An entry whose annotation is the tag itself goes before one with a whole reference.
    pub(super) fn of_tag(&self, tag: &Tag, path: &Path) -> Result<Option<&Entry>> {
        let named = |plain: bool| self.entries.iter().filter(move |e| e.tag() == Some(tag) && e.is_plain() == plain);
        let mut found = named(true).chain(named(false)).peekable();
        let Some(first) = found.next() else { return Ok(None) };
        match found.find(|other| other.is_plain() == first.is_plain() && other.digest() != first.digest()) {
            Some(_) => Err(Error::new(ErrorKind::Io, "read", path.display())
                .with_message(format_args!("it gives the tag {tag} to several manifests"))
                .with_remedy("Ask for the one you mean by its digest, or keep each image in a layout of its own.")),
            None => Ok(Some(first)),
        }
    }

    /// Enters a manifest, and points `tag` at it: the manifest that had the tag stays, without it. True where this
    /// changed anything.
    pub(super) fn record(&mut self, manifest: &Descriptor, tag: Option<&Tag>) -> bool {
        let before = self.entries.clone();
        for entry in self.entries.iter_mut().filter(|entry| entry.points_at(&manifest.digest)) {
            entry.describe(manifest);
        }
        match tag {
            Some(tag) => self.point(tag, manifest),
            None if self.of_digest(&manifest.digest).is_none() => self.entries.push(Entry::new(manifest, None)),
            None => {}
        }
        self.entries != before
    }

    /// Takes a tag away and leaves its manifest. False where there is no such tag.
    pub(super) fn untag(&mut self, tag: &Tag) -> bool {
        let held = self.entries.iter().any(|entry| entry.tag() == Some(tag));
        self.unname(|entry| entry.tag() == Some(tag));
        held
    }

    /// Takes a manifest away, and every tag that points at it.
    pub(super) fn forget(&mut self, digest: &Digest) {
        self.entries.retain(|entry| !entry.points_at(digest));
    }

    fn point(&mut self, tag: &Tag, manifest: &Descriptor) {
        let digest = &manifest.digest;
        self.unname(|entry| entry.tag() == Some(tag) && !entry.points_at(digest));
        let held = self.entries.iter().position(|entry| entry.tag() == Some(tag));
        // An entry that nothing names becomes that of the tag; the others may be there for other tools.
        let free = || self.entries.iter().position(|entry| entry.is_nameless() && entry.points_at(digest));
        match held.or_else(free).and_then(|at| self.entries.get_mut(at)) {
            Some(entry) => entry.name(tag),
            None => self.entries.push(Entry::new(manifest, Some(tag))),
        }
        self.tidy(digest);
    }

    fn unname(&mut self, which: impl Fn(&Entry) -> bool) {
        let mut unnamed = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| which(entry)) {
            entry.unname();
            unnamed.extend(entry.digest().cloned());
        }
        for digest in unnamed {
            self.tidy(&digest);
        }
    }

    /// Drops the entries of `digest` that say nothing: bare ones beside another.
    fn tidy(&mut self, digest: &Digest) {
        let mut held = self.entries.iter().any(|entry| entry.points_at(digest) && !entry.is_bare());
        self.entries.retain(|entry| {
            let idle = held && entry.points_at(digest) && entry.is_bare();
            held |= entry.points_at(digest);
            !idle
        });
    }
}

/// An error of a file that cannot be used and must not be overwritten.
pub(super) fn damaged(path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::Io, "read", path.display())
        .with_message(why)
        .with_remedy("Nothing was changed. Restore the file, or move this layout away and copy its images again.")
}
