//! `lockage serve --auth`: who may do what, and what is said of settings that make no sense.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use lockage_registry::client::{Client, Credentials, StaticCredentials};
use lockage_registry::media_type::OCI_INDEX;
use lockage_registry::{ErrorKind, Host, RawManifest, Repository, Source as _, TagOrDigest, Target as _};

/// The program, which ends with the test.
struct Serving(Child, Host);

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        let mut command = serve(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let host = line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self(child, host)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments).stdin(Stdio::null());
    command
}

fn client(host: &Host, password: Option<&str>) -> Client {
    let known = StaticCredentials::new();
    let known = match password {
        Some(password) => known.with(host.clone(), Credentials::password("the test", "robot", password)),
        None => known,
    };
    Client::builder().credentials(known).build().unwrap()
}

#[tokio::test]
async fn the_password_in_the_file_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("password");
    std::fs::write(&file, "correct horse\n").unwrap();
    let file = file.to_str().unwrap();
    let index = RawManifest::new(OCI_INDEX, r#"{"schemaVersion":2,"manifests":[]}"#.into()).unwrap();
    let tag = TagOrDigest::Tag("v1".parse().unwrap());
    for (scheme, anonymous) in [("basic", false), ("bearer", false), ("basic", true), ("bearer", true)] {
        let mut arguments = vec!["--auth", scheme, "--user", "robot", "--password-file", file];
        arguments.extend(anonymous.then_some("--anonymous-pull"));
        let serving = Serving::start(&arguments);
        let repo = Repository::new(serving.1.clone(), "app").unwrap();
        client(&serving.1, Some("correct horse")).put_manifest(&repo, &index, &tag).await.unwrap();
        for password in [None, Some("wrong")] {
            let refused = client(&serving.1, password).put_manifest(&repo, &index, &tag).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Unauthorized, "{scheme} {password:?}: {refused}");
        }
        let pulled = client(&serving.1, None).resolve(&repo, &tag).await;
        assert_eq!(pulled.is_ok(), anonymous, "{scheme}: {pulled:?}");
    }
}

#[test]
fn a_login_that_is_not_complete_is_a_usage_error() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (good, empty) = (file("good", "hunter2\n"), file("empty", "\n"));
    let missing = Path::new(&good).with_file_name("missing").to_str().unwrap().to_owned();
    for arguments in [
        &["--auth", "basic"][..],
        &["--auth", "basic", "--user", "robot"],
        &["--user", "robot", "--password-file", &good],
        &["--anonymous-pull"],
        &["--auth", "digest", "--user", "robot", "--password-file", &good],
        &["--auth", "basic", "--user", "robot", "--password-file", &empty],
        &["--auth", "basic", "--user", "robot", "--password-file", &missing],
    ] {
        let output = serve(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(!format!("{output:?}").contains("hunter2"));
    }
}
