//! Refusals: limits, missing rights, and what a token may not see, each in its own words and without the token.

use std::time::{SystemTime, UNIX_EPOCH};

use lockage_registry::inventory::Inventory as _;
use lockage_registry::{Error, ErrorKind, Prune as _};

use crate::github::{GitHub, Scripted, TOKEN};

fn shows_no_token(error: &Error) {
    assert!(!format!("{error} {error:?}").contains(TOKEN));
}

#[tokio::test]
async fn a_secondary_limit_is_waited_for_and_a_far_primary_limit_is_told() {
    let github = GitHub::start().await;
    github.push("image", &["v1"]);
    for status in [403, 429] {
        let headers = vec![("Retry-After", "0".to_owned())];
        let limit =
            Scripted { status, headers, message: "You have exceeded a secondary rate limit.", carried_out: false };
        github.state().scripted.push_back(("GET", limit));
    }
    assert!(github.ghcr.list(&github.repo).await.unwrap().complete);
    assert_eq!(github.count("GET", "/orgs"), 3);

    let reset = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 1800;
    let headers = vec![("X-RateLimit-Remaining", "0".to_owned()), ("X-RateLimit-Reset", reset.to_string())];
    let limit =
        Scripted { status: 403, headers, message: "API rate limit exceeded for user ID 1.", carried_out: false };
    github.state().scripted.push_back(("GET", limit));
    let error = github.ghcr.list(&github.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(
        error.retry_after().is_some_and(|wait| (1790..=1801).contains(&wait.as_secs())),
        "{:?}",
        error.retry_after()
    );
    assert_eq!(github.count("GET", "/orgs"), 4, "it is not hammered");
    shows_no_token(&error);
}

#[tokio::test]
async fn a_missing_scope_is_named_also_where_github_says_not_found() {
    let github = GitHub::start().await;
    let (image, _) = (github.push("image", &["v1"]), github.push("other", &["v2"]));
    github.state().scopes = Some("repo");
    let error = github.ghcr.list(&github.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("lacks the scope read:packages; it has repo"), "{error}");
    shows_no_token(&error);

    github.state().scopes = Some("read:packages");
    let error = github.ghcr.delete_manifest(&github.repo, &image).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("lacks the scope delete:packages"), "{error}");
    assert_eq!(github.state().tags_of(&image).unwrap(), ["v1"]);
    shows_no_token(&error);
}

#[tokio::test]
async fn a_404_to_a_delete_of_what_is_there_is_a_missing_right_and_never_done() {
    let github = GitHub::start().await;
    let (image, _) = (github.push("image", &["v1"]), github.push("other", &["v2"]));
    let hidden = Scripted { status: 404, headers: Vec::new(), message: "Not Found", carried_out: false };
    github.state().scripted.push_back(("DELETE", hidden));
    let error = github.ghcr.delete_manifest(&github.repo, &image).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.remedy().unwrap().contains("delete:packages"));
}

#[tokio::test]
async fn a_package_that_is_not_shown_is_not_found_and_a_bad_token_is_not_accepted() {
    let github = GitHub::start().await;
    let other = format!("{}/acme/other", github.mock.host()).parse().unwrap();
    let error = github.ghcr.list(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("may not see it"), "{error}");
    let bad = Scripted { status: 401, headers: Vec::new(), message: "Bad credentials", carried_out: false };
    github.state().scripted.push_back(("GET", bad));
    let error = github.ghcr.list(&github.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    shows_no_token(&error);
    assert!(!format!("{:?}", github.ghcr).contains(TOKEN));
}

#[tokio::test]
async fn a_next_page_elsewhere_is_not_followed_with_the_token() {
    let github = GitHub::start().await;
    let headers = vec![("Link", r#"<http://127.0.0.2:1/versions>; rel="next""#.to_owned())];
    let page = Scripted { status: 200, headers, message: "", carried_out: false };
    github.state().scripted.push_back(("GET", page));
    let error = github.ghcr.list(&github.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UrlRefused);
    shows_no_token(&error);
}
