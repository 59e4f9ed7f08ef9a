//! Along an edge that a document gates: by signatures, and by approvals that are signed with keys of `[signers]`.

use lockage_promote::pipeline::approval::ARTIFACT_TYPE;
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{ErrorKind, RawManifest, Repository, Source as _, referrers};

use crate::world::World;

#[tokio::test]
async fn an_edge_asks_for_the_signatures_that_the_document_names() {
    let world = World::new().await;
    let gate = "kind = 'signature'\nsigners = ['release', 'alice']\nthreshold = 2\nclaims = { env = 'prod' }";
    let promoter = world.promoter(gate).unwrap();
    let refusal = world.refusal(gate).await;
    assert!(refusal.contains("is not signed"), "{refusal}");
    world.sign("release", 1, Some(("env", "prod"))).await;
    world.sign("stranger", 1, Some(("env", "prod"))).await;
    world.sign("alice", 1, None).await;
    let refusal = world.refusal(gate).await;
    assert!(refusal.contains("1 distinct signers of 2") && refusal.contains("it does not claim env"), "{refusal}");
    world.sign("alice", 1, Some(("env", "prod"))).await;
    assert_eq!(world.pass(&promoter, 1).await.unwrap(), "signed by key alice, key release");
    world.pass(&promoter, 2).await.unwrap_err();

    // For which place it was signed only the old layout says.
    let here = "kind = 'signature'\nsigners = ['release']\nreference = 'repository'";
    world.pass(&world.promoter(here).unwrap(), 1).await.unwrap();
    let elsewhere =
        "kind = 'signature'\nsigners = ['release']\nreference = { here = 'dev.example', signed = 'up.example' }";
    assert!(world.refusal(elsewhere).await.contains("it was made for dev.example/app"));
    let exact = "kind = 'signature'\nsigners = ['release']\nreference = { exact = 'dev.example/other' }";
    assert!(world.refusal(exact).await.contains("it was made for dev.example/app"));
    // Fixture images are no indexes, or their children are signed with them.
    let recursive = "kind = 'signature'\nsigners = ['bob']\nrecursive = true";
    assert!(world.refusal(recursive).await.contains("no key of the policy has made it"));
}

#[tokio::test]
async fn approvals_by_keys_of_the_document_make_a_quorum() {
    let world = World::new().await;
    let gate = "kind = 'approval'\nquorum = 2\ngroups = [{ name = 'leads', members = ['alice', 'bob'], needed = 1 }, \
                { name = 'all', members = ['release'] }]";
    let promoter = world.promoter(gate).unwrap();
    let plan = world.plan(&promoter, 1).await;
    for who in ["stranger", "alice", "alice"] {
        world.approve(who, &plan).await;
    }
    let waiting = world.pass(&promoter, 1).await.unwrap_err();
    assert!(waiting.is_waiting(), "{waiting}");
    let text = waiting.to_string();
    assert!(text.contains("1 of 2 approvals (alice)"), "who has a key that is in no [signers] does not count: {text}");
    assert!(text.contains("nobody who is known has signed it"), "{text}");
    world.approve("bob", &plan).await;
    assert_eq!(world.pass(&promoter, 1).await.unwrap(), "approved by alice, bob");
}

#[tokio::test]
async fn an_approval_is_for_no_other_plan_however_it_is_attached() {
    let world = World::new().await;
    let promoter = world.promoter("kind = 'approval'\nquorum = 1").unwrap();
    let (first, second) = (world.plan(&promoter, 1).await, world.plan(&promoter, 2).await);
    world.approve("alice", &first).await;
    let repo: Repository = "dev.example/app".parse().unwrap();
    for entry in world.dev.referrers(&repo, &World::image(1), Some(ARTIFACT_TYPE)).await.unwrap() {
        let raw = world.dev.manifest(&repo, &entry.digest.into()).await.unwrap();
        let text = String::from_utf8(raw.bytes().to_vec()).unwrap();
        let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let onto = lockage_registry::testing::fixtures::image(2).root().descriptor().clone();
        document["subject"] =
            serde_json::json!({ "mediaType": onto.media_type, "digest": onto.digest, "size": onto.size });
        let forged = RawManifest::new(raw.media_type(), document.to_string().into()).unwrap();
        referrers::attach(&world.dev, &repo, &forged).await.unwrap();
    }
    let text = world.pass(&promoter, 2).await.unwrap_err().to_string();
    assert!(text.contains("alice: it is for the image sha256:"), "{text}");
    assert_ne!(first.id().unwrap(), second.id().unwrap());
    world.pass(&promoter, 1).await.unwrap();
    // Nor for the same image, once prod holds another.
    world.approve("bob", &world.plan(&promoter, 2).await).await;
    world.pass(&promoter, 2).await.unwrap();
    let text = world.pass(&promoter, 1).await.unwrap_err().to_string();
    assert!(text.contains("alice: it is for another plan"), "{text}");
}

#[tokio::test]
async fn a_source_that_fails_leaves_signatures_and_approvals_undecided() {
    let world = World::new().await;
    world.sign("release", 1, None).await;
    for gate in ["kind = 'signature'\nsigners = ['alice']", "kind = 'approval'\nquorum = 1"] {
        let plan = world.plan(&world.promoter(gate).unwrap(), 1).await;
        world.approve("stranger", &plan).await;
        let calm = Faulty::new(world.dev.clone());
        let promoter = world.promoter(gate).unwrap().reads("dev", calm.clone());
        promoter.clear(plan.clone(), std::time::SystemTime::now()).await.unwrap_err();
        assert!(calm.calls() > 1);
        for nth in 0..calm.calls() {
            let faulty = Faulty::new(world.dev.clone()).fail(nth, Fault::Before(ErrorKind::Unavailable));
            let promoter = world.promoter(gate).unwrap().reads("dev", faulty);
            match promoter.clear(plan.clone(), std::time::SystemTime::now()).await {
                Err(lockage_promote::pipeline::PromoteError::NotCleared(refusal)) => {
                    assert!(refusal.is_undecided(), "{gate}, {nth}: {refusal}");
                }
                other => panic!("{gate}, {nth}: {other:?}"),
            }
        }
    }
}
