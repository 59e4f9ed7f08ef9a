//! Refusals: a second factor, limits, missing rights, and what is not there; each in words and without the secrets.

use std::time::{SystemTime, UNIX_EPOCH};

use lockage_registry::inventory::Inventory as _;
use lockage_registry::{Error, ErrorKind, Prune as _};

use crate::hub::{PAT, Scripted, TestHub};

fn shows_no_secret(error: &Error) {
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(PAT) && !shown.contains("jwt-number"), "{shown}");
}

#[tokio::test]
async fn a_second_factor_asks_for_an_access_token() {
    let hub = TestHub::start().await;
    hub.state().second_factor = true;
    let error = hub.hub.list(&hub.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.remedy().unwrap().contains("second factor"), "{error}");
    shows_no_secret(&error);
    assert!(!format!("{:?}", hub.hub).contains(PAT));
    assert_eq!(hub.count("POST", "/v2/auth/token"), 1, "it is not tried again");
}

#[tokio::test]
async fn a_limit_is_waited_for_until_its_moment_and_a_far_one_is_told() {
    let hub = TestHub::start().await;
    hub.push("image", &["v1"]);
    let limit =
        |headers| Scripted { status: 429, headers, body: r#"{"detail":"Rate limit exceeded"}"#, carried_out: false };
    hub.state().scripted.push_back(("GET", limit(vec![("Retry-After", "0".to_owned())])));
    assert!(hub.hub.list(&hub.repo).await.unwrap().complete);
    assert_eq!(hub.count("GET", "/tags?"), 2);
    let reset = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 1800;
    hub.state().scripted.push_back(("GET", limit(vec![("X-Retry-After", reset.to_string())])));
    let error = hub.hub.list(&hub.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(error.retry_after().is_some_and(|wait| (1790..=1801).contains(&wait.as_secs())), "{error:?}");
    assert_eq!(hub.count("GET", "/tags?"), 3, "it is not hammered");
    shows_no_secret(&error);
}

#[tokio::test]
async fn a_missing_right_is_named_and_an_immutable_tag_stays() {
    let hub = TestHub::start().await;
    hub.push("image", &["v1"]);
    let v1 = "v1".parse().unwrap();
    for (body, kind, words) in [
        (
            r#"{"message":"access to the resource is forbidden with personal access token"}"#,
            ErrorKind::Denied,
            "write and delete",
        ),
        (r#"{"message":"tag is immutable"}"#, ErrorKind::TagImmutable, "immutable tags"),
    ] {
        let forbidden = Scripted { status: 403, headers: Vec::new(), body, carried_out: false };
        hub.state().scripted.push_back(("DELETE", forbidden));
        let error = hub.hub.delete_tag(&hub.repo, &v1).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.remedy().unwrap().contains(words), "{error:?}");
        shows_no_secret(&error);
    }
    assert_eq!(hub.state().names(), ["v1"]);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_nothing_else_is() {
    let hub = TestHub::start().await;
    let of = |path: &str| format!("{}/{path}", hub.mock.host()).parse().unwrap();
    assert!(hub.hub.list(&of("acme/other")).await.unwrap_err().is_not_found());
    assert_eq!(hub.hub.list(&of("a/b/c")).await.unwrap_err().kind(), ErrorKind::Invalid);
    let page = |status, body| Scripted { status, headers: Vec::new(), body, carried_out: false };
    for (status, body, kind) in [
        (404, "<html>", ErrorKind::Protocol),
        (200, r#"{"results":[]}"#, ErrorKind::Protocol),
        (200, r#"{"count":1,"next":"http://127.0.0.2:1/","results":[]}"#, ErrorKind::UrlRefused),
    ] {
        hub.state().scripted.push_back(("GET", page(status, body)));
        let error = hub.hub.list(&hub.repo).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
        shows_no_secret(&error);
    }
}
