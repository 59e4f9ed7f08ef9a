//! Selectors against what Flux, Argo CD Image Updater and the Go libraries below them are documented and tested to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod argo;
mod constraints;
mod flux;
mod globs;
mod numbers;
mod patterns;
mod properties;

use lockage_tagging::select::{Candidate, SelectError, Selected, Selector};

/// What `selector` chooses from `tags`.
fn choose(selector: &dyn Selector, tags: &[&str]) -> Result<Selected, SelectError> {
    selector.select(&Candidate::list(tags.iter().copied()).unwrap())
}

/// The tag that `selector` chooses from `tags`; `None` when all are passed over.
fn chosen(selector: &dyn Selector, tags: &[&str]) -> Option<String> {
    match choose(selector, tags) {
        Ok(selected) => Some(selected.candidate.tag.to_string()),
        Err(SelectError::NoneLeft { others }) => {
            assert_eq!(others.len(), tags.len());
            None
        }
        Err(error) => panic!("{tags:?}: {error}"),
    }
}
