//! Docker's config.json: which credentials are found for which host, and what is said of a file that cannot be used.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_registry::ErrorKind;
use lockage_registry::client::{CredentialProvider, DockerConfig, Login};

fn config(json: &str) -> (tempfile::TempDir, lockage_registry::Result<DockerConfig>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.json");
    std::fs::write(&path, json).unwrap();
    let config = DockerConfig::from_file(&path);
    (directory, config)
}

async fn login(config: &DockerConfig, repository: &str) -> Option<String> {
    let found = config.credentials(&repository.parse().unwrap()).await.unwrap()?;
    assert!(found.origin.contains("config.json"), "{}", found.origin);
    Some(match found.login {
        Login::Password { username, password } => format!("{username}/{}", password.expose()),
        Login::IdentityToken(token) => format!("identity {}", token.expose()),
        Login::Bearer(token) => format!("bearer {}", token.expose()),
        other => panic!("{other:?}"),
    })
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
            "empty.example": {}
        },
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
        ("empty.example/app", None),
        ("evil-ghcr.io/app", None),
    ] {
        assert_eq!(login(&config, repository).await.as_deref(), expected, "{repository}");
    }
    assert!(!format!("{config:?}").contains("secret"));
}

#[test]
fn a_file_that_cannot_be_used_says_where_and_never_what() {
    for (json, place) in [
        (r#"{"auths":{"ghcr.io":{"auth":"c3Vw!"}}}"#, "ghcr.io"),
        (r#"{"auths":{"ghcr.io":{"auth":"bm9jb2xvbnMzY3JldA=="}}}"#, "ghcr.io"),
        (r#"{"auths":{"ghcr.io":{"password":s3cret}}}"#, "line 1"),
        ("[1", "config.json"),
    ] {
        let error = config(json).1.unwrap_err();
        let text = format!("{error} {error:?}");
        assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
        assert!(text.contains(place) && text.contains("config.json"), "{text}");
        assert!(!text.contains("s3cret") && !text.contains("c3Vw"), "{text}");
    }
    assert_eq!(DockerConfig::from_file("/nonexistent/config.json").unwrap_err().kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn a_helper_that_is_not_there_is_an_error_and_not_an_absence() {
    let (_directory, config) = config(r#"{"credHelpers":{"ghcr.io":"no-such-helper-here"},"auths":{"quay.io":{}}}"#);
    let config = config.unwrap();
    let error = config.credentials(&"ghcr.io/acme/app".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(error.remedy().unwrap().contains("docker-credential-no-such-helper-here"), "{:?}", error.remedy());
    assert_eq!(login(&config, "quay.io/acme/app").await, None);
}
