//! The disk: files that appear whole and last, and errors that name them.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::{NamedTempFile, TempPath};

use crate::{Error, ErrorKind, Result};

/// Runs `work`, which waits for the disk, where waiting holds nobody up.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(stopped) => Err(Error::new(ErrorKind::Io, "use", "the disk").with_source(stopped)),
        },
    }
}

/// The error that `operation` on `path` failed with.
pub(crate) fn failed(operation: &'static str, path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, operation, path.display()).with_source(error)
}

/// `None` where there is no such file; any other failure stays one.
pub(crate) fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        // A component of the path may be a file of another tool: there is nothing below it.
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e),
    }
}

/// The length of the file at `path`, where there is one.
pub(crate) fn length(path: &Path) -> Result<Option<u64>> {
    match if_there(fs::metadata(path)) {
        Ok(found) => Ok(found.filter(fs::Metadata::is_file).map(|found| found.len())),
        Err(e) => Err(failed("look for", path, e)),
    }
}

/// Makes a directory and those above it, to stay.
pub(crate) fn make_dir(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    // Above a relative path is an empty one: where the process is.
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        make_dir(parent)?;
    }
    match fs::create_dir(dir) {
        Ok(()) => parent.map_or(Ok(()), sync_dir),
        // Somebody else was quicker.
        Err(_) if dir.is_dir() => Ok(()),
        Err(e) => Err(failed("make directory", dir, e)),
    }
}

/// A file without a name of its own yet, in `dir`, which is removed unless it gets one.
pub(crate) fn temporary(dir: &Path) -> Result<NamedTempFile> {
    make_dir(dir)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // Other tools, run by other users, are to read it: as the umask says.
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(dir).map_err(|e| failed("make a file in", dir, e))
}

/// A temporary file in `dir` that holds `bytes`, on the disk.
pub(crate) fn holding(dir: &Path, bytes: &[u8]) -> Result<TempPath> {
    let mut file = temporary(dir)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(|e| failed("write", file.path(), e))?;
    Ok(file.into_temp_path())
}

/// Gives a temporary file its name, in place of whatever had it: readers see the old file or the new one.
pub(crate) fn rename(temporary: TempPath, path: &Path) -> Result<()> {
    temporary.persist(path).map_err(|e| failed("write", path, e.error))
}

/// The same, to stay.
pub(crate) fn replace(temporary: TempPath, path: &Path) -> Result<()> {
    rename(temporary, path)?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Names in a directory last only when that is on the disk too.
pub(crate) fn sync_dir(dir: &Path) -> Result<()> {
    // Only unix can open a directory as a file.
    if cfg!(unix) {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(|e| failed("write", dir, e))?;
    }
    Ok(())
}
