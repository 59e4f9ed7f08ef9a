//! Identity, tags, selecting the image.

use lockage_promote::ledger::Kind;
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, PromoteError, ResolveError};

use crate::world::{COMMIT, World, built, digest, name, now, pass, select};

const OTHER: &str = "91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

fn releases() -> Graph {
    Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").pin("sha-{sha}").pin("{version}"))
        .environment(EnvironmentSpec::new("prod", "prod.example/{image}").pin("{version}").float("prod"))
        .edge(EdgeSpec::new("dev", "stage"))
        .edge(EdgeSpec::new("stage", "prod"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_release_tag_finds_the_image_of_its_commit_and_gives_it_the_version() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["sha-2b2e927", "pr-42"]).await;
    let promoter = world.promoter_of(releases());
    let edge = name("dev-stage");
    let pinned = promoter.resolve(&name("app"), &select("sha:2b2e927"), &edge).await.unwrap().released_as("1.2.3");
    let plan = promoter.plan(&pinned, &edge).await.unwrap();
    let receipt = promoter.apply(promoter.clear(plan, now()).await.unwrap(), now()).await.unwrap();
    assert_eq!(receipt.digest, digest(&image), "nothing was built again");
    assert_eq!(world.held("stage", "1.2.3").await, Some(digest(&image)));
    // It stays that release on its way.
    let receipt = pass(&promoter, "env:stage", "stage-prod").await.unwrap();
    let references: Vec<_> = receipt.references().iter().map(ToString::to_string).collect();
    assert_eq!(references[0], format!("prod.example/app:1.2.3@{}", digest(&image)), "what is to be tagged in git");
}

#[tokio::test]
async fn a_release_branch_that_carries_commit_and_version_names_both() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["sha-2b2e927"]).await;
    let promoter = world.promoter_of(releases());
    pass(&promoter, "branch:release/v1.2.0-sha-2b2e927", "dev-stage").await.unwrap();
    assert_eq!(world.held("stage", "1.2.0").await, Some(digest(&image)));
}

#[tokio::test]
async fn a_branch_without_a_commit_in_its_name_is_its_head_and_one_that_went_on_is_told() {
    let world = World::new();
    let (named, fixed) = (built(COMMIT, 1), built(OTHER, 2));
    world.push(&named, &["sha-2b2e927"]).await;
    world.push(&fixed, &["sha-91c0d1e"]).await;
    let promoter = world.promoter_of(releases());
    let edge = name("dev-stage");
    let resolve = async |text: String| promoter.resolve(&name("app"), &select(&text), &edge).await;
    for branch in ["release/sprint-42", "release/2025-03-10", "release/v1.2.0", "not-in-the-table"] {
        let pinned = resolve(format!("branch:{branch}@{OTHER}")).await.unwrap();
        assert_eq!(pinned.digest(), &digest(&fixed), "{branch}");
        assert_eq!(pinned.facts.version.as_deref(), (branch == "release/v1.2.0").then_some("1.2.0"), "{branch}");
    }
    let carries = "branch:release/v1.2.0-sha-2b2e927";
    assert_eq!(resolve(format!("{carries}@{COMMIT}")).await.unwrap().digest(), &digest(&named));
    let moved = resolve(format!("{carries}@{OTHER}")).await.unwrap_err();
    assert!(matches!(moved, PromoteError::Resolve(ResolveError::BranchMoved { .. })), "{moved}");
    assert!(moved.to_string().contains("carries commit 2b2e927, and its head is 91c0d1e"), "{moved}");
    let unknown = resolve("branch:release/sprint-42".to_owned()).await.unwrap_err();
    assert!(matches!(unknown, PromoteError::Resolve(ResolveError::Branch { .. })), "{unknown}");
}

#[tokio::test]
async fn a_squashed_merge_is_found_by_its_pull_request_and_not_by_its_own_commit() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42", "sha-2b2e927"]).await;
    let promoter = world.promoter();
    let merged = promoter.resolve(&name("app"), &select(&format!("sha:{OTHER}")), &name("dev-stage")).await;
    assert!(matches!(merged, Err(PromoteError::Resolve(ResolveError::None { .. }))), "{merged:?}");
    let pinned = promoter.resolve(&name("app"), &select("pr:42"), &name("dev-stage")).await.unwrap();
    assert_eq!(pinned.digest(), &digest(&image));
    assert_eq!(pinned.facts.commit.as_deref(), Some(COMMIT), "the head of the pull request");
}

#[tokio::test]
async fn several_tags_move_in_one_promotion_and_what_each_held_is_recorded() {
    let world = World::new();
    let (first, second) = (built(COMMIT, 1), built(OTHER, 2));
    world.push(&first, &["pr-1"]).await;
    world.push(&second, &["pr-2"]).await;
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(
            EnvironmentSpec::new("stage", "stage.example/{image}").pin("sha-{sha}").float("stage").float("latest"),
        )
        .edge(EdgeSpec::new("dev", "stage"));
    let promoter = world.promoter_of(graph.build().unwrap());
    pass(&promoter, "pr:1", "dev-stage").await.unwrap();
    let receipt = pass(&promoter, "pr:2", "dev-stage").await.unwrap();
    let floats: Vec<_> = receipt.floats.iter().map(|float| (float.tag.to_string(), float.former.clone())).collect();
    let former = Some(digest(&first));
    assert_eq!(floats, [("stage".to_owned(), former.clone()), ("latest".to_owned(), former.clone())]);
    let told = world.chronicle().await;
    let Kind::Promote { tags, .. } = &told.entries().last().unwrap().entry.kind else { panic!("{told:?}") };
    let recorded: Vec<_> = tags.iter().map(|tag| (tag.tag.as_str(), tag.floats, tag.former.clone())).collect();
    assert_eq!(recorded, [("sha-91c0d1e", false, None), ("stage", true, former.clone()), ("latest", true, former)]);
    assert_eq!(world.held("stage", "sha-2b2e927").await, Some(digest(&first)), "the immutable tag stays");
}

#[tokio::test]
async fn a_prerelease_is_selected_only_by_name() {
    let world = World::new();
    let (release, candidate) = (built(COMMIT, 1), built(OTHER, 2));
    let (older, next) = (built(&OTHER.replace('9', "a"), 3), built(&OTHER.replace('9', "b"), 4));
    world.push(&older, &["v1.3.10", "1.2.0"]).await;
    world.push(&release, &["v1.4.0"]).await;
    world.push(&candidate, &["v1.5.0-rc.1"]).await;
    world.push(&next, &["2.0.0", "v2", "latest", "1.9.9-debian"]).await;
    let promoter = world.promoter();
    for (text, image) in [
        ("version:>=1.2, <2", &release),
        ("version:1.4.0", &release),
        ("version:^1", &release),
        ("version:~1.3", &older),
        ("version:<1.4", &older),
        ("version:1.2.0", &older),
        ("version:>=1", &next),
        ("version:*", &next),
        ("version:1.5.0-rc.1", &candidate),
        ("version:>=1.5.0-rc.0, <2", &candidate),
    ] {
        let pinned = promoter.resolve(&name("app"), &select(text), &name("dev-stage")).await.unwrap();
        assert_eq!(pinned.digest(), &digest(image), "{text}");
    }
}

#[tokio::test]
async fn what_runs_where_is_answered_by_environment_and_by_commit() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let promoter = world.promoter();
    pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    pass(&promoter, "env:stage", "stage-prod").await.unwrap();
    let told = world.chronicle().await;
    let current = told.current(&name("app"), &name("prod")).unwrap();
    assert_eq!(current.entry.digest, digest(&image));
    assert_eq!(current.entry.facts.commit.as_deref(), Some(COMMIT));
    assert_eq!(current.entry.facts.pull_request, Some(42), "it is known in prod what it was built for");
    let mut of_commit: Vec<_> = told
        .entries()
        .iter()
        .filter(|recorded| recorded.entry.arrives() && recorded.entry.facts.commit.as_deref() == Some(COMMIT))
        .map(|recorded| recorded.entry.environment.as_ref().unwrap().to_string())
        .collect();
    of_commit.dedup();
    assert_eq!(of_commit, ["stage", "prod"]);
}
