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
use lockage_registry::server::{Fault, RequestHead, Server};
use lockage_registry::{Algorithm, Memory, Prune as _, Source as _, Tag, digest_of};
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
        command.env_clear().env("HOME", self.folder.path()).env("USER", "ci").env("COSIGN_PASSWORD", "for the test");
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
    world.run(&offline, None).ends(0).says("signed by release.pub").says("It is sound.");
    let said = |arguments: &[&str]| -> Value {
        let done = world.run(&[&["ledger", "verify", "--ledger", "export.jsonl", "--json"], arguments].concat(), None);
        serde_json::from_str(&done.ends(0).out).unwrap()
    };
    assert_eq!(said(&["--public-key", "release.pub"])["signatures"], "checked");
    // The document says it as well, and one that is named has to be there.
    assert_eq!((&said(&[])["signatures"], &said(&[])["signed"]["release"]), (&"checked".into(), &count.into()));
    let elsewhere = ["ledger", "verify", "--ledger", "export.jsonl", "--config", "none.toml"];
    world.run(&elsewhere, None).ends(2).says("none.toml");
    let signed = fs::read_to_string(world.path("export.jsonl")).unwrap();
    let second = signed.lines().nth(1).unwrap();
    let (entry, _) = second.split_once(",\"seal\":").unwrap();
    world.write("cut.jsonl", &signed.replace(second, &format!("{entry}}}")));
    world.run(&["ledger", "verify", "--ledger", "cut.jsonl"], None).ends(1).says("line 2: nobody has signed it");
    // Where nobody says it, it is no proof of anything, and says so.
    fs::rename(world.path("lockage.toml"), world.path("aside.toml")).unwrap();
    let unchecked = said(&[]);
    assert_eq!(
        (&unchecked["signatures"], &unchecked["unchecked"]),
        (&"not-checked".into(), &count.into()),
        "{unchecked}"
    );
    let done = world.run(&["ledger", "verify", "--ledger", "export.jsonl"], None).ends(0);
    assert!(!done.out.contains("sound"), "{}", done.out);
    done.says("Signatures were NOT checked").says("the signature not checked");
    fs::rename(world.path("aside.toml"), world.path("lockage.toml")).unwrap();
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
    // What no reader would take stops all of them.
    let would = "would count for nobody";
    world.run(&["ledger", "append", "--key", "mallory.key"], Some(&entry)).ends(2).says(would);
    let digest = format!("sha256:{}", "1".repeat(64));
    let deny = ["deny", "app", &digest, "--new", "--reason", "x", "--key", "mallory.key"];
    world.run(&deny, None).ends(2).says(would);
    world.run(&["ledger", "append", "--unsigned"], Some(&entry)).ends(2).says("what nobody has signed would stop");
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
    world.run(&["ledger", "verify", "--ledger", "file.jsonl"], None).ends(0).says("not signed").says("NOT checked");
    // A key for what has no signatures is not passed over.
    let no_use = "file.jsonl: a ledger in a file has no signatures";
    world.run(&[&append[..], &["--key", "release.key"]].concat(), Some(&example())).ends(2).says(no_use);
    for command in ["append", "export"] {
        let with = ["ledger", command, "--ledger", "file.jsonl", "--public-key", "release.pub"];
        world.run(&with, Some(&example())).ends(2).says(no_use);
    }
    let promote = ["promote", "app", "--select", "pr:42", "--to", "stage", "--ledger", "file.jsonl", "--yes"];
    world.run(&[&promote[..], &["--ledger-key", "release.key"]].concat(), None).ends(2).says(no_use);
    let hold = ["hold", "app", "--env", "stage", "--reason", "party", "--ledger", "file.jsonl", "--key", "release.key"];
    world.run(&hold, None).ends(2).says(no_use);
    world.run(&["ledger", "verify", "--ledger", "."], None).ends(2).says(".: it is a directory");
    let text = fs::read_to_string(world.path("file.jsonl")).unwrap();
    assert_eq!(world.run(&["ledger", "export", "--ledger", "file.jsonl"], None).ends(0).out, text);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(1, 2);
    world.write("file.jsonl", &format!("{}\n", lines.join("\n")));
    world.run(&["ledger", "verify", "--ledger", "file.jsonl"], None).ends(1).says("line 2: lines changed places");
    world.run(&["ledger", "verify", "--ledger", "file.jsonl", "--public-key", "release.pub"], None).ends(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_say_nothing_or_two_things_are_refused_and_one_that_is_there_is_not_written_again() {
    let world = World::new().await;
    let digest = format!("sha256:{}", "1".repeat(64));
    let deny = |more: &str| format!(r#"{{"kind":"deny","image":"app","digest":"{digest}","actor":"ops"{more}}}"#);
    let hold = deny(r#","reason":"party""#).replace("deny", "hold");
    for (input, said) in [
        (String::new(), "standard input: there is no entry in it"),
        ("# nothing\n\n".to_owned(), "there is no entry in it"),
        ("{}".to_owned(), "standard input:1: it is no entry: missing field"),
        ("[]".to_owned(), "it is no entry: invalid type"),
        (deny(r#","reason":"leaks","reason":"none""#), r#"it has "reason" twice"#),
        (deny(r#","reason":"leaks","facts":{"commit":"a","commit":"b"}"#), r#"it has "commit" twice"#),
        (deny(r#","reason":" ""#), "it says no reason"),
        (deny(r#","reason":"leaks""#).replace("ops", " "), "its actor is blank"),
        (deny(r#","reason":"leaks""#).replace("ops", r"ops\u001b[2K"), "its actor has control characters"),
        (hold, "it has no environment"),
    ] {
        world.run(&["ledger", "append", "--ledger", "odd.jsonl"], Some(&input)).ends(2).says(said);
        world.run(&["ledger", "append", "--key", "release.key"], Some(&input)).ends(2).says(said);
    }
    assert!(!world.path("odd.jsonl").exists(), "nothing was written");
    let at = r#","reason":"leaks","at":"2026-01-01T00:00:00Z""#;
    let twice = format!("{}\n{}\n", deny(at), deny(at));
    let first = world.run(&["ledger", "append", "--ledger", "odd.jsonl"], Some(&twice)).ends(0).out;
    let again = world.run(&["ledger", "append", "--ledger", "odd.jsonl"], Some(&twice)).ends(0).out;
    assert_eq!((first.lines().collect::<std::collections::BTreeSet<_>>().len(), &first), (1, &again));
    assert_eq!(fs::read_to_string(world.path("odd.jsonl")).unwrap().lines().count(), 1);
    world.run(&["ledger", "append", "none.txt"], None).ends(2).says("none.txt: cannot be used");
    let nowhere = ["ledger", "append", "--ledger", "none/odd.jsonl"];
    world.run(&nowhere, Some(&twice)).ends(3).says("none/odd.jsonl");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_about_nothing_are_answered_in_words_and_mistakes_are_no_answers() {
    let world = World::new().await;
    let entry = |n: u8| {
        let (digest, commit) = (n.to_string().repeat(64), format!("abc1234{}", n.to_string().repeat(33)));
        format!(
            r#"{{"kind":"observe","image":"app","environment":"stage","digest":"sha256:{digest}","actor":"ci","facts":{{"commit":"{commit}"}},"tags":[]}}"#
        )
    };
    let file = ["--ledger", "file.jsonl"];
    let input = format!("{}\n{}\n", entry(1), entry(2));
    world.run(&[&["ledger", "append"], &file[..]].concat(), Some(&input)).ends(0);
    let asks = |question: &[&str]| world.run(&[question, &file[..]].concat(), None);
    asks(&["running", "moon"]).ends(2).says("there is no environment moon").says("There are: dev, stage.");
    asks(&["running", "dev"]).ends(0).says("nothing, by the ledger");
    let both = asks(&["where-is", "abc1234"]).ends(0);
    both.says("abc1234 is the beginning of 2 commits: abc12341111").says("abc12342222");
    let both: Value = serde_json::from_str(&asks(&["where-is", "abc1234", "--json"]).ends(0).out).unwrap();
    assert_eq!(both["commits"].as_array().unwrap().len(), 2, "{both}");
    let one = asks(&["where-is", "abc12341", "--json"]).ends(0);
    assert!(!one.out.contains("commits"), "{}", one.out);
    asks(&["where-is", "abc"]).ends(2).says("names no image");
    asks(&["where-is", "7777777"]).ends(1).says("has never been anywhere");
    asks(&["history", "nothing"]).ends(0).says("the ledger says nothing of it");
    asks(&["diff", "dev", "dev"]).ends(0).says("nothing in either, by the ledger");
    asks(&["diff", "stage", "stage"]).ends(0).says("1 image the same in both");
    asks(&["recheck", "dev"]).ends(0).says("nothing is there, by the ledger");
    asks(&["rollback", "app", "--env", "stage", "--to", "7777777", "--reason", "x"])
        .ends(1)
        .says("has never been in stage");
    asks(&["rollback", "app", "--env", "stage", "--to", "abc1234", "--reason", "x"])
        .ends(1)
        .says("Name one: sha256:1111");
    asks(&["hold", "app", "--env", "stage", "--until", "2020-01-01T00:00:00Z", "--reason", "x"])
        .ends(1)
        .says("a time that is over");
    asks(&["board", "--ledger-only", "--out", "none/board.html"])
        .ends(3)
        .says("none/board.html: the page cannot be written");
    for question in [&["running", "stage"][..], &["where-is", "abc1234"], &["history"], &["board"]] {
        let typo = world.run(&[question, &["--ledger", "flie.jsonl"]].concat(), None);
        typo.ends(2).says("flie.jsonl: there is no such ledger");
    }
}

fn denials(count: usize) -> String {
    let digest = format!("sha256:{}", "1".repeat(64));
    let line = |n| format!(r#"{{"kind":"deny","image":"app","digest":"{digest}","actor":"ops","reason":"leak {n}"}}"#);
    (1..=count).map(|n| line(n) + "\n").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_of_nothing_is_no_success_and_a_repository_without_a_ledger_is_told() {
    let world = World::new().await;
    let typo = format!("{}/ledgre", world.address);
    world.write("empty.jsonl", "");
    for nothing in [typo.as_str(), "empty.jsonl"] {
        let verify = ["ledger", "verify", "--ledger", nothing, "--public-key", "release.pub", "--json"];
        world.run(&verify, None).ends(2).says(&format!("{nothing}: there is no entry in it, and nothing was verified"));
    }
    for question in [
        &["running", "stage"][..],
        &["where-is", "abc1234"],
        &["history"],
        &["drift"],
        &["board"],
        &["diff", "stage", "stage"],
        &["recheck", "stage"],
        &["ledger", "export"],
        &["deny", "app", "#42", "--reason", "x"],
        &["hold", "app", "--env", "stage", "--reason", "x"],
        &["release", "app", "--env", "stage", "--reason", "x"],
        &["rollback", "app", "--env", "stage", "--to", "previous", "--reason", "x"],
    ] {
        let done = world.run(&[question, &["--ledger", &typo]].concat(), None).ends(2);
        assert_eq!(done.out, "", "{question:?}");
        done.says(&format!("there is no entry in the ledger {typo}"));
    }
    world.run(&["ledger", "append", "--key", "release.key"], Some(&denials(1))).ends(0);
    world.run(&["drift"], None).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_before_must_be_there_in_every_kind_of_ledger() {
    let world = World::new().await;
    world.run(&["ledger", "append", "--key", "release.key"], Some(&denials(3))).ends(0);
    world.run(&["ledger", "export", "--out", "sealed.jsonl"], None).ends(0);
    world.run(&["ledger", "append", "--ledger", "plain.jsonl"], Some(&denials(3))).ends(0);
    for full in ["sealed.jsonl", "plain.jsonl"] {
        let text = fs::read_to_string(world.path(full)).unwrap();
        world.write("short.jsonl", &text[..text.trim_end().rfind('\n').unwrap() + 1]);
        let since = |ledger, seen| world.run(&["ledger", "verify", "--ledger", ledger, "--since", seen], None);
        since(full, "short.jsonl").ends(0);
        since("short.jsonl", full).ends(1).says("is missing, and was there");
        world.write("empty.jsonl", "");
        for wrong in ["none.jsonl", "release.pub", "empty.jsonl"] {
            since(full, wrong).ends(2).says(&format!("{wrong}: cannot be used"));
            world.run(&["ledger", "verify", "--since", wrong], None).ends(2).says(wrong);
        }
    }
    // Whoever asks for blobs where there are none, or for those of a repository.
    world.run(&["ledger", "verify", "--ledger", "sealed.jsonl", "--blobs"], None).ends(2).says("has no blobs");
    world.run(&["ledger", "verify", "--blobs"], None).ends(0).says("It is sound.");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_an_export_has_its_seals_checked() {
    let world = World::new().await;
    world.run(&["ledger", "append", "--key", "release.key"], Some(&denials(2))).ends(0);
    let export = world.run(&["ledger", "export"], None).ends(0).out;
    let (first, last) = export.trim_end().split_once('\n').unwrap();
    // The actor is another, and the digest that of such an entry.
    let entry = &last[last.find("{\"kind\"").unwrap()..last.find(",\"seal\"").unwrap()];
    let id = |entry: &str| digest_of(Algorithm::Sha256, entry.as_bytes()).unwrap().to_string();
    let other = entry.replace("ops", "eve");
    let forged = last.replace(entry, &other).replace(&id(entry), &id(&other));
    let bare = |line: &str| format!("{}}}", &line[..line.find(",\"seal\"").unwrap()]);
    world.write("export.jsonl", &export);
    world.write("reversed.jsonl", &format!("{last}\n{first}\n"));
    world.write("forged.jsonl", &format!("{first}\n{forged}\n"));
    world.write("stripped.jsonl", &format!("{first}\n{}\n", bare(&forged)));
    world.write("plain.jsonl", &format!("{}\n{}\n", bare(first), bare(&forged)));
    let asks = |question: &str, ledger: &str| world.run(&[question, "--ledger", ledger], None);
    for question in ["history", "running", "drift"] {
        // But for when it was asked, the answers are the same.
        let told = |ledger: &str| {
            let done = world.run(&[question, "--json", "--ledger", ledger], None).ends(0);
            let is_told = |field: &&str| !field.starts_with("\"asked\":") && !field.contains("\"found\":");
            (done.err, done.out.split_inclusive([',', '{']).filter(is_told).collect::<String>())
        };
        assert_eq!(told("export.jsonl"), (String::new(), told("reversed.jsonl").1));
        asks(question, "forged.jsonl").ends(3).says("its signature does not count");
        asks(question, "stripped.jsonl").ends(3).says("nobody has signed it");
        asks(question, "plain.jsonl").ends(0).says("plain.jsonl: nothing in it is signed");
    }
    let text = fs::read_to_string(world.path("lockage.toml")).unwrap();
    let (before, after) = text.split_once("[signers]").unwrap();
    let after = &after[after.find("[[environments]]").unwrap()..];
    world.write("lockage.toml", &format!("ledger = \"ledger.jsonl\"\n{}{after}", before.split_once('\n').unwrap().1));
    asks("history", "forged.jsonl").ends(0).says("forged.jsonl: signatures were not checked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_halfway_is_appended_again_and_nothing_is_there_twice() {
    let world = World::new().await;
    let fails = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let third = move |head: &RequestHead| {
        let is_entry = head.method == "PUT" && head.path.contains("/manifests/");
        match is_entry && fails.fetch_add(1, std::sync::atomic::Ordering::SeqCst) >= 2 {
            true => Fault::Answer { status: 403, code: "DENIED".to_owned(), retry_after: None },
            false => Fault::None,
        }
    };
    let flaky = Server::builder(Arc::new(world.registry.clone()), "localhost".parse().unwrap());
    let flaky = flaky.intercept(Arc::new(third)).serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let append = |address: &str, more: &[&str]| {
        let at = format!("{address}/ledger");
        let named = ["ledger", "append", "--ledger", &at, "--ledger-name", "acme", "--key", "release.key"];
        world.run(&[&named[..], more].concat(), Some(&denials(3)))
    };
    let failed = append(&flaky.address().to_string(), &[]).ends(3);
    let at = failed.err.split_once("again with --at ").unwrap().1.split_once(": what").unwrap().0.to_owned();
    failed.says("2 of 3 entries were appended");
    append(&world.address, &["--at", &at]).ends(0);
    assert_eq!(world.tags().await.len(), 3);
    append(&world.address, &[]).ends(0);
    assert_eq!(world.tags().await.len(), 6, "at another time it is said again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_readers_would_not_take_is_refused_before_anything_is_written_and_who_stops_reading_has_seen_enough() {
    let world = World::new().await;
    let large = |bytes: usize| denials(1).replace("leak 1", &"x".repeat(bytes));
    let input = format!("{}{}", denials(1), large(2 << 20));
    for more in [&["--ledger", "large.jsonl"][..], &["--key", "release.key"]] {
        let append = [&["ledger", "append"], more].concat();
        world.run(&append, Some(&input)).ends(2).says("standard input:2").says("takes no more than 2097152");
    }
    assert!(!world.path("large.jsonl").exists());
    world.run(&["ledger", "append", "--ledger", "large.jsonl"], Some(&large(1 << 20))).ends(0);
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
    command.current_dir(world.folder.path()).args(["ledger", "export", "--ledger", "large.jsonl"]);
    let mut export = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(export.stdout.take());
    let output = tokio::task::block_in_place(|| export.wait_with_output().unwrap());
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}
