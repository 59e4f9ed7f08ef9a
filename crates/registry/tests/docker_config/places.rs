//! Places: the variables and files that are looked at, and in which order.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use lockage_registry::client::{CredentialProvider as _, Credentials, DockerConfig, FirstOf, StaticCredentials};
use lockage_registry::{ErrorKind, Result};

use super::{login, told};

/// A home with files in it, each of which logs `who` in.
struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[&str]) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for file in files {
            let path = home.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, entry(file)).unwrap();
        }
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// `NAME=value` pairs, in which `~` is this home.
    fn config(&self, variables: &[(&str, &str)]) -> Result<DockerConfig> {
        let home = self.path().to_str().unwrap();
        let variables: BTreeMap<_, _> =
            variables.iter().map(|(name, value)| (*name, OsString::from(value.replace('~', home)))).collect();
        DockerConfig::from_variables(|name| variables.get(name).cloned())
    }
}

/// A document in which `who` is logged in to `registry.example`, and to a host of their own.
fn entry(who: &str) -> String {
    let own = who.trim_start_matches('.').replace(['/', '.'], "-");
    format!(
        r#"{{"auths":{{"registry.example":{{"username":"{who}","password":"p"}},
                       "{own}.example":{{"username":"{who}","password":"p"}}}}}}"#
    )
}

const DOCKER: &str = ".docker/config.json";
const OTHER: &str = "other/config.json";
const RUNTIME: &str = "run/containers/auth.json";
const CONFIG: &str = ".config/containers/auth.json";
const XDG: &str = "xdg/containers/auth.json";
const NAMED: &str = "named.json";

#[tokio::test]
async fn the_first_place_that_has_credentials_is_used() {
    let home = Home::new(&[DOCKER, OTHER, RUNTIME, CONFIG, XDG, NAMED]);
    let (home_is, document) = (("HOME", "~"), entry("document"));
    let (runtime, xdg) = (("XDG_RUNTIME_DIR", "~/run"), ("XDG_CONFIG_HOME", "~/xdg"));
    let (named, other) = (("REGISTRY_AUTH_FILE", "~/named.json"), ("DOCKER_CONFIG", "~/other"));
    let document = ("DOCKER_AUTH_CONFIG", document.as_str());
    for (variables, expected) in [
        (vec![], None),
        (vec![("HOME", "")], None),
        (vec![home_is], Some(DOCKER)),
        (vec![("USERPROFILE", "~")], Some(DOCKER)),
        (vec![home_is, other], Some(OTHER)),
        (vec![home_is, ("DOCKER_CONFIG", "")], Some(DOCKER)),
        (vec![home_is, runtime, xdg], Some(DOCKER)),
        (vec![home_is, runtime, ("DOCKER_CONFIG", "~/nothing")], Some(RUNTIME)),
        (vec![home_is, xdg, ("DOCKER_CONFIG", "~/nothing")], Some(XDG)),
        (vec![home_is, ("DOCKER_CONFIG", "~/nothing")], Some(CONFIG)),
        (vec![runtime], Some(RUNTIME)),
        (vec![xdg], Some(XDG)),
        (vec![home_is, other, runtime, named], Some(NAMED)),
        (vec![home_is, other, runtime, named, document], Some("document")),
        (vec![document], Some("document")),
    ] {
        let config = home.config(&variables).unwrap();
        let expected = expected.map(|who| format!("{who}/p"));
        assert_eq!(login(&config, "registry.example/app").await, expected, "{variables:?} {config:?}");
    }
}

#[tokio::test]
async fn what_one_place_lacks_the_next_may_have() {
    let home = Home::new(&[DOCKER, RUNTIME, CONFIG, NAMED]);
    let document = entry("document");
    let usual = [("HOME", "~"), ("XDG_RUNTIME_DIR", "~/run"), ("DOCKER_AUTH_CONFIG", document.as_str())];
    let config = home.config(&usual).unwrap();
    for (repository, expected) in [
        ("document.example/a", Some("document")),
        ("docker-config-json.example/a", Some(DOCKER)),
        ("run-containers-auth-json.example/a", Some(RUNTIME)),
        ("config-containers-auth-json.example/a", Some(CONFIG)),
        ("named-json.example/a", None),
    ] {
        assert_eq!(login(&config, repository).await, expected.map(|who| format!("{who}/p")), "{repository}");
    }
    // A file that was named stands alone, but for the document.
    let config = home.config(&[usual.as_slice(), &[("REGISTRY_AUTH_FILE", "~/named.json")]].concat()).unwrap();
    for (repository, expected) in [
        ("document.example/a", Some("document/p")),
        ("named-json.example/a", Some("named.json/p")),
        ("docker-config-json.example/a", None),
    ] {
        assert_eq!(login(&config, repository).await.as_deref(), expected, "{repository}");
    }
}

#[test]
fn a_file_that_was_named_must_be_there_and_the_usual_ones_need_not() {
    let home = Home::new(&[DOCKER]);
    home.config(&[("HOME", "~/nobody"), ("DOCKER_CONFIG", "~/nothing"), ("XDG_RUNTIME_DIR", "~/no")]).unwrap();
    let error = home.config(&[("HOME", "~"), ("REGISTRY_AUTH_FILE", "~/missing.json")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("missing.json") && error.remedy().is_some(), "{error}");
}

#[test]
fn a_place_that_cannot_be_used_is_an_error_and_not_an_absence() {
    let home = Home::new(&[DOCKER]);
    std::fs::create_dir_all(home.path().join("directory/config.json")).unwrap();
    for variables in [
        vec![("HOME", "~"), ("DOCKER_AUTH_CONFIG", r#"{"auths":{"ghcr.io":{"password":s3cret}}}"#)],
        vec![("HOME", "~"), ("DOCKER_AUTH_CONFIG", r#"{"auths":{"ghcr.io":{"auth":"s3cret!"}}}"#)],
        vec![("HOME", "~"), ("DOCKER_CONFIG", "~/directory")],
    ] {
        let error = home.config(&variables).unwrap_err();
        let text = told(&error);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
        assert!(text.contains("DOCKER_AUTH_CONFIG") || text.contains("directory"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn the_document_is_never_shown() {
    let home = Home::new(&[]);
    let config = home.config(&[("DOCKER_AUTH_CONFIG", entry("s3cret").as_str())]).unwrap();
    assert_eq!(login(&config, "registry.example/a").await.as_deref(), Some("s3cret/p"));
    let text = format!("{config:?}");
    assert!(text.contains("DOCKER_AUTH_CONFIG") && !text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn providers_are_asked_in_order_and_an_error_is_not_passed_over() {
    let home = Home::new(&[NAMED]);
    let named = || home.config(&[("REGISTRY_AUTH_FILE", "~/named.json")]).unwrap();
    let own = StaticCredentials::new()
        .with("registry.example".parse().unwrap(), Credentials::password("the test", "own", "p"));
    let provider = FirstOf::new(own.clone()).or(named());
    assert_eq!(login(&provider, "registry.example/a").await.as_deref(), Some("own/p"));
    assert_eq!(login(&provider, "named-json.example/a").await.as_deref(), Some("named.json/p"));
    assert_eq!(login(&provider, "nobody.example/a").await, None);
    let provider = FirstOf::new(named()).or(own);
    std::fs::remove_file(home.path().join(NAMED)).unwrap();
    let error = provider.credentials(&"registry.example/a".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}
