//! The version of a release, and the floating tags of the lines in which it is the highest.

use std::fmt;

use semver::Version;

use super::{Move, Verdict, existing::Scope};
use crate::{
    BuildFacts, GitRef, SchemeError, Tag, TagScheme,
    class::{ClassTable, Precision, SchemeClass, TagKind, channel_of},
    component,
    scheme::{channel::channel_tag, legal, semver::parse as parse_version},
};

/// The semantic version in the git tag, and those of `X.Y`, `X` and `latest` in whose line no higher release exists.
/// Silent on everything that is no such git tag.
///
/// A scheme that sees one build cannot tell that 1.4.9 is a fix for an old line. With the tags that exist it can:
///
/// ```
/// use lockage_tagging::{BuildFacts, TagScheme, lines::HighestOfLine};
///
/// let scheme = HighestOfLine::among(["1.4.8", "1.5.0", "1.5", "1", "latest"]);
/// assert_eq!(scheme.tags(&BuildFacts::tag("v1.5.1"))?, ["1.5.1", "1.5", "1", "latest"]);
/// assert_eq!(scheme.tags(&BuildFacts::tag("v1.4.9"))?, ["1.4.9", "1.4"]);
///
/// let reasons: Vec<_> = scheme.moves(&"1.4.9".parse()?)?.iter().map(ToString::to_string).collect();
/// assert_eq!(reasons, ["1.4.9 moves", "1.4 moves", "1 stays: 1.5.0 is higher", "latest stays: 1.5.0 is higher"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The rules
///
/// Let `v` be the version that is built, and *the list* the whole versions among the existing tags.
///
/// 1. The whole version is always given. To release a version again changes nothing else: a version is not higher than
///    itself, so it keeps what it has.
/// 2. A release moves `X.Y` unless the list has a higher release `X.Y.*`; `X` unless it has a higher release `X.*`; and
///    `latest` unless it has a higher release. Prereleases in the list hold nothing back.
/// 3. A prerelease moves none of these. With [`moving_channels`](Self::moving_channels) it moves the tag of its channel,
///    the word it starts with, unless the list has a higher prerelease of that channel or a higher release.
///    A release moves no channel.
/// 4. *Higher* is semver's precedence: `1.10.0` is higher than `1.9.0`, and build metadata does not count. Versions that
///    differ in it alone are ties, and in a tie the build at hand moves the tags: the last one built has them.
/// 5. `0` is not given, as [`MajorZero`] says; `0.Y` and `latest` are.
/// 6. Only tags of the same [component](Self::component) and the same [variant](Self::variant) count; floating tags,
///    digest tags and names never do. `v` before a version, and `_` for `+`, make no difference.
///
/// The list has to be whole: with a page of it, a tag can move backwards. An empty list says that this is the first
/// release. Between the listing and the move another release can happen; run one release at a time.
#[derive(Clone, Debug)]
pub struct HighestOfLine {
    existing: Vec<String>,
    component: Option<Component>,
    variant: Option<String>,
    major_zero: MajorZero,
    latest: Latest,
    channels: Channels,
    table: ClassTable,
}

/// Whether releases `0.Y.Z` get the tag `0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MajorZero {
    /// They do not: from 0.1 to 0.2 everything may change, so there is nothing that `0` could stand for.
    #[default]
    Withhold,
    /// They do, when the highest of `0.*`.
    Publish,
}

#[derive(Clone, Debug)]
struct Component {
    name: String,
    /// Whether the image's tags name it, too.
    in_tags: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Latest {
    Move,
    Leave,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Channels {
    Move,
    Leave,
}

impl HighestOfLine {
    /// Decides by the `existing` tags: all of the image's tags, or all of the repository's git tags.
    pub fn among<T: AsRef<str>>(existing: impl IntoIterator<Item = T>) -> Self {
        Self {
            existing: existing.into_iter().map(|tag| tag.as_ref().to_owned()).collect(),
            component: None,
            variant: None,
            major_zero: MajorZero::Withhold,
            latest: Latest::Move,
            channels: Channels::Leave,
            table: ClassTable::default(),
        }
    }

    /// Releases of one component of a repository, whose images share a repository of the registry: the git tag
    /// `app-v1.2.3`, `app/v1.2.3`, `app_v1.2.3` or `app@1.2.3` gives `app-1.2.3`, `app-1.2`, `app-latest`.
    /// Only existing tags of `name` count, and git tags of others get nothing.
    ///
    /// ```
    /// use lockage_tagging::{BuildFacts, TagScheme, lines::HighestOfLine};
    ///
    /// let scheme = HighestOfLine::among(["app-v1.2.0", "worker-v7.0.0", "v9.0.0"]).component("app");
    /// assert_eq!(scheme.tags(&BuildFacts::tag("app/v1.2.1"))?, ["app-1.2.1", "app-1.2", "app-1", "app-latest"]);
    /// assert!(scheme.tags(&BuildFacts::tag("worker-v7.0.1"))?.is_empty());
    /// # Ok::<(), lockage_tagging::SchemeError>(())
    /// ```
    #[must_use]
    pub fn component(self, name: impl Into<String>) -> Self {
        Self { component: Some(Component { name: name.into(), in_tags: true }), ..self }
    }

    /// Releases of one component of a repository, whose images have a repository of the registry for themselves: the git
    /// tag `app-v1.2.3` gives `1.2.3`. The existing tags are the image's, and name no component.
    #[must_use]
    pub fn component_with_own_image(self, name: impl Into<String>) -> Self {
        Self { component: Some(Component { name: name.into(), in_tags: false }), ..self }
    }

    /// The variant of the image that is built: `1.2.3-alpine`, `1.2-alpine`, `latest-alpine`. Only existing tags of
    /// exactly this variant count.
    #[must_use]
    pub fn variant(self, name: impl Into<String>) -> Self {
        Self { variant: Some(name.into()), ..self }
    }

    /// Says whether `0` is published. By default it is not.
    #[must_use]
    pub fn major_zero(self, major_zero: MajorZero) -> Self {
        Self { major_zero, ..self }
    }

    /// Leaves `latest` alone.
    #[must_use]
    pub fn without_latest(self) -> Self {
        Self { latest: Latest::Leave, ..self }
    }

    /// Lets prereleases move the tag of their channel: `1.3.0-rc.1` moves `rc`.
    ///
    /// ```
    /// use lockage_tagging::{BuildFacts, TagScheme, lines::HighestOfLine};
    ///
    /// let scheme = HighestOfLine::among(["1.3.0-rc.2", "1.2.0"]).moving_channels();
    /// assert_eq!(scheme.tags(&BuildFacts::tag("v1.3.0-rc.3"))?, ["1.3.0-rc.3", "rc"]);
    /// assert_eq!(scheme.tags(&BuildFacts::tag("v1.3.0-rc.1"))?, ["1.3.0-rc.1"]);
    /// assert_eq!(scheme.tags(&BuildFacts::tag("v1.3.0-beta.9"))?, ["1.3.0-beta.9", "beta"]);
    /// assert_eq!(scheme.tags(&BuildFacts::tag("v1.2.0-beta.1"))?, ["1.2.0-beta.1"]);
    /// # Ok::<(), lockage_tagging::SchemeError>(())
    /// ```
    #[must_use]
    pub fn moving_channels(self) -> Self {
        Self { channels: Channels::Move, ..self }
    }

    /// The words by which variants are known among the existing tags, instead of the default ones.
    #[must_use]
    pub fn known_by(self, table: ClassTable) -> Self {
        Self { table, ..self }
    }

    /// Every tag that `version` could get, in the order of the tags, and whether it gets it.
    ///
    /// # Errors
    ///
    /// [`SchemeError::Illegal`] when a name makes no tag, [`SchemeError::EmptyPiece`] when the component or the variant
    /// is empty, and [`SchemeError::Misleading`] for a prerelease that calls itself `latest`.
    pub fn moves(&self, version: &Version) -> Result<Vec<Move>, SchemeError> {
        let existing = self.existing();
        let (releases, prereleases): (Vec<_>, Vec<_>) = existing.iter().partition(|other| other.pre.is_empty());
        let decide = |name: &str, line: &mut dyn Iterator<Item = &&Version>| {
            let highest = line.max_by(|one, other| one.cmp_precedence(other));
            let verdict = match highest.filter(|highest| highest.cmp_precedence(version).is_gt()) {
                Some(highest) => Verdict::Held { by: (*highest).clone() },
                None => Verdict::Moves,
            };
            Ok::<_, SchemeError>(Move { tag: self.tag(name)?, verdict })
        };
        let whole = version.to_string().replace('+', "_");
        let mut moves = vec![Move { tag: self.tag(&whole)?, verdict: Verdict::Moves }];
        if !version.pre.is_empty() {
            if let Some(channel) = channel_of(&version.pre).filter(|_| self.channels == Channels::Move) {
                let same = |other: &&&Version| channel_of(&other.pre) == Some(channel);
                let mut line = prereleases.iter().filter(same).chain(&releases);
                moves.push(decide(channel_tag(channel)?.as_str(), &mut line)?);
            }
            return Ok(moves);
        }
        let major = |other: &&&Version| other.major == version.major;
        let minor = |other: &&&Version| major(other) && other.minor == version.minor;
        moves.push(decide(&format!("{}.{}", version.major, version.minor), &mut releases.iter().filter(minor))?);
        moves.push(match (version.major, self.major_zero) {
            (0, MajorZero::Withhold) => Move { tag: self.tag("0")?, verdict: Verdict::MajorZero },
            (number, _) => decide(&number.to_string(), &mut releases.iter().filter(major))?,
        });
        if self.latest == Latest::Move {
            moves.push(decide("latest", &mut releases.iter())?);
        }
        Ok(moves)
    }

    fn existing(&self) -> Vec<Version> {
        let scope = Scope {
            component: self.component.as_ref().filter(|it| it.in_tags).map(|it| it.name.as_str()),
            variant: self.variant.as_deref(),
            table: &self.table,
        };
        self.existing.iter().filter_map(|tag| scope.version(tag)).collect()
    }

    /// The tag `name`, with the component and the variant around it.
    fn tag(&self, name: &str) -> Result<Tag, SchemeError> {
        let (prefix, suffix) = self.affixes()?;
        Ok(format!("{prefix}{name}{suffix}").parse()?)
    }

    fn affixes(&self) -> Result<(String, String), SchemeError> {
        let check = |text: &str, piece| match text.contains(|character: char| character.is_ascii_alphanumeric()) {
            true => Ok(()),
            false => Err(SchemeError::EmptyPiece { piece }),
        };
        let prefix = match &self.component {
            Some(component) => {
                check(&component.name, "component")?;
                let legal = legal::legal_tag(&component.name)?;
                if component.in_tags { format!("{legal}-") } else { String::new() }
            }
            None => String::new(),
        };
        let suffix = match &self.variant {
            Some(variant) => {
                check(variant, "variant")?;
                format!("-{variant}")
            }
            None => String::new(),
        };
        Ok((prefix, suffix))
    }
}

#[deny(clippy::missing_trait_methods)]
impl TagScheme for HighestOfLine {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let GitRef::Tag(git_tag) = &facts.git_ref else {
            return Ok(Vec::new());
        };
        let text = match &self.component {
            Some(component) => component::strip(git_tag, &component.name),
            None => Some(git_tag.as_str()),
        };
        let Some(version) = text.and_then(|text| parse_version(text).ok()) else {
            return Ok(Vec::new());
        };
        let moves = self.moves(&version)?.into_iter();
        Ok(moves.filter(|decision| decision.verdict == Verdict::Moves).map(|decision| decision.tag).collect())
    }

    fn classes(&self) -> Vec<SchemeClass> {
        let line = |precision| SchemeClass::floating().with_precision(precision);
        let mut classes = vec![SchemeClass::immutable().with_precision(Precision::Patch)];
        classes.extend([line(Precision::Minor), line(Precision::Major)]);
        if self.latest == Latest::Move {
            classes.push(SchemeClass::floating().of_kind(TagKind::Channel).on_channel("latest"));
        }
        if self.channels == Channels::Move {
            classes.push(SchemeClass::floating());
        }
        // Names that make no tag make no class either; `tags` says what is wrong with them.
        let (prefix, suffix) = self.affixes().unwrap_or_default();
        classes.into_iter().map(|class| class.prefixed(&prefix).suffixed(&suffix)).collect()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "highest of line among {} tags", self.existing.len())?;
        if let Some(component) = &self.component {
            write!(f, ", component {}", component.name)?;
        }
        match &self.variant {
            Some(variant) => write!(f, ", variant {variant}"),
            None => Ok(()),
        }
    }
}
