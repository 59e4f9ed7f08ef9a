//! The reference that the action would infer, from real checkouts.
#![cfg(feature = "actions")]

use lockage_tagging::git::{CheckoutError, GitError, GitProcess, checkout};

use super::repository::Repository;

#[track_caller]
fn infers(repository: &Repository, git_ref: &str) {
    let found = checkout(&repository.asked()).unwrap();
    assert_eq!(found.git_ref, git_ref);
    assert_eq!(found.sha.len(), 40);
    assert_eq!(found.commit_date, "2024-03-08 23:45:12 -0500");
}

#[test]
fn a_branch_a_tag_and_a_commit_that_a_branch_contains() {
    let repository = Repository::with_commit();
    infers(&repository, "refs/heads/main");
    repository.git(&["tag", "app/v1"]);
    repository.git(&["checkout", "-q", "--detach"]);
    infers(&repository, "refs/tags/app/v1");
    repository.git(&["tag", "-d", "app/v1"]);
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("second");
    repository.git(&["checkout", "-q", "HEAD~1"]);
    infers(&repository, "refs/heads/main");
}

#[test]
fn a_remote_branch_is_known_by_its_name() {
    let origin = Repository::with_commit();
    origin.git(&["checkout", "-q", "-b", "feature/x"]);
    let clone = Repository::without_commit();
    clone.git(&["fetch", "-q", origin.path().to_str().unwrap(), "feature/x:refs/remotes/origin/feature/x"]);
    clone.git(&["checkout", "-q", "--detach", "origin/feature/x"]);
    infers(&clone, "refs/heads/feature/x");
}

#[test]
fn what_cannot_be_inferred_says_so_in_the_words_of_the_action() {
    let origin = Repository::with_commit();
    let shallow = origin.shallow_clone();
    shallow.git(&["checkout", "-q", "--detach"]);
    shallow.git(&["branch", "-q", "-D", "main"]);
    let error = checkout(&shallow.asked()).unwrap_err();
    assert_eq!(error.to_string(), "Cannot infer ref from detached HEAD");
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("by its name")), "{:?}", error.remedy());

    let empty = tempfile::tempdir().unwrap();
    let error = checkout(&GitProcess::in_directory(empty.path())).unwrap_err();
    assert!(matches!(error, CheckoutError::Git(GitError::NoRepository { .. })), "{error}");
}
