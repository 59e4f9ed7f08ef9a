//! Deleting: one tag, what has not moved, and any number of them later.

use lockage_registry::gitlab::Matching;
use lockage_registry::provider::{Compared, Provider as _};
use lockage_registry::{Digest, ErrorKind, Prune as _, Tag};
use serde_json::json;

use crate::gitlab::TestGitLab;

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

#[tokio::test]
async fn a_tag_goes_alone_and_a_manifest_never() {
    let gitlab = TestGitLab::start().await;
    let image = gitlab.push("image", &["v1", "latest"]);
    gitlab.gitlab.delete_tag(&gitlab.repo, &tag("latest")).await.unwrap();
    assert_eq!(gitlab.state().names(), ["v1"]);
    assert!(gitlab.gitlab.delete_tag(&gitlab.repo, &tag("latest")).await.unwrap_err().is_not_found());
    let error = gitlab.gitlab.delete_manifest(&gitlab.repo, &image).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_tag_that_has_moved_is_left_alone() {
    let gitlab = TestGitLab::start().await;
    let (old, new) = (gitlab.push("old", &["latest"]), gitlab.push("new", &["latest"]));
    let compared = |expect: Digest| {
        let (gitlab, repo) = (gitlab.gitlab.clone(), gitlab.repo.clone());
        async move { gitlab.delete_tag_if(&repo, &tag("latest"), &expect).await.unwrap() }
    };
    assert_eq!(compared(old).await, Compared::Moved(new.clone()));
    assert_eq!(gitlab.count("DELETE", ""), 0);
    assert_eq!(compared(new.clone()).await, Compared::Deleted);
    assert_eq!(compared(new).await, Compared::Gone);
}

#[tokio::test]
async fn a_protected_tag_stays() {
    let gitlab = TestGitLab::start().await;
    gitlab.push("image", &["v1"]);
    gitlab.state().protected.push("v1");
    let error = gitlab.gitlab.delete_tag(&gitlab.repo, &tag("v1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TagImmutable);
    assert!(error.to_string().contains("a rule of the project protects it"), "{error}");
    assert_eq!(gitlab.state().names(), ["v1"]);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done() {
    let gitlab = TestGitLab::start().await;
    gitlab.push("image", &["v1"]);
    gitlab.state().scripted.push_back(("DELETE", 502, "", true));
    gitlab.gitlab.delete_tag(&gitlab.repo, &tag("v1")).await.unwrap();
    assert_eq!((gitlab.state().names(), gitlab.count("DELETE", "/tags/v1")), (vec![], 2));
}

#[tokio::test]
async fn gitlab_deletes_many_by_itself_and_once_an_hour() {
    let gitlab = TestGitLab::start().await;
    gitlab.push("image", &["pr-1", "pr-2", "v1"]);
    let matching = Matching {
        delete: "pr-.*".to_owned(),
        keep: Some("v.*".to_owned()),
        keep_n: Some(1),
        older_than: Some("7d".to_owned()),
    };
    gitlab.gitlab.projects().delete_matching(&gitlab.repo, &matching).await.unwrap();
    let sent = json!({ "name_regex_delete": "pr-.*", "name_regex_keep": "v.*", "keep_n": 1, "older_than": "7d" });
    assert_eq!(gitlab.state().later, Some(sent));
    assert_eq!(gitlab.state().names(), ["pr-1", "pr-2", "v1"], "accepted, and not yet carried out");
    let error = gitlab.gitlab.projects().delete_matching(&gitlab.repo, &matching).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("once an hour"), "{error}");
    let none = Matching { delete: "((".to_owned(), keep: None, keep_n: None, older_than: None };
    let error = gitlab.gitlab.projects().delete_matching(&gitlab.repo, &none).await.unwrap_err();
    assert!(error.to_string().contains("invalid regexp"), "{error}");
}
