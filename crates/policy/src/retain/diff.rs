//! What a change of a policy comes to: two plans, and two policies.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::policy::{Hold, Mode, Policy};
use super::{Snapshot, Verdict};

/// What another plan does that one does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Difference {
    /// Manifests that the other plan deletes as well.
    pub delete: Vec<String>,
    /// Manifests that the other plan does not delete.
    pub keep: Vec<String>,
    /// Tags that go with the other plan as well.
    pub delete_tags: Vec<String>,
    /// Tags that stay with the other plan.
    pub keep_tags: Vec<String>,
}

/// What `other` does that `one` does not, by names: of two policies on one snapshot, or of one on two.
#[must_use]
pub fn diff(one: &Plan<'_>, other: &Plan<'_>) -> Difference {
    let (before, after) = (gone(one), gone(other));
    let more = |one: &BTreeSet<String>, other: &BTreeSet<String>| other.difference(one).cloned().collect();
    // What is not there any more is not kept either.
    let here = |names: Vec<String>, known: &dyn Fn(&Snapshot, &str) -> bool| {
        names.into_iter().filter(|name| known(other.snapshot(), name)).collect()
    };
    Difference {
        delete: more(&before.0, &after.0),
        keep: here(more(&after.0, &before.0), &|snapshot, name| snapshot.find_reference(name).is_some()),
        delete_tags: more(&before.1, &after.1),
        keep_tags: here(more(&after.1, &before.1), &|snapshot, name| super::plan::find_tag(snapshot, name).is_some()),
    }
}

fn gone(plan: &Plan<'_>) -> (BTreeSet<String>, BTreeSet<String>) {
    let snapshot = plan.snapshot();
    let goes = |verdict| matches!(verdict, Verdict::Delete | Verdict::Untag);
    let tags = snapshot.tags().filter(|id| goes(plan.tag(*id).0)).map(|id| snapshot.tag_reference(id));
    (plan.deletes().iter().map(|id| snapshot.manifest_reference(*id)).collect(), tags.collect())
}

impl Difference {
    /// Whether both plans do the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} manifests and {} tags more go, {} manifests and {} tags more stay",
            self.delete.len(),
            self.delete_tags.len(),
            self.keep.len(),
            self.keep_tags.len()
        )?;
        for (sign, names) in [('-', &self.delete), ('-', &self.delete_tags), ('+', &self.keep), ('+', &self.keep_tags)]
        {
            names.iter().try_for_each(|name| write!(f, "\n{sign} {name}"))?;
        }
        Ok(())
    }
}

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
        write!(f, "the hold {} is for compliance: {}", self.hold, self.how)
    }
}

/// The holds for compliance of `one` that are weaker in `other`. Whoever means it says the hash of the other policy.
#[must_use]
pub fn weakened(one: &Policy, other: &Policy) -> Vec<Weakened> {
    let holds = one.hold.iter().filter(|hold| hold.mode == Mode::Compliance);
    let how = |hold: &Hold| {
        let Some(now) = other.hold.iter().find(|now| now.name == hold.name) else {
            return Some("it is gone".to_owned());
        };
        let (before, after) = (hold.period, now.period);
        match (before, after) {
            (Some(before), Some(after)) if after.longest() < before.longest() => {
                return Some(format!("it was for {before}, and is for {after}"));
            }
            (None, Some(after)) => return Some(format!("it had no end, and is for {after}")),
            _ => {}
        }
        let class = |policy: &Policy, hold: &Hold| policy.class(&hold.scope()).cloned();
        let same = hold.scope() == now.scope()
            && class(one, hold) == class(other, now)
            && (&hold.from, &hold.to, hold.mode) == (&now.from, &now.to, now.mode);
        (!same).then(|| "it is about something else".to_owned())
    };
    holds.filter_map(|hold| Some(Weakened { hold: hold.name.clone(), how: how(hold)? })).collect()
}
