//! Which image is meant: once, whole, or not at all.

use lockage_promote::ledger::{Entry, ImageFacts, Kind};
use lockage_promote::pipeline::{Conventions, PromoteError, Rebuilds, ResolveError};
use lockage_registry::{Digest, Memory, Prune as _, RawManifest, TagOrDigest, Target as _, media_type};

use crate::world::{COMMIT, World, built, digest, name, now, pass, select, tag};

async fn found(world: &World, text: &str) -> Result<Digest, ResolveError> {
    let promoter = world.promoter();
    match promoter.resolve(&name("app"), &select(text), &name("dev-stage")).await {
        Ok(pinned) => Ok(pinned.digest().clone()),
        Err(PromoteError::Resolve(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_image_is_found_by_pull_request_commit_version_tag_digest_and_branch() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42", "sha-2b2e927", "v1.4.0", "1.3.9", "1.5.0-rc.1", "nightly"]).await;
    let whole = format!("sha:{COMMIT}");
    let digest_of_it = format!("digest:{}", digest(&image));
    for text in [
        "pr:42",
        "sha:2b2e927",
        &whole,
        "version:1.4.0",
        "version:>=1.2, <2",
        "tag:nightly",
        &digest_of_it,
        "branch:release/v1.2.0-sha-2b2e927",
        "branch:release/v1.4.0",
    ] {
        assert_eq!(found(&world, text).await.unwrap(), digest(&image), "{text}");
    }
    for text in ["pr:43", "sha:1234567", "version:2", "tag:none", "branch:release/v9.9.9"] {
        assert!(matches!(found(&world, text).await, Err(ResolveError::None { .. })), "{text}");
    }
    assert!(matches!(found(&world, "env:stage").await, Err(ResolveError::NotIn { .. })));
    assert!(matches!(found(&world, "branch:release/sprint-42").await, Err(ResolveError::Branch { .. })));
}

#[tokio::test]
async fn further_on_the_ledger_knows_an_image_by_its_pull_request_and_commit() {
    let world = World::new();
    let (first, second) = (built(COMMIT, 1), built("0123456789abcdef0123456789abcdef01234567", 2));
    world.push(&first, &["pr-42", "sha-2b2e927"]).await;
    let promoter = world.promoter();
    pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    let (app, edge) = (name("app"), name("stage-prod"));
    let found = async |text: &str| promoter.resolve(&app, &select(text), &edge).await;
    let pinned = found("pr:42").await.unwrap();
    assert_eq!((pinned.digest(), pinned.facts.pull_request), (&digest(&first), Some(42)));
    assert_eq!(pinned.found, "what was in stage by the ledger");
    let stage = "stage.example/app".parse().unwrap();
    world.stage.delete_tag(&stage, &tag("sha-2b2e927")).await.unwrap();
    let whole = found("sha:2b2e927").await.unwrap();
    assert_eq!((whole.digest(), whole.facts.commit.as_deref()), (&digest(&first), Some(COMMIT)));
    // The next build of the pull request is no other one until it is there; then it is the one that is meant.
    world.push(&second, &["pr-42", "sha-0123456"]).await;
    assert_eq!(*found("pr:42").await.unwrap().digest(), digest(&first));
    pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    assert_eq!(*found("pr:42").await.unwrap().digest(), digest(&second));
    for text in ["pr:43", "sha:1234567"] {
        assert!(matches!(found(text).await, Err(PromoteError::Resolve(ResolveError::None { .. }))), "{text}");
    }
}

#[tokio::test]
async fn what_is_pinned_has_its_platforms_and_what_it_is_known_by() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let pinned = world.promoter().resolve(&name("app"), &select("pr:42"), &name("dev-stage")).await.unwrap();
    let platforms: Vec<_> = pinned.platforms.iter().map(|one| one.platform.to_string()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"], "attestations are no platforms");
    assert_eq!(pinned.platforms[0].manifest, *image.manifests[0].digest());
    assert_eq!(pinned.facts.commit.as_deref(), Some(COMMIT));
    assert_eq!(pinned.facts.pull_request, Some(42));
    let created = "2026-11-01T10:00:00Z".parse::<jiff::Timestamp>().unwrap();
    assert_eq!(pinned.facts.created, Some(created.into()));
    let text = serde_json::to_string(&pinned).unwrap();
    assert_eq!(serde_json::from_str::<lockage_promote::pipeline::Pinned>(&text).unwrap(), pinned);

    // What is no time hides none.
    let mut labelled = image.clone();
    let mut index: serde_json::Value = serde_json::from_slice(labelled.manifests.pop().unwrap().bytes()).unwrap();
    index["annotations"] = serde_json::json!({ "org.opencontainers.image.created": "yesterday" });
    labelled.manifests.push(RawManifest::new(media_type::OCI_INDEX, index.to_string().into()).unwrap());
    world.push(&labelled, &["pr-43"]).await;
    let pinned = world.promoter().resolve(&name("app"), &select("pr:43"), &name("dev-stage")).await.unwrap();
    assert_eq!(pinned.facts.created, Some(created.into()));
}

#[tokio::test]
async fn a_commit_with_two_digests_is_refused_and_named() {
    let world = World::new();
    let (one, other) = (built(COMMIT, 1), built(COMMIT, 2));
    world.push(&one, &["main-2b2e927"]).await;
    world.push(&other, &["feature-2b2e927"]).await;
    match found(&world, "sha:2b2e927").await {
        Err(ResolveError::Ambiguous { found, .. }) => assert_eq!(found.len(), 2),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_rebuild_that_the_ledger_knows_of_is_refused_or_reported() {
    let world = World::new();
    let (first, second) = (built(COMMIT, 1), built(COMMIT, 2));
    let mut facts = ImageFacts::default();
    facts.commit = Some(COMMIT.to_owned());
    let kind = Kind::Observe { tags: Vec::new() };
    let entry = Entry::new(kind, name("app"), digest(&first), "ci", now()).in_environment(name("stage"));
    world.record(entry.with_facts(facts)).await;
    world.push(&second, &["sha-2b2e927", "pr-42"]).await;
    for text in ["sha:2b2e927", "pr:42"] {
        match found(&world, text).await {
            Err(ResolveError::Rebuilt { others, .. }) => assert_eq!(others[0].0, digest(&first)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(found(&world, &format!("digest:{}", digest(&second))).await.unwrap(), digest(&second));

    let mut conventions = Conventions::default();
    conventions.rebuilds = Rebuilds::Report;
    let promoter = world.promoter().conventions(conventions);
    let pinned = promoter.resolve(&name("app"), &select("pr:42"), &name("dev-stage")).await.unwrap();
    assert!(pinned.notes[0].contains(digest(&first).as_str()), "{:?}", pinned.notes);
}

#[tokio::test]
async fn a_rebuild_that_another_tag_of_the_commit_holds_is_refused_or_reported() {
    let world = World::new();
    let (first, second) = (built(COMMIT, 1), built(COMMIT, 2));
    world.push(&first, &["sha-2b2e927"]).await;
    let long = format!("sha-{COMMIT}");
    world.push(&second, &["pr-42", "v1.4.0", &long]).await;
    for (text, other) in [("sha:2b2e927", &second), ("pr:42", &first), ("version:1.4.0", &first)] {
        match found(&world, text).await {
            Err(ResolveError::Rebuilt { others, .. }) => assert_eq!(others[0].0, digest(other), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    for text in ["tag:pr-42".to_owned(), format!("digest:{}", digest(&second))] {
        assert_eq!(found(&world, &text).await.unwrap(), digest(&second), "{text}: who names it has chosen");
    }
    let mut conventions = Conventions::default();
    conventions.rebuilds = Rebuilds::Report;
    let promoter = world.promoter().conventions(conventions);
    let pinned = promoter.resolve(&name("app"), &select("pr:42"), &name("dev-stage")).await.unwrap();
    assert_eq!(*pinned.digest(), digest(&second));
    assert!(pinned.notes[0].contains("tag sha-2b2e927"), "{:?}", pinned.notes);
}

#[tokio::test]
async fn a_tag_that_was_moved_to_another_build_is_refused() {
    let world = World::new();
    world.push(&built("ffffffffffffffffffffffffffffffffffffffff", 1), &["sha-2b2e927"]).await;
    assert!(matches!(found(&world, "sha:2b2e927").await, Err(ResolveError::OtherCommit { .. })));
}

#[tokio::test]
async fn an_index_whose_child_is_missing_is_refused_before_anything_moves() {
    let image = built(COMMIT, 1);
    let world = World { dev: Memory::new("dev.example".parse().unwrap()).sparse(), ..World::new() };
    let repo = "dev.example/app".parse().unwrap();
    let root = image.root();
    world.dev.put_manifest(&repo, root, &TagOrDigest::Tag("pr-42".parse().unwrap())).await.unwrap();
    assert!(matches!(found(&world, "pr:42").await, Err(ResolveError::Incomplete { .. })));
}

#[tokio::test]
async fn an_index_of_nothing_is_refused() {
    let world = World::new();
    let empty = RawManifest::new(media_type::OCI_INDEX, r#"{"schemaVersion":2,"manifests":[]}"#.into()).unwrap();
    let repo = "dev.example/app".parse().unwrap();
    world.dev.put_manifest(&repo, &empty, &TagOrDigest::Tag("pr-42".parse().unwrap())).await.unwrap();
    assert!(matches!(found(&world, "pr:42").await, Err(ResolveError::NoPlatform { .. })));
}
