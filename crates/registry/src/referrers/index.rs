//! The index under a referrers tag: entries are added and completed, and none that can be read is taken out.

use std::collections::HashSet;

use async_trait::async_trait;
use lockage_tagging::{Digest, Repository};
use serde_json::value::{RawValue, to_raw_value};

use super::json::Object;
use super::settle::Keep;
use crate::{Content, Descriptor, Error, ErrorKind, RawManifest, Result, Target, backend, media_type};

/// The entries that have to stay in the index.
#[derive(Debug)]
pub(super) struct Entries {
    place: String,
    /// Ours first, then those of others in the order in which they were seen.
    known: Vec<(Digest, Box<RawValue>)>,
    ours: Vec<Descriptor>,
    /// Entries of others whose manifests are not there, found where the registry refused an index that lists them.
    gone: HashSet<Digest>,
}

impl Entries {
    pub(super) fn of(repo: &Repository, subject: &Digest, manifests: &[RawManifest]) -> Result<Self> {
        let place = format!("{repo}@{subject}");
        let mut entries = Self { place, known: Vec::new(), ours: Vec::new(), gone: HashSet::new() };
        for manifest in manifests {
            let entry = backend::referrer(manifest, subject)?.ok_or_else(|| {
                entries
                    .error(ErrorKind::Invalid)
                    .with_message(format_args!("{} is not attached to it", manifest.digest()))
            })?;
            if entries.ours.iter().any(|ours| ours.digest == entry.digest) {
                continue;
            }
            let raw = to_raw_value(&entry).map_err(|e| entries.error(ErrorKind::Invalid).with_source(e))?;
            entries.known.push((entry.digest.clone(), raw));
            entries.ours.push(entry);
        }
        Ok(entries)
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, "keep the referrers of", &self.place)
    }

    fn broken(&self, why: &str) -> Error {
        self.error(ErrorKind::Protocol).with_message(why).with_remedy(
            "Some other program wrote this tag. Delete it at the registry; what it lists can be attached again.",
        )
    }

    /// The index as it is, and its entries.
    fn read(&self, held: &RawManifest) -> Result<(Object, Vec<Entry>)> {
        if !matches!(held.view()?.content, Content::Index { .. }) {
            return Err(self.broken("its referrers tag holds an image and no index"));
        }
        let unreadable = |e| self.broken("its referrers tag holds no index that can be read").with_source(e);
        let document: Object = serde_json::from_slice(held.bytes()).map_err(unreadable)?;
        let entries = document.get("manifests").map_or("[]", RawValue::get);
        let entries: Vec<Box<RawValue>> = serde_json::from_str(entries).map_err(unreadable)?;
        let read = |raw: Box<RawValue>| {
            let descriptor: Descriptor = serde_json::from_str(raw.get()).map_err(unreadable)?;
            Ok(Entry { digest: descriptor.digest.clone(), descriptor, raw })
        };
        Ok((document, entries.into_iter().map(read).collect::<Result<_>>()?))
    }

    /// Adds to an entry of ours what it lacks; true where that was something.
    fn complete(&self, entry: &mut Entry) -> Result<bool> {
        let Some(ours) = self.ours.iter().find(|ours| ours.digest == entry.digest) else { return Ok(false) };
        let kind = entry.descriptor.artifact_type.as_deref().is_none_or(str::is_empty) && ours.artifact_type.is_some();
        let notes = entry.descriptor.annotations.is_empty() && !ours.annotations.is_empty();
        if !(kind || notes) {
            return Ok(false);
        }
        let invalid = |e| self.error(ErrorKind::Invalid).with_source(e);
        let mut object: Object = serde_json::from_str(entry.raw.get()).map_err(invalid)?;
        if kind {
            object.set("artifactType", &ours.artifact_type).map_err(invalid)?;
        }
        if notes {
            object.set("annotations", &ours.annotations).map_err(invalid)?;
        }
        entry.raw = to_raw_value(&object).map_err(invalid)?;
        Ok(true)
    }
}

struct Entry {
    digest: Digest,
    descriptor: Descriptor,
    raw: Box<RawValue>,
}

#[async_trait]
impl Keep for Entries {
    async fn lacking(&mut self, held: Option<&RawManifest>) -> Result<Option<RawManifest>> {
        let invalid = |e| Error::new(ErrorKind::Invalid, "write", "an index").with_source(e);
        let (media_type, mut document, mut entries, mut changed);
        match held {
            Some(held) => {
                (document, entries) = self.read(held)?;
                (media_type, changed) = (held.media_type(), false);
            }
            None => {
                document = Object::default();
                document.set("schemaVersion", &2).map_err(invalid)?;
                document.set("mediaType", media_type::OCI_INDEX).map_err(invalid)?;
                (media_type, entries, changed) = (media_type::OCI_INDEX, Vec::new(), true);
            }
        }
        for entry in &mut entries {
            changed |= self.complete(entry)?;
            let is_known = self.known.iter().any(|(digest, _)| *digest == entry.digest);
            if !is_known && !self.gone.contains(&entry.digest) {
                self.known.push((entry.digest.clone(), entry.raw.clone()));
            }
        }
        let missing = self.known.iter().filter(|(digest, _)| !entries.iter().any(|entry| entry.digest == *digest));
        let missing: Vec<_> = missing.map(|(_, raw)| &**raw).collect();
        if missing.is_empty() && !changed {
            return Ok(None);
        }
        entries.retain(|entry| !self.gone.contains(&entry.digest));
        let all: Vec<_> = entries.iter().map(|entry| &*entry.raw).chain(missing).collect();
        document.set("manifests", &all).map_err(invalid)?;
        let bytes = serde_json::to_vec(&document).map_err(invalid)?;
        if bytes.len() as u64 > RawManifest::MAX_BYTES {
            return Err(self
                .error(ErrorKind::TooLarge)
                .with_message("its index would be larger than a manifest may be"));
        }
        RawManifest::new(media_type, bytes.into()).map(Some)
    }
    /// A registry that checks what an index lists refuses one whose entries dangle, as a deletion leaves them; they are taken
    /// out, as nobody can read them.
    async fn give_up(&mut self, target: &dyn Target, repo: &Repository, requests: &mut u64) -> Result<bool> {
        let before = self.gone.len();
        for (digest, _) in &self.known {
            if self.ours.iter().any(|ours| ours.digest == *digest) {
                continue;
            }
            *requests += 1;
            match target.resolve(repo, &digest.clone().into()).await {
                Ok(_) => {}
                Err(error) if error.is_not_found() => drop(self.gone.insert(digest.clone())),
                Err(error) => return Err(error),
            }
        }
        let gone = &self.gone;
        self.known.retain(|(digest, _)| !gone.contains(digest));
        Ok(self.gone.len() > before)
    }
}
