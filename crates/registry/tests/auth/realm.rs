//! Realms: the token server that a registry names gets the password, so that not any URL will do.

use lockage_registry::client::{Credentials, StaticCredentials};
use lockage_registry::{ErrorKind, Host, Source as _};

use super::mock::{Mock, Reply};
use super::{client, credentials, is_alice, latest, manifest, repo};

#[tokio::test]
async fn a_realm_that_may_not_be_used_gets_nothing() {
    for realm in [
        "ftp://auth.example/token",
        "file:///etc/passwd",
        "http://user:pass@127.0.0.1/token",
        "http://[::1",
        "javascript:alert(1)",
    ] {
        let mock =
            Mock::start(move |_, _| Reply::new(401).header("WWW-Authenticate", &format!(r#"Bearer realm="{realm}""#)))
                .await;
        let error = client(&mock).manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UrlRefused, "{realm}: {error:?}");
        assert_eq!(mock.requests().len(), 1, "{realm}");
    }
}

#[tokio::test]
async fn a_challenge_without_a_realm_is_no_challenge() {
    for value in ["Bearer", r#"Bearer realm="""#, "Negotiate", "Digest realm=x"] {
        let mock = Mock::start(move |_, _| Reply::new(401).header("WWW-Authenticate", value)).await;
        let error = client(&mock).manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{value}");
        assert_eq!(mock.requests().len(), 1, "{value}");
    }
}

#[tokio::test]
async fn a_realm_on_another_host_is_shown_the_credentials_of_the_registry() {
    let server = Mock::start(|request, _| match is_alice(request) {
        true => Reply::new(200).body(br#"{"token":"t"}"#),
        false => Reply::new(401),
    })
    .await;
    let realm = format!("http://{}/token?account=x", server.host());
    let registry = Mock::start(move |request, _| match request.header("authorization") {
        Some("Bearer t") => manifest(),
        _ => Reply::new(401)
            .header("WWW-Authenticate", &format!(r#"Basic realm="r", Bearer realm="{realm}",service="s""#)),
    })
    .await;
    client(&registry).manifest(&repo(&registry, "app"), &latest()).await.unwrap();
    let asked = server.requests();
    assert_eq!(asked[0].path, "/token?account=x&service=s&scope=repository%3Aapp%3Apull");
    assert!(registry.requests().iter().all(|request| !is_alice(request)), "the registry gets only the token");
}

#[tokio::test]
async fn a_token_server_that_redirects_is_not_followed_with_the_password() {
    let elsewhere = Mock::start(|_, _| Reply::new(200).body(br#"{"token":"t"}"#)).await;
    let target = format!("http://{}/token", elsewhere.host());
    let registry = Mock::start(move |request, host| match request.path.starts_with("/token") {
        true => Reply::new(307).header("Location", &target),
        false => Reply::new(401).header("WWW-Authenticate", &format!(r#"Bearer realm="http://{host}/token""#)),
    })
    .await;
    let error = client(&registry).manifest(&repo(&registry, "app"), &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_registry_gets_the_credentials_of_no_other_port() {
    let mock = Mock::start(|_, _| Reply::new(401).header("WWW-Authenticate", r#"Basic realm="x""#)).await;
    let other = Mock::start(|_, _| Reply::new(401).header("WWW-Authenticate", r#"Basic realm="x""#)).await;
    let client = super::builder().credentials(credentials(&other)).build().unwrap();
    let error = client.manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(mock.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[tokio::test]
async fn a_bearer_token_of_ones_own_is_shown_to_the_registry_and_to_no_token_server() {
    let mock = Mock::start(|request, host| match request.header("authorization") {
        Some("Bearer own") => manifest(),
        _ => Reply::new(401).header("WWW-Authenticate", &format!(r#"Bearer realm="http://{host}/token""#)),
    })
    .await;
    let host: Host = mock.host().parse().unwrap();
    let client = |token: &str| {
        let own = StaticCredentials::new().with(host.clone(), Credentials::bearer("the test", token));
        super::builder().credentials(own).build().unwrap()
    };
    client("own").manifest(&repo(&mock, "app"), &latest()).await.unwrap();
    assert_eq!(mock.requests().len(), 2);
    let error = client("other").manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(mock.requests().len(), 4, "a refused token is not shown again");
    assert!(mock.requests().iter().all(|request| !request.path.starts_with("/token")));
}
