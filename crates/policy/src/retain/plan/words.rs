//! Reasons in words.

use std::fmt;

use super::Plan;
use crate::retain::facts::InUse;
use crate::retain::graph::{Layer, Reason};
use crate::retain::{ManifestId, Snapshot};

impl Plan<'_> {
    /// The layer that a reason is of, and the name of its rule where it has one.
    #[must_use]
    pub fn rule_of(&self, reason: Reason) -> (Layer, Option<&str>) {
        match reason {
            Reason::Rule(layer, rule) => (layer, self.rules.get(usize::from(rule.0)).map(|rule| rule.name.as_str())),
            Reason::Default => (Layer::Default, None),
            Reason::Immutable
            | Reason::InUse(_)
            | Reason::Legal(_)
            | Reason::Unasked
            | Reason::UnknownTime
            | Reason::Grace => (Layer::Hold, None),
            _ => (Layer::Structure, None),
        }
    }

    /// A reason, for people.
    #[must_use]
    pub fn words(&self, reason: Reason) -> String {
        Words(self, reason).to_string()
    }
}

/// A reason of a plan, for people.
pub(super) struct Words<'a>(pub(super) &'a Plan<'a>, pub(super) Reason);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(plan, reason) = self;
        let snapshot = plan.snapshot();
        let manifest = |id| Short(snapshot, id);
        match *reason {
            Reason::Rule(layer, rule) => match plan.rules.get(usize::from(rule.0)) {
                Some(rule) => write!(f, "{} {}: {}", layer.as_str(), rule.name, rule.words),
                None => f.write_str(layer.as_str()),
            },
            Reason::Default => f.write_str("no rule says that it may go"),
            Reason::Immutable => f.write_str("the tag is immutable"),
            Reason::InUse(fact) => match plan.evaluation.facts.in_use.get(fact.0 as usize) {
                Some(InUse { why: Some(why), by, .. }) => write!(f, "it is in use: {why} ({by})"),
                Some(InUse { by, .. }) => write!(f, "it is in use, as {by} says"),
                None => f.write_str("it is in use"),
            },
            Reason::Legal(fact) => match plan.evaluation.facts.holds.get(fact.0 as usize) {
                Some(hold) => write!(f, "it must not be touched: {}", hold.reason),
                None => f.write_str("it must not be touched"),
            },
            Reason::Unasked => f.write_str("it is not known who runs it"),
            Reason::UnknownTime => f.write_str("it is not known how old it is"),
            Reason::Grace => f.write_str("it is too new"),
            Reason::Tagged(tag) => write!(f, "the tag {} stays", snapshot.tag_name(tag)),
            Reason::Untagged(tag) => write!(f, "its last tag {} goes", snapshot.tag_name(tag)),
            Reason::ChildOf(id) => write!(f, "{} names it and stays", manifest(id)),
            Reason::RefersTo(id) => write!(f, "it speaks about {}, which stays", manifest(id)),
            Reason::PointsAt(id) => write!(f, "it points at {}, which stays", manifest(id)),
            Reason::GoesWith(id) => write!(f, "nothing names it but {}, which goes", manifest(id)),
            Reason::SubjectGoes(id) => write!(f, "it speaks about {}, which goes", manifest(id)),
            Reason::SubjectElsewhere => f.write_str("what it speaks about is not here"),
            Reason::Untouched => f.write_str("nothing points at it, and no rule says that it may go"),
            Reason::Unresolved => f.write_str("its content could not be read"),
            Reason::Partial => f.write_str("not everything of its repository is known"),
            Reason::Blocked(block) => f.write_str(block.words()),
        }
    }
}

/// A manifest by its digest as people read it, or by its name as it is.
struct Short<'a>(&'a Snapshot, ManifestId);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.given_name(self.1) {
            Some(name) => f.write_str(short(name)),
            None => fmt::Display::fmt(&self.0.key(self.1).short(), f),
        }
    }
}

/// A digest as people read it; a name as it is.
pub(super) fn short(name: &str) -> &str {
    if name.starts_with("sha256:") || name.starts_with("sha512:") { name.get(..19).unwrap_or(name) } else { name }
}
