//! Signed images: what cosign 2, cosign 3 and notation have signed and attested verifies where `lockage copy` has put it,
//! from and to registries with the referrers API (`lockage serve`) and without (docker-registry).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod real;

use lockage_registry::testing::fixtures::{self, Image};
use real::signers::{Cosign2, Cosign3, Notation, Signer, Who};
use real::{Place, copy, platforms};
use tempfile::TempDir;

/// An image for one platform, and one for two, whose signing is to cover both.
fn images() -> [(&'static str, Image); 2] {
    [("team/single", fixtures::image(11)), ("team/index", platforms(12, &["amd64", "arm64"], 20_000, 3_000))]
}

/// The image, and what an index lists.
fn digests(image: &Image) -> (String, Vec<String>) {
    let (root, children) = image.manifests.split_last().unwrap();
    (root.digest().to_string(), children.iter().map(|child| child.digest().to_string()).collect())
}

/// Every image of `repository` at this place, the children included, is signed by all of `signers`, and attested.
fn all_verify<S: Signer>(tool: &S, signers: &[Who], place: &Place, repository: &str, image: &Image) -> Vec<String> {
    let (root, children) = digests(image);
    let mut failures = Vec::new();
    for (digest, signers) in children.iter().map(|child| (child, &signers[..1])).chain([(&root, signers)]) {
        let at = place.at(repository, digest);
        let signed = signers.iter().map(|who| (format!("signed by {who:?}"), tool.verifies(*who, &at)));
        let attested = ("attested".to_owned(), tool.attested(&at));
        for (what, result) in signed.chain([attested]) {
            failures.extend(result.err().map(|why| format!("{at} is not {what}: {why}")));
        }
    }
    failures
}

async fn survives<S: Signer>() {
    let directory = tempfile::tempdir().unwrap();
    let (tool, mut failures) = (S::new(directory.path()), Vec::new());
    for source in Place::both() {
        for (repository, image) in images() {
            source.push(repository, "v1", &image).await;
            let (root, children) = digests(&image);
            let children: Vec<_> = children.iter().map(|child| source.at(repository, child)).collect();
            tool.sign(Who::Developer, &source.at(repository, &root), &children);
            tool.attest(&source.at(repository, &root), &children);
            let there = all_verify(&tool, &[Who::Developer], &source, repository, &image);
            assert!(there.is_empty(), "before it is copied: {there:#?}");
            assert!(
                tool.verifies(Who::Releaser, &source.at(repository, &root)).is_err(),
                "the releaser has not signed"
            );
        }
        for target in Place::both() {
            let between = format!("from {} to {}", source.name(), target.name());
            for (repository, image) in images() {
                copy(&source.at(repository, "v1"), &target.at(repository, "v1"));
                let lost = all_verify(&tool, &[Who::Developer], &target, repository, &image);
                failures.extend(lost.into_iter().map(|why| format!("{between}: {why}")));
            }
        }
    }
    assert!(failures.is_empty(), "{} are lost:\n{}", failures.len(), failures.join("\n"));
}

/// The releaser has signed at the target what the developer has signed at the source; with the tag there already, and
/// under another one.
async fn joins<S: Signer>() {
    let directory: TempDir = tempfile::tempdir().unwrap();
    let (tool, mut failures) = (S::new(directory.path()), Vec::new());
    for source in Place::both() {
        for (repository, image) in images() {
            source.push(repository, "v1", &image).await;
            let at = source.at(repository, &digests(&image).0);
            let children: Vec<_> = digests(&image).1.iter().map(|child| source.at(repository, child)).collect();
            tool.sign(Who::Developer, &at, &children);
            tool.attest(&at, &children);
        }
        for target in Place::both() {
            let between = format!("from {} to {}", source.name(), target.name());
            for ((repository, image), tag) in images().into_iter().zip(["v1", "staged"]) {
                target.push(repository, tag, &image).await;
                tool.sign(Who::Releaser, &target.at(repository, &digests(&image).0), &[]);
                copy(&source.at(repository, "v1"), &target.at(repository, "v1"));
                let lost = all_verify(&tool, &[Who::Developer, Who::Releaser], &target, repository, &image);
                failures.extend(lost.into_iter().map(|why| format!("{between}, where {tag} was: {why}")));
            }
        }
    }
    assert!(failures.is_empty(), "{} are lost:\n{}", failures.len(), failures.join("\n"));
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_cosign_2_has_signed_verifies_at_the_target() {
    survives::<Cosign2>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_cosign_3_has_signed_verifies_at_the_target() {
    survives::<Cosign3>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_notation_has_signed_verifies_at_the_target() {
    survives::<Notation>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn signatures_of_cosign_2_join_those_at_the_target() {
    joins::<Cosign2>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn signatures_of_cosign_3_join_those_at_the_target() {
    joins::<Cosign3>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn signatures_of_notation_join_those_at_the_target() {
    joins::<Notation>().await;
}
