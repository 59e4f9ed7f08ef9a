//! Parts of documents that are made while they are written, so that no copy of them is in memory.

use std::fmt::Display;

use serde::ser::{Serialize, SerializeSeq as _, Serializer};

/// A list of what this makes of each.
pub(super) struct Listed<I, F>(pub(super) I, pub(super) F);

impl<I: Iterator + Clone, T: Serialize, F: Fn(I::Item) -> T> Serialize for Listed<I, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        self.0.clone().try_for_each(|item| list.serialize_element(&(self.1)(item)))?;
        list.end()
    }
}

/// A text.
pub(super) struct Shown<T>(pub(super) T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
