//! What the rules come to: the main tag, the others, and whether there is a `latest`.

use serde::Serialize;

use super::{profile::Profile, strict::StrictProblem};
use crate::{DigestTag, Tag};

/// What the rules come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Version {
    /// The first tag that a rule gave.
    pub main: Option<String>,
    /// The tags of the other rules, each once, without the main one.
    pub partial: Vec<String>,
    /// Whether there is a tag `latest` beside them.
    pub latest: bool,
}

impl Version {
    /// Takes a tag, and says what became of it.
    pub(super) fn take(&mut self, tag: &str) -> Role {
        match &self.main {
            None => {
                self.main = Some(tag.to_owned());
                Role::Main
            }
            Some(main) if main == tag => Role::Repeated,
            Some(_) if self.partial.iter().any(|other| other == tag) => Role::Repeated,
            Some(_) => {
                self.partial.push(tag.to_owned());
                Role::Partial
            }
        }
    }
}

/// What the tag of a rule is among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The first one: the version of the image.
    Main,
    /// One beside the main one.
    Partial,
    /// One that an earlier rule gave already.
    Repeated,
}

/// `text` with every run of characters that cannot stand in a tag replaced by one `-`.
pub(super) fn sanitize(text: &str) -> String {
    let mut tag = String::with_capacity(text.len());
    let mut in_run = false;
    for character in text.chars() {
        let legal = Tag::allows(character);
        if legal {
            tag.push(character);
        } else if !in_run {
            tag.push('-');
        }
        in_run = !legal;
    }
    tag
}

/// `text` as a tag, by the profile. It can be empty with the strict one.
pub(super) fn tag_of(text: &str, rule: &str, profile: Profile) -> Result<String, StrictProblem> {
    let tag = sanitize(text);
    if !profile.is_strict() {
        return Ok(tag);
    }
    let tag = tag.trim_start_matches(|character| !Tag::allows_first(character));
    if tag.is_empty() {
        return Ok(String::new());
    }
    let checked: Tag =
        tag.parse().map_err(|error| StrictProblem::Tag { rule: rule.to_owned(), error: Box::new(error) })?;
    match DigestTag::parse(&checked) {
        Some(_) => Err(StrictProblem::Reserved { rule: rule.to_owned(), tag: tag.to_owned() }),
        None => Ok(tag.to_owned()),
    }
}
