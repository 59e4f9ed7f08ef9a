//! `Disk`: files of this machine.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::gate::{Files, Listed};

/// Files of this machine.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to say")]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        // One more than is allowed shows that there is more, whatever the file system says of its size.
        File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() > most {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
        }
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>> {
        let entry = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry?;
            let name = entry.file_name().into_string();
            let name = name.map_err(|name| io::Error::other(format!("{name:?} is no name in UTF-8")))?;
            Ok(Listed::new(name, entry.file_type()?.is_dir()))
        };
        std::fs::read_dir(folder)?.map(entry).collect()
    }
}
