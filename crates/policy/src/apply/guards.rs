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
    if plan.faithful {
        return Err(ApplyError::Faithful);
    }
    let mut refusals = plan.refusals.clone();
    let (deletes, archives) = (plan.delete.len() as u64, plan.archive.len() as u64);
    // What is archived comes back, but until somebody sees that it has to, whoever pulls has as little of it: a plan that
    // takes too much is as bad a surprise either way.
    let taken = deletes + archives;
    let of = taken + plan.keep.len() as u64;
    let most = settings.max_delete.filter(|limit| taken > *limit);
    #[expect(clippy::cast_precision_loss, reason = "there are fewer manifests than a float tells apart")]
    let ratio = settings.max_delete_ratio.filter(|limit| taken as f64 > *limit * of as f64);
    if archives == 0 {
        refusals.extend(most.map(|limit| Refusal::MaxDelete { deletes, limit }));
        refusals.extend(ratio.map(|limit| Refusal::MaxDeleteRatio { deletes, of, limit }));
    }
    if !refusals.is_empty() {
        return Err(ApplyError::Refused(refusals));
    }
    unchanged(plan)?;
    let limit = most.map(|limit| limit.to_string()).or_else(|| ratio.map(|limit| format!("{limit} of all")));
    if let Some(limit) = limit {
        return Err(ApplyError::TooMany { deletes, archives, of, limit });
    }
    // An image takes its tags along into the archive, and the plan keeps them.
    let archived = plan.actions.iter().filter_map(|action| match action {
        Action::Archive { repository, expect_tags, .. } => Some((repository, expect_tags)),
        _ => None,
    });
    let archived = archived.flat_map(|(repository, tags)| tags.iter().map(move |tag| format!("{repository}:{tag}")));
    let mut goes = plan.delete_tags.iter().cloned().chain(archived);
    if let Some(reference) = goes.find(|reference| is_protected(reference, settings)) {
        return Err(ApplyError::Protected(reference));
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

/// What was approved is the id, so that it has to be the one of what the plan says.
pub(super) fn unchanged(plan: &Report) -> Result<(), ApplyError> {
    if plan.is_unchanged() {
        return Ok(());
    }
    let (id, is) = (&plan.plan, plan.digest());
    Err(ApplyError::Changed(format!("it says that it is {id}, and is {is}: it was changed after it was made")))
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
    if let Some(both) = archive.intersection(&keep).chain(archive.intersection(&delete)).min() {
        return invalid(format!("it archives {both} and keeps or deletes it"));
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
            Action::Archive { repository, digest, .. } => drop(archived.insert(format!("{repository}@{digest}"))),
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
