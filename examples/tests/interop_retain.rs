//! Retention on docker-registry: nothing is deleted that moved while the executor ran, and whatever stays is whole, signed,
//! and needs nothing that the registry's garbage collection removes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod real;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lockage_policy::apply::{Apply, Caps, Fate, MemoryJournal, Plain, Settings};
use lockage_policy::retain::{DigestKey, Facts, ManifestRow, Policy, Report, SnapshotBuilder, TagRow, plan};
use lockage_registry::client::Client;
use lockage_registry::inventory::{Inventory as _, Walk};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Digest, Repository, Source as _, Tag, TagOrDigest};
use real::signers::{Cosign2, Cosign3, Signer, Who};
use real::{DockerRegistry, Place, closure, isolated, lockage, peer, platforms, run};
use serde_json::{Value, json};

fn policy() -> Value {
    json!({
        "version": 1, "guards": {"min_survivors": 1},
        "delete": [{"name": "old", "tag": {"glob": "old-*"}, "always": true}],
    })
}

/// The plan of everything that is called old.
async fn planned(client: &Client, repo: &Repository) -> Report {
    let listing = Walk::new(client).list(repo).await.unwrap();
    assert!(listing.complete, "{:?}", listing.unread);
    let key = |digest: &Digest| DigestKey::try_from(digest).unwrap();
    let (mut builder, pushed) = (SnapshotBuilder::new(), "2025-01-01T00:00:00Z".parse().unwrap());
    let id = builder.repository(&repo.to_string()).unwrap();
    for listed in &listing.manifests {
        let mut row = ManifestRow::new(key(&listed.digest)).pushed_at(pushed);
        row.children = listed.children.iter().map(key).collect();
        row.subject = listed.subject.as_ref().map(key);
        builder.manifest(id, row).unwrap();
    }
    for listed in &listing.tags {
        builder.tag(id, TagRow::new(listed.name.as_str(), key(&listed.digest))).unwrap();
    }
    let policy: Policy = serde_json::from_value(policy()).unwrap();
    let mut facts = Facts::default();
    facts.capabilities = Caps::DISTRIBUTION_2.into();
    plan(&builder.finish().unwrap(), &policy, &facts, Timestamp::now()).report()
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// What somebody pushed and was told to be stored.
#[derive(Default)]
struct Pushed(Vec<(Tag, Image)>);

/// Moves tags to new images, and gives new images new tags, while the executor runs.
async fn pushes(client: Arc<Client>, repo: Repository, round: u64) -> Pushed {
    let mut pushed = Pushed::default();
    for (number, name) in ["old-1", "new-1", "old-2", "old-1", "new-2", "old-0"].into_iter().enumerate() {
        let wait = round.wrapping_mul(7919).wrapping_add(number as u64 * 104_729) % 9;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let image = platforms(round * 100 + number as u64, &["amd64"], 300, 100);
        fixtures::push(&*client, &repo, &image, &tag(name)).await.unwrap();
        pushed.0.retain(|(other, _)| other.as_str() != name);
        pushed.0.push((tag(name), image));
    }
    pushed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs real registries and clients"]
async fn nothing_is_deleted_that_moved_while_the_executor_ran() {
    let rounds: u64 = std::env::var("LOCKAGE_RACES").map_or(30, |rounds| rounds.parse().unwrap());
    let registry = DockerRegistry::start();
    let client = Arc::new(Client::builder().build().unwrap());
    let (mut moved, mut deleted, mut lost) = (0, 0, Vec::new());
    for round in 0..rounds {
        let repo: Repository = format!("{}/race/r{round}", registry.host()).parse().unwrap();
        for number in 0..4 {
            let image = platforms(round * 10_000 + number, &["amd64", "arm64"], 300, 100);
            let name = if number == 3 { "keep".to_owned() } else { format!("old-{number}") };
            fixtures::push(&*client, &repo, &image, &tag(&name)).await.unwrap();
        }
        let plan = planned(&client, &repo).await;
        assert_eq!(plan.actions.len(), 9, "three indexes with two children each");
        let pusher = tokio::spawn(pushes(Arc::clone(&client), repo.clone(), round + 1_000_000));
        let mut settings = Settings::default();
        settings.single_pass = true;
        let remover = Plain::new(&*client, Walk::new(&*client), Caps::DISTRIBUTION_2);
        let journal = MemoryJournal::default();
        let outcome = Apply::new(&remover, &journal).settings(settings).run(&plan, Timestamp::now()).await.unwrap();
        deleted += outcome.count(Fate::Deleted);
        for (name, image) in pusher.await.unwrap().0 {
            moved += 1;
            let held = client.resolve(&repo, &TagOrDigest::Tag(name.clone())).await;
            let whole = closure(registry.host(), repo.path(), image.root().digest().as_str());
            if held.as_ref().ok().map(|held| &held.digest) != Some(image.root().digest())
                || !matches!(whole, Ok(Some(_)))
            {
                lost.push(format!("{repo}:{name}: {held:?} {whole:?}"));
            }
        }
        let kept = closure(registry.host(), repo.path(), "keep");
        assert!(matches!(kept, Ok(Some(_))), "{kept:?}");
    }
    eprintln!("{rounds} rounds: {moved} tags pushed and moved meanwhile, {deleted} manifests deleted");
    assert!(lost.is_empty(), "{} of {moved} are lost:\n{}", lost.len(), lost.join("\n"));
    assert!(deleted > 0);
}

/// Everything that a kept image needs is there and is what its digest says.
fn validated(at: &str) {
    let out = run(peer("crane").args(["validate", "--remote", at]));
    assert!(out.contains("PASS") && !out.contains("FAIL"), "{out}");
}

async fn kept_images_stay_whole_and_signed<S: Signer>() {
    let directory = tempfile::tempdir().unwrap();
    let tool = S::new(directory.path());
    let place = Place::Fallback(DockerRegistry::start());
    let mut images = Vec::new();
    for (seed, name) in (1..).zip(["v1", "old-1", "v2", "old-2", "v3", "old-3"]) {
        let image = platforms(seed, &["amd64", "arm64"], 2_000, 500);
        place.push("team/app", name, &image).await;
        let (root, children) = image.manifests.split_last().unwrap();
        let children: Vec<String> =
            children.iter().map(|child| place.at("team/app", child.digest().as_str())).collect();
        tool.sign(Who::Developer, &place.at("team/app", root.digest().as_str()), &children);
        images.push((name, image));
    }
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(file("policy.json"), policy().to_string()).unwrap();
    let repository = format!("{}/team/app", place.host());
    let plan = run(isolated(lockage()).args([
        "retain",
        "plan",
        "--policy",
        &file("policy.json"),
        "--registry",
        "docker-registry2",
        "--json",
        &repository,
    ]));
    std::fs::write(file("plan.json"), &plan).unwrap();
    let apply = |more: &[&str]| {
        let plan = file("plan.json");
        let arguments = ["retain", "apply", "--plan", &plan, "--registry", "docker-registry2", "--single-pass"];
        run(isolated(lockage()).args(arguments).args(more))
    };
    assert!(apply(&[]).ends_with("nothing was deleted: say --yes for that"));
    let intact = |names: &str| {
        for (name, image) in images.iter().filter(|(name, _)| name.starts_with(names)) {
            validated(&place.at("team/app", name));
            assert!(matches!(closure(place.host(), "team/app", name), Ok(Some(_))), "{name}");
            for manifest in &image.manifests {
                tool.verifies(Who::Developer, &place.at("team/app", manifest.digest().as_str())).unwrap();
            }
        }
    };
    intact("");
    let done: Value = serde_json::from_str(&apply(&["--yes", "--json"])).unwrap();
    let items = done["items"].as_array().unwrap();
    // Three indexes with two children each, and at least a signature of each.
    assert!(items.len() >= 18 && items.iter().all(|item| item["result"] == "deleted"), "{done:#}");
    let gone = || {
        for (_, image) in images.iter().filter(|(name, _)| name.starts_with("old")) {
            for manifest in &image.manifests {
                let found = closure(place.host(), "team/app", manifest.digest().as_str());
                assert!(matches!(found, Ok(None)), "{found:?}");
            }
        }
    };
    intact("v");
    gone();
    let Place::Fallback(registry) = &place else { unreachable!() };
    let collected = registry.collect();
    assert!(collected.contains("blob eligible for deletion"), "what was deleted is collected:\n{collected}");
    intact("v");
    gone();
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn kept_images_stay_whole_with_the_signatures_of_cosign_2() {
    kept_images_stay_whole_and_signed::<Cosign2>().await;
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn kept_images_stay_whole_with_the_signatures_of_cosign_3() {
    kept_images_stay_whole_and_signed::<Cosign3>().await;
}
