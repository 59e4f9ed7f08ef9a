//! Helpers: who is asked for what, and what becomes of one that hangs, fails, or prints what it should not.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use lockage_registry::ErrorKind;
use lockage_registry::client::{CredentialProvider as _, DockerConfig};

use super::{login, told};

/// A file `auth.json` and helpers beside it, which are programs of the shell.
struct Setup(tempfile::TempDir);

impl Setup {
    fn new(json: &str, helpers: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("auth.json"), json).unwrap();
        for (name, script) in helpers {
            // Written by another process: a program that this one still holds open for writing, or has just forked with,
            // could not be run.
            let file = directory.path().join(format!("docker-credential-{name}"));
            let mut shell = std::process::Command::new("/bin/sh");
            shell.args(["-c", r##"printf '#!/bin/sh\n%s\n' "$1" > "$2" && chmod 700 "$2""##, "sh", script]).arg(file);
            assert!(shell.status().unwrap().success());
        }
        Self(directory)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn config(&self) -> DockerConfig {
        let path = std::env::join_paths([self.path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        DockerConfig::from_variables(|name| match name {
            "REGISTRY_AUTH_FILE" => Some(OsString::from(self.path().join("auth.json"))),
            "PATH" => Some(path.clone()),
            _ => None,
        })
        .unwrap()
    }

    /// The servers that the helpers were asked for, where they took note of it.
    fn asked(&self) -> String {
        std::fs::read_to_string(self.path().join("asked")).unwrap_or_default()
    }
}

/// A helper that takes note of whom it was asked for, and says `who`.
fn notes(who: &str) -> String {
    format!(
        r#"[ "$1" = get ] || exit 2
read server; echo "{who} $server" >> "${{0%/*}}/asked"
case "$server" in none.*) echo "credentials not found in native keychain"; exit 1;; esac
echo '{{"ServerURL":"x","Username":"{who}","Secret":"p"}}'"#
    )
}

#[tokio::test]
async fn the_helper_of_the_host_is_asked_before_the_entries_and_the_store_after_those_of_a_path() {
    let setup = Setup::new(
        r#"{
            "credHelpers": { "one.example": "one", "none.one.example": "one", "docker.io": "one", "off.example": "" },
            "credsStore": "store",
            "auths": {
                "one.example/team": { "username": "entry", "password": "p" },
                "two.example/team": { "username": "entry", "password": "p" },
                "two.example": { "username": "entry", "password": "p" },
                "none.two.example": { "username": "entry", "password": "p" },
                "off.example": { "username": "entry", "password": "p" }
            }
        }"#,
        &[("one", &notes("one")), ("store", &notes("store"))],
    );
    let config = setup.config();
    for (repository, expected) in [
        ("one.example/team/app", Some("one/p")),
        ("two.example/team/app", Some("entry/p")),
        ("two.example/app", Some("store/p")),
        ("none.two.example/app", Some("entry/p")),
        ("off.example/app", Some("entry/p")),
        ("alpine", Some("one/p")),
        ("none.nowhere.example/app", None),
    ] {
        assert_eq!(login(&config, repository).await.as_deref(), expected, "{repository}");
    }
    let asked =
        "one one.example\nstore two.example\nstore none.two.example\none docker.io\nstore none.nowhere.example\n";
    assert_eq!(setup.asked(), asked);
}

#[tokio::test]
async fn docker_hub_is_asked_for_under_the_name_that_docker_gives_it() {
    let setup = Setup::new(r#"{"credsStore":"store"}"#, &[("store", &notes("store"))]);
    assert_eq!(login(&setup.config(), "alpine").await.as_deref(), Some("store/p"));
    assert_eq!(setup.asked(), "store https://index.docker.io/v1/\n");
}

#[tokio::test]
async fn a_helper_may_give_an_identity_token_or_nothing() {
    let setup = Setup::new(
        r#"{"credHelpers":{"a.example":"token","b.example":"nothing"}}"#,
        &[
            ("token", r#"echo '{"Username":"<token>","Secret":"idt"}'"#),
            ("nothing", r#"echo '{"Username":"","Secret":""}'"#),
        ],
    );
    let config = setup.config();
    assert_eq!(login(&config, "a.example/app").await.as_deref(), Some("identity idt"));
    assert_eq!(login(&config, "b.example/app").await, None);
}

#[tokio::test]
async fn a_helper_that_fails_is_an_error_that_names_it_and_not_an_absence() {
    let flood = "i=0; while [ $i -lt 2000 ]; do echo '{\"Username\":\"a\",\"Secret\":\"s3cret-s3cret-s3cret-s3cret\"}'; i=$((i+1)); done; exec sleep 60";
    for (script, part) in [
        ("echo 'cannot open keychain'; echo 's3cret trace'; echo s3cret >&2; exit 3", "cannot open keychain"),
        (r#"echo '{"Username":"a","Secret":"s3cret"}'; exit 1"#, "exit status: 1"),
        (r#"echo '{"Username":"a","Secret":s3cret}'"#, "no Username and Secret"),
        (r#"echo '{"Username":"a"}'"#, "no Username and Secret"),
        ("echo s3cret", "no Username and Secret"),
        ("", "no Username and Secret"),
        (flood, "more than 65536 bytes"),
        ("kill -9 $$", "signal: 9"),
    ] {
        let setup = Setup::new(
            r#"{"credsStore":"bad","auths":{"a.example":{"username":"u","password":"p"}}}"#,
            &[("bad", script)],
        );
        let error = setup.config().credentials(&"a.example/app".parse().unwrap()).await.unwrap_err();
        let text = told(&error);
        assert_eq!(error.kind(), ErrorKind::Credentials, "{text}");
        assert!(text.contains(part), "{part}: {text}");
        assert!(!text.contains("s3cret"), "{text}");
        assert!(error.remedy().unwrap().contains("echo a.example | docker-credential-bad get"), "{text}");
    }
}

#[tokio::test]
async fn a_helper_that_is_not_there_is_an_error() {
    let setup =
        Setup::new(r#"{"credHelpers":{"a.example":"missing","b.example":"../sh"},"auths":{"c.example":{}}}"#, &[]);
    let config = setup.config();
    for (repository, part) in [("a.example/app", "no such program"), ("b.example/app", "no path")] {
        let error = config.credentials(&repository.parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.remedy().unwrap().contains("docker-credential-"), "{:?}", error.remedy());
    }
    assert_eq!(login(&config, "c.example/app").await, None);
}

#[tokio::test]
async fn a_helper_that_hangs_is_killed_when_its_time_is_over() {
    let setup = Setup::new(r#"{"credsStore":"slow"}"#, &[("slow", r#"echo $$ > "${0%/*}/asked"; exec sleep 600"#)]);
    let config = setup.config().helper_timeout(Duration::from_millis(500));
    let start = Instant::now();
    let error = config.credentials(&"a.example/app".parse().unwrap()).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(60));
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(error.to_string().contains("no answer within 500ms"), "{error}");
    // Gone, or dead and not yet buried.
    let status = format!("/proc/{}/stat", setup.asked().trim());
    for _ in 0..100 {
        match std::fs::read_to_string(&status) {
            Ok(stat) if !stat.contains(") Z ") => tokio::time::sleep(Duration::from_millis(50)).await,
            _ => return,
        }
    }
    panic!("{status} is still there");
}
