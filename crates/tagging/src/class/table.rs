//! The words that a team uses, for lookups.

use std::collections::BTreeSet;

use super::{
    TagClass, read,
    words::{CHANNELS, SEPARATORS, VARIANTS},
};
use crate::{Tag, TagScheme};

/// What a lookup goes by: which words are channels, which are variants, and which prefixes are components.
///
/// ```
/// use lockage_tagging::class::{ClassTable, TagKind};
///
/// let table = ClassTable::default().channel("blue").variant("enterprise").component("app");
/// let class = table.class_of(&"app-blue-enterprise".parse()?);
/// assert_eq!(class.kind, TagKind::Channel);
/// assert_eq!(class.to_string(), "floating channel, channel blue, variant enterprise, component app");
/// # Ok::<(), lockage_tagging::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassTable {
    channels: BTreeSet<String>,
    variants: BTreeSet<String>,
    prefixes: BTreeSet<String>,
    suffixes: BTreeSet<String>,
}

impl Default for ClassTable {
    /// The channels, environments, base images and platforms that tags of public images use.
    fn default() -> Self {
        Self {
            channels: CHANNELS.map(str::to_owned).into(),
            variants: VARIANTS.map(str::to_owned).into(),
            ..Self::empty()
        }
    }
}

impl ClassTable {
    /// A table that knows no words: versions, commits, pull requests and timestamps only.
    pub fn empty() -> Self {
        Self {
            channels: BTreeSet::new(),
            variants: BTreeSet::new(),
            prefixes: BTreeSet::new(),
            suffixes: BTreeSet::new(),
        }
    }

    /// The default table, and what `scheme` declares: its channels, and what it puts before and after its tags.
    pub fn for_scheme(scheme: &dyn TagScheme) -> Self {
        let mut table = Self::default();
        for class in scheme.classes() {
            table.channels.extend(class.channel().map(str::to_owned));
            table.prefixes.extend(Some(class.prefix().to_owned()).filter(|prefix| !prefix.is_empty()));
            table.suffixes.extend(Some(class.suffix().to_owned()).filter(|suffix| !suffix.is_empty()));
        }
        table
    }

    /// Adds a channel. Case does not matter in a lookup.
    #[must_use]
    pub fn channel(mut self, name: impl Into<String>) -> Self {
        self.channels.insert(name.into().to_ascii_lowercase());
        self
    }

    /// Adds a variant, as it stands behind a `-`.
    #[must_use]
    pub fn variant(mut self, name: impl AsRef<str>) -> Self {
        self.suffixes.insert(format!("-{}", name.as_ref()));
        self
    }

    /// Adds a component, as it stands before a `-` or a `_`.
    #[must_use]
    pub fn component(mut self, name: impl AsRef<str>) -> Self {
        for separator in ['-', '_'] {
            self.prefixes.insert(format!("{}{separator}", name.as_ref()));
        }
        self
    }

    /// The class of `tag` by this table.
    pub fn class_of(&self, tag: &Tag) -> TagClass {
        read::class(tag, self)
    }

    /// Whether `text` ends with a variant.
    #[cfg(feature = "conventions")]
    pub(crate) fn splits_variant(&self, text: &str) -> bool {
        read::split_variant(text, self).1.is_some()
    }

    pub(super) fn is_channel(&self, word: &str) -> bool {
        self.channels.contains(word) || self.channels.contains(&word.to_ascii_lowercase())
    }

    /// Whether `segment` is a word for a variant, with or without a number: `alpine3.19`.
    pub(super) fn is_variant(&self, segment: &str) -> bool {
        let word = segment.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.');
        [segment, word].iter().any(|word| self.variants.contains(*word))
    }

    /// `text` without the longest prefix of the table, and that prefix without its separator.
    pub(super) fn split_prefix<'a>(&self, text: &'a str) -> Option<(String, &'a str)> {
        let rest_of = |prefix: &String| text.strip_prefix(prefix.as_str()).filter(|rest| !rest.is_empty());
        let prefix =
            self.prefixes.iter().filter(|prefix| rest_of(prefix).is_some()).max_by_key(|prefix| prefix.len())?;
        Some((prefix.trim_matches(SEPARATORS).to_owned(), rest_of(prefix)?))
    }

    /// `text` without the longest suffix of the table, and that suffix without its separator.
    pub(super) fn split_suffix<'a>(&self, text: &'a str) -> Option<(&'a str, String)> {
        let rest_of = |suffix: &String| text.strip_suffix(suffix.as_str()).filter(|rest| !rest.is_empty());
        let suffix =
            self.suffixes.iter().filter(|suffix| rest_of(suffix).is_some()).max_by_key(|suffix| suffix.len())?;
        Some((rest_of(suffix)?, suffix.trim_matches(SEPARATORS).to_owned()))
    }
}
