//! A scheme with text before or after its tags.

use std::fmt;

use crate::{BuildFacts, SchemeError, Tag, TagScheme, class::SchemeClass};

/// The tags of a scheme with a text before each: `app-1.2.3`. Made by [`prefixed`](crate::TagSchemeExt::prefixed).
///
/// # Errors
///
/// [`SchemeError::EmptyPiece`] when the text has no letter and no digit, which is what an unset variable leaves, and
/// [`SchemeError::Illegal`] when the whole is no tag. A tag that is too long is not cut: that would lose its end.
#[derive(Clone, Debug)]
pub struct Prefixed<S> {
    prefix: String,
    scheme: S,
}

/// The tags of a scheme with a text after each: `1.2.3-alpine`. Made by [`suffixed`](crate::TagSchemeExt::suffixed).
///
/// # Errors
///
/// Those of [`Prefixed`].
#[derive(Clone, Debug)]
pub struct Suffixed<S> {
    suffix: String,
    scheme: S,
}

impl<S> Prefixed<S> {
    pub(super) fn new(prefix: String, scheme: S) -> Self {
        Self { prefix, scheme }
    }
}

impl<S> Suffixed<S> {
    pub(super) fn new(suffix: String, scheme: S) -> Self {
        Self { suffix, scheme }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: TagScheme> TagScheme for Prefixed<S> {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let prefix = &self.prefix;
        affixed(self.scheme.tags(facts)?, "prefix", prefix, |tag| format!("{prefix}{tag}"))
    }

    fn classes(&self) -> Vec<SchemeClass> {
        self.scheme.classes().into_iter().map(|class| class.prefixed(&self.prefix)).collect()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} before (", self.prefix)?;
        self.scheme.describe(f)?;
        f.write_str(")")
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: TagScheme> TagScheme for Suffixed<S> {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let suffix = &self.suffix;
        affixed(self.scheme.tags(facts)?, "suffix", suffix, |tag| format!("{tag}{suffix}"))
    }

    fn classes(&self) -> Vec<SchemeClass> {
        self.scheme.classes().into_iter().map(|class| class.suffixed(&self.suffix)).collect()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after (", self.suffix)?;
        self.scheme.describe(f)?;
        f.write_str(")")
    }
}

/// `tags` with `text`, called `piece`, added to each by `add`.
pub(super) fn affixed(
    tags: Vec<Tag>,
    piece: &'static str,
    text: &str,
    add: impl Fn(&Tag) -> String,
) -> Result<Vec<Tag>, SchemeError> {
    if !tags.is_empty() && !text.contains(|character: char| character.is_ascii_alphanumeric()) {
        return Err(SchemeError::EmptyPiece { piece });
    }
    tags.iter().map(|tag| super::legal::unreserved(add(tag).parse()?)).collect()
}
