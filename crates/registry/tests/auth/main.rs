//! Authentication against a registry and token server that say what the test wants: challenges, scopes, one token for
//! many callers, refreshing, and whom no credential is sent to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

#[path = "../mock/mod.rs"]
mod mock;

mod basic;
mod realm;
mod secrets;
mod token;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use futures::future::join_all;
use lockage_registry::client::{Client, ClientBuilder, Credentials, StaticCredentials};
use lockage_registry::{
    Descriptor, ErrorKind, Host, Opened, Repository, RetryPolicy, Source, TagOrDigest, Target, digest_of,
};
use mock::{Mock, Reply, Request};

const PASSWORD: &str = "c0rrect horse";

/// Each request once, so that a test sees what became of it.
fn builder() -> ClientBuilder {
    Client::builder().retry(RetryPolicy::none())
}

fn credentials(mock: &Mock) -> StaticCredentials {
    let host: Host = mock.host().parse().unwrap();
    StaticCredentials::new().with(host, Credentials::password("the test", "alice", PASSWORD))
}

fn client(mock: &Mock) -> Client {
    builder().credentials(credentials(mock)).build().unwrap()
}

fn repo(mock: &Mock, path: &str) -> Repository {
    format!("{}/{path}", mock.host()).parse().unwrap()
}

fn latest() -> TagOrDigest {
    TagOrDigest::Tag("latest".parse().unwrap())
}

fn manifest() -> Reply {
    let bytes = br#"{"schemaVersion":2,"manifests":[]}"#;
    Reply::new(200)
        .header("Content-Type", "application/vnd.oci.image.index.v1+json")
        .header("Docker-Content-Digest", digest_of(lockage_registry::Algorithm::Sha256, bytes).unwrap().as_str())
        .body(bytes)
}

fn is_alice(request: &Request) -> bool {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("alice:{PASSWORD}"));
    request.header("authorization") == Some(format!("Basic {pair}").as_str())
}

/// A registry that wants a bearer token `good-N`, and the token server beside it, which counts.
async fn bearer(
    accepts: impl Fn(&str) -> bool + Send + Sync + 'static,
    life: &'static str,
) -> (Mock, Arc<AtomicUsize>) {
    let issued = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&issued);
    let mock = Mock::start(move |request, host| {
        if request.path.starts_with("/token") {
            if !is_alice(request) {
                return Reply::new(401);
            }
            let n = count.fetch_add(1, Ordering::SeqCst);
            return Reply::new(200).body(format!(r#"{{"token":"good-{n}"{life}}}"#).as_bytes());
        }
        match request.header("authorization").and_then(|header| header.strip_prefix("Bearer ")) {
            Some(token) if accepts(token) => manifest(),
            _ => Reply::new(401).header(
                "WWW-Authenticate",
                &format!(r#"Bearer realm="http://{host}/token",service="mock",scope="repository:x:pull""#),
            ),
        }
    })
    .await;
    (mock, issued)
}

#[tokio::test]
async fn basic_credentials_are_sent_once_they_are_asked_for() {
    let mock = Mock::start(|request, _| match is_alice(request) {
        true => manifest(),
        false => Reply::new(401).header("WWW-Authenticate", r#"Basic realm="mock""#),
    })
    .await;
    let client = client(&mock);
    client.manifest(&repo(&mock, "app"), &latest()).await.unwrap();
    client.manifest(&repo(&mock, "other"), &latest()).await.unwrap();
    let sent: Vec<_> = mock.requests().iter().map(|request| request.header("authorization").is_some()).collect();
    assert_eq!(sent, [false, true, true]);
}

#[tokio::test]
async fn many_callers_share_one_token() {
    let (mock, issued) = bearer(|token| token == "good-0", "").await;
    let client = client(&mock);
    let repo = repo(&mock, "app");
    let (repo, latest) = (&repo, &latest());
    for pulled in join_all((0..32).map(|_| client.manifest(repo, latest))).await {
        pulled.unwrap();
    }
    assert_eq!(issued.load(Ordering::SeqCst), 1);
    client.manifest(repo, latest).await.unwrap();
    assert_eq!(issued.load(Ordering::SeqCst), 1);
    assert!(mock.requests().iter().all(|request| request.path != "/v2/"), "no ping is needed");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let (mock, issued) = bearer(|token| token == "good-1", "").await;
    let client = client(&mock);
    // The first is refused, as if it had been revoked; each call is tried once more.
    let error = client.manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    client.manifest(&repo(&mock, "app"), &latest()).await.unwrap();
    assert_eq!(issued.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_that_has_expired_is_not_sent() {
    let (mock, issued) = bearer(|_| true, r#","expires_in":1"#).await;
    let client = client(&mock);
    client.manifest(&repo(&mock, "app"), &latest()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    client.manifest(&repo(&mock, "app"), &latest()).await.unwrap();
    assert_eq!(issued.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_mount_asks_for_both_repositories_destination_first() {
    let mock = Mock::start(|request, host| {
        if request.path.starts_with("/token") {
            return Reply::new(200).body(br#"{"access_token":"t"}"#);
        }
        match request.header("authorization") {
            None => Reply::new(401)
                .header("WWW-Authenticate", &format!(r#"Bearer realm="http://{host}/token",service="s""#)),
            Some(_) => Reply::new(201),
        }
    })
    .await;
    let blob = Descriptor::new("x", digest_of(lockage_registry::Algorithm::Sha256, b"x").unwrap(), 1);
    let opened = client(&mock).open_blob(&repo(&mock, "prod/app"), &blob, Some(&repo(&mock, "dev/app"))).await.unwrap();
    assert!(matches!(opened, Opened::Present));
    let requests = mock.requests();
    let token = requests.iter().find(|request| request.path.starts_with("/token")).unwrap();
    assert_eq!(
        token.path,
        "/token?service=s&scope=repository%3Aprod%2Fapp%3Apull%2Cpush&scope=repository%3Adev%2Fapp%3Apull"
    );
    let mount = requests.last().unwrap();
    assert!(mount.path.contains("mount=sha256%3A") && mount.path.ends_with("from=dev%2Fapp"), "{}", mount.path);
    assert_eq!(mount.header("content-length"), Some("0"));
}

#[tokio::test]
async fn an_identity_token_is_exchanged_by_post() {
    let mock = Mock::start(|request, host| {
        if request.path.starts_with("/token") {
            assert_eq!(request.method, "POST");
            assert!(
                request.body.contains("grant_type=refresh_token") && request.body.contains("refresh_token=r3fresh")
            );
            return Reply::new(200).body(br#"{"access_token":"t"}"#);
        }
        match request.header("authorization") {
            Some("Bearer t") => manifest(),
            _ => Reply::new(401)
                .header("WWW-Authenticate", &format!(r#"Bearer realm="http://{host}/token",service="s""#)),
        }
    })
    .await;
    let host: Host = mock.host().parse().unwrap();
    let tokens = StaticCredentials::new().with(host, Credentials::identity_token("the test", "r3fresh"));
    let client = builder().credentials(tokens).build().unwrap();
    client.manifest(&repo(&mock, "app"), &latest()).await.unwrap();
}

#[tokio::test]
async fn a_refusal_says_which_credentials_and_never_shows_them() {
    let mock = Mock::start(|request, host| match request.path.starts_with("/token") {
        true => Reply::new(403).body(br#"{"errors":[{"code":"DENIED","message":"no"}]}"#),
        false => Reply::new(401).header("WWW-Authenticate", &format!(r#"Bearer realm="http://{host}/token""#)),
    })
    .await;
    let error = client(&mock).manifest(&repo(&mock, "acme/app"), &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let mut text = format!("{error} {error:?}");
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    while let Some(error) = cause {
        text += &format!(" / {error}");
        cause = error.source();
    }
    for part in ["pull manifest", "acme/app:latest", "credentials from the test", "repository:acme/app:pull", "403"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains(PASSWORD), "{text}");
    assert!(!format!("{:?}", client(&mock)).contains(PASSWORD));
}

#[tokio::test]
async fn no_credentials_means_the_refusal_is_told_as_it_is() {
    let mock = Mock::start(|_, _| Reply::new(401).header("WWW-Authenticate", r#"Basic realm="x""#)).await;
    let client = builder().build().unwrap();
    let error = client.manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.remedy().unwrap().contains("Log in"));
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_another_host_gets_no_credentials() {
    let storage = Mock::start(|request, _| {
        assert_eq!(request.header("authorization"), None);
        Reply::new(200).body(b"x")
    })
    .await;
    let elsewhere = format!("http://{}/blob?signature=s3cret", storage.host());
    let registry = Mock::start(move |request, _| match request.header("authorization") {
        Some(_) => Reply::new(307).header("Location", &elsewhere),
        None => Reply::new(401).header("WWW-Authenticate", r#"Basic realm="x""#),
    })
    .await;
    let blob = Descriptor::new("x", digest_of(lockage_registry::Algorithm::Sha256, b"x").unwrap(), 1);
    let mut stream = client(&registry).blob(&repo(&registry, "app"), &blob, 0).await.unwrap();
    assert_eq!(futures::StreamExt::next(&mut stream).await.unwrap().unwrap(), "x");
    assert_eq!(storage.requests().len(), 1);
}

#[tokio::test]
async fn redirects_that_never_end_are_given_up() {
    let mock = Mock::start(|_, host| Reply::new(302).header("Location", &format!("http://{host}/again"))).await;
    let error = client(&mock).manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UrlRefused);
}

#[tokio::test]
async fn a_stalled_answer_is_a_timeout() {
    let mock = Mock::start(|_, _| Reply::never()).await;
    let client = ClientBuilder::stall_timeout(builder(), std::time::Duration::from_millis(200));
    let client = client.build().unwrap();
    let error = client.manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_temporary());
}
