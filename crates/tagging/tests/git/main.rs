//! What a checkout says about itself, asked of the real git program, and how the program fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod failing;
mod inferred;
mod repository;

use lockage_tagging::BuildFacts;
use lockage_tagging::git::{GitError, GitProcess, WorkTree, facts};
use repository::Repository;

#[test]
fn a_branch_answers_every_question() {
    let repository = Repository::with_commit();
    let git = repository.asked();
    let head = git.head().unwrap();
    assert!(head.len() == 40 && head.bytes().all(|byte| byte.is_ascii_hexdigit()), "{head}");
    assert_eq!(git.branch().unwrap().as_deref(), Some("main"));
    assert_eq!(git.symbolic_ref().unwrap(), "refs/heads/main");
    assert_eq!(git.decoration().unwrap(), "HEAD -> main");
    assert_eq!(git.references_containing_head("refs/heads/").unwrap(), ["refs/heads/main"]);
    assert_eq!(git.references_containing_head("refs/remotes/").unwrap(), [""; 0]);
    assert_eq!(git.tags_at_head().unwrap(), [""; 0]);
    assert_eq!(git.tags_containing_head().unwrap(), [""; 0]);
    assert_eq!(git.commit_date(&head).unwrap(), "2024-03-08 23:45:12 -0500");
    assert_eq!(git.describe().unwrap(), None);
    assert!(!git.is_shallow().unwrap());
    assert_eq!(facts(&git).unwrap(), BuildFacts::branch("main").commit(head));
}

#[test]
fn a_tag_is_what_a_detached_head_is_called() {
    let repository = Repository::with_commit();
    repository.git(&["tag", "-a", "-m", "first", "app/v1.2.3"]);
    repository.git(&["checkout", "-q", "app/v1.2.3"]);
    let git = repository.asked();
    assert_eq!(git.branch().unwrap(), None);
    assert_eq!(git.tags_at_head().unwrap(), ["refs/tags/app/v1.2.3"]);
    assert_eq!(git.decoration().unwrap(), "HEAD, tag: app/v1.2.3, main");
    let head = git.head().unwrap();
    assert_eq!(facts(&git).unwrap(), BuildFacts::tag("app/v1.2.3").commit(head.clone()));
    assert_eq!(git.describe().unwrap().unwrap(), format!("app/v1.2.3-0-g{}", &head[..7]));

    repository.git(&["tag", "v1"]);
    let error = facts(&git).unwrap_err();
    assert!(matches!(&error, GitError::SeveralTags { tags, .. } if tags.len() == 2), "{error}");
}

#[test]
fn commits_after_a_tag_are_counted_from_it() {
    let repository = Repository::with_commit();
    repository.git(&["tag", "v1.2.3"]);
    repository.commit("second");
    repository.commit("third");
    let git = repository.asked();
    assert_eq!(git.describe().unwrap().unwrap(), format!("v1.2.3-2-g{}", &git.head().unwrap()[..7]));
    assert_eq!(git.tags_containing_head().unwrap(), [""; 0]);
    repository.git(&["checkout", "-q", "v1.2.3"]);
    assert_eq!(git.references_containing_head("refs/heads/").unwrap(), ["refs/heads/main"]);
    assert_eq!(git.tags_containing_head().unwrap(), ["v1.2.3"]);
}

#[test]
fn a_shallow_detached_head_is_told_to_fetch_more() {
    let origin = Repository::with_commit();
    origin.commit("second");
    let shallow = origin.shallow_clone();
    shallow.git(&["checkout", "-q", "--detach"]);
    let git = shallow.asked();
    assert!(git.is_shallow().unwrap());
    let error = facts(&git).unwrap_err();
    assert_eq!(error, GitError::Detached { commit: git.head().unwrap(), shallow: true });
    assert!(error.remedy().unwrap().contains("fetch-depth: 0"));
}

#[test]
fn settings_of_the_user_do_not_change_the_answers() {
    let repository = Repository::with_commit();
    for (name, value) in [("color.ui", "always"), ("column.ui", "always"), ("log.showSignature", "true")] {
        repository.git(&["config", name, value]);
    }
    for tag in ["v1", "v2", "v3"] {
        repository.git(&["tag", tag]);
    }
    let git = repository.asked();
    assert_eq!(git.tags_containing_head().unwrap(), ["v1", "v2", "v3"]);
    assert_eq!(git.branch().unwrap().as_deref(), Some("main"));
    assert_eq!(git.commit_date(&git.head().unwrap()).unwrap(), "2024-03-08 23:45:12 -0500");
}

#[test]
fn what_is_no_checkout_is_said_to_be_none() {
    let empty = tempfile::tempdir().unwrap();
    let error = GitProcess::in_directory(empty.path()).head().unwrap_err();
    assert_eq!(error, GitError::NoRepository { directory: empty.path().to_owned() });

    let unborn = Repository::without_commit();
    let error = unborn.asked().head().unwrap_err();
    assert!(matches!(error, GitError::NoCommit { .. }), "{error}");
    assert_eq!(unborn.asked().branch().unwrap().as_deref(), Some("main"));
}

#[test]
fn an_argument_is_no_option() {
    let repository = Repository::with_commit();
    let error = repository.asked().commit_date("--output=/tmp/x").unwrap_err();
    assert!(matches!(error, GitError::Failed { status: Some(128), .. }), "{error}");
    let error = repository.asked().commit_date("0123456789abcdef").unwrap_err();
    assert!(matches!(error, GitError::Failed { .. }), "{error}");
}
