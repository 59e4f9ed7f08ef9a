//! Through the real ports: a registry in memory, deletes over the distribution API, and back again.

use futures::executor::block_on;
use lockage_policy::apply::{Apply, Caps, MemoryJournal, Plain, undo};
use lockage_policy::retain::{DigestKey, Facts, ManifestRow, Policy, Report, SnapshotBuilder, TagRow, plan};
use lockage_registry::inventory::{Inventory as _, Walk};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Memory, Repository, Source as _, TagOrDigest};
use serde_json::json;

use crate::campaign::quick;
use crate::case::{now, tag};

async fn filled() -> (Memory, Repository, Vec<Image>) {
    let memory = Memory::new("registry.test".parse().unwrap());
    let repo: Repository = "registry.test/app".parse().unwrap();
    let platforms = ["linux/amd64".parse().unwrap(), "linux/arm64".parse().unwrap()];
    let mut images = Vec::new();
    for (seed, name) in [(1, "old-1"), (2, "old-2"), (3, "v1")] {
        let image = fixtures::attested_index(seed, &platforms);
        fixtures::push(&memory, &repo, &image, &tag(name)).await.unwrap();
        let signature = fixtures::artifact_for(image.root().descriptor(), fixtures::SIGNATURE, seed + 10);
        let by = format!("sha256-{}.sig", image.root().digest().hex());
        fixtures::push(&memory, &repo, &signature, &tag(&by)).await.unwrap();
        images.extend([image, signature]);
    }
    (memory, repo, images)
}

async fn planned(memory: &Memory, repo: &Repository) -> Report {
    let listing = Walk::new(memory).list(repo).await.unwrap();
    assert!(listing.complete);
    let mut builder = SnapshotBuilder::new();
    let id = builder.repository(&repo.to_string()).unwrap();
    let key = |digest| DigestKey::try_from(digest).unwrap();
    for listed in &listing.manifests {
        let mut row = ManifestRow::new(key(&listed.digest)).pushed_at("2025-01-01T00:00:00Z".parse().unwrap());
        row.children = listed.children.iter().map(key).collect();
        row.subject = listed.subject.as_ref().map(key);
        builder.manifest(id, row).unwrap();
    }
    for listed in &listing.tags {
        builder.tag(id, TagRow::new(listed.name.as_str(), key(&listed.digest))).unwrap();
    }
    let policy: Policy = serde_json::from_value(json!({
        "version": 1, "delete": [{"name": "old", "tag": {"glob": "old-*"}, "older_than": "30d"}],
    }))
    .unwrap();
    plan(&builder.finish().unwrap(), &policy, &Facts::default(), now()).report()
}

async fn is_there(memory: &Memory, repo: &Repository, image: &Image) -> usize {
    let mut there = 0;
    for manifest in &image.manifests {
        let at = TagOrDigest::Digest(manifest.digest().clone());
        there += usize::from(memory.resolve(repo, &at).await.is_ok());
    }
    there
}

#[test]
fn old_images_go_whole_what_stays_is_whole_and_all_of_it_comes_back() {
    block_on(async {
        let (memory, repo, images) = filled().await;
        let plan = planned(&memory, &repo).await;
        let remover = Plain::new(&memory, Walk::new(&memory), Caps::DISTRIBUTION);
        let journal = MemoryJournal::default();
        let outcome = Apply::new(&remover, &journal).settings(quick()).run(&plan, now()).await.unwrap();
        assert!(outcome.is_complete(), "{outcome}");
        for (place, image) in images.iter().enumerate() {
            let expected = if place < 4 { 0 } else { image.manifests.len() };
            assert_eq!(is_there(&memory, &repo, image).await, expected, "{place}");
        }
        let undone = undo(&remover, &journal, &plan.plan, now()).await.unwrap();
        assert_eq!(undone.left, []);
        for image in &images {
            assert_eq!(is_there(&memory, &repo, image).await, image.manifests.len());
        }
        let at = TagOrDigest::Tag(tag("old-1"));
        assert_eq!(memory.resolve(&repo, &at).await.unwrap().digest, *images[0].root().digest());
        let again = undo(&remover, &journal, &plan.plan, now()).await.unwrap();
        assert_eq!((again.restored.len(), again.left.len()), (0, 0));
    });
}

#[test]
fn a_tag_that_was_given_to_something_else_since_is_not_taken_back() {
    block_on(async {
        let (memory, repo, images) = filled().await;
        let plan = planned(&memory, &repo).await;
        let remover = Plain::new(&memory, Walk::new(&memory), Caps::DISTRIBUTION);
        let journal = MemoryJournal::default();
        Apply::new(&remover, &journal).settings(quick()).run(&plan, now()).await.unwrap();
        let other = fixtures::image(99);
        fixtures::push(&memory, &repo, &other, &tag("old-1")).await.unwrap();
        let undone = undo(&remover, &journal, &plan.plan, now()).await.unwrap();
        assert_eq!(undone.left.len(), 1, "{:?}", undone.left);
        assert_eq!(undone.left[0].0, "registry.test/app:old-1");
        let at = TagOrDigest::Tag(tag("old-1"));
        assert_eq!(memory.resolve(&repo, &at).await.unwrap().digest, *other.root().digest());
        assert_eq!(is_there(&memory, &repo, &images[0]).await, images[0].manifests.len());
    });
}
