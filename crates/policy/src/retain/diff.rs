//! What a change of a policy comes to: two plans, and two policies.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::weakened::{Weakened, weakened};
use super::{Snapshot, Verdict};
use lockage_tagging::OneLine;

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
    /// Manifests that the other plan archives, and one does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub archive: Vec<String>,
    /// Manifests that the other plan leaves where they can be pulled from, and one archives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub active: Vec<String>,
    /// Holds for compliance of one's policy that hold less by the other's, whatever that comes to here and now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weakened: Vec<Weakened>,
}

/// What `other` does that `one` does not, by names: of two policies on one snapshot, be they of one system or of two, or of
/// one policy on two snapshots.
#[must_use]
pub fn diff(one: &Plan<'_>, other: &Plan<'_>) -> Difference {
    let (before, after) = (Outcome::of(one), Outcome::of(other));
    let more = |one: &BTreeSet<String>, other: &BTreeSet<String>| other.difference(one).cloned().collect();
    // What is not there any more is not kept either.
    let here = |names: Vec<String>, known: &dyn Fn(&Snapshot, &str) -> bool| {
        names.into_iter().filter(|name| known(other.snapshot(), name)).collect()
    };
    let is_manifest = |snapshot: &Snapshot, name: &str| snapshot.find_reference(name).is_some();
    let active = here(more(&after.archived, &before.archived), &is_manifest);
    Difference {
        delete: more(&before.manifests, &after.manifests),
        keep: here(more(&after.manifests, &before.manifests), &is_manifest),
        delete_tags: more(&before.tags, &after.tags),
        keep_tags: here(more(&after.tags, &before.tags), &|snapshot, name| {
            super::plan::find_tag(snapshot, name).is_some()
        }),
        archive: more(&before.archived, &after.archived),
        active: active.into_iter().filter(|name| !after.manifests.contains(name)).collect(),
        weakened: weakened(one.own_policy(), other.own_policy()),
    }
}

/// What becomes of what does not stay as it is.
struct Outcome {
    manifests: BTreeSet<String>,
    tags: BTreeSet<String>,
    archived: BTreeSet<String>,
}

impl Outcome {
    fn of(plan: &Plan<'_>) -> Self {
        let snapshot = plan.snapshot();
        let goes = |verdict| matches!(verdict, Verdict::Delete | Verdict::Untag);
        let tags = snapshot.tags().filter(|id| goes(plan.tag(*id).0)).map(|id| snapshot.tag_reference(id));
        let archived = snapshot.manifests().filter(|id| plan.manifest(*id).0 == Verdict::Archive);
        Self {
            manifests: plan.deletes().iter().map(|id| snapshot.manifest_reference(*id)).collect(),
            tags: tags.collect(),
            archived: archived.map(|id| snapshot.manifest_reference(id)).collect(),
        }
    }
}

impl Difference {
    /// Whether both plans do the same, and the other policy holds no less.
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
        if !self.archive.is_empty() || !self.active.is_empty() {
            write!(f, ", {} manifests more are archived, {} no more", self.archive.len(), self.active.len())?;
        }
        self.weakened.iter().try_for_each(|hold| write!(f, "\nwarning: {hold}"))?;
        for (sign, names) in [('-', &self.delete), ('-', &self.delete_tags), ('+', &self.keep), ('+', &self.keep_tags)]
        {
            names.iter().try_for_each(|name| write!(f, "\n{sign} {}", OneLine(name)))?;
        }
        self.archive.iter().try_for_each(|name| write!(f, "\n- {} (archived)", OneLine(name)))?;
        self.active.iter().try_for_each(|name| write!(f, "\n+ {} (not archived)", OneLine(name)))
    }
}
