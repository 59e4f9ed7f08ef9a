//! The journal: a line before and after each delete, kept so that it outlives the run.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use fs4::{FileExt, TryLockError};

use super::Entry;

type Fallible<T> = Result<T, Box<dyn StdError + Send + Sync>>;

/// Keeps what was done. A line that was appended is there after a crash.
pub trait Journal: Debug + Send + Sync {
    /// Everything that was ever appended, oldest first.
    ///
    /// # Errors
    /// Where it cannot be read, or holds something else.
    fn entries(&self) -> Fallible<Vec<Entry>>;

    /// Appends a line. Nothing is deleted whose line could not be appended before.
    ///
    /// # Errors
    /// Where it is not certain that the line is there.
    fn append(&self, entry: &Entry) -> Fallible<()>;
}

/// Is told of everything that was done: an embedder makes ledger entries of it.
#[async_trait]
pub trait Audit: Debug + Send + Sync {
    /// Something was done, or left.
    ///
    /// # Errors
    /// Where it could not be recorded; the run stops then.
    async fn record(&self, entry: &Entry) -> Fallible<()>;
}

/// A journal in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal(Arc<Mutex<Vec<Entry>>>);

impl Journal for MemoryJournal {
    fn entries(&self) -> Fallible<Vec<Entry>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn append(&self, entry: &Entry) -> Fallible<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry.clone());
        Ok(())
    }
}

/// A journal in a file: one JSON document a line, written through to the disk. One run at a time has it.
#[derive(Debug)]
pub struct FileJournal {
    path: PathBuf,
    file: Mutex<File>,
}

impl FileJournal {
    /// Opens the file, or makes it. A last line that a crash has cut is dropped.
    ///
    /// # Errors
    /// Where it cannot be opened; an [`io::Error`] of the kind [`WouldBlock`](io::ErrorKind::WouldBlock) where another run has
    /// it.
    pub fn open(path: impl AsRef<Path>) -> Fallible<Self> {
        let path = path.as_ref().to_owned();
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        FileExt::try_lock(&file).map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(io::ErrorKind::WouldBlock, "another run has it"),
            TryLockError::Error(error) => error,
        })?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { path, file: Mutex::new(file) })
    }
}

impl Journal for FileJournal {
    fn entries(&self) -> Fallible<Vec<Entry>> {
        let text = std::fs::read_to_string(&self.path).map_err(|error| format!("{}: {error}", self.path.display()))?;
        let read = |(number, line): (usize, &str)| {
            let at = |error| format!("{}: line {}: {error}", self.path.display(), number + 1);
            serde_json::from_str(line).map_err(|error: serde_json::Error| at(error).into())
        };
        text.lines().enumerate().map(read).collect()
    }

    fn append(&self, entry: &Entry) -> Fallible<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line)?;
        Ok(file.sync_data()?)
    }
}
