//! The tag: a name that can be moved from one digest to another.

use std::{str::FromStr, sync::Arc};

use super::error::{NameError, NameKind, NameProblem};

/// The tag of an image: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`, case-sensitive.
///
/// Cloning is cheap: clones share one text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

impl Tag {
    /// The most characters a tag can have.
    pub(crate) const LIMIT: usize = 128;

    /// The tag `latest`.
    pub fn latest() -> Self {
        Self("latest".into())
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `character` can stand in a tag.
    pub(crate) fn allows(character: char) -> bool {
        character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-')
    }

    /// Whether a tag can start with `character`.
    pub(crate) fn allows_first(character: char) -> bool {
        Self::allows(character) && !matches!(character, '.' | '-')
    }

    /// The tag spelled by `text`, which the caller has made of legal pieces.
    pub(super) fn from_legal(text: &str) -> Self {
        debug_assert!(check(text).is_ok(), "{text} is no tag");
        Self(text.into())
    }
}

impl FromStr for Tag {
    type Err = NameError;

    fn from_str(input: &str) -> Result<Self, NameError> {
        match check(input) {
            Ok(()) => Ok(Self(input.into())),
            Err(problem) => Err(NameError::new(NameKind::Tag, input, problem)),
        }
    }
}

text_conversions!(Tag);
name_conversions!(Tag, "a tag such as 1.2.3");

fn check(input: &str) -> Result<(), NameProblem> {
    let first = input.chars().next().ok_or(NameProblem::Empty)?;
    NameProblem::check_characters(input, Tag::allows)?;
    if !Tag::allows_first(first) {
        return Err(NameProblem::Start { character: first });
    }
    if input.len() > Tag::LIMIT {
        return Err(NameProblem::TooLong { length: input.len(), limit: Tag::LIMIT });
    }
    Ok(())
}
