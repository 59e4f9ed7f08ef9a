//! Which tags a class or a rule is about.

use std::borrow::Cow;
use std::fmt::Write as _;

use lockage_tagging::semver::Version;
use serde::{Deserialize, Deserializer, Serialize};

use super::pattern::{Expression, Glob, VersionRange};
use super::written::some;

/// Which tags a class or a rule is about. A text alone is a glob, which without `*`, `?`, `[` and `{` is an exact name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TagSelector {
    /// This tag.
    Exact(String),
    /// Tags like this.
    Glob(Glob),
    /// Tags that an expression matches; its named groups can be counted by.
    Regex(Expression),
    /// Versions of a range.
    Semver(VersionRange),
    /// Tags that any of these is about.
    AnyOf(Vec<TagSelector>),
    /// Tags that all of these are about.
    AllOf(Vec<TagSelector>),
    /// Tags that it is not about.
    Not(Box<TagSelector>),
}

impl TagSelector {
    /// Whether it is about a tag.
    #[must_use]
    pub fn matches(&self, tag: &str) -> bool {
        match self {
            Self::Exact(name) => name == tag,
            Self::Glob(glob) => glob.matches(tag),
            Self::Regex(expression) => expression.matches(tag),
            Self::Semver(range) => range.matches(tag),
            Self::AnyOf(any) => any.iter().any(|one| one.matches(tag)),
            Self::AllOf(all) => all.iter().all(|one| one.matches(tag)),
            Self::Not(other) => !other.matches(tag),
        }
    }

    /// The names of all groups.
    pub(in crate::retain) fn groups(&self) -> Vec<&str> {
        match self {
            Self::Regex(expression) => expression.groups().collect(),
            Self::AnyOf(some) | Self::AllOf(some) => some.iter().flat_map(Self::groups).collect(),
            Self::Exact(_) | Self::Glob(_) | Self::Semver(_) | Self::Not(_) => Vec::new(),
        }
    }

    /// What a group holds for a tag. Nothing where the group is in no part that matches.
    pub(in crate::retain) fn group<'t>(&self, group: &str, tag: &'t str) -> Option<&'t str> {
        match self {
            Self::Regex(expression) if expression.groups().any(|name| name == group) => expression.group(group, tag),
            Self::AnyOf(some) | Self::AllOf(some) => some.iter().find_map(|one| one.group(group, tag)),
            _ => None,
        }
    }

    /// The expression of a pattern, for all of a tag. A range of versions has none, nor has what is made of others.
    pub(in crate::retain) fn pattern(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Exact(tag) => Some(format!("^{}$", regex::escape(tag)).into()),
            Self::Glob(glob) => Some(glob.expression().into()),
            Self::Regex(expression) => Some(expression.expression().into()),
            Self::Semver(_) | Self::AnyOf(_) | Self::AllOf(_) | Self::Not(_) => None,
        }
    }

    /// Every selector in it, itself first.
    pub(in crate::retain) fn walk<'a>(&'a self, each: &mut dyn FnMut(&'a Self)) {
        each(self);
        match self {
            Self::AnyOf(some) | Self::AllOf(some) => some.iter().for_each(|one| one.walk(each)),
            Self::Not(other) => other.walk(each),
            Self::Exact(_) | Self::Glob(_) | Self::Regex(_) | Self::Semver(_) => {}
        }
    }
}

/// As it is written: a text, or one of the kinds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, deserialize_with = "some")]
    exact: Option<String>,
    #[serde(default, deserialize_with = "some")]
    glob: Option<Glob>,
    #[serde(default, deserialize_with = "some")]
    regex: Option<Expression>,
    #[serde(default, deserialize_with = "some")]
    semver: Option<VersionRange>,
    #[serde(default, deserialize_with = "some")]
    any_of: Option<Vec<TagSelector>>,
    #[serde(default, deserialize_with = "some")]
    all_of: Option<Vec<TagSelector>>,
    #[serde(default, deserialize_with = "some")]
    not: Option<Box<TagSelector>>,
}

impl<'de> Deserialize<'de> for TagSelector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer};

        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = TagSelector;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a tag, or one of exact, glob, regex, semver, any_of, all_of, not")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TagSelector, E> {
                if text.contains(['*', '?', '[', '{']) {
                    return Glob::new(text).map(TagSelector::Glob).map_err(E::custom);
                }
                if text.is_empty() {
                    return Err(E::custom("an empty pattern matches nothing"));
                }
                Ok(TagSelector::Exact(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TagSelector, A::Error> {
                let written = Written::deserialize(MapAccessDeserializer::new(map))?;
                let some = [
                    written.exact.map(TagSelector::Exact),
                    written.glob.map(TagSelector::Glob),
                    written.regex.map(TagSelector::Regex),
                    written.semver.map(TagSelector::Semver),
                    written.any_of.map(TagSelector::AnyOf),
                    written.all_of.map(TagSelector::AllOf),
                    written.not.map(TagSelector::Not),
                ];
                let mut some = some.into_iter().flatten();
                match (some.next(), some.next()) {
                    (Some(TagSelector::AnyOf(of) | TagSelector::AllOf(of)), None) if of.is_empty() => {
                        Err(A::Error::custom("an empty list says nothing"))
                    }
                    (Some(one), None) => Ok(one),
                    _ => Err(A::Error::custom("write exactly one of exact, glob, regex, semver, any_of, all_of, not")),
                }
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// What to count by: a named group of an expression, or a part of a version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Per(pub(in crate::retain) String);

impl Per {
    /// What a rule counts by: the name of a group, or `major`, `minor`, `patch`, `channel`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Whether it is a part of a version, where no expression has a group of its name.
    pub(in crate::retain) fn is_of_version(&self) -> bool {
        matches!(self.0.as_str(), "major" | "minor" | "patch" | "channel")
    }

    /// Adds this part of a version, if it is one. The channel is the first word of a pre-release, or `stable`.
    pub(in crate::retain) fn of_version(&self, version: &Version, to: &mut String) -> bool {
        let mut number = |number: u64| write!(to, "{number}").is_ok();
        match self.0.as_str() {
            "major" => number(version.major),
            "minor" => number(version.minor),
            "patch" => number(version.patch),
            "channel" => {
                let word = version.pre.as_str().split('.').next().unwrap_or_default();
                let word = word.trim_end_matches(|last: char| last.is_ascii_digit());
                to.push_str(if version.pre.is_empty() { "stable" } else { word });
                true
            }
            _ => false,
        }
    }
}
