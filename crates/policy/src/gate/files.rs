//! `Files`: the port by which gates read files, so that nothing here touches a disk that is not given one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::scan::Glob;

/// How many files a pattern may mean, and how deep folders are looked into.
const MOST: usize = 10_000;
const DEEPEST: usize = 16;

/// Reads files.
pub trait Files: Debug + Send + Sync {
    /// The whole of a file.
    ///
    /// # Errors
    /// Where it cannot be read, or has more than `most` bytes.
    fn read(&self, path: &Path, most: usize) -> io::Result<Vec<u8>>;

    /// What is in a folder.
    ///
    /// # Errors
    /// Where it cannot be read. A folder that is not there is one that cannot be read.
    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>>;
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// Its name, without the folder's.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
}

impl Listed {
    /// Something of this name.
    #[must_use]
    pub fn new(name: impl Into<String>, is_folder: bool) -> Self {
        Self { name: name.into(), is_folder }
    }
}

impl<T: Files + ?Sized> Files for Arc<T> {
    fn read(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        (**self).read(path, most)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>> {
        (**self).list(folder)
    }
}

/// Files in memory, for tests of a pipeline and for what was fetched from elsewhere.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct MemoryFiles(BTreeMap<PathBuf, Vec<u8>>);

impl MemoryFiles {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// These, and this one.
    pub fn with(mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.into(), bytes.into());
        self
    }

    /// These without that one.
    pub fn without(mut self, path: impl AsRef<Path>) -> Self {
        self.0.remove(path.as_ref());
        self
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        let bytes = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() > most {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
        }
        Ok(bytes.clone())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>> {
        let mut listed = BTreeSet::new();
        for path in self.0.keys() {
            let Ok(rest) = path.strip_prefix(folder) else { continue };
            let mut parts = rest.components();
            if let Some(first) = parts.next() {
                listed.insert((first.as_os_str().to_string_lossy().into_owned(), parts.next().is_some()));
            }
        }
        if listed.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(listed.into_iter().map(|(name, is_folder)| Listed { name, is_folder }).collect())
    }
}

/// Whether a piece of a path is a pattern.
pub(super) fn is_glob(piece: &str) -> bool {
    piece.contains(['*', '?', '['])
}

/// The files below `folder` that a pattern means, in order: `*` stays within a folder, `**` does not. Folders that are not
/// there have no files; one that cannot be read is an error.
pub(super) fn matching(files: &dyn Files, folder: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
    let pieces: Vec<&str> = pattern.split('/').filter(|piece| !piece.is_empty()).collect();
    let fixed = pieces.iter().take_while(|piece| !is_glob(piece)).count();
    let (fixed, rest) = pieces.split_at(fixed);
    let mut start = if pattern.starts_with('/') { PathBuf::from("/") } else { folder.to_owned() };
    start.extend(fixed);
    let mut found = BTreeSet::new();
    walk(files, &start, rest, 0, &mut found)?;
    Ok(found.into_iter().collect())
}

fn walk(
    files: &dyn Files,
    folder: &Path,
    rest: &[&str],
    depth: usize,
    found: &mut BTreeSet<PathBuf>,
) -> io::Result<()> {
    let Some((piece, after)) = rest.split_first() else { return Ok(()) };
    if depth > DEEPEST || found.len() > MOST {
        return Err(io::Error::other(format!("a pattern means more than {MOST} files, or {DEEPEST} folders deep")));
    }
    if *piece == "**" {
        walk(files, folder, after, depth, found)?;
    }
    let listed = match files.list(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let glob: Glob = piece.parse().map_err(io::Error::other)?;
    for Listed { name, is_folder } in listed {
        let path = folder.join(&name);
        match (*piece == "**", is_folder) {
            (true, true) => walk(files, &path, rest, depth + 1, found)?,
            (true, false) => {
                if after.is_empty() {
                    found.insert(path);
                }
            }
            (false, _) if !glob.matches(&name) => {}
            (false, true) => walk(files, &path, after, depth + 1, found)?,
            (false, false) => {
                if after.is_empty() {
                    found.insert(path);
                }
            }
        }
    }
    Ok(())
}
