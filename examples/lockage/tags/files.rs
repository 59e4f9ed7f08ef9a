//! The files through which a step hands values to those after it: `GITHUB_OUTPUT` and `GITHUB_ENV`.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

/// Appends `NAME<<delimiter`, the value, and the delimiter, for each of `values`.
///
/// The delimiter is random, so that no value can end early and set another one.
pub(crate) fn append(file: &Path, values: &[(String, String)]) -> io::Result<()> {
    let mut text = String::new();
    for (name, value) in values {
        let delimiter = delimiter()?;
        if value.contains(&delimiter) || name.contains(['\n', '\r']) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{name} cannot be written to it")));
        }
        text += &format!("{name}<<{delimiter}\n{value}\n{delimiter}\n");
    }
    OpenOptions::new().create(true).append(true).open(file)?.write_all(text.as_bytes())
}

/// `ghadelimiter_` and 128 random bits.
fn delimiter() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("ghadelimiter_{:032x}", u128::from_be_bytes(bytes)))
}

/// A new directory below `parent`, for files that later steps read.
pub(crate) fn lasting_directory(parent: &Path) -> io::Result<std::path::PathBuf> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let directory = parent.join(format!("lockage-tags-{:016x}", u64::from_be_bytes(bytes)));
    std::fs::create_dir(&directory)?;
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_many_lines_are_kept_whole_and_appended() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("output");
        std::fs::write(&file, "earlier=1\n").unwrap();
        append(&file, &[("tags".into(), "a:1\na:2".into()), ("version".into(), String::new())]).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let [earlier, start, first, second, end, start_of_empty, empty, end_of_empty] = lines.as_slice() else {
            panic!("{text}");
        };
        assert_eq!((*earlier, *first, *second, *empty), ("earlier=1", "a:1", "a:2", ""));
        assert_eq!(format!("tags<<{end}"), *start);
        assert_eq!(format!("version<<{end_of_empty}"), *start_of_empty);
        assert!(end.starts_with("ghadelimiter_") && end.len() == 45 && end != end_of_empty);
    }
}
