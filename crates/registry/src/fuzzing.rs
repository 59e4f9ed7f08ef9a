//! `fuzzing`: what the fuzz targets reach of this crate beyond its API (`cfg(fuzzing)` only, and part of no release).

use crate::{Answer, ErrorKind, OciError};

/// The answer with this body: its kind, its errors, and what a log would show of it.
#[must_use]
pub fn refused(status: u16, body: &[u8]) -> (ErrorKind, Vec<OciError>, String) {
    let mut answer = Answer::new("GET", "https://registry.example/v2/", status);
    answer.errors = OciError::in_document(body);
    (ErrorKind::of_answer(status, &answer.errors), answer.errors.clone(), answer.to_string())
}
