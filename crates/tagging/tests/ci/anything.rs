//! Variables that no CI system sets.

use lockage_tagging::BuildFacts;
use lockage_tagging::ci::{Provider, Variables};
use proptest::prelude::*;
use serde_json::json;

use super::{HEAD, MERGE};

/// The variables that say what is built.
const NAMES: [&str; 30] = [
    "GITHUB_EVENT_NAME",
    "GITHUB_REF",
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "CI_COMMIT_TAG",
    "CI_COMMIT_BRANCH",
    "CI_PIPELINE_SOURCE",
    "CI_MERGE_REQUEST_IID",
    "CI_MERGE_REQUEST_EVENT_TYPE",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
    "CI_EXTERNAL_PULL_REQUEST_IID",
    "CI_COMMIT_TIMESTAMP",
    "GIT_COMMIT",
    "BRANCH_NAME",
    "TAG_NAME",
    "CHANGE_ID",
    "GIT_BRANCH",
    "GIT_URL",
    "CIRCLE_SHA1",
    "CIRCLE_BRANCH",
    "CIRCLE_TAG",
    "CIRCLE_PR_NUMBER",
    "CIRCLE_PULL_REQUEST",
    "BUILD_SOURCEBRANCH",
    "BUILD_SOURCEVERSION",
    "SYSTEM_PULLREQUEST_PULLREQUESTID",
    "BITBUCKET_COMMIT",
    "BITBUCKET_BRANCH",
    "BITBUCKET_TAG",
    "BITBUCKET_PR_ID",
];

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(HEAD.to_owned()),
        Just(MERGE.to_owned()),
        Just(String::new()),
        "refs/(heads|tags|pull)/[a-z0-9/]{0,6}(/merge|/head)?",
        "(push|pull_request|pull_request_target|merge_group|merged_result|pull/[0-9]{1,3})",
        "[0-9]{1,22}",
        "\\PC{0,20}",
    ]
}

proptest! {
    #[test]
    fn are_read_or_refused_and_what_is_read_names_a_commit_and_a_reference(
        variables in proptest::collection::btree_map(proptest::sample::select(&NAMES[..]), value(), 0..30),
        number in 0_u64..3,
    ) {
        let variables = Variables::from_iter(variables);
        let event = json!({"number": number, "pull_request": {"number": number, "head": {"sha": HEAD, "repo": null}}});
        for provider in Provider::ALL {
            match provider.context(&variables, Some(&event)) {
                Ok(context) => {
                    prop_assert!(context.full_ref.starts_with("refs/"), "{}", context.full_ref);
                    prop_assert!(context.sha.len() >= 7 && context.sha.bytes().all(|byte| byte.is_ascii_hexdigit()));
                    let facts = BuildFacts::from(&context);
                    prop_assert!(facts.merge_commit.is_none() || facts.merge_commit != facts.commit);
                }
                Err(error) => {
                    prop_assert!(!error.to_string().contains('\n'), "{error}");
                    prop_assert!(!error.remedy().is_empty());
                }
            }
        }
    }
}
