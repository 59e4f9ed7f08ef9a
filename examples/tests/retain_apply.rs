//! `lockage retain apply` and `undo` as programs, against a registry in this process: marks, deletes, guards, a run that is
//! killed, and the way back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lockage_policy::apply::{Entry, FileJournal};
use lockage_registry::server::{Fault, RequestHead, Server};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Memory, Prune as _, Repository, Source as _, Tag, TagOrDigest, Target as _};
use serde_json::{Value, json};

/// A registry with two old images and one that stays, two platforms each, and a signature by tag each.
struct World {
    registry: Memory,
    address: String,
    folder: tempfile::TempDir,
    images: Vec<(&'static str, Image)>,
    _server: Server,
}

struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Done {
    #[track_caller]
    fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn says(self, words: &str) -> Self {
        assert!(self.out.contains(words) || self.err.contains(words), "{words}\n{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn repository() -> Repository {
    "localhost/team/app".parse().unwrap()
}

const KEPT: [&str; 1] = ["v1"];
const OLD: [&str; 2] = ["old-1", "old-2"];

impl World {
    async fn new() -> Self {
        Self::with(|_| Fault::None).await
    }

    async fn with(faults: impl Fn(&RequestHead) -> Fault + Send + Sync + 'static) -> Self {
        let registry = Memory::new("localhost".parse().unwrap());
        let platforms = ["linux/amd64".parse().unwrap(), "linux/arm64".parse().unwrap()];
        let mut images = Vec::new();
        for (seed, name) in (1..).zip(KEPT.into_iter().chain(OLD)) {
            let image = fixtures::index(seed, &platforms);
            fixtures::push(&registry, &repository(), &image, &tag(name)).await.unwrap();
            let signature = fixtures::artifact_for(image.root().descriptor(), fixtures::SIGNATURE, seed + 10);
            let by = format!("sha256-{}.sig", image.root().digest().hex());
            fixtures::push(&registry, &repository(), &signature, &tag(&by)).await.unwrap();
            images.push((name, image));
        }
        let server = Server::builder(Arc::new(registry.clone()), "localhost".parse().unwrap());
        let server = server.intercept(Arc::new(faults)).serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address().to_string();
        let world = Self { registry, address, folder: tempfile::tempdir().unwrap(), images, _server: server };
        let policy = json!({
            "version": 1, "delete": [{"name": "old", "tag": {"glob": "old-*"}, "always": true}],
        });
        fs::write(world.path("policy.json"), policy.to_string()).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
        command.env_clear().env("HOME", self.folder.path()).current_dir(self.folder.path()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let output = tokio::task::block_in_place(|| self.command(arguments).output().unwrap());
        Done {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A plan for the moment that is so many hours ago, in this file.
    fn plan(&self, file: &str, hours_ago: i64) -> Value {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours_ago);
        let repository = format!("{}/team/app", self.address);
        let now = at.to_string();
        let seen = self.path("seen.json");
        let arguments =
            ["retain", "plan", "--policy", "policy.json", "--seen", "seen.json", "--now", &now, "--json", &repository];
        if !seen.exists() {
            // Everything was seen two days ago.
            self.run(&arguments);
            let mut times: BTreeMap<String, Value> = serde_json::from_slice(&fs::read(&seen).unwrap()).unwrap();
            let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(48);
            times.values_mut().for_each(|time| *time = json!(then));
            fs::write(&seen, json!(times).to_string()).unwrap();
        }
        let done = self.run(&arguments).ends(0);
        fs::write(self.path(file), &done.out).unwrap();
        done.document()
    }

    fn digest(&self, name: &str) -> String {
        self.images.iter().find(|(of, _)| *of == name).unwrap().1.root().digest().to_string()
    }

    fn apply(&self, more: &[&str]) -> Done {
        self.run(&[&["retain", "apply"], more].concat())
    }

    /// How many manifests of this image are there.
    async fn there(&self, name: &str) -> usize {
        let (_, image) = self.images.iter().find(|(of, _)| *of == name).unwrap();
        let mut there = 0;
        for manifest in &image.manifests {
            let at = TagOrDigest::Digest(manifest.digest().clone());
            there += usize::from(self.registry.resolve(&repository(), &at).await.is_ok());
        }
        there
    }

    async fn has_tag(&self, name: &str) -> bool {
        self.registry.resolve(&repository(), &TagOrDigest::Tag(tag(name))).await.is_ok()
    }

    #[track_caller]
    fn journal(&self, status: &str) -> usize {
        let text = fs::read_to_string(self.path("retain-journal.jsonl")).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["status"] == status).count()
    }
}

const ONE_PASS: [&str; 3] = ["--plan", "plan.json", "--single-pass"];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_registry_holds_is_written_down_once_and_planned_from() {
    let world = World::new().await;
    let now = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).to_string();
    let asked = world.plan("plan.json", -1);
    let repository = format!("{}/team/app", world.address);
    let snapshot = world.run(&["retain", "snapshot", "--seen", "seen.json", &repository]).ends(0);
    let document = snapshot.document();
    assert!(document["taken_at"].as_str().unwrap() < now.as_str(), "{document}");
    assert_eq!(document["repositories"][0]["manifests"].as_array().unwrap().len(), 12);
    fs::write(world.path("snapshot.json"), &snapshot.out).unwrap();
    let plan = ["retain", "plan", "--policy", "policy.json", "--snapshot", "snapshot.json", "--registry", "oci"];
    let planned = world.run(&[&plan[..], &["--now", &now, "--json"]].concat()).ends(0).document();
    for list in ["delete", "keep", "delete_tags", "keep_tags"] {
        assert_eq!(planned[list], asked[list]);
    }
    world.run(&["retain", "snapshot"]).ends(2);
    world.run(&["retain", "snapshot", &format!("{}/nobody/here", world.address)]).ends(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_yes_it_looks_and_deletes_nothing() {
    let world = World::new().await;
    world.plan("plan.json", 0);
    world.apply(&ONE_PASS).ends(0).says("8 to be deleted").says("nothing was deleted: say --yes for that");
    let dry = world.apply(&[&ONE_PASS[..], &["--dry-run", "--json"]].concat()).ends(0).document();
    assert_eq!((&dry["dry_run"], &dry["counts"]), (&json!(true), &json!({"due": 8})));
    assert!(!world.path("retain-journal.jsonl").exists());
    for name in KEPT.iter().chain(&OLD) {
        assert_eq!(world.there(name).await, 3);
    }
    world.apply(&[&ONE_PASS[..], &["--dry-run", "--yes"]].concat()).ends(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plan_says_is_deleted_once_and_comes_back_whole() {
    let world = World::new().await;
    let plan = world.plan("plan.json", 0);
    let yes = [&ONE_PASS[..], &["--yes", "--json", "--ledger", "ledger.jsonl", "--actor", "ada"]].concat();
    let done = world.apply(&yes).ends(0).document();
    assert_eq!(
        (&done["plan"], &done["counts"], &done["dry_run"]),
        (&plan["plan"], &json!({"deleted": 8}), &json!(false))
    );
    assert!(done["items"].as_array().unwrap().iter().all(|item| item["rule"] == "old" || item["tag"].is_null()));
    for name in OLD {
        assert_eq!((world.there(name).await, world.has_tag(name).await), (0, false));
    }
    assert_eq!((world.there("v1").await, world.has_tag("v1").await), (3, true));
    let again = world.apply(&yes).ends(0).document();
    assert_eq!(again["items"][0]["why"], "by an earlier run");
    let undone = world.run(&["retain", "undo", "--plan", "plan.json", "--json", "--ledger", "ledger.jsonl"]).ends(0);
    // Eight manifests, the tags of two images and of two signatures.
    assert_eq!(undone.document()["restored"].as_array().unwrap().len(), 12);
    for name in OLD {
        assert_eq!((world.there(name).await, world.has_tag(name).await), (3, true));
    }
    let ledger = fs::read_to_string(world.path("ledger.jsonl")).unwrap();
    let kinds = |kind: &str| ledger.matches(&format!("\"kind\":\"{kind}\"")).count();
    assert_eq!((kinds("remove"), kinds("restore"), ledger.matches("\"actor\":\"ada\"").count()), (8, 8, 8), "{ledger}");
    world.run(&["ledger", "verify", "--ledger", "ledger.jsonl"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_plan_marks_and_a_later_one_deletes() {
    let world = World::new().await;
    world.plan("first.json", 25);
    let first = ["--plan", "first.json", "--yes", "--max-age", "48h"];
    world.apply(&first).ends(4).says("8 in quarantine");
    assert_eq!((world.journal("sighted"), world.journal("done")), (8, 0));
    world.apply(&first).ends(4).says("8 in quarantine");
    assert_eq!(world.there("old-1").await, 3);
    world.plan("second.json", 0);
    world.apply(&["--plan", "second.json", "--yes"]).ends(0).says("8 deleted");
    assert_eq!((world.there("old-1").await, world.there("v1").await), (0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_is_taken_back_in_between_or_lost_begins_anew() {
    let world = World::new().await;
    world.plan("first.json", 25);
    world.apply(&["--plan", "first.json", "--yes", "--max-age", "48h"]).ends(4);
    // Somebody tags one of them meanwhile, so that the next plan keeps it.
    let digest = world.images[1].1.root().digest().clone();
    let manifest = world.registry.manifest(&repository(), &digest.clone().into()).await.unwrap();
    world.registry.put_manifest(&repository(), &manifest, &TagOrDigest::Tag(tag("v2"))).await.unwrap();
    let undone = world.run(&["retain", "undo", "--plan", "first.json", "--json"]).ends(0).document();
    assert_eq!((undone["released"].as_array().unwrap().len(), &undone["restored"]), (8, &json!([])));
    world.plan("second.json", 0);
    let second = world.apply(&["--plan", "second.json", "--yes", "--json"]).ends(4).document();
    // The tag alone goes of the one that has another tag now.
    assert_eq!(second["counts"], json!({"quarantined": 5}));
    assert_eq!((world.there("old-1").await, world.there("old-2").await), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_moved_since_the_plan_stays() {
    let world = World::new().await;
    world.plan("plan.json", 0);
    let moved = fixtures::image(77);
    fixtures::push(&world.registry, &repository(), &moved, &tag("old-1")).await.unwrap();
    let digest = world.images[2].1.root().digest().clone();
    let manifest = world.registry.manifest(&repository(), &digest.into()).await.unwrap();
    world.registry.put_manifest(&repository(), &manifest, &TagOrDigest::Tag(tag("v2"))).await.unwrap();
    let done = world.apply(&[&ONE_PASS[..], &["--yes", "--json"]].concat()).ends(0).document();
    assert_eq!(done["counts"], json!({"deleted": 4, "needed": 3, "retagged": 1}));
    let held = world.registry.resolve(&repository(), &TagOrDigest::Tag(tag("old-1"))).await.unwrap();
    assert_eq!(held.digest, *moved.root().digest());
    assert_eq!(world.there("old-2").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_end_with_1_and_documents_that_are_none_with_2_before_anything_is_deleted() {
    let world = World::new().await;
    let plan = world.plan("plan.json", 0);
    world.plan("old.json", 25);
    let future = world.plan("future.json", -1);
    assert_ne!(future["plan"], plan["plan"]);
    let id = plan["plan"].as_str().unwrap();
    let yes = |more: &[&str]| world.apply(&[&ONE_PASS[..], &["--yes"], more].concat());
    yes(&["--id", future["plan"].as_str().unwrap()]).ends(1).says("was approved");
    yes(&["--max-delete", "7"]).ends(1).says("it would delete 8 manifests, and may delete 7");
    yes(&["--max-delete-ratio", "0.5"]).ends(1).says("8 of 12 manifests");
    yes(&["--protect", "*-2"]).ends(1).says("team/app:old-2, which is protected");
    yes(&["--protect", "[a"]).ends(2);
    for part in ["10", "nan", "-1"] {
        yes(&[&format!("--max-delete-ratio={part}")]).ends(2).says("between 0 and 1");
    }
    world.apply(&["--plan", "old.json", "--yes", "--single-pass"]).ends(1).says("longer ago than");
    world.apply(&["--plan", "future.json", "--yes", "--single-pass"]).ends(1).says("and it is");
    let stopped = json!([{"guard": "max_delete", "deletes": 8, "limit": 1}]);
    let written = |change: &dyn Fn(&mut Value)| {
        let mut plan = plan.clone();
        change(&mut plan);
        fs::write(world.path("changed.json"), plan.to_string()).unwrap();
        world.apply(&["--plan", "changed.json", "--yes", "--single-pass"])
    };
    written(&|plan| plan["refusals"] = stopped.clone()).ends(1).says("the plan is not to be executed");
    let kept = plan["keep"][0].as_str().unwrap().to_owned();
    written(&|plan| {
        plan["delete"][0] = json!(kept);
        plan["actions"][0]["digest"] = json!(kept.split_once('@').unwrap().1);
    })
    .ends(2)
    .says("it was changed since it was made");
    written(&|plan| drop(plan.as_object_mut().unwrap().remove("actions"))).ends(2);
    // Consistent in itself, under the id that was approved.
    let (kept, condemned) = (world.digest("v1"), world.digest("old-1"));
    let text = plan.to_string();
    let swapped = text.replace(&kept, "?").replace(&condemned, &kept).replace('?', &condemned);
    for changed in [swapped, text.replace(&world.address, "127.0.0.1:1")] {
        fs::write(world.path("changed.json"), changed).unwrap();
        let approved = ["--plan", "changed.json", "--id", id, "--single-pass", "--yes"];
        world.apply(&approved).ends(1).says("it was changed after it was made");
    }
    written(&|plan| plan["now"] = future["now"].clone()).ends(1).says("it was changed after it was made");
    world.apply(&["--plan", "nowhere.json", "--yes"]).ends(2);
    yes(&["--journal", "."]).ends(2).says("cannot be used");
    fs::write(world.path("damaged.jsonl"), "{}\n").unwrap();
    yes(&["--journal", "damaged.jsonl"]).ends(2).says("damaged.jsonl: line 1: ");
    let taken = FileJournal::open(world.path("taken.jsonl")).unwrap();
    yes(&["--journal", "taken.jsonl"]).ends(3).says("another run has it");
    drop(taken);
    for name in KEPT.iter().chain(&OLD) {
        assert_eq!(world.there(name).await, 3, "nothing was deleted");
    }
    yes(&["--id", id, "--max-delete", "8"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_made_again_and_executed_as_far_as_it_still_holds() {
    let world = World::new().await;
    world.plan("plan.json", 0);
    let at = format!("{}/team/app", world.address);
    let again = [&ONE_PASS[..], &["--yes", "--json", "--again", &at, "--policy", "policy.json", "--seen", "seen.json"]]
        .concat();
    let other = fixtures::image(77);
    fixtures::push(&world.registry, &repository(), &other, &tag("old-9")).await.unwrap();
    world.apply(&again).ends(1).says("it would also delete");
    world.registry.delete_manifest(&repository(), other.root().digest()).await.unwrap();
    world.registry.delete_manifest(&repository(), world.images[1].1.root().digest()).await.unwrap();
    fs::write(world.path("other.json"), r#"{"version": 1, "delete": []}"#).unwrap();
    let by_other =
        [&ONE_PASS[..], &["--yes", "--again", &at, "--policy", "other.json", "--seen", "seen.json"]].concat();
    world.apply(&by_other).ends(1).says("by another policy");
    world.apply(&[&ONE_PASS[..], &["--yes", "--again", &at, "--seen", "seen.json"]].concat()).ends(2).says("--policy");
    let done = world.apply(&again).ends(0).document();
    assert_eq!(done["counts"], json!({"deleted": 4}), "{done:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_by_now_stays_and_unreadable_facts_stop_the_run() {
    let world = World::new().await;
    world.plan("plan.json", 0);
    let yes = [&ONE_PASS[..], &["--yes", "--json", "--facts", "facts.json"]].concat();
    fs::write(world.path("facts.json"), "{").unwrap();
    world.apply(&yes).ends(3).says("what is in use");
    let child = world.images[1].1.manifests[0].digest();
    let facts = json!({"asked": ["k8s"], "in_use": [{"digest": child, "by": "k8s"}]});
    fs::write(world.path("facts.json"), facts.to_string()).unwrap();
    let done = world.apply(&yes).ends(0).document();
    assert_eq!(done["counts"]["deleted"], 4, "{done:#}");
    assert_eq!((world.there("old-1").await, world.there("old-2").await), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_by_now_stays() {
    let world = World::new().await;
    world.plan("plan.json", 0);
    let at = format!("{}/team/app", world.address);
    let holds = json!({"holds": [
        {"tag": format!("{at}:old-1"), "reason": "a suit"}, {"digest": world.digest("old-2"), "reason": "another one"},
    ]});
    fs::write(world.path("facts.json"), holds.to_string()).unwrap();
    let yes = [&ONE_PASS[..], &["--yes", "--facts", "facts.json"]].concat();
    world.apply(&yes).ends(0).says("held: a suit").says("held: another one");
    assert_eq!((world.there("old-1").await, world.there("old-2").await), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_faithful_to_another_system_says_so_and_is_never_executed() {
    let world = World::new().await;
    let rule = json!({"rulePriority": 1, "selection": {"tagStatus": "tagged", "tagPatternList": ["old-*"],
        "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}});
    fs::write(world.path("ecr.json"), json!({"rules": [rule]}).to_string()).unwrap();
    let hold = "version: 1\nimport: { from: ecr, file: ecr.json, faithful: true }\n";
    fs::write(world.path("import.yaml"), hold).unwrap();
    let at = format!("{}/team/app", world.address);
    let check = world.run(&["retain", "check", "--policy", "import.yaml"]);
    check.ends(0).says("warning: import: faithful is for comparisons");
    let by: [&[&str]; 2] = [&["--policy", "import.yaml"], &["--policy", "ecr.json", "--format", "ecr", "--faithful"]];
    for by in by {
        let plan = [&["retain", "plan", &at], by].concat();
        world.run(&plan).ends(0).says("never executed");
        let made = world.run(&[&plan[..], &["--json"]].concat()).ends(0);
        assert_eq!(made.document()["faithful"], true);
        fs::write(world.path("plan.json"), &made.out).unwrap();
        world.apply(&[&ONE_PASS[..], &["--yes"]].concat()).ends(1).says("never executed");
    }
    for name in KEPT.iter().chain(&OLD) {
        assert_eq!(world.there(name).await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_registry_refuses_ends_with_3_and_a_lost_login_stops_the_run() {
    for (status, code, says) in [(405, "UNSUPPORTED", "refused"), (401, "UNAUTHORIZED", "the run stops")] {
        let world = World::with(move |request| match request.method.as_str() {
            "DELETE" => Fault::Answer { status, code: code.to_owned(), retry_after: None },
            _ => Fault::None,
        })
        .await;
        world.plan("plan.json", 0);
        world.apply(&[&ONE_PASS[..], &["--yes"]].concat()).ends(3).says(says);
        assert_eq!((world.there("old-1").await, world.journal("done")), (3, 0));
    }
}

/// Waits for so many lines, then kills.
fn killed(mut child: Child, world: &World, lines: usize) {
    for _ in 0..2_000 {
        if world.journal("done") >= lines {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_goes_on_with_the_same_journal() {
    let world = World::with(|request| match request.method.as_str() {
        "DELETE" => Fault::Delay(Duration::from_millis(150)),
        _ => Fault::None,
    })
    .await;
    world.plan("plan.json", 0);
    let yes = [&ONE_PASS[..], &["--yes", "--json", "--ledger", "ledger.jsonl"]].concat();
    for lines in [1, 3, 5] {
        let child = world.command(&[&["retain", "apply"], &yes[..]].concat()).spawn().unwrap();
        tokio::task::block_in_place(|| killed(child, &world, lines));
        assert!(world.journal("done") < 8, "it was killed before its end");
        for name in OLD.iter().chain(&KEPT) {
            // An index is never there without its children.
            assert!(!world.has_tag(name).await || world.there(name).await == 3, "{name}");
        }
    }
    let done = world.apply(&yes).ends(0).document();
    assert_eq!(done["counts"], json!({"deleted": 8}), "{done:#}");
    assert_eq!((world.there("old-1").await, world.there("v1").await), (0, 3));
    let ledger = fs::read_to_string(world.path("ledger.jsonl")).unwrap();
    let digests: std::collections::BTreeSet<String> =
        ledger.lines().map(|line| line.split("\"digest\":\"").nth(1).unwrap()[..71].to_owned()).collect();
    assert_eq!(digests.len(), 8, "none is missing");
}

/// What `schemas/retain-journal.json` takes.
fn schema() -> (boon::Schemas, boon::SchemaIndex) {
    let path = format!("{}/../schemas/retain-journal.json", env!("CARGO_MANIFEST_DIR"));
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("https://lockage.example/retain-journal.json", document).unwrap();
    let index = compiler.compile("https://lockage.example/retain-journal.json", &mut schemas).unwrap();
    (schemas, index)
}

#[test]
fn the_example_of_a_journal_is_what_the_schema_describes_and_the_reader_takes() {
    let (schemas, index) = schema();
    let path = format!("{}/documents/retain-journal.jsonl", env!("CARGO_MANIFEST_DIR"));
    for line in fs::read_to_string(path).unwrap().lines().filter(|line| !line.starts_with('#')) {
        let value: Value = serde_json::from_str(line).unwrap();
        schemas.validate(&value, index).unwrap_or_else(|error| panic!("{line}\n{error}"));
        let entry: Entry = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&entry).unwrap(), value);
        if let Some(stored) = &entry.stored {
            assert_eq!(stored.manifest().unwrap().digest().as_str(), entry.digest);
        }
        for key in value.as_object().unwrap().keys() {
            let mut less = value.clone();
            less.as_object_mut().unwrap().remove(key);
            let is_valid = schemas.validate(&less, index).is_ok();
            assert_eq!(is_valid, serde_json::from_value::<Entry>(less).is_ok(), "without {key}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_is_what_the_schema_describes() {
    let world = World::new().await;
    world.plan("first.json", 25);
    world.apply(&["--plan", "first.json", "--yes", "--max-age", "48h"]).ends(4);
    world.plan("plan.json", 0);
    world.apply(&["--plan", "plan.json", "--yes"]).ends(0);
    world.run(&["retain", "undo", "--plan", "plan.json"]).ends(0).says("put back");
    let (schemas, index) = schema();
    let text = fs::read_to_string(world.path("retain-journal.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 32, "sighted, begun, done and restored");
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        schemas.validate(&value, index).unwrap_or_else(|error| panic!("{line}\n{error}"));
    }
}

/// A cluster of which everything runs this image.
fn cluster(image: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let spec = json!({"containers": [{"image": image}]});
    let object = json!({"metadata": {"namespace": "shop", "name": "web"}, "spec": {"containers": spec["containers"],
        "template": {"spec": spec}, "jobTemplate": {"spec": {"template": {"spec": spec}}}}});
    let body = json!({"items": [object]}).to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _some = stream.read(&mut [0; 4096]).unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
        }
    });
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cluster_or_an_environment_has_by_now_stays() {
    let world = World::new().await;
    world.plan("plan.json", 0);
    let digest = |name: &str| world.images.iter().find(|(of, _)| *of == name).unwrap().1.root().digest().clone();
    // The first was started, and the second promoted, after the plan was made.
    let runs = cluster(format!("{}/team/app@{}", world.address, digest("old-1")));
    let promoted = json!({"kind": "promote", "phase": "done", "image": "app", "environment": "prod",
        "digest": digest("old-2"), "from": "dev", "edge": "dev-prod", "plan": digest("v1"), "tags": [], "evidence": [],
        "actor": "ada", "at": "2026-01-01T00:00:00Z"});
    fs::write(world.path("entries.jsonl"), promoted.to_string()).unwrap();
    world.run(&["ledger", "append", "entries.jsonl", "--ledger", "ledger.jsonl"]).ends(0);
    let asked = ["--yes", "--json", "--kubernetes", &runs, "--ledger", "ledger.jsonl"];
    let done = world.apply(&[&ONE_PASS[..], &asked].concat()).ends(0).says("k8s").says("ledger").document();
    assert_eq!(done["counts"], json!({"in-use": 2, "needed": 6}), "{done}");
    for name in OLD {
        assert_eq!((world.there(name).await, world.has_tag(name).await), (3, true));
    }
    // A cluster that does not answer, or a ledger that cannot be read, stops the run before anything is deleted.
    let silent = ["--kubernetes", "http://127.0.0.1:1"];
    world.apply(&[&ONE_PASS[..], &["--yes"], &silent].concat()).ends(3).says("what is in use");
    fs::write(world.path("broken.jsonl"), "{").unwrap();
    world.apply(&[&ONE_PASS[..], &["--yes", "--ledger", "broken.jsonl"]].concat()).ends(3).says("what is in use");
    for name in OLD {
        assert_eq!((world.there(name).await, world.has_tag(name).await), (3, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_is_read_once_where_a_folder_keeps_it() {
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reads);
    let world = World::with(move |request| {
        if request.method.as_str() == "GET" && request.path.contains("/manifests/") {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        Fault::None
    })
    .await;
    let repository = format!("{}/team/app", world.address);
    let plan = ["retain", "plan", "--policy", "policy.json", "--json", "--manifests", "kept", &repository];
    let first = world.run(&plan).ends(0).document();
    // Three images of two platforms, and a signature of each.
    assert_eq!(reads.swap(0, Ordering::SeqCst), 12);
    let again = world.run(&plan).ends(0).document();
    assert_eq!((reads.load(Ordering::SeqCst), &again["keep"]), (0, &first["keep"]));
    assert_eq!(first["keep"].as_array().unwrap().len(), 12);
}
