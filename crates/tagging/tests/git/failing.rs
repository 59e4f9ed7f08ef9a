//! Programs in the place of git that fail in ways the real one cannot be made to.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use lockage_tagging::git::{GitError, GitProcess, WorkTree};
use tempfile::TempDir;

/// A directory with a program that runs `script`.
fn program(script: &str) -> (TempDir, GitProcess) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("git");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let git = GitProcess::in_directory("/srv/checkout").program(path);
    (directory, git)
}

#[test]
fn a_missing_program_is_no_empty_answer() {
    let git = GitProcess::in_directory(".").program("/nonexistent/git");
    let error = git.tags_at_head().unwrap_err();
    assert_eq!(error.to_string(), "there is no program /nonexistent/git");
    assert!(error.remedy().unwrap().contains("install git"));
}

#[test]
fn a_checkout_of_another_user_is_told_how_to_be_trusted() {
    let (_directory, git) =
        program("echo \"fatal: detected dubious ownership in repository at '/srv/checkout'\" >&2; exit 128");
    let error = git.head().unwrap_err();
    assert_eq!(error.to_string(), "git refuses /srv/checkout, which belongs to another user");
    assert!(error.remedy().unwrap().starts_with("trust it: git config --global --add safe.directory /srv/checkout"));
}

#[test]
fn a_program_that_hangs_is_stopped_and_so_is_one_that_leaves_another_behind() {
    for script in ["exec sleep 30", "sleep 30 & exit 0"] {
        let (_directory, git) = program(script);
        let started = Instant::now();
        let error = git.limit(Duration::from_millis(200)).head().unwrap_err();
        assert_eq!(error.to_string(), "git rev-parse --verify HEAD gave no answer within 0.2 s", "{script}");
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    }
}

#[test]
fn other_failures_say_the_first_line_and_the_status() {
    let (_directory, git) = program("printf 'fatal: out of \\033[31mluck\\nmore\\n' >&2; exit 3");
    let error = git.head().unwrap_err();
    assert_eq!(error.to_string(), r#"git rev-parse --verify HEAD failed with status 3: "out of \u{1b}[31mluck""#);
    let (_directory, git) = program("printf '\\377'");
    assert_eq!(git.head().unwrap_err().to_string(), "the answer to git rev-parse --verify HEAD is not UTF-8");
    let (_directory, git) = program("echo maybe");
    assert!(git.is_shallow().unwrap_err().to_string().ends_with("is neither true nor false"));
}

#[test]
fn an_answer_without_end_is_refused() {
    let (_directory, git) = program("head -c 20000000 /dev/zero");
    let error = git.limit(Duration::from_secs(20)).head().unwrap_err();
    assert!(matches!(error, GitError::Unreadable { .. } | GitError::Failed { .. }), "{error}");
}
