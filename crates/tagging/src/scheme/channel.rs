//! Tags that float: a channel by its name, and the channel that a prerelease names.

use std::fmt;

use super::{legal, semver};
use crate::{
    BuildFacts, GitRef, SchemeError, Tag, TagScheme,
    class::{SchemeClass, TagKind, channel_of},
    excerpt::quoted,
};

/// A floating tag: `edge`, `staging`, or the word that a prerelease starts with.
///
/// A [named](Self::named) channel applies to every build; say with [`only_if`](crate::TagSchemeExt::only_if) which ones
/// earn it.
///
/// ```
/// use lockage_tagging::{BuildFacts, Channel, TagScheme, TagSchemeExt, When};
///
/// let edge = Channel::named("edge").only_if(When::default_branch());
/// assert_eq!(edge.tags(&BuildFacts::branch("main").default_branch("main"))?, ["edge"]);
///
/// let prereleases = Channel::of_prerelease();
/// assert_eq!(prereleases.tags(&BuildFacts::tag("v1.3.0-rc.1"))?, ["rc"]);
/// assert!(prereleases.tags(&BuildFacts::tag("v1.3.0"))?.is_empty());
/// # Ok::<(), lockage_tagging::SchemeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Channel(Source);

#[derive(Clone, Debug)]
enum Source {
    Named(String),
    Prerelease,
}

impl Channel {
    /// The tag `name` for every build.
    ///
    /// # Errors
    ///
    /// The scheme gives [`SchemeError::Illegal`] when `name` is no tag.
    pub fn named(name: impl Into<String>) -> Self {
        Self(Source::Named(name.into()))
    }

    /// The word that the prerelease of a semantic git tag starts with: `rc` of `v1.3.0-rc.1` and of `v1.3.0-rc1`. Silent
    /// on releases, on prereleases that start with a number, and on everything that is no such git tag.
    ///
    /// It sees one build, so an older candidate that is built again takes the tag back. With the list of tags at hand,
    /// the feature `conventions` has what only moves forward.
    ///
    /// # Errors
    ///
    /// The scheme gives [`SchemeError::Misleading`] for a word that is the tag of something else: `latest`, which no
    /// prerelease moves.
    pub fn of_prerelease() -> Self {
        Self(Source::Prerelease)
    }
}

#[deny(clippy::missing_trait_methods)]
impl TagScheme for Channel {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        match (&self.0, &facts.git_ref) {
            (Source::Named(name), _) => Ok(vec![legal::unreserved(name.parse()?)?]),
            (Source::Prerelease, GitRef::Tag(git_tag)) => {
                let version = semver::parse(git_tag).ok();
                let channel = version.as_ref().and_then(|version| channel_of(&version.pre));
                channel.map(channel_tag).transpose().map(|tag| tag.into_iter().collect())
            }
            (Source::Prerelease, GitRef::Branch(_) | GitRef::PullRequest(_)) => Ok(Vec::new()),
        }
    }

    fn classes(&self) -> Vec<SchemeClass> {
        vec![match &self.0 {
            Source::Named(name) => SchemeClass::floating().of_kind(TagKind::Channel).on_channel(name),
            Source::Prerelease => SchemeClass::floating(),
        }]
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Named(name) => write!(f, "channel {name}"),
            Source::Prerelease => f.write_str("channel of the prerelease"),
        }
    }
}

/// The tag of the channel that a prerelease names.
pub(crate) fn channel_tag(channel: &str) -> Result<Tag, SchemeError> {
    if channel.eq_ignore_ascii_case("latest") {
        return Err(SchemeError::Misleading { name: quoted(channel), reads_as: "the tag of releases" });
    }
    legal::legal_tag(channel)
}
