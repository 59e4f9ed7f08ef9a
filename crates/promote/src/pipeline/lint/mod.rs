//! Lint: what is deployed by a tag that may move, in the files that deploy it; what a graph allows that few people mean; and
//! credentials that can write where they only have to read.

mod dockerfile;
mod graph;
mod rights;
mod yaml;

use std::fmt;

use lockage_registry::{Reference, Repository};

use super::{Graph, Name};

pub use graph::{Concern, concerns, unused};
pub use rights::can_write;

/// A line that deploys something without its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The line, from 1 on.
    pub line: usize,
    /// What it names.
    pub text: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a deployed reference.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Problem {
    /// It has no digest: what it means may be another image tomorrow.
    Floating,
    /// It has variables where the digest would be, so that nobody can tell.
    Open,
    /// It is no reference.
    Unreadable,
}

/// Which kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deployment {
    /// Kubernetes, kustomize, compose, Helm values: every `image` of it. JSON is among them.
    Yaml,
    /// Every `FROM`, and every `COPY --from` that is no stage.
    Dockerfile,
}

impl Deployment {
    /// By the name of the file: `Dockerfile`, `Containerfile`, with an end or before one, and YAML for every other.
    #[must_use]
    pub fn of(file_name: &str) -> Self {
        let name = file_name.to_ascii_lowercase();
        let is_dockerfile = ["dockerfile", "containerfile"]
            .iter()
            .any(|kind| name == *kind || name.starts_with(&format!("{kind}.")) || name.ends_with(&format!(".{kind}")));
        if is_dockerfile { Self::Dockerfile } else { Self::Yaml }
    }

    /// Every reference without a digest, in order.
    ///
    /// ```
    /// use lockage_promote::pipeline::lint::Deployment;
    /// let found = Deployment::Yaml.lint("containers:\n  - image: prod.example/app:latest\n");
    /// assert_eq!(found[0].to_string(), "2: prod.example/app:latest has no digest");
    /// ```
    #[must_use]
    pub fn lint(self, text: &str) -> Vec<Finding> {
        let deployed = match self {
            Self::Yaml => yaml::deployed(text),
            Self::Dockerfile => dockerfile::deployed(text),
        };
        deployed.into_iter().filter_map(|(line, text)| judge(line, text)).collect()
    }
}

fn judge(line: usize, text: String) -> Option<Finding> {
    // Behind the `@` is a digest, whatever stands before it.
    let (before, digest) = text.rsplit_once('@').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let is_open = |part: &str| part.contains("${") || part.contains("{{") || part.starts_with('$');
    let problem = match digest {
        Some(digest) if digest.parse::<lockage_registry::Digest>().is_ok() => return None,
        // Filled in with a digest, or refused by whoever reads it.
        Some(digest) if is_open(digest) => return None,
        Some(_) => Problem::Unreadable,
        None if is_open(before) || before.contains('$') => Problem::Open,
        None if before.is_empty() || before.contains(char::is_whitespace) => Problem::Unreadable,
        None => Problem::Floating,
    };
    Some(Finding { line, text, problem })
}

impl Finding {
    /// The environment of `graph` whose repository this is in, and whether it moves the tag, where it is in one.
    #[must_use]
    pub fn environment<'g>(&self, graph: &'g Graph) -> Option<(&'g Name, bool)> {
        let reference: Reference = self.text.parse().ok()?;
        let tag = reference.tag().map_or("latest", |tag| tag.as_str());
        let found =
            graph.environments().find(|environment| is_in(graph, environment.name(), reference.repository()))?;
        let floats = found.floats().iter().any(|float| float.text().replace("{env}", found.name().as_str()) == tag);
        Some((found.name(), floats))
    }
}

/// Whether the environment's template makes this repository of any image: a name stands somewhere in its path.
fn is_in(graph: &Graph, environment: &Name, repository: &Repository) -> bool {
    let path = repository.path();
    let starts = || path.char_indices().map(|(at, _)| at);
    let ends = || path.char_indices().map(|(at, c)| at + c.len_utf8());
    // The names that a template leaves room for are most often whole parts at the end.
    let parts =
        starts().filter(|at| *at == 0 || path.as_bytes().get(at - 1).is_some_and(|byte| b"/-_.".contains(byte)));
    parts.into_iter().any(|start| {
        ends().rev().filter(|end| *end > start).any(|end| {
            let ends_part = path.as_bytes().get(end).is_none_or(|byte| b"/-_.".contains(byte));
            let name = path.get(start..end).filter(|_| ends_part).and_then(|text| text.parse::<Name>().ok());
            name.is_some_and(|name| graph.repository(&name, environment).is_ok_and(|made| made == *repository))
        })
    })
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ", self.line, self.text)?;
        f.write_str(match self.problem {
            Problem::Floating => "has no digest",
            Problem::Open => "has variables and no digest, so nobody can tell what it is",
            Problem::Unreadable => "is no reference",
        })
    }
}
