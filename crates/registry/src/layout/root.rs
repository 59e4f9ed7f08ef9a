//! The directory: where everything lies in it, and the content that its layouts share.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use fs4::FileExt;
use lockage_tagging::{Digest, Repository};
use tempfile::TempPath;

use super::disk;
use super::repository::State;
use crate::Result;

/// The parts of a layout, which may lie beside the repositories below it: `app/index.json` is a part of `app`.
pub(super) const LAYOUT: &str = "oci-layout";
pub(super) const INDEX: &str = "index.json";
pub(super) const BLOBS: &str = "blobs";

/// What lies beside the repositories. No component of a name begins with `_`, and those that are written with one are
/// the parts of a layout: none is called this.
const POOL: &str = "_pool";
const UPLOADS: &str = "_uploads";
const LOCKS: &str = "_locks";

/// As many repositories are remembered that nobody uses at the moment.
const REMEMBERED: usize = 1024;

/// After this time a file in `_uploads` belongs to nobody.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// A directory that is open in this process, once however often it was opened: the locks within it are in here.
#[derive(Debug)]
pub(super) struct Root {
    dir: PathBuf,
    repositories: Mutex<HashMap<String, Arc<State>>>,
    /// Held while links to the pool are made or counted.
    pool: Mutex<()>,
}

static OPEN: Mutex<BTreeMap<PathBuf, Weak<Root>>> = Mutex::new(BTreeMap::new());

impl Root {
    pub(super) fn open(dir: &Path) -> Result<Arc<Self>> {
        // The full path: made from the parts that a relative one leaves out, and good after a change of directory.
        let full = std::path::absolute(dir).map_err(|e| disk::failed("open", dir, e))?;
        disk::make_dir(&full)?;
        let full = full.canonicalize().map_err(|e| disk::failed("open", dir, e))?;
        let mut open = lock(&OPEN);
        if let Some(root) = open.get(&full).and_then(Weak::upgrade) {
            return Ok(root);
        }
        let root = Arc::new(Self { dir: full, repositories: Mutex::default(), pool: Mutex::default() });
        open.retain(|_, root| root.strong_count() > 0);
        open.insert(root.dir.clone(), Arc::downgrade(&root));
        drop(open);
        root.sweep();
        Ok(root)
    }

    /// What this process knows of a repository.
    pub(super) fn state(&self, repo: &Repository) -> Arc<State> {
        let mut known = lock(&self.repositories);
        if known.len() > REMEMBERED && !known.contains_key(repo.path()) {
            // Names come from outside, and most may not exist. One that is in use has its lock in here.
            known.retain(|_, state| Arc::strong_count(state) > 1);
        }
        Arc::clone(known.entry(repo.path().to_owned()).or_default())
    }

    /// The layout of a repository.
    pub(super) fn layout(&self, repo: &Repository) -> PathBuf {
        let mut dir = self.dir.clone();
        for component in repo.path().split('/') {
            match component {
                LAYOUT | INDEX | BLOBS => dir.push(format!("_{component}")),
                _ => dir.push(component),
            }
        }
        dir
    }

    /// Where files are written until they are whole.
    pub(super) fn uploads(&self) -> PathBuf {
        self.dir.join(UPLOADS)
    }

    /// Waits until no other process writes to a repository. Others wait until the file is closed; it is never removed, or two
    /// could hold what has one name.
    pub(super) fn turn(&self, repo: &Repository) -> Result<File> {
        let locks = self.dir.join(LOCKS);
        disk::make_dir(&locks)?;
        let path = locks.join(repo.path().replace('/', "+"));
        let failed = |e| disk::failed("lock", &path, e);
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        FileExt::lock(&file).map_err(failed)?;
        Ok(file)
    }

    fn pooled(&self, digest: &Digest) -> PathBuf {
        self.dir.join(POOL).join(digest.algorithm().as_str()).join(digest.hex())
    }

    /// Names a temporary file of verified content `blob`, the path of a blob in a layout; or, where the pool has that
    /// content already, links `blob` to it.
    pub(super) fn keep(&self, content: TempPath, digest: &Digest, blob: &Path) -> Result<()> {
        let dir = blob.parent().unwrap_or(&self.dir);
        disk::make_dir(dir)?;
        self.place(content, &self.pooled(digest), blob)?;
        disk::sync_dir(dir)
    }

    fn place(&self, content: TempPath, pooled: &Path, blob: &Path) -> Result<()> {
        let _pool = lock(&self.pool);
        if disk::length(blob)?.is_some() {
            return Ok(());
        }
        // A file of another length is a damaged one: it is not handed on.
        if disk::length(pooled)? == disk::length(&content)? && fs::hard_link(pooled, blob).is_ok() {
            return Ok(());
        }
        disk::rename(content, blob)?;
        disk::make_dir(pooled.parent().unwrap_or(&self.dir))?;
        // It is there already, or this file system cannot link: then each repository has its own.
        let _ = fs::hard_link(blob, pooled);
        Ok(())
    }

    /// Makes the file `from` of one layout the file `to` of another; `false` where there is no `from`.
    pub(super) fn mount(&self, from: &Path, to: &Path) -> Result<bool> {
        if disk::length(from)?.is_none() {
            return Ok(false);
        }
        let dir = to.parent().unwrap_or(&self.dir);
        disk::make_dir(dir)?;
        match fs::hard_link(from, to) {
            Ok(()) => disk::sync_dir(dir).map(|()| true),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            // The file system cannot link, or not this file again.
            Err(_) => self.copy(from, to).map(|()| true),
        }
    }

    fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        let mut source = File::open(from).map_err(|e| disk::failed("read", from, e))?;
        let mut copy = disk::temporary(&self.uploads())?;
        io::copy(&mut source, copy.as_file_mut())
            .and_then(|_| copy.as_file().sync_all())
            .map_err(|e| disk::failed("copy", from, e))?;
        disk::replace(copy.into_temp_path(), to)
    }

    /// Removes the file of a layout, and that of the pool where no other layout has it.
    pub(super) fn discard(&self, digest: &Digest, blob: &Path) -> Result<()> {
        let pooled = self.pooled(digest);
        let _pool = lock(&self.pool);
        let removed = disk::if_there(fs::remove_file(blob)).map_err(|e| disk::failed("remove", blob, e))?;
        if let (Some(()), Some(dir)) = (removed, blob.parent()) {
            // What has been deleted must not come back: a manifest is found by its digest alone.
            disk::sync_dir(dir)?;
        }
        let found = disk::if_there(fs::metadata(&pooled)).map_err(|e| disk::failed("look for", &pooled, e))?;
        if found.is_some_and(|found| is_last_link(&found)) {
            disk::if_there(fs::remove_file(&pooled)).map_err(|e| disk::failed("remove", &pooled, e))?;
        }
        Ok(())
    }

    /// Removes what a process that was killed has left. It is tidiness: where it fails, nothing is lost.
    fn sweep(&self) {
        let Ok(files) = fs::read_dir(self.uploads()) else { return };
        for file in files.flatten() {
            let written = file.metadata().and_then(|found| found.modified());
            let age = written.ok().and_then(|written| SystemTime::now().duration_since(written).ok());
            if age.is_some_and(|age| age > ABANDONED) {
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

/// Waits for a lock. A panic while it was held cannot leave what it guards inconsistent: that is on the disk, where
/// each step is whole, or a cache that is replaced at once.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn is_last_link(file: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) == 1
}

/// Where links cannot be counted, the pool keeps what it has.
#[cfg(not(unix))]
fn is_last_link(_: &fs::Metadata) -> bool {
    false
}
