//! Refusals: tokens, limits, and what is not there; each in words and without the token.

use lockage_registry::client::Secret;
use lockage_registry::gitlab::Token;
use lockage_registry::inventory::Inventory as _;
use lockage_registry::{Error, ErrorKind, Prune as _};

use crate::gitlab::{ACCESS, JOB, TestGitLab};

fn shows_no_token(error: &Error) {
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(ACCESS) && !shown.contains(JOB) && !shown.contains("expired-token"), "{shown}");
}

#[tokio::test]
async fn a_job_shows_its_own_token_and_a_bad_one_is_not_accepted() {
    let gitlab = TestGitLab::start_with(Token::Job(Secret::new(JOB))).await;
    gitlab.push("image", &["v1"]);
    assert!(gitlab.gitlab.list(&gitlab.repo).await.unwrap().complete);
    assert!(gitlab.mock.requests().iter().all(|request| request.header("private-token").is_none()));
    assert!(!format!("{:?}", gitlab.gitlab).contains(JOB));
    for (token, words) in [
        (Token::Job(Secret::new("expired-token")), "while its job runs"),
        (Token::Access(Secret::new("expired-token")), "neither expired nor revoked"),
    ] {
        let gitlab = TestGitLab::start_with(token).await;
        let error = gitlab.gitlab.list(&gitlab.repo).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert!(error.remedy().unwrap().contains(words), "{error:?}");
        shows_no_token(&error);
    }
}

#[tokio::test]
async fn a_limit_is_waited_for_and_a_missing_right_is_named() {
    let gitlab = TestGitLab::start().await;
    gitlab.push("image", &["v1"]);
    gitlab.state().scripted.push_back(("GET", 429, "Retry later", false));
    assert!(gitlab.gitlab.list(&gitlab.repo).await.unwrap().complete);
    gitlab.state().scripted.push_back(("DELETE", 403, r#"{"message":"403 Forbidden"}"#, false));
    let error = gitlab.gitlab.delete_tag(&gitlab.repo, &"v1".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.remedy().unwrap().contains("Developer"), "{error:?}");
    shows_no_token(&error);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_nothing_else_is() {
    let gitlab = TestGitLab::start().await;
    let other = format!("{}/acme/other", gitlab.mock.host()).parse().unwrap();
    let error = gitlab.gitlab.list(&other).await.unwrap_err();
    assert!(error.is_not_found());
    assert!(error.to_string().contains("no project that the token may see"), "{error}");
    for (status, body, kind) in [(404, "<html>", ErrorKind::Protocol), (200, r#"{"id":1}"#, ErrorKind::Protocol)] {
        gitlab.state().scripted.push_back(("GET", status, body, false));
        let error = gitlab.gitlab.list(&gitlab.repo).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
        shows_no_token(&error);
    }
}
