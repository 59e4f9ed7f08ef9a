//! `RepositoryTemplate`: where the images of an environment are.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use lockage_registry::{NameError, Repository};
use serde::{Deserialize, Serialize};

use super::Name;

/// A repository with pieces that are filled in: `333.registry.example/{image}`, `harbor.example/{env}/{image}`,
/// `docker.io/acme/{env}-{image}`.
///
/// `{image}` and `{env}` are known; all others are variables that the graph gives.
///
/// ```
/// use std::collections::BTreeMap;
/// use lockage_promote::pipeline::RepositoryTemplate;
/// let template: RepositoryTemplate = "harbor.example/{env}/{image}".parse()?;
/// let repository = template.render(&"app".parse()?, &"prod".parse()?, &BTreeMap::new())?;
/// assert_eq!(repository.to_string(), "harbor.example/prod/app");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryTemplate {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(String),
}

/// Why a template gives no repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A brace without its other.
    #[error("the template {template:?} has a brace without its other")]
    Brace {
        /// The template.
        template: String,
    },
    /// A variable that nobody gives.
    #[error("the template {template:?} has the variable {{{variable}}}, which is given nowhere")]
    Variable {
        /// The template.
        template: String,
        /// The variable.
        variable: String,
    },
    /// What came out is no repository.
    #[error("the template {template:?} gives {rendered:?}: {problem}")]
    Repository {
        /// The template.
        template: String,
        /// What came out.
        rendered: String,
        /// What is wrong with it.
        problem: Box<NameError>,
    },
}

impl RepositoryTemplate {
    /// The repository of `image` in `environment`.
    ///
    /// # Errors
    /// A variable that is given nowhere, and what is no repository.
    pub fn render(
        &self,
        image: &Name,
        environment: &Name,
        variables: &BTreeMap<String, String>,
    ) -> Result<Repository, TemplateError> {
        let mut rendered = String::new();
        for piece in &self.pieces {
            rendered += match piece {
                Piece::Text(text) => text,
                Piece::Variable(name) if name == "image" => image.as_str(),
                Piece::Variable(name) if name == "env" => environment.as_str(),
                Piece::Variable(name) => variables
                    .get(name)
                    .ok_or_else(|| TemplateError::Variable { template: self.to_string(), variable: name.clone() })?,
            };
        }
        rendered.parse().map_err(|error| TemplateError::Repository {
            template: self.to_string(),
            rendered: rendered.clone(),
            problem: Box::new(error),
        })
    }

    /// The variables that are not `{image}` and `{env}`.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let names = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        });
        names.filter(|name| !matches!(*name, "image" | "env"))
    }
}

impl FromStr for RepositoryTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let brace = || TemplateError::Brace { template: text.to_owned() };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(brace)?;
            if before.contains('}') || name.is_empty() || name.contains('{') {
                return Err(brace());
            }
            pieces.extend((!before.is_empty()).then(|| Piece::Text(before.to_owned())));
            pieces.push(Piece::Variable(name.to_owned()));
            rest = after;
        }
        if rest.contains('}') {
            return Err(brace());
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
        Ok(Self { pieces })
    }
}

impl TryFrom<String> for RepositoryTemplate {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, TemplateError> {
        text.parse()
    }
}

impl From<RepositoryTemplate> for String {
    fn from(template: RepositoryTemplate) -> Self {
        template.to_string()
    }
}

impl fmt::Display for RepositoryTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Variable(name) => write!(f, "{{{name}}}"),
        })
    }
}
