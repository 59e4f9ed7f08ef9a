//! Execution is bound to the plan that was approved: what a newer plan deletes must be part of it.

use std::collections::{HashMap, HashSet};

use super::ApplyError;
use super::guards::unchanged;
use crate::retain::{Action, Report};

/// What is left of a plan that was approved: the plan that was made of the registry since, where it deletes and archives
/// nothing that the approved one does not.
///
/// # Errors
/// [`Changed`](ApplyError::Changed) where it does, or where the approved plan was changed after it was made, and [`Refused`](ApplyError::Refused) where guards stop it.
pub fn still(approved: &Report, fresh: Report) -> Result<Report, ApplyError> {
    unchanged(approved)?;
    if !fresh.refusals.is_empty() {
        return Err(ApplyError::Refused(fresh.refusals));
    }
    if approved.plan == fresh.plan {
        return Ok(fresh);
    }
    let approved: HashMap<_, HashSet<&String>> =
        approved.actions.iter().map(exactly).map(|(action, tags)| (action, tags.iter().collect())).collect();
    let is_more = |action: &&Action| {
        let (action, tags) = exactly(action);
        approved.get(&action).is_none_or(|known| tags.iter().any(|tag| !known.contains(tag)))
    };
    let more: Vec<&Action> = fresh.actions.iter().filter(is_more).collect();
    match more.as_slice() {
        [] => Ok(fresh),
        [first, rest @ ..] => {
            let rest = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
            let verb = if matches!(first, Action::Archive { .. }) { "archive" } else { "delete" };
            Err(ApplyError::Changed(format!("it would also {verb} {}{rest}", words(first))))
        }
    }
}

/// What is done to what: a tag with what it has to hold, as a plan that takes it from another manifest is another plan. And
/// the tags that a manifest may have.
fn exactly(action: &Action) -> ((&str, String), &[String]) {
    match action {
        Action::Untag { expect, .. } => (("untag", format!("{} {expect}", words(action))), &[]),
        Action::DeleteManifest { expect_tags, .. } => (("delete", words(action)), expect_tags),
        Action::Archive { expect_tags, .. } => (("archive", words(action)), expect_tags),
    }
}

fn words(action: &Action) -> String {
    match action {
        Action::Untag { repository, tag, .. } => format!("{repository}:{tag}"),
        Action::DeleteManifest { repository, digest, .. } | Action::Archive { repository, digest, .. } => {
            format!("{repository}@{digest}")
        }
    }
}
