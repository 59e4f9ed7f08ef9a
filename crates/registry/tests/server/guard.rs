//! The guard, by raw requests: challenges, tokens, rights.

use std::sync::Arc;
use std::time::Duration;

use lockage_registry::server::{Fault, Guard, Server};
use serde_json::Value;

use crate::http::{Response, get, guarded, manifest, send, sha256};

/// `robot:correct horse` and `guest:guest`.
const ROBOT: &str = "Authorization: Basic cm9ib3Q6Y29ycmVjdCBob3JzZQ==";
const GUEST: &str = "Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=";
const WRONG: &str = "Authorization: Basic cm9ib3Q6d3Jvbmc=";

fn basic() -> Guard {
    Guard::basic("robot", "correct horse").reader("guest", "guest")
}

fn bearer() -> Guard {
    Guard::bearer("robot", "correct horse").reader("guest", "guest")
}

/// A token for these scopes, as a header.
async fn token(server: &Server, login: &[&str], scopes: &[&str]) -> String {
    let query: String = scopes.iter().map(|scope| format!("&scope=repository%3A{scope}")).collect();
    let given = send(server, "GET", &format!("/token?service=registry.test{query}"), login, b"").await;
    assert_eq!(given.status, 200, "{}", String::from_utf8_lossy(&given.body));
    let answer = given.json();
    assert_eq!(answer["token"], answer["access_token"]);
    format!("Authorization: Bearer {}", answer["token"].as_str().unwrap())
}

async fn form(server: &Server, fields: &str) -> Response {
    let content_type = "Content-Type: application/x-www-form-urlencoded";
    send(server, "POST", "/token", &[content_type], fields.as_bytes()).await
}

/// Status, and the challenge.
fn refusal(response: &Response) -> (u16, &str) {
    (response.status, response.header("www-authenticate"))
}

#[tokio::test]
async fn with_basic_each_request_needs_a_password_and_the_right() {
    let server = guarded(basic()).await;
    let upload = format!("/v2/app/blobs/uploads/?digest={}", sha256(b"x"));
    let challenge = "Basic realm=\"registry.test\"";
    for headers in
        [&[][..], &[WRONG], &["Authorization: Bearer x"], &["Authorization: Basic ???"], &["Authorization: \u{e9}"]]
    {
        for (method, path) in [("GET", "/v2/"), ("GET", "/v2/app/tags/list"), ("POST", upload.as_str())] {
            let refused = send(&server, method, path, headers, b"x").await;
            assert_eq!((refusal(&refused), refused.code().as_str()), ((401, challenge), "UNAUTHORIZED"), "{headers:?}");
        }
    }
    let denied = send(&server, "POST", &upload, &[GUEST], b"x").await;
    assert_eq!((denied.status, denied.code().as_str()), (403, "DENIED"));
    assert_eq!(send(&server, "POST", &upload, &[ROBOT], b"x").await.status, 201);
    let blob = format!("/v2/app/blobs/{}", sha256(b"x"));
    for login in [ROBOT, GUEST] {
        assert_eq!(send(&server, "GET", &blob, &[login], b"").await.body, b"x");
        assert_eq!(send(&server, "GET", "/v2/", &[login], b"").await.status, 200);
    }
    assert_eq!(get(&server, "/token").await.status, 404, "no tokens here");
}

#[tokio::test]
async fn with_basic_everybody_may_pull_where_that_is_said() {
    let server = guarded(basic().anonymous_pull()).await;
    let upload = format!("/v2/app/blobs/uploads/?digest={}", sha256(b"x"));
    assert_eq!(send(&server, "POST", &upload, &[], b"x").await.status, 401);
    assert_eq!(send(&server, "POST", &upload, &[ROBOT], b"x").await.status, 201);
    let blob = format!("/v2/app/blobs/{}", sha256(b"x"));
    assert_eq!(get(&server, &blob).await.status, 200);
    assert_eq!(send(&server, "GET", &blob, &[WRONG], b"").await.status, 401, "a wrong password is not nobody's");
    assert_eq!(get(&server, "/v2/").await.status, 401, "so that clients learn that there are users");
}

#[tokio::test]
async fn a_bearer_challenge_names_the_scope_of_the_request() {
    let server = guarded(bearer()).await;
    // The name by which the client knows the server.
    let realm = "Bearer realm=\"http://registry.test/token\",service=\"registry.test\"";
    let upload = "/v2/a/b/blobs/uploads/";
    let digest = sha256(b"x");
    for (method, path, scope) in [
        ("GET", "/v2/", ""),
        ("HEAD", "/v2/a/b/manifests/v1", ",scope=\"repository:a/b:pull\""),
        ("PUT", "/v2/a/b/manifests/v1", ",scope=\"repository:a/b:pull,push\""),
        ("DELETE", "/v2/a/b/manifests/v1", ",scope=\"repository:a/b:delete\""),
        ("POST", upload, ",scope=\"repository:a/b:pull,push\""),
        (
            "POST",
            &format!("{upload}?mount={digest}&from=other"),
            ",scope=\"repository:a/b:pull,push repository:other:pull\"",
        ),
        // What would end the quotes is in no name.
        ("POST", &format!("{upload}?mount={digest}&from=%22x"), ""),
    ] {
        let refused = send(&server, method, path, &[], b"").await;
        assert_eq!(refusal(&refused), (401, format!("{realm}{scope}").as_str()), "{method} {path}");
    }
    let refused = send(&server, "GET", "/v2/", &["Authorization: Bearer nonsense"], b"").await;
    assert_eq!(refusal(&refused), (401, format!("{realm},error=\"invalid_token\"").as_str()));
    let refused = send(&server, "GET", "/v2/", &[ROBOT], b"").await;
    assert_eq!(refusal(&refused), (401, realm), "a password is for the token server");
}

#[tokio::test]
async fn a_token_is_good_for_its_scopes_alone() {
    let server = guarded(bearer()).await;
    let push = token(&server, &[ROBOT], &["app:pull,push"]).await;
    let upload = format!("/v2/app/blobs/uploads/?digest={}", sha256(b"x"));
    assert_eq!(send(&server, "POST", &upload, &[&push], b"x").await.status, 201);
    let blob = format!("/v2/app/blobs/{}", sha256(b"x"));
    let pull = token(&server, &[GUEST], &["app:pull,push", "other:pull"]).await;
    assert_eq!(send(&server, "GET", &blob, &[&pull], b"").await.status, 200);
    assert_eq!(send(&server, "GET", "/v2/", &[&pull], b"").await.status, 200);
    for (method, path, headers) in [
        // A user without the right, another repository, another action, and no scope at all.
        ("POST", upload.as_str(), &pull),
        ("GET", "/v2/app2/tags/list", &push),
        ("DELETE", "/v2/app/manifests/v1", &push),
        ("GET", &blob, &token(&server, &[ROBOT], &[]).await),
        ("GET", &blob, &token(&server, &[ROBOT], &["app:sing"]).await),
    ] {
        let refused = send(&server, method, path, &[headers], b"x").await;
        assert_eq!(refused.status, 401, "{method} {path}");
        assert!(refused.header("www-authenticate").ends_with(",error=\"insufficient_scope\""), "{method} {path}");
    }
}

#[tokio::test]
async fn what_may_not_be_pulled_may_not_be_mounted() {
    let server = guarded(bearer()).await;
    let secret = token(&server, &[ROBOT], &["secret:pull,push"]).await;
    let digest = sha256(b"layer");
    let path = format!("/v2/secret/blobs/uploads/?digest={digest}");
    assert_eq!(send(&server, "POST", &path, &[&secret], b"layer").await.status, 201);

    let mount = format!("/v2/app/blobs/uploads/?mount={digest}");
    let app = token(&server, &[ROBOT], &["app:pull,push"]).await;
    let both = token(&server, &[ROBOT], &["app:pull,push", "secret:pull"]).await;
    let push_only = token(&server, &[ROBOT], &["app:pull,push", "secret:push"]).await;
    for (query, token, status) in [
        ("&from=secret", &app, 401),
        ("&from=secret", &push_only, 401),
        // Where no repository is named, there is an upload: nothing tells that the blob exists.
        ("", &app, 202),
        ("", &push_only, 202),
        ("", &both, 201),
        ("&from=secret", &both, 201),
    ] {
        assert_eq!(send(&server, "POST", &format!("{mount}{query}"), &[token], b"").await.status, status, "{query}");
    }
}

#[tokio::test]
async fn tokens_end_and_can_be_revoked() {
    let server = guarded(bearer().life(Duration::from_millis(150))).await;
    let short = token(&server, &[ROBOT], &["app:pull"]).await;
    assert_eq!(send(&server, "GET", "/v2/", &[&short], b"").await.status, 200);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(send(&server, "GET", "/v2/", &[&short], b"").await.header("www-authenticate").contains("invalid_token"));

    let server = guarded(bearer()).await;
    let (one, other) = (token(&server, &[ROBOT], &[]).await, token(&server, &[ROBOT], &[]).await);
    assert_ne!(one, other);
    assert_eq!(send(&server, "GET", "/v2/", &[&one], b"").await.status, 200);
    server.revoke_tokens();
    for token in [&one, &other] {
        assert_eq!(send(&server, "GET", "/v2/", &[token], b"").await.status, 401);
    }
    let fresh = token(&server, &[ROBOT], &[]).await;
    assert_eq!(send(&server, "GET", "/v2/", &[&fresh], b"").await.status, 200);
}

#[tokio::test]
async fn tokens_are_given_by_form_and_for_refresh_tokens() {
    let server = guarded(bearer().life(Duration::from_secs(77))).await;
    let fields = "grant_type=password&service=registry.test&client_id=test&username=robot&password=correct+horse\
                  &access_type=offline&scope=repository:a:pull+repository:b:pull,push";
    let given = form(&server, fields).await;
    assert_eq!((given.status, given.header("cache-control")), (200, "no-store"));
    let given = given.json();
    assert_eq!(
        (&given["expires_in"], &given["scope"]),
        (&77.into(), &"repository:a:pull repository:b:pull,push".into())
    );
    let refresh = given["refresh_token"].as_str().unwrap().to_owned();
    let again = format!("grant_type=refresh_token&client_id=test&refresh_token={refresh}&scope=repository:c:delete");

    server.revoke_tokens();
    let given = form(&server, &again).await.json();
    assert_eq!((&given["scope"], &given["refresh_token"]), (&"repository:c:delete".into(), &Value::Null));
    let header = format!("Authorization: Bearer {}", given["access_token"].as_str().unwrap());
    assert_eq!(send(&server, "DELETE", "/v2/c/manifests/v1", &[&header], b"").await.status, 404);
    // A refresh token is no token, and a token refreshes nothing.
    let header = format!("Authorization: Bearer {refresh}");
    assert_eq!(send(&server, "GET", "/v2/", &[&header], b"").await.status, 401);

    server.revoke_refresh_tokens();
    let token = given["access_token"].as_str().unwrap();
    for (fields, error) in [
        (again.as_str(), "invalid_grant"),
        (&format!("grant_type=refresh_token&refresh_token={token}"), "invalid_grant"),
        ("grant_type=password&username=robot&password=wrong", "invalid_grant"),
        ("grant_type=password", "invalid_grant"),
        ("grant_type=authorization_code", "unsupported_grant_type"),
        ("", "unsupported_grant_type"),
        ("grant_type=password&username=robot&password=correct+horse&service=elsewhere", "invalid_target"),
        (&"x".repeat(70_000), "invalid_request"),
    ] {
        let refused = form(&server, fields).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &error.into()), "{error}");
    }
    assert_eq!(send(&server, "POST", "/token", &[], b"grant_type=password").await.json()["error"], "invalid_request");
    assert_eq!(send(&server, "PUT", "/token", &[], b"").await.header("allow"), "GET, HEAD, POST");
}

#[tokio::test]
async fn a_token_by_password_may_come_with_one_that_refreshes_it() {
    let server = guarded(bearer()).await;
    let offline = send(&server, "GET", "/token?offline_token=true&scope=repository:a:pull", &[GUEST], b"").await.json();
    let refresh = offline["refresh_token"].as_str().unwrap();
    let again = form(&server, &format!("grant_type=refresh_token&refresh_token={refresh}&scope=repository:a:*")).await;
    assert_eq!(again.json()["scope"], "repository:a:pull", "the rights are the user's");
    let refused = send(&server, "GET", "/token", &[WRONG], b"").await;
    assert_eq!(refusal(&refused), (401, "Basic realm=\"registry.test\""));
    assert_eq!(get(&server, "/token").await.status, 401);
    assert_eq!(send(&server, "GET", "/token?service=elsewhere", &[GUEST], b"").await.status, 400);
}

#[tokio::test]
async fn everybody_is_given_a_token_to_pull_where_that_is_said() {
    let server = guarded(bearer().anonymous_pull()).await;
    let nobody = token(&server, &[], &["app:pull,push"]).await;
    assert_eq!(send(&server, "GET", "/v2/app/tags/list", &[&nobody], b"").await.status, 404);
    assert_eq!(send(&server, "POST", "/v2/app/blobs/uploads/", &[&nobody], b"").await.status, 401);
    assert_eq!(get(&server, "/v2/app/tags/list").await.status, 401, "even so, a token is needed");
    assert_eq!(send(&server, "GET", "/token", &[WRONG], b"").await.status, 401);
}

#[tokio::test]
async fn no_password_is_in_the_log() {
    let server = guarded(bearer()).await;
    let fields = "grant_type=password&username=robot&password=correct%20horse&access_type=offline";
    let refresh = form(&server, fields).await.json()["refresh_token"].as_str().unwrap().to_owned();
    get(&server, "/token?username=robot&password=correct%20horse").await;
    get(&server, &format!("/token?refresh_token={refresh}")).await;
    get(&server, "/token?scope=repository:a:pull").await;
    let log = format!("{:?} {server:?}", server.requests());
    assert!(!log.contains("horse") && !log.contains(&refresh), "{log}");
    assert!(log.contains("/token?scope=repository:a:pull"), "{log}");
}

#[tokio::test]
async fn faults_befall_the_token_server_too() {
    let intercept = |head: &lockage_registry::server::RequestHead| match head.path.starts_with("/token") {
        true => Fault::Answer { status: 503, code: "UNAVAILABLE".to_owned(), retry_after: None },
        false => Fault::None,
    };
    let host: lockage_registry::Host = "registry.test".parse().unwrap();
    let memory = Arc::new(lockage_registry::Memory::new(host.clone()));
    let builder = Server::builder(memory, host).guard(bearer()).intercept(Arc::new(intercept));
    assert!(!format!("{builder:?}").contains("horse"));
    let server = builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    assert_eq!(send(&server, "GET", "/token", &[ROBOT], b"").await.status, 503);
    assert_eq!(get(&server, "/v2/").await.status, 401);
}

#[tokio::test]
async fn a_whole_push_and_pull_with_tokens() {
    let server = guarded(bearer()).await;
    let push = token(&server, &[ROBOT], &["app:pull,push"]).await;
    let opened = send(&server, "POST", "/v2/app/blobs/uploads/", &[&push], b"").await;
    let config = format!("{}?digest={}", opened.header("location"), sha256(b"{}"));
    assert_eq!(send(&server, "PUT", &config, &[], b"{}").await.status, 401, "a session is no password");
    assert_eq!(send(&server, "PUT", &config, &[&push], b"{}").await.status, 201);
    let bytes = manifest(b"{}", None, "a/b");
    assert_eq!(send(&server, "PUT", "/v2/app/manifests/v1", &[&push], &bytes).await.status, 201);
    let pull = token(&server, &[GUEST], &["app:pull"]).await;
    assert_eq!(send(&server, "GET", "/v2/app/manifests/v1", &[&pull], b"").await.body, bytes);
}
