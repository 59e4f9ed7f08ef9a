//! Execution is bound to the plan that was approved: what a newer plan deletes must be part of it.

use std::collections::{HashMap, HashSet};

use super::ApplyError;
use crate::retain::{Action, Report};

/// What is left of a plan that was approved: the plan that was made of the registry since, where it deletes nothing that the
/// approved one does not.
///
/// # Errors
/// [`Changed`](ApplyError::Changed) where it does, and [`Refused`](ApplyError::Refused) where guards stop it.
pub fn still(approved: &Report, fresh: Report) -> Result<Report, ApplyError> {
    if !fresh.refusals.is_empty() {
        return Err(ApplyError::Refused(fresh.refusals));
    }
    if approved.plan == fresh.plan {
        return Ok(fresh);
    }
    let mut manifests: HashMap<(&str, &str), HashSet<&str>> = HashMap::new();
    let mut others: HashSet<String> = HashSet::new();
    for action in &approved.actions {
        match action {
            Action::DeleteManifest { repository, digest, expect_tags } => {
                let tags = expect_tags.iter().map(String::as_str).collect();
                manifests.insert((repository, digest), tags);
            }
            other => drop(others.insert(exactly(other))),
        }
    }
    let is_more = |action: &&Action| match action {
        Action::DeleteManifest { repository, digest, expect_tags } => manifests
            .get(&(&**repository, &**digest))
            .is_none_or(|tags| expect_tags.iter().any(|tag| !tags.contains(&**tag))),
        other => !others.contains(&exactly(other)),
    };
    let more: Vec<String> = fresh.actions.iter().filter(is_more).map(words).collect();
    match more.as_slice() {
        [] => Ok(fresh),
        [first, rest @ ..] => {
            let rest = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
            Err(ApplyError::Changed(format!("it would also delete {first}{rest}")))
        }
    }
}

/// A tag with what it has to hold: a plan that takes it from another manifest is another plan.
fn exactly(action: &Action) -> String {
    match action {
        Action::Untag { expect, .. } => format!("{} {expect}", words(action)),
        Action::DeleteManifest { .. } | Action::Archive { .. } => words(action),
    }
}

fn words(action: &Action) -> String {
    match action {
        Action::Untag { repository, tag, .. } => format!("{repository}:{tag}"),
        Action::DeleteManifest { repository, digest, .. } | Action::Archive { repository, digest } => {
            format!("{repository}@{digest}")
        }
    }
}
