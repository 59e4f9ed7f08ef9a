//! The rules of a policy by number, with what each says in words.

use crate::retain::Layer;
use crate::retain::policy::{Delete, Glob, Hold, HoldFrom, Keep, Order, Per, Policy};

/// A rule as reasons name it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct RuleName {
    /// Its layer.
    pub layer: Layer,
    /// Its name.
    pub name: String,
    /// What it says.
    pub words: String,
}

impl RuleName {
    /// A rule of another system.
    #[must_use]
    pub fn new(layer: Layer, name: impl Into<String>, words: impl Into<String>) -> Self {
        Self { layer, name: name.into(), words: words.into() }
    }
}

/// The rules by number: holds first, then rules that keep, rules that delete, `untagged` and `orphans`.
pub(super) fn rules(policy: &Policy) -> Vec<RuleName> {
    let holds = policy.hold.iter().map(|rule| RuleName::new(Layer::Hold, &rule.name, hold(rule)));
    let keeps = policy.keep.iter().map(|rule| RuleName::new(Layer::Keep, &rule.name, keep(rule)));
    let deletes = policy.delete.iter().map(|rule| RuleName::new(Layer::Delete, &rule.name, delete(rule)));
    let untagged = policy
        .untagged
        .as_ref()
        .map(|rule| format!("nothing points at it or names it, older than {}", rule.older_than));
    let orphans =
        policy.orphans.as_ref().map(|rule| format!("what it speaks about is not here, older than {}", rule.older_than));
    let alone = [("untagged", untagged), ("orphans", orphans)];
    let alone = alone.into_iter().map(|(name, words)| RuleName::new(Layer::Delete, name, words.unwrap_or_default()));
    holds.chain(keeps).chain(deletes).chain(alone).collect()
}

fn hold(rule: &Hold) -> String {
    let to = |to: &Option<Glob>| to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
    match (rule.period, &rule.in_use, rule.from) {
        (Some(period), _, HoldFrom::Pushed) => format!("for {period}"),
        (Some(period), _, HoldFrom::Promoted) => {
            format!("for {period} from the first promotion{}, or from the push where none is known", to(&rule.to))
        }
        (None, Some(from), _) => format!("in use, as {} says", from.join(" or ")),
        (None, None, _) => "for good".to_owned(),
    }
}

fn keep(rule: &Keep) -> String {
    match (rule.newest, rule.within, rule.pulled_within) {
        (Some(newest), ..) => format!("{newest} {}{}", first(rule.order), per(&rule.per)),
        (_, Some(within), _) => format!("younger than {within}"),
        (_, _, Some(within)) => format!("pulled within {within}"),
        _ => "always".to_owned(),
    }
}

fn delete(rule: &Delete) -> String {
    let mut words = Vec::new();
    words.extend(rule.older_than.map(|age| format!("older than {age}")));
    words.extend(rule.beyond.map(|beyond| format!("beyond {beyond} {}{}", first(rule.order), per(&rule.per))));
    words.extend(rule.promoted.as_ref().map(|promoted| format!("promoted to {} for {}", promoted.to, promoted.after)));
    if let (Some(event), Some(after)) = (&rule.event, rule.after) {
        words.push(format!("{after} after {event}{}", per(&rule.per)));
    }
    words.extend(rule.unpulled_for.map(|age| format!("not pulled for {age}")));
    words.extend(rule.partial.then(|| "not all that it names is here".to_owned()));
    if words.is_empty() { "always".to_owned() } else { words.join(", ") }
}

fn first(order: Order) -> &'static str {
    match order {
        Order::Age => "newest",
        Order::Semver => "highest",
    }
}

fn per(per: &[Per]) -> String {
    if per.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = per.iter().map(|per| per.0.as_str()).collect();
    format!(" per {}", names.join(", "))
}
