//! A repository: one layout, its `index.json` and the manifests in it. Everything here waits for the disk.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use lockage_tagging::{Digest, Repository, Tag};

use super::disk;
use super::entry::Entry;
use super::index::{Index, damaged};
use super::root::{BLOBS, INDEX, LAYOUT, Root, lock};
use crate::backend::{self, Missing};
use crate::{Descriptor, Error, ErrorKind, Manifest, RawManifest, Result, Stored, TagOrDigest, media_type};

/// A file that was changed less than this before it was read may be changed again within the same tick of the file
/// system's clock, which would not show.
const SETTLED: Duration = Duration::from_secs(2);

/// What this process knows of a repository.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Held from the reading of `index.json` until its replacement has its name.
    writing: Mutex<()>,
    /// `index.json` as it was last read, and of which state of the file that is true.
    read: Mutex<Option<(Stamp, Arc<Index>)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    inode: u64,
}

/// One layout.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: Arc<Root>,
    repo: Repository,
    dir: PathBuf,
    state: Arc<State>,
}

/// The right to write `index.json`; what ends first is that of the process.
struct Turn<'l> {
    _processes: File,
    _tasks: MutexGuard<'l, ()>,
}

/// Where a manifest is, and its type where that can be told without reading it.
struct Found {
    path: PathBuf,
    digest: Digest,
    length: u64,
    media_type: Option<String>,
}

impl Layout {
    pub(super) fn new(root: Arc<Root>, repo: Repository) -> Self {
        Self { dir: root.layout(&repo), state: root.state(&repo), root, repo }
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    pub(super) fn repo(&self) -> &Repository {
        &self.repo
    }

    /// Where the layout has, or would have, a blob.
    pub(super) fn blob(&self, digest: &Digest) -> PathBuf {
        self.dir.join(BLOBS).join(digest.algorithm().as_str()).join(digest.hex())
    }

    pub(super) fn tags(&self) -> Result<Vec<Tag>> {
        self.index()?.map(|index| index.tags()).ok_or_else(|| backend::name_unknown("list tags", &self.repo))
    }

    pub(super) fn resolve(&self, what: &TagOrDigest) -> Result<Descriptor> {
        self.twice(|| {
            let found = self.find("resolve", what)?;
            match found.media_type {
                Some(media_type) => Ok(Descriptor::new(media_type, found.digest, found.length)),
                None => self.read(found).map(|manifest| manifest.descriptor().clone()),
            }
        })
    }

    pub(super) fn manifest(&self, what: &TagOrDigest) -> Result<RawManifest> {
        self.twice(|| self.find("pull manifest", what).and_then(|found| self.read(found)))
    }

    pub(super) fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        self.twice(|| {
            let Some(index) = self.index()? else { return Ok(Vec::new()) };
            let mut referrers: Vec<Descriptor> = Vec::new();
            for entry in index.entries() {
                let Some(digest) = entry.digest() else { continue };
                if referrers.iter().any(|known| known.digest == *digest) {
                    continue;
                }
                if let Some(manifest) = self.attached(entry, digest)? {
                    referrers.extend(backend::referrer(&manifest, subject)?);
                }
            }
            Ok(referrers)
        })
    }

    /// Stores a manifest, and points the tag at it where it is put under one.
    pub(super) fn put(
        &self,
        manifest: &RawManifest,
        view: &Manifest,
        at: &TagOrDigest,
        missing: Missing,
    ) -> Result<Stored> {
        let digest = manifest.digest();
        if manifest.descriptor().size > RawManifest::MAX_BYTES {
            return Err(self.too_large("push manifest", digest, manifest.descriptor().size));
        }
        let _writing = self.write_lock()?;
        let index = self.index()?;
        if missing == Missing::Refused {
            self.complete(index.as_deref(), view, at)?;
        }
        self.create()?;
        let path = self.blob(digest);
        if disk::length(&path)?.is_none() {
            self.root.keep(disk::holding(&self.root.uploads(), manifest.bytes())?, digest, &path)?;
        }
        let mut index = index.map_or_else(Index::new, Arc::unwrap_or_clone);
        if index.record(manifest.descriptor(), at.tag()) {
            self.replace(&index)?;
        }
        Ok(Stored::new(digest.clone(), view.subject.is_some()))
    }

    /// What the manifest points at must be there.
    fn complete(&self, index: Option<&Index>, view: &Manifest, at: &TagOrDigest) -> Result<()> {
        let mut missing = Vec::new();
        for blob in view.blobs() {
            if disk::length(&self.blob(&blob.digest))?.is_none() {
                missing.push(&blob.digest);
            }
        }
        for child in view.children() {
            if !self.has_manifest(index, &child.digest)? {
                missing.push(&child.digest);
            }
        }
        backend::complete(&self.repo, at, missing.into_iter())
    }

    pub(super) fn delete_tag(&self, tag: &Tag) -> Result<()> {
        const OPERATION: &str = "delete tag";
        let unknown = || backend::name_unknown(OPERATION, &self.repo);
        // What is not there leaves no lock behind.
        self.index()?.ok_or_else(unknown)?;
        let _writing = self.write_lock()?;
        let index = self.index()?.ok_or_else(unknown)?;
        let mut index = Arc::unwrap_or_clone(index);
        if !index.untag(tag) {
            return Err(backend::manifest_unknown(OPERATION, &self.repo, &tag.clone().into()));
        }
        self.replace(&index)
    }

    pub(super) fn delete_manifest(&self, digest: &Digest) -> Result<()> {
        const OPERATION: &str = "delete manifest";
        let unknown = || backend::name_unknown(OPERATION, &self.repo);
        // What is not there leaves no lock behind.
        self.index()?.ok_or_else(unknown)?;
        let _writing = self.write_lock()?;
        let index = self.index()?.ok_or_else(unknown)?;
        let listed = index.of_digest(digest).is_some();
        if !listed && self.unlisted(digest)?.is_none() {
            return Err(backend::manifest_unknown(OPERATION, &self.repo, &digest.clone().into()));
        }
        if listed {
            let mut index = Arc::unwrap_or_clone(index);
            index.forget(digest);
            // First the name and then the content: never a name of nothing.
            self.replace(&index)?;
        }
        self.root.discard(digest, &self.blob(digest))
    }

    /// Makes it a layout, if it is none yet.
    pub(super) fn prepare(&self) -> Result<()> {
        if disk::length(&self.dir.join(LAYOUT))?.is_some() && disk::length(&self.dir.join(INDEX))?.is_some() {
            return Ok(());
        }
        let _writing = self.write_lock()?;
        self.create()
    }

    /// Needs the lock.
    fn create(&self) -> Result<()> {
        disk::make_dir(&self.dir)?;
        // In this order, so that a layout without an index is always a damaged one.
        if self.index()?.is_none() {
            self.replace(&Index::new())?;
        }
        let marker = self.dir.join(LAYOUT);
        if disk::length(&marker)?.is_none() {
            disk::replace(disk::holding(&self.root.uploads(), br#"{"imageLayoutVersion":"1.0.0"}"#)?, &marker)?;
        }
        Ok(())
    }

    /// Needs the lock.
    fn replace(&self, index: &Index) -> Result<()> {
        disk::replace(disk::holding(&self.root.uploads(), &index.to_bytes())?, &self.dir.join(INDEX))
    }

    /// Waits for the tasks of this process, and then for other processes.
    fn write_lock(&self) -> Result<Turn<'_>> {
        let tasks = lock(&self.state.writing);
        Ok(Turn { _processes: self.root.turn(&self.repo)?, _tasks: tasks })
    }

    /// Readers take no lock, so what they read may lose a file to a delete: what is damaged only for a moment is not.
    fn twice<T>(&self, read: impl Fn() -> Result<T>) -> Result<T> {
        match read() {
            Err(error) if error.kind() == ErrorKind::Io => match self.write_lock() {
                Ok(_writing) => read(),
                // Nobody can write here, and nobody does.
                Err(_) => Err(error),
            },
            other => other,
        }
    }

    /// `index.json`; `None` where there is no layout.
    fn index(&self) -> Result<Option<Arc<Index>>> {
        let path = self.dir.join(INDEX);
        let io = |e| disk::failed("read", &path, e);
        let Some(mut file) = disk::if_there(File::open(&path)).map_err(io)? else {
            return match disk::length(&self.dir.join(LAYOUT))? {
                None => Ok(None),
                Some(_) => Err(damaged(&path, "there is no such file beside `oci-layout`")),
            };
        };
        let stamp = Stamp::of(&file.metadata().map_err(io)?).map_err(io)?;
        if let Some((of, index)) = &*lock(&self.state.read)
            && *of == stamp
        {
            return Ok(Some(Arc::clone(index)));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let index = Arc::new(Index::parse(&path, &bytes)?);
        let settled = SystemTime::now().duration_since(stamp.modified).is_ok_and(|age| age > SETTLED);
        *lock(&self.state.read) = settled.then(|| (stamp, Arc::clone(&index)));
        Ok(Some(index))
    }

    fn find(&self, operation: &'static str, what: &TagOrDigest) -> Result<Found> {
        let index = self.index()?.ok_or_else(|| backend::name_unknown(operation, &self.repo))?;
        let entry = match what {
            TagOrDigest::Tag(tag) => index.of_tag(tag, &self.dir.join(INDEX))?,
            TagOrDigest::Digest(digest) => index.of_digest(digest),
        };
        let unknown = || backend::manifest_unknown(operation, &self.repo, what);
        match (entry, what) {
            (Some(entry), _) => match entry.digest() {
                Some(digest) => self.listed(entry, digest),
                None => Err(Error::new(ErrorKind::Unsupported, operation, what.after(&self.repo))
                    .with_message("its digest is of an algorithm that is not known here")),
            },
            (None, TagOrDigest::Digest(digest)) => {
                let manifest = self.unlisted(digest)?.ok_or_else(unknown)?;
                Ok(self.at(digest, manifest.descriptor().size, Some(manifest.media_type())))
            }
            (None, TagOrDigest::Tag(_)) => Err(unknown()),
        }
    }

    fn at(&self, digest: &Digest, length: u64, media_type: Option<&str>) -> Found {
        Found { path: self.blob(digest), digest: digest.clone(), length, media_type: media_type.map(str::to_owned) }
    }

    /// The manifest of an entry, which must be there.
    fn listed(&self, entry: &Entry, digest: &Digest) -> Result<Found> {
        let path = self.blob(digest);
        match disk::length(&path)? {
            Some(length) => Ok(self.at(digest, length, entry.media_type())),
            None => Err(damaged(&path, "`index.json` lists this manifest, and there is no such file")),
        }
    }

    /// A manifest that `index.json` does not list: whatever among the blobs reads like one.
    fn unlisted(&self, digest: &Digest) -> Result<Option<RawManifest>> {
        let Some(length) = disk::length(&self.blob(digest))? else { return Ok(None) };
        if length > RawManifest::MAX_BYTES {
            return Ok(None);
        }
        match self.read(self.at(digest, length, None)) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(e) if e.kind() == ErrorKind::Rejected => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn has_manifest(&self, index: Option<&Index>, digest: &Digest) -> Result<bool> {
        if index.is_some_and(|index| index.of_digest(digest).is_some()) {
            return disk::length(&self.blob(digest)).map(|found| found.is_some());
        }
        self.unlisted(digest).map(|found| found.is_some())
    }

    /// The manifest of an entry, where it is one that can have a subject.
    fn attached(&self, entry: &Entry, digest: &Digest) -> Result<Option<RawManifest>> {
        // An index may list content of any type, a layer say; without a known type, it is what it reads like.
        let declared = entry.media_type().unwrap_or_default();
        if media_type::is_schema1(declared) {
            return Ok(None);
        }
        let known = media_type::is_manifest(declared);
        let found = self.listed(entry, digest)?;
        if !known && found.length > RawManifest::MAX_BYTES {
            return Ok(None);
        }
        match self.read(found).and_then(|manifest| manifest.view().map(|_| manifest)) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(e) if !known && matches!(e.kind(), ErrorKind::Rejected | ErrorKind::Unsupported) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn read(&self, found: Found) -> Result<RawManifest> {
        if found.length > RawManifest::MAX_BYTES {
            return Err(self.too_large("pull manifest", &found.digest, found.length));
        }
        let bytes: Bytes = fs::read(&found.path).map_err(|e| disk::failed("read", &found.path, e))?.into();
        let media_type = match found.media_type {
            Some(media_type) => media_type,
            None => RawManifest::sniff_media_type(&bytes)?,
        };
        RawManifest::verified(media_type, bytes, &found.digest)
    }

    fn too_large(&self, operation: &'static str, digest: &Digest, size: u64) -> Error {
        let most = RawManifest::MAX_BYTES;
        Error::new(ErrorKind::TooLarge, operation, format_args!("{}@{digest}", self.repo))
            .with_message(format_args!("a manifest of {size} bytes, and no more than {most} are kept here"))
            .with_code("SIZE_INVALID", "the manifest is too large")
    }
}

impl Stamp {
    fn of(file: &fs::Metadata) -> std::io::Result<Self> {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(file);
        #[cfg(not(unix))]
        let inode = 0;
        Ok(Self { modified: file.modified()?, length: file.len(), inode })
    }
}
