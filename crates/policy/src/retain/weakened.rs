//! What a change of a policy takes from its holds for compliance.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::policy::{Hold, Mode, Policy};
use lockage_tagging::OneLine;

/// A hold for compliance that another version of a policy holds less by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Weakened {
    /// The hold's name.
    pub hold: String,
    /// What became of it.
    pub how: String,
}

impl fmt::Display for Weakened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the hold {} is for compliance: {}", OneLine(&self.hold), OneLine(&self.how))
    }
}

/// The holds for compliance of `one` that are weaker in `other`. Whoever means it says the hash of the other policy.
#[must_use]
pub fn weakened(one: &Policy, other: &Policy) -> Vec<Weakened> {
    let is_faithful = |policy: &Policy| policy.import.as_ref().is_some_and(|import| import.faithful);
    let class = |policy: &Policy, hold: &Hold| policy.class(&hold.scope()).cloned();
    let how = |hold: &Hold| {
        if is_faithful(other) && !is_faithful(one) {
            return Some("the policy is a faithful one of another system, which keeps nothing more".to_owned());
        }
        let Some(now) = other.hold.iter().find(|now| now.name == hold.name) else {
            return Some("it is gone".to_owned());
        };
        if hold.scope() != now.scope() || class(one, hold) != class(other, now) || hold.mode != now.mode {
            return Some("it is about something else".to_owned());
        }
        shorter(hold, now).or_else(|| counts_otherwise(hold, now, one, other))
    };
    let holds = one.hold.iter().filter(|hold| hold.mode == Mode::Compliance);
    holds.filter_map(|hold| Some(Weakened { hold: hold.name.clone(), how: how(hold)? })).collect()
}

/// How it may end sooner.
fn shorter(hold: &Hold, now: &Hold) -> Option<String> {
    if now.forever {
        return None;
    }
    let before = match hold.period {
        Some(period) => format!("was for {period}"),
        None if hold.forever => "had no end".to_owned(),
        None => "was for as long as somebody runs it".to_owned(),
    };
    match (hold.period, now.period, &hold.in_use, &now.in_use) {
        (Some(before), Some(now), ..) if !now.may_be_shorter_than(before) => None,
        (_, _, Some(asked), Some(asks))
            if asked.iter().all(|who| asks.contains(who)) && now.history >= hold.history =>
        {
            None
        }
        (_, _, Some(_), Some(_)) => Some("it asks for less of what is in use".to_owned()),
        (_, Some(now), ..) => Some(format!("it {before}, and is for {now}")),
        (_, None, ..) => Some(format!("it {before}, and is for as long as somebody runs it")),
    }
}

/// How it is counted from another moment.
fn counts_otherwise(hold: &Hold, now: &Hold, one: &Policy, other: &Policy) -> Option<String> {
    if now.forever || hold.period.is_none() {
        return None;
    }
    if (hold.from, &hold.to) != (now.from, &now.to) {
        return Some("it is counted from something else".to_owned());
    }
    (one.basis != other.basis).then(|| "ages are counted from another time: basis is not what it was".to_owned())
}
