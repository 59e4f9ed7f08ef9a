//! Why an evaluation failed: where, on whose word, and the message that the action has for it.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::strict::StrictProblem;

/// Why there is no metadata.
///
/// With the profile [`Compatible`](super::Profile::Compatible), the message of an error whose
/// [`origin`](Self::origin) is [`Action`](Origin::Action) is the action's own, to the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionError {
    stage: Stage,
    problem: Box<ActionProblem>,
}

impl ActionError {
    pub(crate) fn new(stage: Stage, problem: impl Into<ActionProblem>) -> Self {
        Self { stage, problem: Box::new(problem.into()) }
    }

    /// The part of the evaluation that failed.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whose rule was broken.
    pub fn origin(&self) -> Origin {
        self.problem.origin()
    }

    /// What is wrong.
    pub fn problem(&self) -> &ActionProblem {
        &self.problem
    }

    /// The message in one text. It has several lines where an entry that it quotes has.
    pub fn message(&self) -> String {
        self.problem.to_string()
    }
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for ActionError {}

/// As `{"stage": …, "origin": …, "message": …}`.
impl Serialize for ActionError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("ActionError", 3)?;
        fields.serialize_field("stage", self.stage.as_str())?;
        fields.serialize_field("origin", self.origin().as_str())?;
        fields.serialize_field("message", &self.message())?;
        fields.end()
    }
}

/// A part of the evaluation, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The inputs are read as lists.
    Inputs,
    /// The ref is looked up in a checkout.
    GitRef,
    /// Ref, commit and date are taken from the event.
    Context,
    /// The entries of `images` are read.
    ParseImages,
    /// The entries of `tags` are read.
    ParseTags,
    /// The entries of `flavor` are read.
    ParseFlavor,
    /// The rules are evaluated.
    Version,
    /// The references are put together.
    Tags,
    /// The labels are rendered.
    Labels,
    /// The annotations are rendered.
    Annotations,
    /// What becomes of the metadata is settled.
    Outputs,
}

impl Stage {
    /// The stage as it is written in documents: `parse-tags`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::GitRef => "git-ref",
            Self::Context => "context",
            Self::ParseImages => "parse-images",
            Self::ParseTags => "parse-tags",
            Self::ParseFlavor => "parse-flavor",
            Self::Version => "version",
            Self::Tags => "tags",
            Self::Labels => "labels",
            Self::Annotations => "annotations",
            Self::Outputs => "outputs",
        }
    }
}

/// Whose rule an input broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The action checks for it, and has the message.
    Action,
    /// The text is no CSV.
    Csv,
    /// A template cannot be read or rendered.
    Handlebars,
    /// A date cannot be shown in a zone.
    Moment,
    /// A regular expression cannot be read, or takes too long.
    Regex,
    /// The action crashes on it.
    Js,
    /// Only the profile [`Strict`](super::Profile::Strict) refuses it.
    Strict,
    /// The caller's git did not answer.
    Git,
}

impl Origin {
    /// The origin as it is written in documents: `handlebars`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Csv => "csv",
            Self::Handlebars => "handlebars",
            Self::Moment => "moment",
            Self::Regex => "regex",
            Self::Js => "js",
            Self::Strict => "strict",
            Self::Git => "git",
        }
    }
}

/// What is wrong with an input. The texts inside are as they were given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionProblem {
    /// `type=` is none of the eight.
    #[error("Unknown tag type attribute: {0}")]
    UnknownTagType(String),
    /// A rule lacks what its type requires.
    #[error("Missing {attribute} attribute for {entry}")]
    MissingAttribute {
        /// The attribute that is missing.
        attribute: &'static str,
        /// The whole rule.
        entry: String,
    },
    /// `group=` of a rule is no number.
    #[error("Invalid match group for {0}")]
    InvalidGroup(String),
    /// `event=` of a rule is none of the three.
    #[error("Invalid event for {0}")]
    InvalidEvent(String),
    /// `format=` of a rule is neither `short` nor `long`.
    #[error("Invalid format for {0}")]
    InvalidFormat(String),
    /// A field of a flavor has no `=`.
    #[error("Invalid flavor entry: {0}")]
    InvalidFlavor(String),
    /// `latest=` of a flavor is none of the three.
    #[error("Invalid latest flavor entry: {0}")]
    InvalidLatest(String),
    /// `onlatest=` of a flavor is no boolean.
    #[error("Invalid value for onlatest attribute: {0}")]
    InvalidOnLatest(String),
    /// A flavor has no such key.
    #[error("Unknown flavor entry: {0}")]
    UnknownFlavor(String),
    /// `enable=` of an image is no boolean.
    #[error("Invalid enable attribute value: {0}")]
    InvalidImageEnable(String),
    /// An image has no such key.
    #[error("Unknown image attribute: {0}")]
    UnknownImageAttribute(String),
    /// An image has no name.
    #[error("Image name attribute empty: {0}")]
    EmptyImageName(String),
    /// `enable=` of a rule did not render to a boolean.
    #[error("Invalid value for enable attribute: {0}")]
    InvalidEnable(String),
    /// `{{date}}` and `{{commit_date}}` know only the key `tz`.
    #[error("Unknown {0} attribute")]
    UnknownDateOption(String),
    /// The setting is no number, and a short commit is needed.
    #[error("DOCKER_METADATA_SHORT_SHA_LENGTH is not a valid number: {0}")]
    InvalidShortLength(String),
    /// `context` is neither `workflow` nor `git`.
    #[error("Invalid context source: {0}")]
    InvalidContextSource(String),
    /// The setting is no boolean.
    #[error("parseBool syntax error: {0}")]
    InvalidBoolean(String),
    /// No branch and no tag contains what is checked out.
    #[error("Cannot infer ref from detached HEAD")]
    CannotInferRef,
    /// git decorates the commit with something that does not begin with `HEAD, `.
    #[error("Cannot find detached HEAD ref in \"{0}\"")]
    NoDetachedRef(String),
    /// Several tags point at the commit, and none is the one that decorates it.
    #[error("Cannot find detached tag ref in \"{0}\"")]
    NoDetachedTag(String),
    /// git decorates the commit with something that is neither a tag nor of a remote.
    #[error("Unsupported detached HEAD ref in \"{0}\"")]
    UnsupportedDetachedRef(String),
    /// The text is no CSV.
    #[error("{0}")]
    Csv(String),
    /// The template cannot be read or rendered.
    #[error("{0}")]
    Template(String),
    /// The regular expression cannot be read, or takes too long.
    #[error("{0}")]
    Regex(String),
    /// The date cannot be shown in the zone.
    #[error("{0}")]
    Zone(String),
    /// The action ends in a `TypeError`.
    #[error("{0}")]
    Crash(&'static str),
    /// The question could not be put to git.
    #[error("git cannot be asked: {0}")]
    Git(String),
    /// Only the profile [`Strict`](super::Profile::Strict) refuses it.
    #[error(transparent)]
    Strict(#[from] StrictProblem),
}

impl ActionProblem {
    /// Whose rule it is.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Csv(_) => Origin::Csv,
            Self::Template(_) => Origin::Handlebars,
            Self::Regex(_) => Origin::Regex,
            Self::Zone(_) => Origin::Moment,
            Self::Crash(_) => Origin::Js,
            Self::Git(_) => Origin::Git,
            Self::Strict(_) => Origin::Strict,
            _ => Origin::Action,
        }
    }
}
