//! Retention on docker-registry: nothing is deleted that moved while the executor ran, and whatever stays is whole, signed,
//! and needs nothing that the registry's garbage collection removes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod real;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lockage_policy::apply::{Apply, Caps, Fate, MemoryJournal, Plain, Settings};
use lockage_policy::retain::{DigestKey, Facts, ManifestRow, Policy, Report, SnapshotBuilder, TagRow, plan};
use lockage_registry::client::Client;
use lockage_registry::inventory::{Inventory as _, Walk};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Digest, RawManifest, Repository, Source as _, Tag, TagOrDigest, Target as _};
use real::signers::{Cosign2, Cosign3, Signer, Who};
use real::{DockerRegistry, Place, Timed, closure, isolated, lockage, peer, platforms, run};
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

/// What somebody pushed and was told to be stored, and when that was said.
#[derive(Default)]
struct Pushed(Vec<(Tag, Image, Instant)>);

/// Moves tags to new images, gives new images new tags, and tags again what is about to be deleted, while the executor runs.
async fn pushes(client: Arc<Client>, repo: Repository, old: Image, round: u64) -> Pushed {
    let mut pushed = Pushed::default();
    for (number, name) in ["old-1", "new-1", "again", "old-2", "old-1", "new-2", "old-0"].into_iter().enumerate() {
        let wait = round.wrapping_mul(7919).wrapping_add(number as u64 * 104_729) % 9;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let image = if name == "again" {
            // Refused where a child is gone by then.
            if client.put_manifest(&repo, old.root(), &TagOrDigest::Tag(tag(name))).await.is_err() {
                continue;
            }
            old.clone()
        } else {
            let image = platforms(round * 100 + number as u64, &["amd64"], 300, 100);
            fixtures::push(&*client, &repo, &image, &tag(name)).await.unwrap();
            image
        };
        pushed.0.retain(|(other, _, _)| other.as_str() != name);
        pushed.0.push((tag(name), image, Instant::now()));
    }
    pushed
}

/// What of an image is not there: its root, behind which everything else goes, or children of a root that is there.
async fn missing(client: &Client, repo: &Repository, image: &Image) -> Vec<Digest> {
    let mut missing = Vec::new();
    for manifest in image.manifests.iter().rev() {
        // The root comes last in an image.
        if missing.first() == Some(image.root().digest()) {
            break;
        }
        if client.resolve(repo, &TagOrDigest::Digest(manifest.digest().clone())).await.is_err() {
            missing.push(manifest.digest().clone());
        }
    }
    if missing.is_empty() { vec![image.root().digest().clone()] } else { missing }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs real registries and clients"]
async fn nothing_is_deleted_that_moved_while_the_executor_ran() {
    let rounds: u64 = std::env::var("LOCKAGE_ROUNDS").map_or(100, |rounds| rounds.parse().unwrap());
    let registry = DockerRegistry::start();
    let client = Arc::new(Client::builder().build().unwrap());
    let (mut moved, mut deleted, mut kept_again, mut last_moment, mut lost) = (0, 0, 0, 0, Vec::new());
    for round in 0..rounds {
        let repo: Repository = format!("{}/race/r{round}", registry.host()).parse().unwrap();
        let mut images = Vec::new();
        for number in 0..4 {
            let image = platforms(round * 10_000 + number, &["amd64", "arm64"], 300, 100);
            let name = if number == 3 { "keep".to_owned() } else { format!("old-{number}") };
            fixtures::push(&*client, &repo, &image, &tag(&name)).await.unwrap();
            images.push(image);
        }
        let plan = planned(&client, &repo).await;
        assert_eq!(plan.actions.len(), 9, "three indexes with two children each");
        let old = images.swap_remove(usize::try_from(round % 3).unwrap());
        let pusher = tokio::spawn(pushes(Arc::clone(&client), repo.clone(), old.clone(), round + 1_000_000));
        let mut settings = Settings::default();
        settings.single_pass = true;
        let remover = Timed::new(Plain::new(&*client, Walk::new(&*client), Caps::DISTRIBUTION_2));
        let journal = MemoryJournal::default();
        let outcome = Apply::new(&remover, &journal).settings(settings).run(&plan, Timestamp::now()).await.unwrap();
        deleted += outcome.count(Fate::Deleted);
        for (name, image, at) in pusher.await.unwrap().0 {
            moved += 1;
            let held = client.resolve(&repo, &TagOrDigest::Tag(name.clone())).await;
            let whole = closure(registry.host(), repo.path(), image.root().digest().as_str());
            let is_there = held.as_ref().ok().map(|held| &held.digest) == Some(image.root().digest());
            let is_again = image.root().digest() == old.root().digest();
            if is_there && matches!(whole, Ok(Some(_))) {
                kept_again += usize::from(is_again);
            } else if is_again
                && missing(&client, &repo, &image)
                    .await
                    .iter()
                    .all(|digest| remover.last_look(digest).is_some_and(|look| at >= look))
            {
                // The last look had begun: nothing on this registry could have told.
                last_moment += 1;
            } else {
                lost.push(format!("{repo}:{name}: {held:?} {whole:?}"));
            }
        }
        let kept = closure(registry.host(), repo.path(), "keep");
        assert!(matches!(kept, Ok(Some(_))), "{kept:?}");
    }
    eprintln!(
        "{rounds} rounds: {moved} tags pushed and moved meanwhile, {deleted} manifests deleted, {kept_again} kept that were tagged \
         again, {last_moment} tagged between the last look and the delete, {} lost",
        lost.len()
    );
    assert!(lost.is_empty(), "{} of {moved} are lost:\n{}", lost.len(), lost.join("\n"));
    assert!(deleted > 0 && kept_again > 0);
}

/// A run of the program, by a plan of the program.
struct Retain {
    directory: tempfile::TempDir,
    repositories: Vec<String>,
}

impl Retain {
    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    fn plan(&self) -> Value {
        std::fs::write(self.file("policy.json"), policy().to_string()).unwrap();
        let (policy, seen) = (self.file("policy.json"), self.file("seen.json"));
        let arguments =
            ["retain", "plan", "--policy", &policy, "--registry", "docker-registry2", "--json", "--seen", &seen];
        let plan = run(isolated(lockage()).args(arguments).args(&self.repositories));
        std::fs::write(self.file("plan.json"), &plan).unwrap();
        serde_json::from_str(&plan).unwrap()
    }

    fn apply(&self, more: &[&str]) -> String {
        let plan = self.file("plan.json");
        let arguments = ["retain", "apply", "--plan", &plan, "--registry", "docker-registry2", "--single-pass"];
        run(isolated(lockage()).args(arguments).args(more))
    }
}

/// An image of two platforms, signed and attested, with an SBOM that refers to it.
struct Signed {
    repository: &'static str,
    name: &'static str,
    image: Image,
}

impl Signed {
    async fn push<S: Signer>(place: &Place, tool: &S, repository: &'static str, name: &'static str, seed: u64) -> Self {
        let image = platforms(seed, &["amd64", "arm64"], 2_000, 500);
        place.push(repository, name, &image).await;
        let signed = Self { repository, name, image };
        let (root, children) = signed.image.manifests.split_last().unwrap();
        let at = |manifest: &RawManifest| place.at(repository, manifest.digest().as_str());
        let children: Vec<String> = children.iter().map(at).collect();
        tool.sign(Who::Developer, &at(root), &children);
        tool.attest(&at(root), &[]);
        signed.attach_sbom(place);
        signed
    }

    fn root(&self, place: &Place) -> String {
        place.at(self.repository, self.image.root().digest().as_str())
    }

    fn attach_sbom(&self, place: &Place) {
        let directory = tempfile::tempdir().unwrap();
        let text = json!({"spdxVersion": "SPDX-2.3", "name": self.name});
        std::fs::write(directory.path().join("sbom.json"), text.to_string()).unwrap();
        let mut oras = peer("oras");
        oras.current_dir(directory.path()).env("HOME", directory.path());
        let arguments = ["attach", "--plain-http", "--artifact-type", "application/spdx+json"];
        run(oras.args(arguments).arg(self.root(place)).arg("sbom.json:application/spdx+json"));
    }

    /// Everything that it needs is there and is what its digest says, its signatures hold, and its SBOM can be read.
    fn is_intact<S: Signer>(&self, place: &Place, tool: &S) {
        let at = place.at(self.repository, self.name);
        let out = run(peer("crane").args(["validate", "--remote", &at]));
        assert!(out.contains("PASS") && !out.contains("FAIL"), "{out}");
        assert!(matches!(closure(place.host(), self.repository, self.name), Ok(Some(_))), "{at}");
        for manifest in &self.image.manifests {
            tool.verifies(Who::Developer, &place.at(self.repository, manifest.digest().as_str())).unwrap();
        }
        tool.attested(&self.root(place)).unwrap();
        let mut oras = peer("oras");
        let arguments = ["discover", "--plain-http", "--format", "json", "--artifact-type", "application/spdx+json"];
        let found: Value = serde_json::from_str(&run(oras.args(arguments).arg(self.root(place)))).unwrap();
        let found = found["referrers"].as_array().or_else(|| found["manifests"].as_array()).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        let sbom = closure(place.host(), self.repository, found[0]["digest"].as_str().unwrap());
        assert!(matches!(sbom, Ok(Some(_))), "{sbom:?}");
    }

    fn is_gone(&self, place: &Place) {
        for manifest in &self.image.manifests {
            let found = closure(place.host(), self.repository, manifest.digest().as_str());
            assert!(matches!(found, Ok(None)), "{found:?}");
        }
    }
}

async fn kept_images_stay_whole_and_signed<S: Signer>() {
    let directory = tempfile::tempdir().unwrap();
    let tool = S::new(directory.path());
    let place = Place::Fallback(DockerRegistry::start());
    let mut images = Vec::new();
    for (seed, name) in (0..).zip(["v1", "old-1", "v2", "old-2", "v3", "old-3"]) {
        for (more, repository) in [(1, "team/app"), (101, "team/deep/service")] {
            images.push(Signed::push(&place, &tool, repository, name, seed + more).await);
        }
    }
    // One that is old by one name, and kept by another one.
    let both = Signed::push(&place, &tool, "team/app", "v9", 900).await;
    place.push("team/app", "old-9", &both.image).await;
    images.push(both);
    let repositories = ["team/app", "team/deep/service"].map(|path| format!("{}/{path}", place.host()));
    let retain = Retain { directory: tempfile::tempdir().unwrap(), repositories: repositories.into() };
    let plan = retain.plan();
    assert!(retain.apply(&[]).ends_with("nothing was deleted: say --yes for that"));
    images.iter().for_each(|image| image.is_intact(&place, &tool));
    let done: Value = serde_json::from_str(&retain.apply(&["--yes", "--json"])).unwrap();
    let items = done["items"].as_array().unwrap();
    assert_eq!(items.len(), plan["actions"].as_array().unwrap().len());
    // Six indexes with two children each, a signature of each, an attestation and an SBOM.
    assert!(items.len() >= 6 * (3 + 3 + 2), "{}", items.len());
    assert!(items.iter().all(|item| item["result"] == "deleted"), "{done:#}");
    assert_eq!(done["leftovers"], json!([]));
    let all_as_they_should_be = || {
        for image in &images {
            if image.name.starts_with('v') { image.is_intact(&place, &tool) } else { image.is_gone(&place) }
        }
    };
    all_as_they_should_be();
    let Place::Fallback(registry) = &place else { unreachable!() };
    let collected = registry.collect();
    let blobs = collected.matches("blob eligible for deletion").count();
    assert!(blobs > 0, "what was deleted is collected:\n{collected}");
    all_as_they_should_be();
    eprintln!("{} manifests deleted, {blobs} blobs collected, {} images intact", items.len(), images.len() / 2 + 1);
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
