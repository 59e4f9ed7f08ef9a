//! `Environment`: a place where images are, and the names that they have there.

use std::fmt;
use std::sync::Arc;

use lockage_registry::{Platform, Tag};
use lockage_tagging::{BuildFacts, Channel, SchemeError, TagScheme, Template};
use serde::{Deserialize, Serialize};

use super::GraphError;
use crate::pipeline::{Name, RepositoryTemplate};

/// An environment as it is written down. It is judged when the graph is built.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[must_use]
pub struct EnvironmentSpec {
    name: String,
    repository: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pins: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    floats: Vec<String>,
    #[serde(default)]
    upstream: Upstream,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    #[serde(skip)]
    schemes: Vec<(Mobility, TagPattern)>,
}

/// Which of the environments before it an image must have been in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "all or any")]
pub enum Upstream {
    /// The one that it comes from.
    #[default]
    Any,
    /// Every one that an edge leads from, but for hotfixes.
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mobility {
    Pin,
    Float,
}

/// A place where images are.
#[derive(Clone, Debug)]
pub struct Environment {
    name: Name,
    repository: RepositoryTemplate,
    pins: Vec<TagPattern>,
    floats: Vec<TagPattern>,
    upstream: Upstream,
    platform: Option<Platform>,
}

/// Tags of an environment: a template such as `sha-{sha}`, or a scheme.
#[derive(Clone)]
pub struct TagPattern {
    text: String,
    scheme: Arc<dyn TagScheme>,
}

impl EnvironmentSpec {
    /// An environment, and the template of its repositories ([`RepositoryTemplate`]).
    pub fn new(name: impl Into<String>, repository: impl Into<String>) -> Self {
        Self { name: name.into(), repository: repository.into(), ..Self::default() }
    }

    /// A tag that is created once, as a [`Template`] that may have `{env}` besides: the same image again is no change, and
    /// another is refused.
    pub fn pin(mut self, template: impl Into<String>) -> Self {
        self.pins.push(template.into());
        self
    }

    /// A tag that moves, after everything else.
    pub fn float(mut self, template: impl Into<String>) -> Self {
        self.floats.push(template.into());
        self
    }

    /// Tags that are created once, by a scheme that `text` describes.
    pub fn pin_by(mut self, text: impl Into<String>, scheme: impl TagScheme + 'static) -> Self {
        self.schemes.push((Mobility::Pin, TagPattern { text: text.into(), scheme: Arc::new(scheme) }));
        self
    }

    /// Tags that move, by a scheme that `text` describes.
    pub fn float_by(mut self, text: impl Into<String>, scheme: impl TagScheme + 'static) -> Self {
        self.schemes.push((Mobility::Float, TagPattern { text: text.into(), scheme: Arc::new(scheme) }));
        self
    }

    /// Which of the environments before it an image must have been in.
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = upstream;
        self
    }

    /// Takes the child for this platform alone (`linux/amd64`), under its own digest, for clients that cannot take an index.
    /// What it is a child of is recorded.
    pub fn platform(mut self, platform: impl Into<String>) -> Self {
        self.platform = Some(platform.into());
        self
    }

    pub(super) fn build(self) -> Result<Environment, GraphError> {
        let place = format!("environment {:?}", self.name);
        let name: Name = self.name.parse().map_err(|problem| GraphError::Name { place: place.clone(), problem })?;
        let repository =
            self.repository.parse().map_err(|problem| GraphError::Template { place: place.clone(), problem })?;
        let platform = self.platform.map(|text| text.parse()).transpose();
        let platform = platform.map_err(|error: lockage_registry::Error| GraphError::Platform {
            place: place.clone(),
            why: error.to_string(),
        })?;
        let patterns = |texts: Vec<String>, mobility: Mobility| -> Result<Vec<TagPattern>, GraphError> {
            let written = texts.into_iter().map(|text| TagPattern::parse(&text, &name, &place));
            let schemes = self.schemes.iter().filter(|(of, _)| *of == mobility);
            written.chain(schemes.map(|(_, pattern)| Ok(pattern.clone()))).collect()
        };
        let (pins, floats) = (patterns(self.pins, Mobility::Pin)?, patterns(self.floats, Mobility::Float)?);
        Ok(Environment { pins, floats, name, repository, upstream: self.upstream, platform })
    }
}

impl Environment {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The template of its repositories.
    #[must_use]
    pub fn repository(&self) -> &RepositoryTemplate {
        &self.repository
    }

    /// The tags that are created once.
    #[must_use]
    pub fn pins(&self) -> &[TagPattern] {
        &self.pins
    }

    /// The tags that move.
    #[must_use]
    pub fn floats(&self) -> &[TagPattern] {
        &self.floats
    }

    /// Which of the environments before it an image must have been in.
    #[must_use]
    pub fn upstream(&self) -> Upstream {
        self.upstream
    }

    /// The one platform that it takes, where it takes one.
    #[must_use]
    pub fn platform(&self) -> Option<&Platform> {
        self.platform.as_ref()
    }
}

impl TagPattern {
    fn parse(text: &str, environment: &Name, place: &str) -> Result<Self, GraphError> {
        // Environments are not facts of a build, so they are filled in before.
        let filled = text.replace("{env}", environment.as_str());
        let refused = |why: String| GraphError::Tag { place: place.to_owned(), template: text.to_owned(), why };
        let scheme: Arc<dyn TagScheme> = if filled.contains(['{', '}']) {
            Arc::new(filled.parse::<Template>().map_err(|error| refused(error.to_string()))?)
        } else {
            filled.parse::<Tag>().map_err(|error| refused(error.to_string()))?;
            Arc::new(Channel::named(filled))
        };
        Ok(Self { text: text.to_owned(), scheme })
    }

    /// The template, or the words for the scheme.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tags for these facts; none where the pattern is not for them, such as `{version}` where there is no release.
    ///
    /// # Errors
    /// As [`TagScheme::tags`].
    pub fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        self.scheme.tags(facts)
    }
}

impl fmt::Debug for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}
