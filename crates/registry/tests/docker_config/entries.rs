//! Entries of one file: their forms, their keys, and mistakes in them.

use lockage_registry::ErrorKind;
use lockage_registry::client::{CredentialProvider as _, DockerConfig};

use super::{login, told};

fn config(json: &str) -> (tempfile::TempDir, lockage_registry::Result<DockerConfig>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.json");
    std::fs::write(&path, json).unwrap();
    let config = DockerConfig::from_file(&path);
    (directory, config)
}

#[tokio::test]
async fn each_form_of_an_entry_is_read() {
    let (_directory, config) = config(
        r#"{
        "auths": {
            "https://index.docker.io/v1/": { "auth": "aHViOnNlY3JldA==" },
            "ghcr.io": { "username": "octo", "password": "cat" },
            "https://quay.io/v2/": { "auth": "cXVheTphOmI=" },
            "azure.example": { "auth": "MDAwMDo=", "identitytoken": "idt" },
            "token.example": { "registrytoken": "rt" },
            "localhost:5000": { "auth": "bG9jYWw6aG9zdA==" },
            "unpadded.example": { "auth": "bG9jYWw6aG9zdA" },
            "nul.example": { "auth": "dXNlcjpwYXNzAAA=" },
            "null.example": { "auth": null, "username": "nil", "password": "p" },
            "none.example": null,
            "empty.example": {}
        },
        "credHelpers": null,
        "HttpHeaders": { "X": "y" }
    }"#,
    );
    let config = config.unwrap();
    for (repository, expected) in [
        ("alpine", Some("hub/secret")),
        ("docker.io/acme/app", Some("hub/secret")),
        ("ghcr.io/acme/app", Some("octo/cat")),
        ("quay.io/acme/app", Some("quay/a:b")),
        ("azure.example/app", Some("identity idt")),
        ("token.example/app", Some("bearer rt")),
        ("localhost:5000/app", Some("local/host")),
        ("localhost:5001/app", None),
        ("unpadded.example/app", Some("local/host")),
        ("nul.example/app", Some("user/pass")),
        ("null.example/app", Some("nil/p")),
        ("none.example/app", None),
        ("empty.example/app", None),
        ("evil-ghcr.io/app", None),
    ] {
        assert_eq!(login(&config, repository).await.as_deref(), expected, "{repository}");
    }
    let origin = config.credentials(&"ghcr.io/a".parse().unwrap()).await.unwrap().unwrap().origin;
    assert!(origin.contains("config.json") && origin.contains("ghcr.io"), "{origin}");
    assert!(!format!("{config:?}").contains("secret"));
}

#[tokio::test]
async fn the_most_specific_entry_for_a_repository_is_used() {
    let entry = |name: &str| format!(r#"{{"username":"{name}","password":"p"}}"#);
    let keys = [
        "registry.example/team/app",
        "registry.example/team",
        "registry.example",
        "registry.example:5000/team",
        "docker.io/library/alpine",
        "docker.io/acme",
        "https://index.docker.io/v1/",
        "other.example/team",
        "https://legacy.example/v2/",
        "registry.example/v2/",
    ];
    let auths: Vec<_> = keys.iter().map(|key| format!(r#""{key}":{}"#, entry(key))).collect();
    let (_directory, config) =
        config(&format!(r#"{{"auths":{{"registry.example/team/empty":{{}},{}}}}}"#, auths.join(",")));
    let config = config.unwrap();
    for (repository, expected) in [
        ("registry.example/team/app", Some("registry.example/team/app")),
        ("registry.example/team/app/cache", Some("registry.example/team/app")),
        ("registry.example/team/application", Some("registry.example/team")),
        ("registry.example/team/empty", Some("registry.example/team")),
        ("registry.example/team", Some("registry.example/team")),
        ("registry.example/teams/app", Some("registry.example")),
        ("registry.example/v2/app", Some("registry.example")),
        ("registry.example:5000/team/app", Some("registry.example:5000/team")),
        ("registry.example:5000/other", None),
        ("alpine", Some("docker.io/library/alpine")),
        ("debian", Some("https://index.docker.io/v1/")),
        ("docker.io/acme/app", Some("docker.io/acme")),
        // A namespace's login is not the host's.
        ("other.example/team/app", Some("other.example/team")),
        ("other.example/stranger/app", None),
        ("legacy.example/any/app", Some("https://legacy.example/v2/")),
    ] {
        let expected = expected.map(|name| format!("{name}/p"));
        assert_eq!(login(&config, repository).await, expected, "{repository}");
    }
}

#[tokio::test]
async fn each_name_of_docker_hub_is_docker_hub() {
    for key in
        ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io", "http://docker.io"]
    {
        let (_directory, config) = config(&format!(r#"{{"auths":{{"{key}":{{"auth":"aHViOnNlY3JldA=="}}}}}}"#));
        assert_eq!(login(&config.unwrap(), "alpine").await.as_deref(), Some("hub/secret"), "{key}");
    }
}

#[tokio::test]
async fn an_empty_file_has_no_credentials() {
    for text in ["", " \n", "{}", r#"{"auths":null}"#] {
        let (_directory, config) = config(text);
        assert_eq!(login(&config.unwrap(), "ghcr.io/a").await, None, "{text:?}");
    }
}

#[test]
fn a_file_that_cannot_be_used_says_where_and_never_what() {
    for (json, place) in [
        (r#"{"auths":{"ghcr.io":{"auth":"c3Vw!"}}}"#, "ghcr.io"),
        (r#"{"auths":{"ghcr.io":{"auth":"bm9jb2xvbnMzY3JldA=="}}}"#, "ghcr.io"),
        (r#"{"auths":{"ghcr.io":{"auth":"OnMzY3JldA=="}}}"#, "ghcr.io"),
        (r#"{"auths":{"ghcr.io":{"password":s3cret}}}"#, "line 1"),
        (r#"{"auths":{"ghcr.io":{"password":["s3cret"]}}}"#, "line 1"),
        (r#"{"auths":["s3cret"]}"#, "line 1"),
        ("[1", "config.json"),
        ("\u{feff}{}", "config.json"),
    ] {
        let error = config(json).1.unwrap_err();
        let text = told(&error);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
        assert!(text.contains(place) && text.contains("config.json"), "{text}");
        assert!(!text.contains("s3cret") && !text.contains("c3Vw"), "{text}");
    }
    assert_eq!(DockerConfig::from_file("/nonexistent/config.json").unwrap_err().kind(), ErrorKind::Configuration);
}

#[test]
fn a_file_without_an_end_is_not_read_to_it() {
    let error = DockerConfig::from_file("/dev/zero").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn a_login_made_meanwhile_is_found() {
    let (directory, config) = config(r#"{"auths":{"ghcr.io":{"username":"old","password":"p"}}}"#);
    let config = config.unwrap();
    assert_eq!(login(&config, "ghcr.io/a").await.as_deref(), Some("old/p"));
    let path = directory.path().join("config.json");
    std::fs::write(&path, r#"{"auths":{"ghcr.io":{"username":"new","password":"p"}}}"#).unwrap();
    assert_eq!(login(&config, "ghcr.io/a").await.as_deref(), Some("new/p"));
    std::fs::write(&path, r#"{"auths":"#).unwrap();
    let error = config.credentials(&"ghcr.io/a".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    std::fs::remove_file(&path).unwrap();
    // A file that was named may not vanish.
    let error = config.credentials(&"ghcr.io/a".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}
