//! What each CI system says about a build, from the variables that its documentation lists.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod actions;
mod anything;
mod detection;
mod facts;
mod github;
mod gitlab;
mod others;
mod slugs;

use std::collections::BTreeMap;

use lockage_tagging::BuildFacts;
use lockage_tagging::ci::{self, CiContext, CiError, Variables};
use serde_json::Value;

pub(crate) const HEAD: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
pub(crate) const MERGE: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";

/// Variables from lines of `NAME=value`, in which `$HEAD` and `$MERGE` are commits.
pub(crate) fn variables(lines: &str) -> Variables {
    let lines = lines.replace("$HEAD", HEAD).replace("$MERGE", MERGE);
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()));
    lines.lines().filter(|line| !line.trim().is_empty()).map(|line| pair(line.trim_start()).expect(line)).collect()
}

/// All that the context says, compared with lines of `field=value`; what is not listed must be unknown.
#[track_caller]
pub(crate) fn says(lines: &str, event: Option<&Value>, expected: &str) -> CiContext {
    let context = ci::read(&variables(lines), event).unwrap();
    let expected = expected.replace("$HEAD", HEAD).replace("$MERGE", MERGE);
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for line in expected.lines().filter(|line| !line.trim().is_empty()) {
        let (field, value) = line.trim().split_once('=').expect(line);
        wanted.insert(field.to_owned(), value.to_owned());
    }
    assert_eq!(fields(&context), wanted);
    context
}

#[track_caller]
pub(crate) fn refuses(lines: &str, event: Option<&Value>, message: &str) -> CiError {
    let error = ci::read(&variables(lines), event).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert!(!error.remedy().is_empty());
    error
}

fn fields(context: &CiContext) -> BTreeMap<String, String> {
    let facts = BuildFacts::from(context);
    let repository = &context.repository;
    let fields = [
        ("provider", Some(context.provider.name().to_owned())),
        ("event", Some(format!("{:?}", context.event))),
        ("event_name", Some(context.event_name.clone()).filter(|name| !name.is_empty())),
        ("ref", Some(context.full_ref.clone())),
        ("sha", Some(context.sha.clone())),
        ("pull_request", context.pull_request.map(|number| number.to_string())),
        ("head_sha", context.head_sha.clone()),
        ("head_ref", context.head_ref.clone()),
        ("base_ref", context.base_ref.clone()),
        ("fork", context.fork.map(|fork| fork.to_string())),
        ("default_branch", context.default_branch.clone()),
        ("commit_date", context.commit_date.map(|date| date.to_string())),
        ("commit_message", context.commit_message.clone()),
        (
            "labels",
            Some(context.labels.iter().cloned().collect::<Vec<_>>().join(" ")).filter(|labels| !labels.is_empty()),
        ),
        ("name", repository.name.clone()),
        ("description", repository.description.clone()),
        ("url", repository.url.clone()),
        ("license", repository.license.clone()),
        ("run_id", context.run_id.clone()),
        ("run_number", context.run_number.clone()),
        ("actor", context.actor.clone()),
        ("image", context.image.clone()),
        ("facts", Some(format!("{:?} {}", facts.git_ref, facts.commit.as_deref().unwrap_or("-")))),
        ("merge", context.is_merge_commit().map(|merge| merge.to_string())),
    ];
    fields.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect()
}
