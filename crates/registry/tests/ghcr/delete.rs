//! Deleting: a version with all its tags, a tag without its version, and nothing that somebody has moved.

use lockage_registry::ghcr::{LAST_TAGGED_VERSION, TOO_MANY_DOWNLOADS};
use lockage_registry::provider::Provider as _;
use lockage_registry::{ErrorKind, Prune as _, Tag};

use crate::github::{GitHub, Scripted};

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

#[tokio::test]
async fn a_manifest_goes_with_its_tags_and_can_be_restored() {
    let github = GitHub::start().await;
    let (kept, gone) = (github.push("kept", &["v2"]), github.push("gone", &["v1", "old"]));
    github.ghcr.delete_manifest(&github.repo, &gone).await.unwrap();
    assert_eq!(github.state().tags_of(&gone), None);
    assert_eq!(github.state().tags_of(&kept).unwrap(), ["v2"]);
    assert!(github.ghcr.delete_manifest(&github.repo, &gone).await.unwrap_err().is_not_found());
    github.ghcr.restore(&github.repo, &gone).await.unwrap();
    assert_eq!(github.state().tags_of(&gone).unwrap(), [""; 0], "without its tags");
    assert!(github.ghcr.restore(&github.repo, &gone).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_tag_is_taken_from_an_image_that_stays_with_its_other_tags() {
    let github = GitHub::start().await;
    let image = github.push("image", &["v1", "latest"]);
    github.ghcr.delete_tag(&github.repo, &tag("latest")).await.unwrap();
    let state = github.state();
    assert_eq!(state.tags_of(&image).unwrap(), ["v1"]);
    assert_eq!(state.holder("latest"), None);
    assert_eq!(state.versions.iter().filter(|version| !version.deleted).count(), 1, "nothing is left behind");
}

#[tokio::test]
async fn the_last_tag_of_all_is_given_back() {
    let github = GitHub::start().await;
    let image = github.push("image", &["latest"]);
    let error = github.ghcr.delete_tag(&github.repo, &tag("latest")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.oci_errors()[0].code, LAST_TAGGED_VERSION);
    assert!(error.to_string().contains(&format!("it holds {image}")), "{error}");
    assert_eq!(github.state().holder("latest"), Some(image));
}

#[tokio::test]
async fn a_tag_that_somebody_moves_meanwhile_is_left_alone() {
    let github = GitHub::start().await;
    github.push("image", &["v1", "latest"]);
    github.state().meanwhile = Some(|state, request| {
        if request.path.contains("/versions?") {
            state.push(&crate::stand_in::image("pushed in between"), &["latest"]);
        }
    });
    let error = github.ghcr.delete_tag(&github.repo, &tag("latest")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Contended);
    let state = github.state();
    let now = state.versions.iter().find(|version| version.tags == ["latest"]).unwrap();
    assert!(now.content == crate::stand_in::image("pushed in between") && !now.deleted);
    assert_eq!(state.versions.iter().filter(|version| !version.deleted).count(), 2, "nothing is left behind");
}

#[tokio::test]
async fn what_was_made_for_a_tag_is_not_deleted_with_other_tags() {
    let github = GitHub::start().await;
    github.push("image", &["v1", "latest"]);
    github.state().meanwhile = Some(|state, request| {
        if request.path.contains("/versions?") {
            state.versions.last_mut().unwrap().tags.push("another".to_owned());
        }
    });
    let error = github.ghcr.delete_tag(&github.repo, &tag("latest")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Contended);
    assert_eq!(github.count("DELETE", "/"), 0);
    assert_eq!(github.state().versions[0].tags, ["v1", "latest"], "given back");
}

#[tokio::test]
async fn popular_images_are_refused_in_words() {
    let github = GitHub::start().await;
    let (image, _) = (github.push("image", &["v1"]), github.push("other", &["v2"]));
    github.state().versions[0].downloads = 5001;
    let error = github.ghcr.delete_manifest(&github.repo, &image).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.oci_errors()[0].code, TOO_MANY_DOWNLOADS);
    assert_eq!(github.count("DELETE", "/orgs"), 1, "it is not tried again");
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done() {
    let github = GitHub::start().await;
    let (image, _) = (github.push("image", &["v1"]), github.push("other", &["v2"]));
    let lost = Scripted { status: 502, headers: Vec::new(), message: "", carried_out: true };
    github.state().scripted.push_back(("DELETE", lost));
    github.ghcr.delete_manifest(&github.repo, &image).await.unwrap();
    assert_eq!(github.state().tags_of(&image), None);
}
