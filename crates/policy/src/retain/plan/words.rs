//! Reasons in words.

use super::Plan;
use crate::retain::facts::InUse;
use crate::retain::graph::{Layer, Reason};

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
        let snapshot = self.snapshot();
        let manifest = |id| short(&snapshot.manifest_name(id)).to_owned();
        match reason {
            Reason::Rule(layer, rule) => match self.rules.get(usize::from(rule.0)) {
                Some(rule) => format!("{} {}: {}", layer.as_str(), rule.name, rule.words),
                None => layer.as_str().to_owned(),
            },
            Reason::Default => "no rule says that it may go".to_owned(),
            Reason::Immutable => "the tag is immutable".to_owned(),
            Reason::InUse(fact) => match self.evaluation.facts.in_use.get(fact.0 as usize) {
                Some(InUse { why: Some(why), by, .. }) => format!("it is in use: {why} ({by})"),
                Some(InUse { by, .. }) => format!("it is in use, as {by} says"),
                None => "it is in use".to_owned(),
            },
            Reason::Legal(fact) => match self.evaluation.facts.holds.get(fact.0 as usize) {
                Some(hold) => format!("it must not be touched: {}", hold.reason),
                None => "it must not be touched".to_owned(),
            },
            Reason::Unasked => "it is not known who runs it".to_owned(),
            Reason::UnknownTime => "it is not known how old it is".to_owned(),
            Reason::Grace => "it is too new".to_owned(),
            Reason::Tagged(tag) => format!("the tag {} stays", snapshot.tag_name(tag)),
            Reason::Untagged(tag) => format!("its last tag {} goes", snapshot.tag_name(tag)),
            Reason::ChildOf(id) => format!("{} names it and stays", manifest(id)),
            Reason::RefersTo(id) => format!("it speaks about {}, which stays", manifest(id)),
            Reason::PointsAt(id) => format!("it points at {}, which stays", manifest(id)),
            Reason::GoesWith(id) => format!("nothing names it but {}, which goes", manifest(id)),
            Reason::SubjectGoes(id) => format!("it speaks about {}, which goes", manifest(id)),
            Reason::SubjectElsewhere => "what it speaks about is not here".to_owned(),
            Reason::Untouched => "nothing points at it, and no rule says that it may go".to_owned(),
            Reason::Unresolved => "its content could not be read".to_owned(),
            Reason::Partial => "not everything of its repository is known".to_owned(),
            Reason::Blocked(block) => block.words().to_owned(),
        }
    }
}

/// A digest as people read it; a name as it is.
pub(super) fn short(name: &str) -> &str {
    if name.starts_with("sha256:") || name.starts_with("sha512:") { name.get(..19).unwrap_or(name) } else { name }
}
