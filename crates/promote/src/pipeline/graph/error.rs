//! `GraphError`: environments and edges that do not fit together, and where.

use crate::pipeline::{Name, NameProblem, TemplateError};

/// What is wrong with a graph, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// A name that is none.
    #[error("{place}: {problem}")]
    Name {
        /// Where.
        place: String,
        /// What is wrong.
        problem: NameProblem,
    },
    /// A repository template that gives no repository.
    #[error("{place}: {problem}")]
    Template {
        /// Where.
        place: String,
        /// What is wrong.
        problem: TemplateError,
    },
    /// A tag template that gives no tags.
    #[error("{place}: the tag {template:?}: {why}")]
    Tag {
        /// Where.
        place: String,
        /// The template.
        template: String,
        /// What is wrong.
        why: String,
    },
    /// A platform that is none.
    #[error("{place}: {why}")]
    Platform {
        /// Where.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// A name that two have.
    #[error("there are two {what} called {name}")]
    Twice {
        /// "environments", "edges", "gates", "steps".
        what: &'static str,
        /// The name.
        name: String,
    },
    /// An environment that nobody has described.
    #[error("{place}: there is no environment {name}")]
    UnknownEnvironment {
        /// Where.
        place: String,
        /// The name.
        name: Name,
        /// Those that there are.
        known: Vec<Name>,
    },
    /// An edge that nobody has described.
    #[error("there is no edge {name}")]
    UnknownEdge {
        /// The name.
        name: Name,
        /// Those that there are.
        known: Vec<Name>,
    },
    /// A gate that nobody has described.
    #[error("{place}: there is no gate {gate:?}")]
    UnknownGate {
        /// Where.
        place: String,
        /// The name.
        gate: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A gate that an edge has twice.
    #[error("{place}: the gate {gate:?} is there twice")]
    GateTwice {
        /// Where.
        place: String,
        /// The gate.
        gate: String,
    },
    /// A gate with the name of one that every edge has.
    #[error("{place}: the gate {gate:?} has the name of one that every edge asks by itself")]
    Reserved {
        /// Where.
        place: String,
        /// The gate.
        gate: String,
    },
    /// A step that nobody has described.
    #[error("{place}: there is no step {step:?}")]
    UnknownStep {
        /// Where.
        place: String,
        /// The name.
        step: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A step that an edge has twice at one moment.
    #[error("{place}: the step {step:?} is there twice")]
    StepTwice {
        /// Where.
        place: String,
        /// The step.
        step: String,
    },
    /// A gate that does not block, and nobody says why.
    #[error("{place}: the gate {gate:?} is advisory, and nobody says why")]
    NoReason {
        /// Where.
        place: String,
        /// The gate.
        gate: String,
    },
    /// What an edge is for, where that cannot be meant.
    #[error("{place}: on: {trigger}: {why}")]
    Trigger {
        /// Where.
        place: String,
        /// What is written.
        trigger: String,
        /// What is wrong.
        why: &'static str,
    },
    /// An occasion of which it is not said whether an edge is for it.
    #[error("edge {edge} is for {trigger}, and nobody says whether {occasion} is that")]
    Unsaid {
        /// The edge.
        edge: Name,
        /// What it is for.
        trigger: String,
        /// What is known of the occasion.
        occasion: String,
    },
    /// A way that leads back.
    #[error("the edges {} lead in a circle", .edges.iter().map(Name::as_str).collect::<Vec<_>>().join(", "))]
    Cycle {
        /// The edges of the circle.
        edges: Vec<Name>,
    },
    /// Two environments that move the same tag of the same repository, each to another image.
    #[error("the environments {one} and {other} both move {tag:?} of {repository}")]
    OneTagTwoDigests {
        /// One.
        one: Name,
        /// The other.
        other: Name,
        /// The tag, as it is written.
        tag: String,
        /// The repository, as it is written.
        repository: String,
    },
    /// A tag that is created once, and that moves.
    #[error("{tag:?} of {repository} is created once by environment {pins}, and moved by environment {moves}")]
    PinAndFloat {
        /// Which creates it.
        pins: Name,
        /// Which moves it; it may be the same.
        moves: Name,
        /// The tag, as it is written.
        tag: String,
        /// The repository, as it is written.
        repository: String,
    },
    /// Two ways between the same two environments, none of which is a hotfix.
    #[error("{one} and {other} lead from the same environment to the same")]
    Parallel {
        /// One.
        one: Name,
        /// The other.
        other: Name,
    },
}

impl GraphError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        let among = |known: Vec<&str>| match known.as_slice() {
            [] => "There are none.".to_owned(),
            known => format!("There are: {}.", known.join(", ")),
        };
        match self {
            Self::UnknownEnvironment { known, .. } | Self::UnknownEdge { known, .. } => {
                among(known.iter().map(Name::as_str).collect())
            }
            Self::UnknownGate { known, .. } | Self::UnknownStep { known, .. } => {
                among(known.iter().map(String::as_str).collect())
            }
            Self::Name { .. } => "Names are in lower case: a-z, 0-9, '-', '_', '.', and '/' between parts.".to_owned(),
            Self::Template { problem: TemplateError::Variable { variable, .. }, .. } => {
                format!("Give `{variable}` among the graph's variables, or write {{image}} or {{env}}.")
            }
            Self::Template { .. } => "Write a host and a path, such as registry.example/{env}/{image}.".to_owned(),
            Self::Tag { .. } => "Write a tag with pieces such as {sha}, {version}, {branch} or {env}.".to_owned(),
            Self::Platform { .. } => "Write os/architecture, such as linux/amd64.".to_owned(),
            Self::Reserved { .. } => "Call it something else.".to_owned(),
            Self::Twice { .. } => "Call one of them something else.".to_owned(),
            Self::StepTwice { .. } => "Do it once, or once before and once after.".to_owned(),
            Self::GateTwice { .. } => "Ask it once.".to_owned(),
            Self::Trigger { .. } => {
                "Write each once, with the name of a branch or tag: main, v*, release/*.".to_owned()
            }
            Self::Unsaid { .. } => {
                "Name the edge, or write branch in place of what is not said: it is for any build of that branch."
                    .to_owned()
            }
            Self::NoReason { .. } => "Say why it need not block; the reason is recorded.".to_owned(),
            Self::Cycle { .. } => {
                "Leave one of them out: images move in one direction, and rollbacks are no edges.".to_owned()
            }
            Self::OneTagTwoDigests { .. } => {
                "Give each environment a repository or a tag of its own, such as {env}.".to_owned()
            }
            Self::PinAndFloat { .. } => "Leave it out of pins, or out of floats.".to_owned(),
            Self::Parallel { .. } => "Leave one out, or make one a hotfix with a name.".to_owned(),
        }
    }
}
