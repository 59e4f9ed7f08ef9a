//! `Trigger` and `Occasion`: which edges are for what set a build off.

use std::fmt;

use lockage_tagging::select::Glob;
use lockage_tagging::{BuildFacts, Event, GitRef};
use serde::{Deserialize, Serialize};

use super::{Edge, Graph, GraphError};

/// What an edge is for: `{ push = "develop" }`. Names are matched without `refs/heads/` and `refs/tags/`, and `*` stands for
/// any characters but `/`, as in [`Glob`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Trigger {
    /// `push`: somebody pushed such a branch.
    Push(Glob),
    /// `tag`: such a tag is built, whatever set that off.
    Tag(Glob),
    /// `pull-request`: a pull request into such a branch is built.
    PullRequest(Glob),
    /// `merged`: a pull request was merged into such a branch, as GitHub and Forgejo tell it. Elsewhere a merge is a push.
    Merged(Glob),
    /// `schedule`: a timer set off a build of such a branch.
    Schedule(Glob),
    /// `manual`: somebody set off a build of such a branch by hand.
    Manual(Glob),
    /// `branch`: such a branch is built, whatever set that off. It is what remains where a CI system does not say that.
    Branch(Glob),
}

/// What set a build off: of what, and by which event, as far as the CI system says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    built: GitRef,
    event: Option<Event>,
    /// For a pull request: the branch that it is to be merged into.
    into: Option<String>,
    /// For a branch: the pull request that was merged into it.
    merged: Option<u64>,
}

impl From<&BuildFacts> for Occasion {
    fn from(build: &BuildFacts) -> Self {
        Self {
            built: build.git_ref.clone(),
            event: build.event.clone(),
            into: build.base_branch.clone(),
            merged: build.merged_pull_request,
        }
    }
}

impl Graph {
    /// The edges that are for this occasion, upstream before downstream.
    ///
    /// ```
    /// use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, Occasion, Trigger};
    /// use lockage_tagging::BuildFacts;
    /// let graph = Graph::builder()
    ///     .environment(EnvironmentSpec::new("stage", "stage.example/{image}"))
    ///     .environment(EnvironmentSpec::new("prod", "prod.example/{image}"))
    ///     .edge(EdgeSpec::new("stage", "prod").on(Trigger::Tag("v*".parse()?)))
    ///     .build()?;
    /// let released = Occasion::from(&BuildFacts::tag("v1.2.0"));
    /// assert_eq!(graph.edges_on(&released)?[0].name().as_str(), "stage-prod");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`GraphError::Unsaid`] where an edge may be for it, and what would tell is not said.
    pub fn edges_on(&self, occasion: &Occasion) -> Result<Vec<&Edge>, GraphError> {
        let mut edges = Vec::new();
        // An edge leads from an earlier environment to a later one.
        for environment in &self.environments {
            for edge in self.leading_into(environment.name()) {
                if edge.is_for(occasion)? {
                    edges.push(edge);
                }
            }
        }
        Ok(edges)
    }
}

impl Edge {
    fn is_for(&self, occasion: &Occasion) -> Result<bool, GraphError> {
        let fits = || self.triggers().iter().map(|trigger| (trigger, trigger.fits(occasion)));
        match fits().find(|(_, fits)| fits.is_none()) {
            _ if fits().any(|(_, fits)| fits == Some(true)) => Ok(true),
            Some((trigger, _)) => Err(GraphError::Unsaid {
                edge: self.name().clone(),
                trigger: trigger.to_string(),
                occasion: occasion.to_string(),
            }),
            None => Ok(false),
        }
    }
}

impl Trigger {
    /// Whether it is for this occasion; `None` where what would tell is not said.
    #[must_use]
    pub fn fits(&self, occasion: &Occasion) -> Option<bool> {
        let by = |event: &Event| occasion.event.as_ref().map(|said| said == event);
        match (self, &occasion.built) {
            (Self::Branch(glob), GitRef::Branch(name)) | (Self::Tag(glob), GitRef::Tag(name)) => {
                Some(glob.matches(name))
            }
            (Self::PullRequest(glob), GitRef::PullRequest(_)) => {
                occasion.into.as_ref().map(|branch| glob.matches(branch))
            }
            (Self::Push(glob), GitRef::Branch(name)) if glob.matches(name) => by(&Event::Push),
            (Self::Schedule(glob), GitRef::Branch(name)) if glob.matches(name) => by(&Event::Schedule),
            (Self::Manual(glob), GitRef::Branch(name)) if glob.matches(name) => by(&Event::Manual),
            (Self::Merged(glob), GitRef::Branch(name)) if glob.matches(name) => match occasion.merged {
                Some(_) => Some(true),
                None => occasion.event.as_ref().map(|_| false),
            },
            _ => Some(false),
        }
    }

    /// Why it is not what somebody meant, if it cannot be.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match self.written().1.as_str() {
            "" => Some("no name is empty"),
            text if text.starts_with("refs/") => Some("names are matched without refs/heads/ and refs/tags/"),
            text if text.contains("**") => Some("`*` stands for anything but `/`, and `**` for no more"),
            _ => None,
        }
    }

    fn written(&self) -> (&'static str, &Glob) {
        match self {
            Self::Push(glob) => ("push", glob),
            Self::Tag(glob) => ("tag", glob),
            Self::PullRequest(glob) => ("pull-request", glob),
            Self::Merged(glob) => ("merged", glob),
            Self::Schedule(glob) => ("schedule", glob),
            Self::Manual(glob) => ("manual", glob),
            Self::Branch(glob) => ("branch", glob),
        }
    }
}

impl fmt::Display for Trigger {
    /// As documents have it: `push = "main"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, glob) = self.written();
        write!(f, "{word} = {:?}", glob.as_str())
    }
}

impl fmt::Display for Occasion {
    /// `a push to main`, `the tag v1.2.0`, `pull request 42 into main`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.built, &self.event, self.merged, &self.into) {
            (GitRef::Tag(name), ..) => write!(f, "the tag {name}"),
            (GitRef::PullRequest(number), _, _, Some(into)) => write!(f, "pull request {number} into {into}"),
            (GitRef::PullRequest(number), ..) => write!(f, "pull request {number}"),
            (GitRef::Branch(name), _, Some(number), _) => write!(f, "pull request {number} merged into {name}"),
            (GitRef::Branch(name), Some(Event::Push), ..) => write!(f, "a push to {name}"),
            (GitRef::Branch(name), Some(Event::Schedule), ..) => write!(f, "a schedule on {name}"),
            (GitRef::Branch(name), Some(Event::Manual), ..) => write!(f, "a run by hand on {name}"),
            (GitRef::Branch(name), Some(event), ..) => write!(f, "{event} on {name}"),
            (GitRef::Branch(name), None, ..) => write!(f, "a build of {name}"),
            (other, ..) => write!(f, "a build of {other:?}"),
        }
    }
}
