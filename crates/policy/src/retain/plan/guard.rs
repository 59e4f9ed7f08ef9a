//! What stops a plan, and what it warns of.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::known::tag;
use super::{Plan, Verdict};
use crate::retain::facts::Facts;
use crate::retain::policy::Level;
use crate::retain::{DigestKey, TagId};

/// Why a plan is not executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "guard", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// It would delete more manifests than it may.
    MaxDelete {
        /// So many.
        deletes: u64,
        /// The most that it may.
        limit: u64,
    },
    /// It would delete a larger part of all manifests than it may.
    MaxDeleteRatio {
        /// So many.
        deletes: u64,
        /// Of so many.
        of: u64,
        /// The largest part that it may.
        limit: f64,
    },
    /// It would leave too few manifests with a tag in a repository.
    MinSurvivors {
        /// The repository.
        repository: String,
        /// So many are left.
        left: u64,
        /// So many have to be.
        limit: u64,
    },
    /// An immutable tag was moved.
    ImmutableMoved {
        /// The tag, `repository:tag`.
        tag: String,
        /// The digest that it was seen with.
        seen: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxDelete { deletes, limit } => {
                write!(f, "it would delete {deletes} manifests, and may delete {limit}")
            }
            Self::MaxDeleteRatio { deletes, of, limit } => {
                write!(f, "it would delete {deletes} of {of} manifests, and may delete {limit} of all")
            }
            Self::MinSurvivors { repository, left, limit } => {
                write!(f, "it would leave {left} manifests with a tag in {repository}, and has to leave {limit}")
            }
            Self::ImmutableMoved { tag, seen } => write!(f, "{tag} should never move, and was seen with {seen}"),
        }
    }
}

/// What whoever wrote the policy might not have meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// Not everything of a repository is known, so nothing of it is deleted.
    Partial {
        /// The repository.
        repository: String,
    },
    /// Nobody was asked what is in use, so what a rule is about stays.
    Unasked {
        /// Who should have been.
        who: String,
    },
    /// An immutable tag was moved.
    ImmutableMoved {
        /// The tag, `repository:tag`.
        tag: String,
        /// The digest that it was seen with.
        seen: String,
    },
    /// It deletes a large part of everything, and no guard says how much it may.
    LargePart {
        /// So many manifests.
        deletes: u64,
        /// Of so many.
        of: u64,
    },
    /// A tag that somebody runs is not here.
    InUseMissing {
        /// The tag or the digest.
        what: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partial { repository } => {
                write!(f, "not everything of {repository} is known: no manifest of it is deleted")
            }
            Self::Unasked { who } => write!(f, "{who} was not asked what is in use: what the rule is about stays"),
            Self::ImmutableMoved { tag, seen } => write!(f, "{tag} should never move, and was seen with {seen}"),
            Self::LargePart { deletes, of } => {
                write!(f, "{deletes} of {of} manifests go: max_delete_ratio would stop that")
            }
            Self::InUseMissing { what } => write!(f, "{what} is in use, and is not here"),
        }
    }
}

pub(super) fn guard(plan: &Plan<'_>, facts: &Facts) -> (Vec<Refusal>, Vec<Warning>) {
    let (snapshot, policy) = (plan.snapshot(), plan.evaluation.policy);
    let (mut refusals, mut warnings) = (Vec::new(), Vec::new());
    let (deletes, of) = (plan.deletes().len() as u64, snapshot.manifests().len() as u64);
    if let Some(limit) = policy.guards.max_delete.filter(|limit| deletes > *limit) {
        refusals.push(Refusal::MaxDelete { deletes, limit });
    }
    #[expect(clippy::cast_precision_loss, reason = "there are fewer manifests than a float tells apart")]
    if let Some(limit) = policy.guards.max_delete_ratio.filter(|limit| deletes as f64 > *limit * of as f64) {
        refusals.push(Refusal::MaxDeleteRatio { deletes, of, limit });
    }
    let mut tagged: Vec<(u64, u64)> = vec![(0, 0); snapshot.repositories().len()];
    for id in snapshot.manifests() {
        let plain = |tag: TagId| snapshot.speaks_about(tag).is_none();
        if snapshot.tags_at(id).any(plain)
            && let Some((all, left)) = tagged.get_mut(snapshot.repository_of(id).index())
        {
            *all += 1;
            *left += u64::from(
                plan.manifest(id).0 != Verdict::Delete
                    && snapshot.tags_at(id).any(|tag| plain(tag) && plan.tag(tag).0 != Verdict::Untag),
            );
        }
    }
    for repository in snapshot.repositories() {
        let (all, left) = tagged.get(repository.index()).copied().unwrap_or_default();
        let limit = policy.guards.min_survivors.min(all);
        if left < limit {
            let repository = snapshot.repository_name(repository).to_owned();
            refusals.push(Refusal::MinSurvivors { repository, left, limit });
        }
        if !snapshot.is_complete(repository) || snapshot.manifests_of(repository).any(|id| !snapshot.is_resolved(id)) {
            warnings.push(Warning::Partial { repository: snapshot.repository_name(repository).to_owned() });
        }
    }
    if plan.lint().is_some() {
        warnings.push(Warning::LargePart { deletes, of });
    }
    for who in
        policy.hold.iter().flat_map(|rule| rule.in_use.iter().flatten()).filter(|who| !facts.asked.contains(*who))
    {
        warnings.push(Warning::Unasked { who: who.clone() });
    }
    moved(plan, facts, &mut refusals, &mut warnings);
    (refusals, warnings)
}

impl Plan<'_> {
    /// Whether the policy does not say how large a part of all manifests may go.
    pub(in crate::retain) fn ratio_is_unlimited(&self) -> bool {
        self.evaluation.policy.guards.max_delete_ratio.is_none()
    }
}

/// Tags of classes that are not mutable, which were seen with another digest.
fn moved(plan: &Plan<'_>, facts: &Facts, refusals: &mut Vec<Refusal>, warnings: &mut Vec<Warning>) {
    let (snapshot, policy) = (plan.snapshot(), plan.evaluation.policy);
    let Some(level) =
        policy.checks.iter().map(|check| check.immutable_moved).max_by_key(|level| *level == Level::Error)
    else {
        return;
    };
    for seen in &facts.seen {
        let Some(id) = tag(snapshot, &seen.tag) else { continue };
        let same = DigestKey::try_from(&seen.digest).is_ok_and(|key| snapshot.key(snapshot.target(id)) == key);
        let repository = snapshot.repository_name(snapshot.repository_of_tag(id));
        let immutable = policy.classes.values().any(|class| {
            class.mutable == Some(false)
                && super::matching::is_in(repository, Some(class), &Default::default())
                && super::matching::is_about(snapshot.tag_name(id), Some(class), &Default::default())
        });
        if same || !immutable {
            continue;
        }
        let (tag, seen) = (seen.tag.clone(), seen.digest.to_string());
        match level {
            Level::Error => refusals.push(Refusal::ImmutableMoved { tag, seen }),
            Level::Warning => warnings.push(Warning::ImmutableMoved { tag, seen }),
        }
    }
}
