//! What keeps a run from its first delete: plans that are stopped, stale, not yet due, contradict themselves, or take too much.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lockage_registry::Digest;

use super::{ApplyError, Settings};
use crate::retain::{Action, Refusal, Report};

/// How far two clocks may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Whether a plan may be executed at all. Asks no registry.
pub(super) fn check(plan: &Report, settings: &Settings, now: Timestamp) -> Result<(), ApplyError> {
    coherent(plan)?;
    let mut refusals = plan.refusals.clone();
    let deletes = plan.delete.len() as u64;
    let of = deletes + (plan.keep.len() + plan.archive.len()) as u64;
    if let Some(limit) = settings.max_delete.filter(|limit| deletes > *limit) {
        refusals.push(Refusal::MaxDelete { deletes, limit });
    }
    #[expect(clippy::cast_precision_loss, reason = "there are fewer manifests than a float tells apart")]
    if let Some(limit) = settings.max_delete_ratio.filter(|limit| deletes as f64 > *limit * of as f64) {
        refusals.push(Refusal::MaxDeleteRatio { deletes, of, limit });
    }
    if !refusals.is_empty() {
        return Err(ApplyError::Refused(refusals));
    }
    if let Some(reference) = plan.delete_tags.iter().find(|reference| is_protected(reference, settings)) {
        return Err(ApplyError::Protected(reference.clone()));
    }
    let age = now.duration_since(plan.now);
    if age < -SKEW {
        return Err(ApplyError::Early { planned: plan.now, now });
    }
    match settings.longest_age {
        Some(longest) if Duration::try_from(age).unwrap_or_default() > longest => {
            Err(ApplyError::Stale { planned: plan.now, longest })
        }
        _ => Ok(()),
    }
}

fn is_protected(reference: &str, settings: &Settings) -> bool {
    let tag = reference.rsplit_once(':').map_or(reference, |(_, tag)| tag);
    settings.protected.iter().any(|glob| glob.matches(tag))
}

/// What is to be done is what the plan says of every tag and every manifest, and no more: a plan that was changed by hand, or
/// cut, is none.
fn coherent(plan: &Report) -> Result<(), ApplyError> {
    let invalid = |what: String| Err(ApplyError::Invalid(format!("{what}: it was changed since it was made")));
    let set = |all: &[String]| -> HashSet<String> { all.iter().cloned().collect() };
    let (delete, untag, archive) = (set(&plan.delete), set(&plan.untag), set(&plan.archive));
    let (delete_tags, keep, keep_tags) = (set(&plan.delete_tags), set(&plan.keep), set(&plan.keep_tags));
    if let Some(both) = delete.intersection(&keep).chain(delete_tags.intersection(&keep_tags)).min() {
        return invalid(format!("it deletes {both} and keeps it"));
    }
    let (mut manifests, mut tags, mut archived) = (HashSet::new(), HashSet::new(), HashSet::new());
    for action in &plan.actions {
        match action {
            Action::Untag { repository, tag, .. } => drop(tags.insert(format!("{repository}:{tag}"))),
            Action::DeleteManifest { repository, digest, expect_tags } => {
                manifests.insert(format!("{repository}@{digest}"));
                let mut goes = expect_tags.iter().map(|tag| format!("{repository}:{tag}"));
                // A tag that speaks about another image goes with what it holds, and no rule is about it.
                if let Some(tag) = goes.find(|tag| keep_tags.contains(tag)) {
                    return invalid(format!("{repository}@{digest} goes with {tag}, which is kept"));
                }
            }
            Action::Archive { repository, digest } => drop(archived.insert(format!("{repository}@{digest}"))),
        }
    }
    // A manifest with a name of its own is called by that in the lists: there are as many, and what has no such name is there.
    let is_same = |named: &HashSet<String>, done: &HashSet<String>| {
        named.len() == done.len() && named.iter().all(|name| done.contains(name) || !is_digest(name))
    };
    if !is_same(&delete, &manifests) || untag != tags || !is_same(&archive, &archived) {
        return invalid("what it does is not what it says".to_owned());
    }
    Ok(())
}

fn is_digest(reference: &str) -> bool {
    reference.rsplit_once('@').is_some_and(|(_, name)| name.parse::<Digest>().is_ok())
}
