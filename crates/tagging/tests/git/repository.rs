//! Repositories in temporary directories, made by the git program without the settings of whoever runs the tests.

use std::path::Path;
use std::process::Command;

use lockage_tagging::git::GitProcess;
use tempfile::TempDir;

pub(crate) struct Repository(TempDir);

impl Repository {
    pub(crate) fn without_commit() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    pub(crate) fn with_commit() -> Self {
        let repository = Self::without_commit();
        repository.commit("first");
        repository
    }

    pub(crate) fn commit(&self, subject: &str) {
        self.git(&["commit", "-q", "--allow-empty", "-m", subject]);
    }

    pub(crate) fn shallow_clone(&self) -> Self {
        let clone = Self(tempfile::tempdir().unwrap());
        let url = format!("file://{}", self.0.path().display());
        clone.git(&["clone", "-q", "--depth", "1", &url, "."]);
        clone.git(&["remote", "remove", "origin"]);
        clone
    }

    pub(crate) fn git(&self, arguments: &[&str]) {
        let date = "2024-03-08T23:45:12-05:00";
        let output = Command::new("git")
            .arg("-C")
            .arg(self.0.path())
            .args(["-c", "user.name=Jane", "-c", "user.email=jane@example.org", "-c", "commit.gpgSign=false"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_DATE", date)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    pub(crate) fn asked(&self) -> GitProcess {
        GitProcess::in_directory(self.path())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}
