//! What a run comes to: the words, the document, the exit code.

use std::process::ExitCode;

use lockage_policy::apply::{ApplyError, Fate, Outcome, Subject, Way};
use serde_json::{Map, Value, json};

use crate::report::{Failure, say, say_json};

pub(super) fn failure(error: &ApplyError) -> Failure {
    match error {
        ApplyError::Refused(_)
        | ApplyError::TooMany { .. }
        | ApplyError::Changed(_)
        | ApplyError::Faithful
        | ApplyError::Stale { .. }
        | ApplyError::Early { .. }
        | ApplyError::Protected(_) => Failure::refused(error),
        ApplyError::Invalid(_) | ApplyError::Unread(_) => Failure::usage(error),
        _ => Failure::error(error),
    }
}

/// Prints it: 3 where the registry refused something, 4 where something waits, 0 otherwise.
pub(super) fn told(plan: &str, outcome: &Outcome, dry: bool, json: bool) -> Result<ExitCode, Failure> {
    if json {
        say_json(&document(plan, outcome, dry))?;
    } else {
        say(outcome)?;
        if dry {
            let archives = outcome.items.iter().any(|item| item.way == Way::Archive);
            say(format_args!("nothing was deleted{}: say --yes for that", if archives { " or archived" } else { "" }))?;
        }
    }
    let any = |fates: &[Fate]| outcome.items.iter().any(|item| fates.contains(&item.fate));
    Ok(if any(&[Fate::Refused]) || !outcome.leftovers.is_empty() {
        ExitCode::from(3)
    } else if any(&[Fate::Quarantined, Fate::Pending]) {
        ExitCode::from(4)
    } else {
        ExitCode::SUCCESS
    })
}

fn document(plan: &str, outcome: &Outcome, dry: bool) -> Value {
    let items: Vec<Value> = outcome
        .items
        .iter()
        .map(|item| {
            let (tag, digest) = match &item.subject {
                Subject::Tag(tag, digest) => (Some(tag.as_str()), digest.as_str()),
                Subject::Manifest(digest) => (None, digest.as_str()),
                _ => (None, ""),
            };
            json!({
                "repository": item.repository.to_string(), "tag": tag, "digest": digest, "rule": item.rule,
                "way": item.way, "result": item.fate, "why": item.why,
            })
        })
        .collect();
    let mut counts = Map::new();
    for item in &outcome.items {
        let fate = json!(item.fate);
        let name = fate.as_str().unwrap_or_default().to_owned();
        counts.insert(name, json!(outcome.count(item.fate)));
    }
    json!({ "plan": plan, "dry_run": dry, "counts": counts, "items": items, "leftovers": outcome.leftovers })
}
