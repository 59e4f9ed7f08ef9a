//! `FileLease`: leases in a folder that the machines share, or one machine has.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use fs4::{FileExt, TryLockError};
use lockage_registry::{Algorithm, digest_of};

use super::{Guard, Lease, LeaseError};

/// Leases by locks of the operating system, one file a key. A lease is held as long as its process lives, and no longer, so
/// that times do not matter. On a network file system it is as good as its locks.
#[derive(Clone, Debug)]
pub struct FileLease {
    folder: PathBuf,
    holder: String,
}

#[derive(Debug)]
struct InFile {
    key: String,
    path: PathBuf,
    /// What the file says while it is ours.
    mark: String,
    /// Locked until it is dropped.
    file: File,
}

impl FileLease {
    /// Leases in `folder`, which has to be there, in the name of `holder`.
    pub fn new(folder: impl Into<PathBuf>, holder: impl Into<String>) -> Self {
        Self { folder: folder.into(), holder: holder.into() }
    }

    fn take(&self, key: &str) -> Result<InFile, LeaseError> {
        let failed = LeaseError::backend(key, "taken");
        let digest = digest_of(Algorithm::Sha256, key.as_bytes()).map_err(|error| failed(error.into()))?;
        let path = self.folder.join(format!("{}.lease", digest.hex().get(..24).unwrap_or_default()));
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create(true).truncate(false).open(&path);
        let folder = |error| failed(format!("the folder {}: {error}", self.folder.display()).into());
        let mut file = opened.map_err(folder)?;
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                // Who it is can be read only where locks do not keep others from reading.
                let mut holder = String::new();
                let read = file.read_to_string(&mut holder);
                let holder = read.ok().and_then(|_| Some(holder.lines().next()?.to_owned()));
                let holder = holder.unwrap_or_else(|| "another process".to_owned());
                return Err(LeaseError::Held { key: key.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error.into())),
        }
        let mark = format!("{}\n{key}\n{:016x}\n", self.holder, RandomState::new().hash_one(key));
        write(&mut file, &mark).map_err(|error| failed(error.into()))?;
        Ok(InFile { key: key.to_owned(), path, mark, file })
    }
}

fn write(file: &mut File, text: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())
}

#[async_trait]
impl Lease for FileLease {
    async fn acquire(&self, key: &str, _: Duration) -> Result<Box<dyn Guard>, LeaseError> {
        Ok(Box::new(self.take(key)?))
    }
}

#[async_trait]
impl Guard for InFile {
    /// The lock holds; what can happen is that somebody has deleted or replaced the file, and others lock a new one.
    async fn renew(&self) -> Result<(), LeaseError> {
        let lost = |why: String| LeaseError::Lost { key: self.key.clone(), why };
        match std::fs::read_to_string(&self.path) {
            Ok(text) if text == self.mark => Ok(()),
            Ok(_) => Err(lost("its file is another's".to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(lost("its file is gone".to_owned())),
            Err(error) => Err(LeaseError::backend(&self.key, "renewed")(error.into())),
        }
    }

    async fn release(self: Box<Self>) -> Result<(), LeaseError> {
        // The file stays: were it deleted, one who waits for it and one who makes it anew would both have a lock.
        FileExt::unlock(&self.file).map_err(|error| LeaseError::backend(&self.key, "given back")(error.into()))
    }
}
