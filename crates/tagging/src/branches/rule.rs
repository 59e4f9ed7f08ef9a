//! One line of a table of branches.

use std::fmt;

use super::{BranchPattern, BranchReading, PatternError};
use crate::{BuildFacts, SchemeError, Tag, TagScheme as _, Template, excerpt::quoted, scheme::legal};

/// What branches of a pattern are for, and which tags they get.
///
/// A tag is a text with pieces in braces: those of a [`Template`], and
///
/// | Piece | Is |
/// |---|---|
/// | `{name}` | what the branch is about, as a tag: `1.2.0` of `release/v1.2.0-sha-2b2e927`, `sprint-42` |
/// | `{channel}` | the channel of the rule |
///
/// ```
/// use lockage_tagging::{BuildFacts, TagScheme, branches::{BranchRole, BranchRule, BranchTable}};
///
/// let rule = BranchRule::new("train/*", BranchRole::Release)?
///     .on_channel("train").floating("{channel}")?.immutable("{name}-{channel}-{run}")?;
/// let table = BranchTable::new().with(rule);
/// let facts = BuildFacts::branch("train/2024.1").run_number(7);
/// assert_eq!(table.tags(&facts)?, ["2024.1-train-7", "train"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BranchRule {
    pattern: BranchPattern,
    role: BranchRole,
    channel: Option<String>,
    floating: Option<String>,
    immutable: Option<String>,
}

/// What a branch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BranchRole {
    /// What is released, or is about to be.
    Main,
    /// Where the next release grows.
    Develop,
    /// One release that is being prepared.
    Release,
    /// One repair of a release.
    Hotfix,
    /// A line of releases that is kept alive.
    Support,
    /// One change.
    Feature,
    /// A pull request, where the build system makes a branch of it.
    PullRequest,
    /// Anything else.
    Other,
}

impl BranchRole {
    /// Whether branches of the role are about a version, and can carry a commit. A feature is about itself: the branch
    /// `feature/add-sha-sums` carries none.
    pub(super) fn is_about_versions(self) -> bool {
        matches!(self, Self::Release | Self::Hotfix | Self::Support)
    }
}

impl fmt::Display for BranchRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Main => "main",
            Self::Develop => "develop",
            Self::Release => "release",
            Self::Hotfix => "hotfix",
            Self::Support => "support",
            Self::Feature => "feature",
            Self::PullRequest => "pull request",
            Self::Other => "other",
        })
    }
}

impl BranchRule {
    /// Branches of `pattern` have `role`, no channel and no tags yet.
    ///
    /// # Errors
    ///
    /// When the pattern is none.
    pub fn new(pattern: &str, role: BranchRole) -> Result<Self, PatternError> {
        Ok(Self { pattern: pattern.parse()?, role, channel: None, floating: None, immutable: None })
    }

    /// Sets the channel that the branches feed.
    #[must_use]
    pub fn on_channel(self, name: impl Into<String>) -> Self {
        Self { channel: Some(name.into()), ..self }
    }

    /// Sets the tag that moves with the branches.
    ///
    /// # Errors
    ///
    /// [`PatternError::Tag`] when `tag` has a piece that there is not.
    pub fn floating(self, tag: impl Into<String>) -> Result<Self, PatternError> {
        Ok(Self { floating: Some(checked(tag.into())?), ..self })
    }

    /// Sets the tag that every build of the branches has for itself.
    ///
    /// # Errors
    ///
    /// [`PatternError::Tag`] when `tag` has a piece that there is not.
    pub fn immutable(self, tag: impl Into<String>) -> Result<Self, PatternError> {
        Ok(Self { immutable: Some(checked(tag.into())?), ..self })
    }

    /// The pattern.
    pub fn pattern(&self) -> &BranchPattern {
        &self.pattern
    }

    /// What the branches are for.
    pub fn role(&self) -> BranchRole {
        self.role
    }

    /// The channel that the branches feed.
    pub fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// The floating tag, when it has no pieces but the channel.
    pub(super) fn fixed_floating(&self) -> Option<String> {
        let tag = self.floating.as_ref()?.replace("{channel}", self.channel.as_deref().unwrap_or("{channel}"));
        (!tag.contains('{')).then_some(tag)
    }

    pub(super) fn has_floating(&self) -> bool {
        self.floating.is_some()
    }

    pub(super) fn has_immutable(&self) -> bool {
        self.immutable.is_some()
    }

    /// The tags of a build whose branch reads as `reading`: the immutable one first.
    pub(super) fn tags(&self, reading: &BranchReading, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let mut tags = Vec::new();
        for text in [&self.immutable, &self.floating].into_iter().flatten() {
            tags.push(self.tag(text, reading, facts)?);
        }
        Ok(tags)
    }

    fn tag(&self, text: &str, reading: &BranchReading, facts: &BuildFacts) -> Result<Tag, SchemeError> {
        let mut text = text.to_owned();
        if text.contains("{channel}") {
            let channel = self.channel.as_deref().unwrap_or_default();
            text = text.replace("{channel}", legal::legal_tag(channel)?.as_str());
        }
        if text.contains("{name}") {
            let missing = SchemeError::MissingFact { fact: "what the branch is about" };
            text = text.replace("{name}", legal::legal_tag(&reading.tag_name().ok_or(missing)?)?.as_str());
        }
        if !text.contains('{') {
            return legal::unreserved(text.parse()?);
        }
        let template: Template = text.parse().map_err(|error| SchemeError::refused(format!("{error}")))?;
        // A branch is built, so a template is silent only where it has pieces of tags or pull requests.
        let missing = SchemeError::MissingFact { fact: "what the tag of the branch is made of" };
        template.tags(facts)?.into_iter().next().ok_or(missing)
    }
}

/// `tag`, if it is one whatever the pieces are.
fn checked(tag: String) -> Result<String, PatternError> {
    let sample = tag.replace("{channel}", "c").replace("{name}", "n");
    // A template has to have a piece, which a fixed tag has not.
    match format!("{sample}{{sha}}").parse::<Template>() {
        Ok(_) => Ok(tag),
        Err(source) => Err(PatternError::Tag { tag: quoted(&tag), source }),
    }
}

impl fmt::Display for BranchRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.pattern, self.role)?;
        for (name, text) in [("channel", &self.channel), ("immutable", &self.immutable), ("floating", &self.floating)] {
            if let Some(text) = text {
                write!(f, ", {name} {text}")?;
            }
        }
        Ok(())
    }
}
