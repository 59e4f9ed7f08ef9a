//! The client against a guarded server: it logs in, gets scopes, and goes on when its tokens have ended.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use lockage_registry::client::{Client, Credentials, StaticCredentials};
use lockage_registry::media_type::OCI_INDEX;
use lockage_registry::server::{Guard, Server};
use lockage_registry::{
    Algorithm, Body, Descriptor, ErrorKind, Host, Memory, Opened, Prune as _, RawManifest, Repository, Source as _,
    SourceExt as _, Tag, TagOrDigest, Target as _, TargetExt as _, digest_of,
};

async fn guarded(guard: Guard) -> Server {
    let host: Host = "registry.test".parse().unwrap();
    let builder = Server::builder(Arc::new(Memory::new(host.clone())), host).record().guard(guard);
    builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

fn client(server: &Server, credentials: Credentials) -> Client {
    let credentials = StaticCredentials::new().with(server.host().clone(), credentials);
    Client::builder().credentials(credentials).build().unwrap()
}

fn robot() -> Credentials {
    Credentials::password("the test", "robot", "correct horse")
}

fn repository(server: &Server, path: &str) -> Repository {
    Repository::new(server.host().clone(), path).unwrap()
}

fn blob() -> Descriptor {
    Descriptor::new("x/y", digest_of(Algorithm::Sha256, b"layer").unwrap(), 5)
}

fn index() -> RawManifest {
    RawManifest::new(OCI_INDEX, r#"{"schemaVersion":2,"manifests":[]}"#.into()).unwrap()
}

fn tag() -> Tag {
    "v1".parse().unwrap()
}

/// Pushes, reads everything back, mounts, deletes.
async fn everything(server: &Server, client: &Client) {
    let (repo, other) = (repository(server, "team/app"), repository(server, "prod/app"));
    client.put_blob(&repo, &blob(), Body::bytes("layer")).await.unwrap();
    client.put_manifest(&repo, &index(), &tag().into()).await.unwrap();
    assert_eq!(client.read_blob(&repo, &blob(), 100).await.unwrap(), "layer");
    assert_eq!(client.manifest(&repo, &tag().into()).await.unwrap(), index());
    assert_eq!(client.tags(&repo).try_collect::<Vec<_>>().await.unwrap(), [tag()]);
    assert!(client.referrers(&repo, index().digest(), None).await.unwrap().is_empty());
    let mounted = client.open_blob(&other, &blob(), Some(&repo)).await.unwrap();
    assert!(matches!(mounted, Opened::Present), "mounted, with a token for both repositories");
    client.delete_manifest(&repo, index().digest()).await.unwrap();
}

#[tokio::test]
async fn a_client_does_everything_with_a_password() {
    let server = guarded(Guard::basic("robot", "correct horse")).await;
    everything(&server, &client(&server, robot())).await;
}

#[tokio::test]
async fn a_client_does_everything_with_tokens() {
    let server = guarded(Guard::bearer("robot", "correct horse")).await;
    everything(&server, &client(&server, robot())).await;
    assert!(server.requests().iter().any(|seen| seen.path.starts_with("/token?") && seen.status == 200));
}

#[tokio::test]
async fn a_client_gets_a_new_token_when_its_own_is_refused() {
    let server = guarded(Guard::bearer("robot", "correct horse")).await;
    let (client, repo) = (client(&server, robot()), repository(&server, "app"));
    for _ in 0..3 {
        client.put_blob(&repo, &blob(), Body::bytes("layer")).await.unwrap();
        client.put_manifest(&repo, &index(), &tag().into()).await.unwrap();
        client.resolve(&repo, &tag().into()).await.unwrap();
        server.revoke_tokens();
    }
    let tokens = server.requests().iter().filter(|seen| seen.path.starts_with("/token")).count();
    assert!((3..=9).contains(&tokens), "{tokens} tokens");
}

#[tokio::test]
async fn a_client_goes_on_when_all_its_tokens_end_at_once() {
    let server = guarded(Guard::bearer("robot", "correct horse")).await;
    let (client, repo) = (client(&server, robot()), repository(&server, "app"));
    for _ in 0..3 {
        // One token to pull, and one to push, which serves to pull as well.
        let _ = client.resolve(&repo, &tag().into()).await;
        client.put_manifest(&repo, &index(), &tag().into()).await.unwrap();
        client.resolve(&repo, &tag().into()).await.unwrap();
        server.revoke_tokens();
        client.resolve(&repo, &tag().into()).await.unwrap();
        server.revoke_tokens();
    }
}

#[tokio::test]
async fn a_client_goes_on_when_its_token_has_expired() {
    let server = guarded(Guard::bearer("robot", "correct horse").life(Duration::from_millis(1_200))).await;
    let (client, repo) = (client(&server, robot()), repository(&server, "app"));
    client.put_manifest(&repo, &index(), &tag().into()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    client.put_manifest(&repo, &index(), &tag().into()).await.unwrap();
}

#[tokio::test]
async fn a_client_lives_by_a_refresh_token() {
    let server = guarded(Guard::bearer("robot", "correct horse")).await;
    let login = "Basic cm9ib3Q6Y29ycmVjdCBob3JzZQ==";
    let url = format!("http://{}/token?offline_token=true", server.address());
    let request = format!("GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {login}\r\n\r\n");
    let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let mut answer = String::new();
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
    let (_, document) = answer.split_once("\r\n\r\n").unwrap();
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    let refresh = document["refresh_token"].as_str().unwrap();

    let client = client(&server, Credentials::identity_token("the test", refresh));
    everything(&server, &client).await;
    server.revoke_tokens();
    everything(&server, &client).await;
    server.revoke_tokens();
    server.revoke_refresh_tokens();
    let refused = client.resolve(&repository(&server, "team/app"), &TagOrDigest::Tag(tag())).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthorized);
}

#[tokio::test]
async fn wrong_passwords_and_missing_rights_are_told() {
    for (guard, writing) in [
        (Guard::basic("robot", "correct horse").reader("guest", "guest"), ErrorKind::Denied),
        (Guard::bearer("robot", "correct horse").reader("guest", "guest"), ErrorKind::Unauthorized),
    ] {
        let server = guarded(guard).await;
        let repo = repository(&server, "app");
        client(&server, robot()).put_manifest(&repo, &index(), &tag().into()).await.unwrap();

        let guest = client(&server, Credentials::password("the test", "guest", "guest"));
        assert_eq!(guest.resolve(&repo, &tag().into()).await.unwrap().digest, *index().digest());
        let refused = guest.put_manifest(&repo, &index(), &tag().into()).await.unwrap_err();
        assert!([writing, ErrorKind::Denied].contains(&refused.kind()), "{refused}");

        let nobody = client(&server, Credentials::password("the test", "robot", "wrong"));
        let refused = nobody.resolve(&repo, &tag().into()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthorized, "{refused}");
        assert!(!format!("{refused:?}").contains("wrong\""), "{refused:?}");
    }
}

#[tokio::test]
async fn everybody_pulls_with_a_token_for_nobody() {
    let server = guarded(Guard::bearer("robot", "correct horse").anonymous_pull()).await;
    let repo = repository(&server, "app");
    client(&server, robot()).put_manifest(&repo, &index(), &tag().into()).await.unwrap();
    let anonymous = Client::builder().build().unwrap();
    assert_eq!(anonymous.resolve(&repo, &tag().into()).await.unwrap().digest, *index().digest());
    let refused = anonymous.put_manifest(&repo, &index(), &tag().into()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthorized, "{refused}");
}
