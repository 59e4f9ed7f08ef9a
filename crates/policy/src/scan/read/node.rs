//! A place in a JSON document: what is read there, and how it is called when it is wrong.

use jiff::Timestamp;
use lockage_tagging::Digest;
use serde_json::Value;

use super::super::{Problem, Purl, ReadError, Severity, excerpt, instant};

/// A value and its place. `null` counts as absent everywhere: Go's encoders write it for what is empty.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    value: &'a Value,
    place: String,
}

type Read<T> = Result<T, ReadError>;

impl<'a> Node<'a> {
    pub(crate) fn root(value: &'a Value) -> Self {
        Self { value, place: "$".to_owned() }
    }

    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    pub(crate) fn wrong(&self, expected: &'static str) -> ReadError {
        let found = match self.value {
            Value::Object(_) => "an object".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::String(text) => format!("{:?}", excerpt(text)),
            other => other.to_string(),
        };
        ReadError::new(&self.place, Problem::Wrong { expected, found })
    }

    pub(crate) fn contradiction(&self, what: &'static str) -> ReadError {
        ReadError::new(&self.place, Problem::Contradiction(what))
    }

    /// The member, if it is there.
    pub(crate) fn get(&self, name: &str) -> Read<Option<Node<'a>>> {
        let object = self.value.as_object().ok_or_else(|| self.wrong("an object"))?;
        let member = object.get(name).filter(|value| !value.is_null());
        Ok(member.map(|value| Node { value, place: format!("{}.{name}", self.place) }))
    }

    /// Whether the member is written, be it as `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value.get(name).is_some()
    }

    pub(crate) fn need(&self, name: &str) -> Read<Node<'a>> {
        self.get(name)?.ok_or_else(|| ReadError::new(format!("{}.{name}", self.place), Problem::Missing))
    }

    /// The member several levels down; nothing where any level is absent.
    pub(crate) fn dig(&self, names: &[&str]) -> Read<Option<Node<'a>>> {
        let mut node = self.clone();
        for name in names {
            match node.get(name)? {
                Some(next) => node = next,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// The items of this list.
    pub(crate) fn items(&self) -> Read<Vec<Node<'a>>> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        let item = |(index, value)| Node { value, place: format!("{}[{index}]", self.place) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// The items of a member; none where it is absent.
    pub(crate) fn list(&self, name: &str) -> Read<Vec<Node<'a>>> {
        self.get(name)?.map_or_else(|| Ok(Vec::new()), |member| member.items())
    }

    pub(crate) fn need_list(&self, name: &str) -> Read<Vec<Node<'a>>> {
        self.need(name)?.items()
    }

    pub(crate) fn as_text(&self) -> Read<&'a str> {
        self.value.as_str().ok_or_else(|| self.wrong("a text"))
    }

    /// A text; an empty one counts as absent.
    pub(crate) fn text(&self, name: &str) -> Read<Option<&'a str>> {
        Ok(self.get(name)?.map(|member| member.as_text()).transpose()?.filter(|text| !text.is_empty()))
    }

    pub(crate) fn need_text(&self, name: &str) -> Read<&'a str> {
        self.text(name)?.ok_or_else(|| ReadError::new(format!("{}.{name}", self.place), Problem::Missing))
    }

    pub(crate) fn texts(&self, name: &str) -> Read<Vec<&'a str>> {
        self.list(name)?.iter().map(Node::as_text).collect()
    }

    pub(crate) fn flag(&self, name: &str) -> Read<Option<bool>> {
        let flag = |member: Node<'_>| member.value.as_bool().ok_or_else(|| member.wrong("true or false"));
        self.get(name)?.map(flag).transpose()
    }

    pub(crate) fn count(&self, name: &str) -> Read<Option<u64>> {
        let count = |member: Node<'_>| member.value.as_u64().ok_or_else(|| member.wrong("a count"));
        self.get(name)?.map(count).transpose()
    }

    /// A number, or a text that is one.
    pub(crate) fn score(&self, name: &str) -> Read<Option<f64>> {
        let score = |member: Node<'_>| {
            let number = match member.value {
                Value::String(text) if text.is_empty() => return Ok(None),
                Value::String(text) => text.parse().ok(),
                other => other.as_f64(),
            };
            number.filter(|score| f64::is_finite(*score)).map(Some).ok_or_else(|| member.wrong("a number"))
        };
        Ok(self.get(name)?.map(score).transpose()?.flatten())
    }

    /// An instant, or a day, which begins at midnight UTC. Go's zero time counts as absent.
    pub(crate) fn time(&self, name: &str) -> Read<Option<Timestamp>> {
        let Some(member) = self.get(name)? else { return Ok(None) };
        let text = member.as_text()?;
        if text.is_empty() || text.starts_with("0001-01-01") {
            return Ok(None);
        }
        instant(text).map(Some).ok_or_else(|| member.wrong("a time such as 2024-03-09T16:41:09Z"))
    }

    pub(crate) fn digest(&self, name: &str) -> Read<Option<Digest>> {
        let Some(member) = self.get(name)? else { return Ok(None) };
        match member.as_text()? {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| member.wrong("a digest such as sha256:2b2e92…")),
        }
    }

    pub(crate) fn as_severity(&self) -> Read<Severity> {
        self.as_text()?.parse().map_err(|_| self.wrong("a severity"))
    }

    /// A severity that has to be there: a finding without one is not taken for a harmless one.
    pub(crate) fn severity(&self, name: &str) -> Read<Severity> {
        self.need(name)?.as_severity()
    }

    pub(crate) fn purl(&self, name: &str) -> Read<Option<Purl>> {
        let Some(member) = self.get(name)? else { return Ok(None) };
        match member.as_text()? {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| member.wrong("a package URL")),
        }
    }
}
