//! What a scheme declares about the tags that it makes.

use std::fmt;

use super::{Mobility, Precision, TagClass, TagKind};

/// A class of tags that a scheme makes. What it leaves open is as the tag reads.
///
/// ```
/// use lockage_tagging::{Semver, TagScheme, TagSchemeExt};
///
/// let classes: Vec<_> = Semver::cascade().suffixed("-alpine").classes().iter().map(ToString::to_string).collect();
/// assert_eq!(classes, [
///     "immutable version, precision patch, suffix -alpine",
///     "floating version, precision minor, suffix -alpine",
///     "floating version, precision major, suffix -alpine",
/// ]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SchemeClass {
    mobility: Option<Mobility>,
    kind: Option<TagKind>,
    precision: Option<Precision>,
    channel: Option<String>,
    prefix: String,
    suffix: String,
}

impl SchemeClass {
    /// Any tag at all: the class says nothing.
    pub fn any() -> Self {
        Self::default()
    }

    /// Tags of any text that name one image for good.
    pub fn immutable() -> Self {
        Self { mobility: Some(Mobility::Immutable), ..Self::default() }
    }

    /// Tags of any text that move.
    pub fn floating() -> Self {
        Self { mobility: Some(Mobility::Floating), ..Self::default() }
    }

    /// Narrows the class to tags of `kind`.
    #[must_use]
    pub fn of_kind(self, kind: TagKind) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// Narrows the class to versions of `precision`.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { kind: Some(TagKind::Version), precision: Some(precision), ..self }
    }

    /// Narrows the class to tags of the channel `name`.
    #[must_use]
    pub fn on_channel(self, name: impl Into<String>) -> Self {
        Self { channel: Some(name.into()), ..self }
    }

    /// The class with `text` before every tag.
    #[must_use]
    pub fn prefixed(self, text: &str) -> Self {
        Self { prefix: format!("{text}{}", self.prefix), ..self }
    }

    /// The class with `text` after every tag.
    #[must_use]
    pub fn suffixed(self, text: &str) -> Self {
        Self { suffix: format!("{}{text}", self.suffix), ..self }
    }

    /// Whether the tags move, if the scheme says so.
    pub fn mobility(&self) -> Option<Mobility> {
        self.mobility
    }

    /// What the tags stand for, if the scheme says so.
    pub fn kind(&self) -> Option<TagKind> {
        self.kind
    }

    /// How much of a version the tags fix, if the scheme says so.
    pub fn precision(&self) -> Option<Precision> {
        self.precision
    }

    /// The channel of the tags, if the scheme says so.
    pub fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// The text before every tag, separator included; empty for none.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The text after every tag, separator included; empty for none.
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// Whether a tag that reads as `class` is of this class.
    pub fn covers(&self, class: &TagClass) -> bool {
        self.mobility.is_none_or(|mobility| mobility == class.mobility) && self.covers_text(class)
    }

    /// Whether a tag that reads as `class` is of this class, but for what it says on moving.
    pub(super) fn covers_text(&self, class: &TagClass) -> bool {
        let affix = |text: &str, found: &Option<String>| match text.trim_matches(super::words::SEPARATORS) {
            "" => true,
            text => found.as_deref() == Some(text),
        };
        self.kind.is_none_or(|kind| kind == class.kind)
            && self.precision.is_none_or(|precision| class.precision == Some(precision))
            && self.channel.as_ref().is_none_or(|channel| class.channel.as_ref() == Some(channel))
            && affix(&self.prefix, &class.component)
            && affix(&self.suffix, &class.variant)
    }
}

impl fmt::Display for SchemeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.mobility, self.kind) {
            (Some(mobility), Some(kind)) => write!(f, "{mobility} {kind}")?,
            (Some(mobility), None) => write!(f, "{mobility}")?,
            (None, Some(kind)) => write!(f, "{kind}")?,
            (None, None) => f.write_str("any")?,
        }
        if let Some(precision) = self.precision {
            write!(f, ", precision {precision}")?;
        }
        let channel = self.channel.as_deref().unwrap_or_default();
        for (name, value) in [("channel", channel), ("prefix", &self.prefix), ("suffix", &self.suffix)] {
            if !value.is_empty() {
                write!(f, ", {name} {value}")?;
            }
        }
        Ok(())
    }
}
