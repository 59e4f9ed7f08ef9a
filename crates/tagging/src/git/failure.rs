//! What git means when it fails: from its words, in the language that it is told to speak, to a kind of error.

use std::path::Path;

use super::GitError;
use crate::excerpt::quoted;

/// The error that git reports with `stderr`.
pub(super) fn failure(directory: &Path, question: String, status: Option<i32>, stderr: &str) -> GitError {
    let directory = || directory.to_owned();
    let says = |words: &str| stderr.contains(words);
    if says("detected dubious ownership") || says("is owned by someone else") {
        return GitError::DubiousOwnership { directory: directory() };
    }
    if says("not a git repository") {
        return GitError::NoRepository { directory: directory() };
    }
    let unborn = ["unknown revision or path", "bad revision 'HEAD'", "does not have any commits yet"];
    // These words fit any unknown commit; only that of HEAD is missing because there is none.
    if question.ends_with("HEAD") && (unborn.iter().any(|words| says(words)) || says("Needed a single revision")) {
        return GitError::NoCommit { directory: directory() };
    }
    let line = stderr.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    GitError::Failed { question, status, reason: quoted(line.strip_prefix("fatal: ").unwrap_or(line)) }
}
