//! Policies as documents: TOML, YAML and JSON.

use std::fmt;

use super::null::NoNull;
use super::policy::Policy;
use crate::yaml;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// TOML.
    Toml,
    /// YAML 1.2.
    Yaml,
    /// JSON.
    Json,
}

impl Format {
    /// The format of a file by the end of its name.
    #[must_use]
    pub fn of(file: &std::path::Path) -> Option<Self> {
        match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// A document that is no policy, and where that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    line: Option<usize>,
    rule: Option<String>,
    problem: String,
}

impl DocumentError {
    /// The line, from 1 on, where one is known.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The rule, such as `delete.stale`, where it is in one.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        "The keys of such a document are in crates/policy/schema/retention.schema.json; examples/documents/retention.yaml shows each."
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(rule) = self.rule.as_ref().filter(|rule| !self.problem.starts_with(rule.as_str())) {
            write!(f, "{rule}: ")?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for DocumentError {}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// Where it is none, has a field that no policy has, or makes no sense; with the line and the rule.
    pub fn parse(text: &str, format: Format) -> Result<Self, DocumentError> {
        let (line, problem) = match format {
            Format::Toml => match toml::from_str(text) {
                Ok(policy) => return Ok(policy),
                Err(error) => (error.span().map(|span| line_at(text, span.start)), error.message().to_owned()),
            },
            Format::Yaml => match yaml::from_str::<NoNull>(text).and_then(|NoNull| yaml::from_str(text)) {
                Ok(policy) => return Ok(policy),
                Err(error) => {
                    let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
                    (line, without_place(&first_line(&error.without_snippet().to_string())))
                }
            },
            Format::Json => match serde_json::from_str::<NoNull>(text).and_then(|NoNull| serde_json::from_str(text)) {
                Ok(policy) => return Ok(policy),
                Err(error) => (Some(error.line()).filter(|line| *line > 0), without_place(&error.to_string())),
            },
        };
        let rule = rule(text, format, &problem);
        // What makes no sense as a whole has no place of its own: the rule has.
        let named = rule.as_deref().and_then(|rule| line_of(text, rule));
        let whole = rule.as_ref().is_some_and(|rule| problem.starts_with(rule.as_str()));
        let line = if whole { named.or(line) } else { line.or(named) }.or_else(|| line_of_key(text, &problem));
        Err(DocumentError { line, rule, problem })
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// What is wrong without the place, which is said before it.
fn without_place(problem: &str) -> String {
    let place = problem.rfind(" at line ").filter(|place| {
        let rest = problem.get(place + " at line ".len()..).unwrap_or_default();
        rest.starts_with(|first: char| first.is_ascii_digit())
    });
    place.and_then(|place| problem.get(..place)).unwrap_or(problem).to_owned()
}

/// The line of the key of the document that a problem begins with: `guards: …`.
fn line_of_key(text: &str, problem: &str) -> Option<usize> {
    let (key, _) = problem.split_once(':')?;
    let is_key = |line: &str| {
        let line = line.trim_start_matches(['[', '{', '"', ' ']);
        let rest = line.strip_prefix(key).map(|rest| rest.trim_start_matches(['"', ' ']));
        rest.is_some_and(|rest| rest.starts_with([':', '=', ']', '.']))
    };
    text.lines().position(is_key).map(|line| line + 1)
}

fn line_at(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).matches('\n').count() + 1
}

/// The rule that is wrong: the one that the problem names, or the first that cannot be read by itself.
fn rule(text: &str, format: Format, problem: &str) -> Option<String> {
    for layer in ["hold", "keep", "delete", "classes"] {
        if let Some(rest) = problem.strip_prefix(layer).and_then(|rest| rest.strip_prefix('.')) {
            return Some(format!("{layer}.{}", rest.split(':').next().unwrap_or_default()));
        }
    }
    let value: serde_json::Value = match format {
        Format::Toml => toml::from_str(text).ok()?,
        Format::Yaml => yaml::from_str(text).ok()?,
        Format::Json => serde_json::from_str(text).ok()?,
    };
    let rules = |layer: &str| value.get(layer).and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    let wrong = |layer: &str, read: &dyn Fn(serde_json::Value) -> bool| {
        rules(layer).into_iter().enumerate().find(|(_, rule)| !read(rule.clone())).map(|(place, rule)| {
            let name = rule.get("name").and_then(serde_json::Value::as_str).map(str::to_owned);
            format!("{layer}.{}", name.unwrap_or_else(|| place.to_string()))
        })
    };
    let class = || {
        let classes = value.get("classes")?.as_object()?.iter();
        let mut wrong = classes.filter(|(_, class)| serde_json::from_value::<super::Class>((*class).clone()).is_err());
        wrong.next().map(|(name, _)| format!("classes.{name}"))
    };
    wrong("hold", &|rule| serde_json::from_value::<super::Hold>(rule).is_ok())
        .or_else(|| wrong("keep", &|rule| serde_json::from_value::<super::Keep>(rule).is_ok()))
        .or_else(|| wrong("delete", &|rule| serde_json::from_value::<super::Delete>(rule).is_ok()))
        .or_else(class)
}

/// The line on which a rule's name stands.
fn line_of(text: &str, rule: &str) -> Option<usize> {
    let (_, name) = rule.split_once('.')?;
    let is_name = |line: &str| {
        let after = line.split_once("name").map(|(_, after)| after.trim_start_matches([':', '=', ' ', '"', '\'']));
        after
            .and_then(|after| after.strip_prefix(name))
            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '-' | '_')))
    };
    text.lines().position(is_name).map(|line| line + 1)
}
