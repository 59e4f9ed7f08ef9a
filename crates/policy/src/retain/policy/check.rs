//! What makes no sense in a policy, as far as one can tell without a snapshot.

use std::collections::BTreeSet;
use std::fmt;

use super::{Hold, HoldFrom, Order, Per, Policy, Scope};

/// A policy that makes no sense, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyError {
    place: String,
    problem: PolicyProblem,
}

/// What makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyProblem {
    /// A version of the format that is not known.
    #[error("version {0} is not known: write version: 1")]
    Version(u32),
    /// A rule has no name.
    #[error("it has no name")]
    Nameless,
    /// Two rules have one name.
    #[error("another rule has the same name")]
    Twice,
    /// A rule is called what reasons call something else.
    #[error("what stays or goes without a rule is called so: give it another name")]
    Taken,
    /// There is no such class.
    #[error("there is no class {0:?}")]
    NoClass(String),
    /// What it counts by is in no expression.
    #[error("it counts per {0:?}, which is no named group of its tags' expressions, and no part of a version")]
    NoGroup(String),
    /// A part of it means nothing without another one, or with it.
    #[error("{0}")]
    Senseless(&'static str),
}

impl PolicyError {
    pub(super) fn new(place: impl Into<String>, problem: PolicyProblem) -> Self {
        Self { place: place.into(), problem }
    }

    /// The place: `delete.superseded`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong there.
    #[must_use]
    pub fn problem(&self) -> &PolicyProblem {
        &self.problem
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl std::error::Error for PolicyError {}

/// Names that reasons use.
const TAKEN: [&str; 4] = ["untagged", "orphans", "grace", "default"];

impl Policy {
    /// The policy with its rules by name, if it makes sense.
    ///
    /// # Errors
    /// Where a rule has no name or one that another has, names a class or a group that is not there, or has parts that do not
    /// go together.
    pub fn checked(mut self) -> Result<Self, PolicyError> {
        self.hold.sort_by(|one, other| one.name.cmp(&other.name));
        self.keep.sort_by(|one, other| one.name.cmp(&other.name));
        self.delete.sort_by(|one, other| one.name.cmp(&other.name));
        let mut names = BTreeSet::new();
        for (layer, name) in self.names() {
            let place = || format!("{layer}.{name}");
            if name.trim().is_empty() {
                return Err(PolicyError::new(layer, PolicyProblem::Nameless));
            }
            if TAKEN.contains(&name) {
                return Err(PolicyError::new(place(), PolicyProblem::Taken));
            }
            if !names.insert(name) {
                return Err(PolicyError::new(place(), PolicyProblem::Twice));
            }
        }
        for rule in &self.hold {
            let place = format!("hold.{}", rule.name);
            self.scope(&place, &rule.scope())?;
            hold(rule).map_err(|why| PolicyError::new(place, PolicyProblem::Senseless(why)))?;
        }
        for rule in &self.keep {
            let place = format!("keep.{}", rule.name);
            self.scope(&place, &rule.scope())?;
            self.per(&place, &rule.scope(), &rule.per)?;
            let ways = [rule.newest.is_some(), rule.within.is_some(), rule.pulled_within.is_some()];
            let why = if ways.iter().filter(|way| **way).count() > 1 {
                Some("newest, within and pulled_within are rules of their own: write one for each")
            } else if rule.newest.is_none() && (!rule.per.is_empty() || rule.order == Order::Semver) {
                Some("per and order mean nothing without newest")
            } else {
                None
            };
            senseless(place, why)?;
        }
        for rule in &self.delete {
            let place = format!("delete.{}", rule.name);
            self.scope(&place, &rule.scope())?;
            self.per(&place, &rule.scope(), &rule.per)?;
            let conditions = rule.older_than.is_some()
                || rule.beyond.is_some()
                || rule.promoted.is_some()
                || rule.event.is_some()
                || rule.unpulled_for.is_some()
                || rule.partial;
            let why = if !conditions && !rule.always {
                Some(
                    "it has no condition: write one of older_than, beyond, promoted, event, unpulled_for, partial, or always",
                )
            } else if conditions && rule.always {
                Some("always contradicts its conditions")
            } else if rule.event.is_some() != rule.after.is_some() {
                Some("event and after mean nothing without each other")
            } else if rule.event.is_some() && rule.per.is_empty() {
                Some("an event happens to something: say per what")
            } else if !rule.per.is_empty() && rule.beyond.is_none() && rule.event.is_none() {
                Some("per means nothing without beyond or event")
            } else if rule.order == Order::Semver && rule.beyond.is_none() {
                Some("order means nothing without beyond")
            } else {
                None
            };
            senseless(place, why)?;
        }
        if self.guards.max_delete_ratio.is_some_and(|ratio| !(0.0..=1.0).contains(&ratio)) {
            senseless("guards".to_owned(), Some("max_delete_ratio is a part of one: write a number from 0 to 1"))?;
        }
        if self.import.is_some() && !(self.keep.is_empty() && self.delete.is_empty()) {
            let why = "the other system's policy decides what goes: rules that keep or delete have no place beside it";
            senseless("import".to_owned(), Some(why))?;
        }
        if self.import.is_some() && (self.untagged.is_some() || self.orphans.is_some()) {
            senseless(
                "import".to_owned(),
                Some("untagged and orphans have no place beside the other system's policy"),
            )?;
        }
        Ok(self)
    }

    /// The layer and the name of every rule.
    fn names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let holds = self.hold.iter().map(|rule| ("hold", rule.name.as_str()));
        let keeps = self.keep.iter().map(|rule| ("keep", rule.name.as_str()));
        let deletes = self.delete.iter().map(|rule| ("delete", rule.name.as_str()));
        holds.chain(keeps).chain(deletes)
    }

    fn scope(&self, place: &str, scope: &Scope) -> Result<(), PolicyError> {
        match &scope.class {
            Some(class) if !self.classes.contains_key(class) => {
                Err(PolicyError::new(place, PolicyProblem::NoClass(class.clone())))
            }
            _ => Ok(()),
        }
    }

    fn per(&self, place: &str, scope: &Scope, per: &[Per]) -> Result<(), PolicyError> {
        let class = self.class(scope).and_then(|class| class.tag.as_ref());
        let groups: Vec<&str> = class.iter().copied().chain(&scope.tag).flat_map(|tag| tag.groups()).collect();
        match per.iter().find(|per| !groups.contains(&per.0.as_str()) && !per.is_of_version()) {
            Some(per) => Err(PolicyError::new(place, PolicyProblem::NoGroup(per.0.clone()))),
            None => Ok(()),
        }
    }
}

fn senseless(place: String, why: Option<&'static str>) -> Result<(), PolicyError> {
    match why {
        Some(why) => Err(PolicyError::new(place, PolicyProblem::Senseless(why))),
        None => Ok(()),
    }
}

fn hold(rule: &Hold) -> Result<(), &'static str> {
    let ways = [rule.period.is_some(), rule.forever, rule.in_use.is_some()];
    if ways.iter().filter(|way| **way).count() != 1 {
        return Err("write exactly one of for, forever and in_use");
    }
    if rule.from == HoldFrom::Promoted && rule.period.is_none() {
        return Err("from means nothing without for");
    }
    if rule.to.is_some() && rule.from != HoldFrom::Promoted {
        return Err("to means nothing without from: promoted");
    }
    if rule.history.is_some() && rule.in_use.is_none() {
        return Err("history means nothing without in_use");
    }
    match &rule.in_use {
        Some(from) if from.is_empty() => Err("in_use asks nobody"),
        _ => Ok(()),
    }
}
