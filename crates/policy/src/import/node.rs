//! A place in another system's document: what is read there, and how it is called when it is wrong.

use serde_json::{Map, Value};

use super::{Flaw, InvalidPolicy, System};
use crate::json::{Strict, excerpt};

pub(super) type Read<T> = Result<T, InvalidPolicy>;

/// The most bytes of a document whose system has no limit of its own.
pub(super) const LARGEST: usize = 1 << 20;

/// Reads a whole document.
pub(super) fn json(system: System, bytes: &[u8]) -> Read<Value> {
    if bytes.len() > LARGEST {
        let flaw = Flaw::Length { least: 2, most: LARGEST, found: bytes.len() };
        return Err(InvalidPolicy::new(system, "$", flaw));
    }
    let Strict(value) = serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
        .map_err(|error| InvalidPolicy::new(system, "$", Flaw::Syntax(format!("it is no JSON: {error}"))))?;
    Ok(value)
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    system: System,
    value: &'a Value,
    place: String,
}

/// An object of which every member is known.
#[derive(Debug)]
pub(super) struct Object<'a> {
    system: System,
    members: &'a Map<String, Value>,
    place: String,
}

#[cfg_attr(not(feature = "import"), allow(dead_code, reason = "no system asks for all of it"))]
impl<'a> Node<'a> {
    pub(super) fn root(system: System, value: &'a Value) -> Self {
        Self { system, value, place: "$".to_owned() }
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn flaw(&self, flaw: Flaw) -> InvalidPolicy {
        InvalidPolicy::new(self.system, &self.place, flaw)
    }

    pub(super) fn wrong(&self, expected: &'static str) -> InvalidPolicy {
        let found = match self.value {
            Value::Object(_) => "an object".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::String(text) => format!("{:?}", excerpt(text)),
            other => excerpt(&other.to_string()),
        };
        self.flaw(Flaw::Wrong { expected, found })
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// This object, if its members are among those that are known.
    pub(super) fn object(&self, known: &'static [&'static str]) -> Read<Object<'a>> {
        let members = self.value.as_object().ok_or_else(|| self.wrong("an object"))?;
        let object = Object { system: self.system, members, place: self.place.clone() };
        for name in members.keys() {
            if !known.iter().any(|one| self.system.is_member(one, name)) {
                let place = member(&self.place, name);
                return Err(InvalidPolicy::new(self.system, place, Flaw::Unknown { known }));
            }
        }
        Ok(object)
    }

    /// This object, which others read as well: it has members that mean nothing here.
    pub(super) fn open(&self) -> Read<Object<'a>> {
        let members = self.value.as_object().ok_or_else(|| self.wrong("an object"))?;
        Ok(Object { system: self.system, members, place: self.place.clone() })
    }

    /// The members of this object, whatever their names are.
    pub(super) fn entries(&self) -> Read<Vec<(&'a str, Node<'a>)>> {
        let members = self.value.as_object().ok_or_else(|| self.wrong("an object"))?;
        let node = |name: &str, value| Node { system: self.system, value, place: member(&self.place, name) };
        Ok(members.iter().map(|(name, value)| (name.as_str(), node(name, value))).collect())
    }

    /// Whether it is an object with this member.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value.as_object().is_some_and(|members| members.keys().any(|one| self.system.is_member(name, one)))
    }

    /// The items of this list, of which there may be so many.
    pub(super) fn items(&self, most: usize) -> Read<Vec<Node<'a>>> {
        let list = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        if list.len() > most {
            return Err(self.flaw(Flaw::TooMany { most, found: list.len() }));
        }
        let node = |(at, value)| Node { system: self.system, value, place: format!("{}[{at}]", self.place) };
        Ok(list.iter().enumerate().map(node).collect())
    }

    pub(super) fn text(&self) -> Read<&'a str> {
        self.value.as_str().ok_or_else(|| self.wrong("a text"))
    }

    pub(super) fn texts(&self, most: usize) -> Read<Vec<String>> {
        self.items(most)?.iter().map(|item| item.text().map(str::to_owned)).collect()
    }

    pub(super) fn flag(&self) -> Read<bool> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    /// A whole number of at least `least` and at most `most`.
    pub(super) fn number(&self, least: u32, most: u32, expected: &'static str) -> Read<u32> {
        let number = self.value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.filter(|number| (least..=most).contains(number)).ok_or_else(|| self.wrong(expected))
    }

    /// A whole number, whatever it is for.
    pub(super) fn integer(&self) -> Read<i64> {
        self.value.as_i64().ok_or_else(|| self.wrong("a whole number"))
    }

    pub(super) fn value(&self) -> &'a Value {
        self.value
    }
}

#[cfg_attr(not(feature = "import"), allow(dead_code, reason = "no system asks for all of it"))]
impl<'a> Object<'a> {
    pub(super) fn at(&self, name: &str) -> String {
        member(&self.place, name)
    }

    /// The member, if it is written.
    pub(super) fn get(&self, name: &str) -> Read<Option<Node<'a>>> {
        let mut found = self.members.iter().filter(|(one, _)| self.system.is_member(name, one));
        let Some((first, value)) = found.next() else { return Ok(None) };
        if let Some((second, _)) = found.next() {
            let first = member(&self.place, first);
            return Err(InvalidPolicy::new(self.system, self.at(second), Flaw::Twice { first }));
        }
        Ok(Some(Node { system: self.system, value, place: self.at(first) }))
    }

    pub(super) fn need(&self, name: &str) -> Read<Node<'a>> {
        self.get(name)?.ok_or_else(|| InvalidPolicy::new(self.system, self.at(name), Flaw::Missing))
    }

    pub(super) fn flag(&self, name: &str) -> Read<bool> {
        self.get(name)?.map_or(Ok(false), |node| node.flag())
    }

    /// Refuses the member.
    pub(super) fn forbid(&self, name: &str, why: &'static str) -> Read<()> {
        self.get(name)?.map_or(Ok(()), |node| Err(node.flaw(Flaw::Contradiction(why))))
    }
}

fn member(place: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if plain { format!("{place}.{name}") } else { format!("{place}[{:?}]", excerpt(name)) }
}
