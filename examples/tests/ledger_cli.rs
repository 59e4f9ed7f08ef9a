//! `lockage ledger` and `lockage promote` with a ledger in a registry: signed, verified, exported and added to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use boon::{Compiler, Schemas};
use lockage_promote::ledger::Entry;
use lockage_promote::pipeline::simulate::{Build, Simulation};
use lockage_promote::pipeline::{EnvironmentSpec, Graph};
use lockage_registry::server::Server;
use lockage_registry::{Memory, Prune as _, Source as _, Tag};
use serde_json::Value;

static KEYS: OnceLock<[[String; 2]; 2]> = OnceLock::new();

struct World {
    registry: Memory,
    address: String,
    folder: tempfile::TempDir,
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
}

impl World {
    /// A registry, two keys, and a document that takes the first.
    async fn new() -> Self {
        let graph = Graph::builder().environment(EnvironmentSpec::new("dev", "localhost/{image}"));
        let builds = Simulation::of(graph.build().unwrap()).unwrap();
        let build = Build::of_pull_request(42);
        builds.push(&"app".parse().unwrap(), &"dev".parse().unwrap(), &build).await.unwrap();
        let registry = builds.registry(&"dev".parse().unwrap()).unwrap().clone();
        let server = Server::builder(Arc::new(registry.clone()), "localhost".parse().unwrap());
        let server = server.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let world = Self {
            registry,
            address: server.address().to_string(),
            folder: tempfile::tempdir().unwrap(),
            _server: server,
        };
        // Encrypting a key takes its time: they are made once for all tests.
        let keys = KEYS.get_or_init(|| {
            ["release", "mallory"].map(|name| {
                world.run(&["keygen", "--out", name], None).ends(0);
                ["key", "pub"].map(|end| fs::read_to_string(world.path(&format!("{name}.{end}"))).unwrap())
            })
        });
        for (name, [private, public]) in ["release", "mallory"].iter().zip(keys) {
            world.write(&format!("{name}.key"), private);
            world.write(&format!("{name}.pub"), public);
        }
        let address = &world.address;
        world.write(
            "lockage.toml",
            &format!(
                "ledger = {{ repository = \"{address}/ledger\", signers = [\"release\"] }}\n\
                 [signers]\nrelease = {{ key = \"release.pub\" }}\nmallory = {{ key = \"mallory.pub\" }}\n\
                 [[environments]]\nname = \"dev\"\nrepository = \"{address}/{{image}}\"\n\
                 [[environments]]\nname = \"stage\"\nrepository = \"{address}/stage/{{image}}\"\nfloats = [\"stage\"]\n\
                 [[edges]]\nfrom = \"dev\"\nto = \"stage\"\n"
            ),
        );
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str], input: Option<&str>) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
        command.env_clear().env("HOME", self.folder.path()).env("COSIGN_PASSWORD", "for the test");
        command.current_dir(self.folder.path()).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        match input {
            Some(text) => {
                self.write("input", text);
                command.stdin(fs::File::open(self.path("input")).unwrap());
            }
            None => drop(command.stdin(Stdio::null())),
        }
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        Done {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    async fn tags(&self) -> Vec<Tag> {
        use futures::TryStreamExt as _;
        let repository = "localhost/ledger".parse().unwrap();
        let mut tags: Vec<Tag> = self.registry.tags(&repository).try_collect().await.unwrap();
        tags.sort();
        tags
    }
}

fn example() -> String {
    fs::read_to_string(format!("{}/documents/ledger-entries.jsonl", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_example_is_what_the_schema_describes_and_the_reader_takes() {
    let path = format!("{}/../schemas/ledger-entry.json", env!("CARGO_MANIFEST_DIR"));
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("https://lockage.example/ledger-entry.json", document.clone()).unwrap();
    let index = compiler.compile("https://lockage.example/ledger-entry.json", &mut schemas).unwrap();
    let accepts = |value: &Value| schemas.validate(value, index).is_ok();
    let text = example();
    let mut kinds = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let value: Value = serde_json::from_str(line).unwrap();
        schemas.validate(&value, index).unwrap_or_else(|error| panic!("{line}\n{error}"));
        let entry: Entry = serde_json::from_value(value.clone()).unwrap();
        let written = serde_json::to_value(&entry).unwrap();
        assert!(accepts(&written), "{written}");
        for (key, field) in value.as_object().unwrap() {
            assert_eq!(&written[key], field, "{key} of {line}");
            // What the schema asks for, the reader asks for.
            let mut less = value.clone();
            less.as_object_mut().unwrap().remove(key);
            assert_eq!(accepts(&less), serde_json::from_value::<Entry>(less.clone()).is_ok(), "without {key}: {line}");
        }
        kinds.push(value["kind"].clone());
    }
    for kind in document["properties"]["kind"]["enum"].as_array().unwrap() {
        assert!(kinds.contains(kind), "the example shows {kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_other_tools_are_signed_verified_and_exported() {
    let world = World::new().await;
    let done = world.run(&["ledger", "append", "--key", "release.key"], Some(&example())).ends(0);
    let ids: Vec<&str> = done.out.lines().collect();
    let count = example().lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!((ids.len(), world.tags().await.len()), (count, count));
    let again = world.run(&["ledger", "append", "--key", "release.key", "--json"], Some(&example())).ends(0);
    let again: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(again["appended"], serde_json::json!(ids), "what is there is found again");
    assert_eq!(world.tags().await.len(), count);

    let report = world.run(&["ledger", "verify", "--json"], None).ends(0);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!((&report["entries"], &report["signed"]["release"]), (&count.into(), &count.into()), "{report}");
    let at = format!("{}/ledger", world.address);
    world.run(&["ledger", "verify", "--ledger", &at, "--public-key", "release.pub"], None).ends(0).says("It is sound.");
    world
        .run(&["ledger", "verify", "--ledger", &at, "--public-key", "mallory.pub"], None)
        .ends(1)
        .says("does not count");

    // Offline, with a public key.
    world.run(&["ledger", "export", "--out", "export.jsonl"], None).ends(0);
    let offline =
        ["ledger", "verify", "--ledger", "export.jsonl", "--public-key", "release.pub", "--only", "nowhere.example"];
    world.run(&offline, None).ends(0).says("signed by release.pub");
    let printed = world.run(&["ledger", "export"], None).ends(0).out;
    assert_eq!(printed, fs::read_to_string(world.path("export.jsonl")).unwrap());
    world.write("changed.jsonl", &printed.replace("errors at checkout", "nothing in particular"));
    world.run(&["ledger", "verify", "--ledger", "changed.jsonl", "--public-key", "release.pub"], None).ends(1);

    // The last entry is gone: what was exported before knows it.
    let repository = "localhost/ledger".parse().unwrap();
    world.registry.delete_tag(&repository, world.tags().await.last().unwrap()).await.unwrap();
    world.run(&["ledger", "verify"], None).ends(0);
    world.run(&["ledger", "verify", "--since", "export.jsonl"], None).ends(1).says("is missing");
    world.registry.delete_tag(&repository, &world.tags().await[1]).await.unwrap();
    world.run(&["ledger", "verify"], None).ends(1).says("is missing");
    world.run(&["ledger", "export"], None).ends(3).says("lockage ledger verify");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_told_before_anything_is_written() {
    let world = World::new().await;
    let entry = example().lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
    for (wrong, said) in [
        (entry.replace("observe", "oberve"), "standard input:2: it is no entry"),
        (entry.replace("\"actor\"", "\"aktor\""), "actor"),
        (entry.replacen('{', "{\"parents\":[],", 1), "which is for the ledger to say"),
        (entry.replacen('{', "{\"wether\":1,", 1), "\"wether\""),
        ("nonsense".to_owned(), "standard input:2"),
    ] {
        let input = format!("{entry}\n{wrong}\n");
        world.run(&["ledger", "append", "--key", "release.key"], Some(&input)).ends(2).says(said);
    }
    world.run(&["ledger", "append"], Some(&entry)).ends(2).says("there is no key");
    world.run(&["ledger", "append", "--key", "release.key", "--config", "none.toml"], Some(&entry)).ends(2);
    let text = fs::read_to_string(world.path("lockage.toml")).unwrap();
    world.write("stranger.toml", &text.replace("signers = [\"release\"]", "signers = [\"eve\"]"));
    world.run(&["ledger", "verify", "--config", "stranger.toml"], None).ends(2).says("There are: mallory, release.");
    world.write("nobody.toml", &text.replace("[signers]", "[variables]").replace("{ key", "\"x\" #"));
    world.run(&["ledger", "verify", "--config", "nobody.toml"], None).ends(2).says("there are no signers");
    let repository = "localhost/ledger".parse().unwrap();
    assert!(
        futures::StreamExt::next(&mut world.registry.tags(&repository)).await.unwrap().is_err(),
        "nothing was written"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_is_remembered_in_the_registry() {
    let world = World::new().await;
    let promote = ["promote", "app", "--select", "pr:42", "--to", "stage"];
    world.run(&[&promote[..], &["--yes"]].concat(), None).ends(3).says("there is no key");
    world.run(&[&promote[..], &["--yes", "--ledger-key", "release.key"]].concat(), None).ends(0);
    world.run(&["ledger", "verify"], None).ends(0).says("2 entries");
    // Somebody who may not write into it has: nothing moves until somebody has looked.
    let at = format!("{}/ledger", world.address);
    let entry = example().lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
    world.write("other.toml", &fs::read_to_string(world.path("lockage.toml")).unwrap().replace("[\"release\"]", "[]"));
    world.run(&["ledger", "append", "--config", "other.toml", "--key", "mallory.key"], Some(&entry)).ends(0);
    world.run(&promote, None).ends(3).says("its signature does not count");
    world.run(&["ledger", "verify", "--ledger", &at], None).ends(1).says("its signature does not count");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_verified_exported_and_added_to_as_well() {
    let world = World::new().await;
    let append = ["ledger", "append", "--ledger", "file.jsonl"];
    world.run(&append, Some(&example())).ends(0);
    world.run(&["ledger", "verify", "--ledger", "file.jsonl"], None).ends(0).says("not signed");
    let text = fs::read_to_string(world.path("file.jsonl")).unwrap();
    assert_eq!(world.run(&["ledger", "export", "--ledger", "file.jsonl"], None).ends(0).out, text);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(1, 2);
    world.write("file.jsonl", &format!("{}\n", lines.join("\n")));
    world.run(&["ledger", "verify", "--ledger", "file.jsonl"], None).ends(1).says("does not follow the line before it");
    world.run(&["ledger", "verify", "--ledger", "file.jsonl", "--public-key", "release.pub"], None).ends(1);
}
