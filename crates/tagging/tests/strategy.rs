//! The program that the crate exists for: a release scheme, and what it says about each build.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;

use lockage_tagging::{AllOf, BuildFacts, Commit, Latest, SchemeError, Semver, TagScheme};

const COMMIT: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

fn our_scheme() -> impl TagScheme {
    AllOf::new().with(Semver::cascade()).with(Latest::on_release()).with(Commit::short())
}

#[test]
fn a_release() -> Result<(), SchemeError> {
    let facts = BuildFacts::tag("v1.2.3").commit(COMMIT);
    assert_eq!(our_scheme().tags(&facts)?, ["1.2.3", "1.2", "1", "latest", "sha-2b2e927"]);
    Ok(())
}

#[test]
fn a_prerelease_moves_nothing() -> Result<(), SchemeError> {
    let facts = BuildFacts::tag("v1.3.0-rc.1").commit(COMMIT);
    assert_eq!(our_scheme().tags(&facts)?, ["1.3.0-rc.1", "sha-2b2e927"]);
    Ok(())
}

#[test]
fn a_branch_and_a_pull_request_get_their_commit() -> Result<(), SchemeError> {
    for facts in [BuildFacts::branch("main"), BuildFacts::pull_request(42)] {
        assert_eq!(our_scheme().tags(&facts.commit(COMMIT))?, ["sha-2b2e927"]);
    }
    Ok(())
}

#[test]
fn one_missing_fact_fails_the_whole_list() {
    assert_eq!(our_scheme().tags(&BuildFacts::tag("v1.2.3")), Err(SchemeError::MissingCommit));
}

#[test]
fn a_tag_is_given_once_where_it_first_came_up() -> Result<(), SchemeError> {
    let scheme = AllOf::new().with(Latest::on_release()).with(Semver::full()).with(our_scheme());
    let facts = BuildFacts::tag("v1.2.3").commit(COMMIT);
    assert_eq!(scheme.tags(&facts)?, ["latest", "1.2.3", "1.2", "1", "sha-2b2e927"]);
    Ok(())
}

#[test]
fn an_empty_list_gives_no_tags() -> Result<(), SchemeError> {
    assert!(AllOf::new().tags(&BuildFacts::branch("main"))?.is_empty());
    Ok(())
}

#[test]
fn every_pointer_to_a_scheme_is_a_scheme() -> Result<(), SchemeError> {
    let facts = BuildFacts::tag("v1.2.3");
    let shared: Arc<dyn TagScheme> = Arc::new(Semver::full());
    let boxed: Box<dyn TagScheme> = Box::new(shared.clone());
    for scheme in [&shared as &dyn TagScheme, &boxed, &&Semver::full()] {
        assert_eq!(AllOf::new().with(Arc::clone(&shared)).tags(&facts)?, scheme.tags(&facts)?);
    }
    Ok(())
}
