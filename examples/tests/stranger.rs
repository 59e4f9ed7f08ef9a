//! A stranger's crates, outside of this workspace: they compile with what they ask for and nothing else, they run, and
//! they cost what is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lockage_registry::client::{Client, Credentials, StaticCredentials};
use lockage_registry::testing::fixtures;
use lockage_registry::{Source as _, TagOrDigest};
use real::{DockerRegistry, PASSWORD, USER, run, two_platforms};
use tempfile::TempDir;

/// What has been measured so far, a row a crate. Who measures holds it, so that builds do not slow one another down.
static COSTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
const CRATES: usize = 4;

/// What a cold build of the crate with only tags may take, on a good machine and on any.
const COLD: f64 = 15.0;
const COLD_ANYWHERE: f64 = 3.0 * COLD;

/// A crate in a folder of its own, with a target folder of its own.
struct Stranger {
    directory: TempDir,
    name: &'static str,
}

impl Stranger {
    fn new(name: &'static str, dependencies: &str, files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let crates = workspace().join("crates");
        let dependencies = dependencies.replace("CRATES", crates.to_str().unwrap());
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{dependencies}\n"
        );
        fs::create_dir(directory.path().join("src")).unwrap();
        fs::write(directory.path().join("Cargo.toml"), manifest).unwrap();
        // The same versions as here, so that nothing else is fetched and figures can be compared.
        fs::copy(workspace().join("Cargo.lock"), directory.path().join("Cargo.lock")).unwrap();
        for (file, text) in files {
            fs::write(directory.path().join("src").join(file), text).unwrap();
        }
        Self { directory, name }
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.current_dir(self.directory.path()).args(command.split(' '));
        cargo.env("CARGO_TARGET_DIR", self.directory.path().join("target"));
        cargo
    }

    /// Does it for the first time, and enters into the table what that took, in seconds.
    fn cold(&self, command: &str, costs: &mut MutexGuard<'_, Vec<String>>) -> f64 {
        run(&mut self.cargo("fetch"));
        let started = Instant::now();
        run(&mut self.cargo(command));
        let seconds = started.elapsed().as_secs_f64();
        let tree = run(&mut self.cargo("tree --prefix none -e normal --no-dedupe"));
        let crates: BTreeSet<_> = tree.lines().collect();
        // All but itself.
        let row = format!("{:<24} {:>4} crates {:>6.1} s  cargo {command}", self.name, crates.len() - 1, seconds);
        costs.push(row);
        if costs.len() == CRATES {
            println!("cold builds, debug, and the crates that they depend on:\n{}", costs.join("\n"));
        }
        seconds
    }

    fn program(&self) -> PathBuf {
        self.directory.path().join("target/debug").join(self.name)
    }
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn alone() -> MutexGuard<'static, Vec<String>> {
    COSTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
#[expect(clippy::await_holding_lock, reason = "nobody who awaits it waits for it")]
async fn the_program_to_paste_first() {
    let mut costs = alone();
    let embed = fs::read_to_string(workspace().join("examples/embed.rs")).unwrap();
    let stranger = Stranger::new(
        "embed",
        "lockage-promote = { path = \"CRATES/promote\" }\n\
         lockage-registry = { path = \"CRATES/registry\", features = [\"client\"] }\n\
         tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }",
        &[("main.rs", &embed)],
    );
    stranger.cold("build", &mut costs);

    let (dev, prod) = (DockerRegistry::behind_login(), DockerRegistry::behind_login());
    let (from, to) = (dev.reference("app:v1"), prod.reference("team/app:v1"));
    let login = StaticCredentials::new()
        .with(dev.host().parse().unwrap(), Credentials::password("test", USER, PASSWORD))
        .with(prod.host().parse().unwrap(), Credentials::password("test", USER, PASSWORD));
    let client = Client::builder().credentials(login).build().unwrap();
    let image = two_platforms(1);
    fixtures::push(&client, from.repository(), &image, from.tag().unwrap()).await.unwrap();

    // Docker's way to say that a program keeps the logins.
    let docker = tempfile::tempdir().unwrap();
    fs::write(docker.path().join("config.json"), r#"{"auths":{},"credsStore":"test"}"#).unwrap();
    let asked = docker.path().join("asked");
    let helper = format!(
        "#!/bin/sh\n[ \"$1\" = get ] || exit 1\nread -r server\necho \"$server\" >>'{}'\n\
         printf '{{\"ServerURL\":\"%s\",\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}' \"$server\"\n",
        asked.display()
    );
    let program = docker.path().join("docker-credential-test");
    fs::write(&program, helper).unwrap();
    run(Command::new("chmod").arg("+x").arg(&program));

    let path = std::env::join_paths(
        [docker.path().to_path_buf()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let embed = || {
        let mut embed = real::isolated(stranger.program());
        embed.args([from.to_string(), to.to_string()]).env("PATH", path.as_ref().unwrap());
        embed
    };
    let refused = embed().output().unwrap();
    assert!(!refused.status.success(), "it copied without a login");
    assert!(!asked.exists());

    let out = run(embed().env("DOCKER_CONFIG", docker.path()));
    assert!(out.contains(image.root().digest().as_str()), "{out}");
    println!("{out}");
    let copied = client.resolve(to.repository(), &TagOrDigest::of(&to)).await.unwrap();
    assert_eq!(copied.digest, *image.root().digest());
    let asked = fs::read_to_string(asked).unwrap();
    let servers: BTreeSet<_> = asked.lines().collect();
    assert_eq!(servers, BTreeSet::from([dev.host(), prod.host()]));
}

#[test]
#[ignore = "needs real registries and clients"]
fn a_strategy_needs_tags_and_nothing_else() {
    let mut costs = alone();
    let stranger = Stranger::new(
        "strategy",
        "lockage-tagging = { path = \"CRATES/tagging\" }",
        &[("lib.rs", include_str!("strangers/strategy.rs"))],
    );
    let seconds = stranger.cold("test", &mut costs);
    println!("strategy: cold in {seconds:.1} s; {COLD} s on a good machine, {COLD_ANYWHERE} s on any");
    assert!(seconds < COLD_ANYWHERE, "{seconds:.1} s");
}

#[test]
#[ignore = "needs real registries and clients"]
fn a_gate_and_a_source_of_ones_own() {
    let mut costs = alone();
    let (gate, source) = (include_str!("strangers/gate.rs"), include_str!("strangers/source.rs"));
    let stranger = Stranger::new(
        "gate-and-source",
        "lockage-promote = { path = \"CRATES/promote\" }\n\
         lockage-registry = { path = \"CRATES/registry\" }\n\
         async-trait = \"0.1\"\nbytes = \"1\"\nfutures = { version = \"0.3\", default-features = false }\n\
         tokio = { version = \"1\", features = [\"macros\", \"rt\"] }",
        &[("main.rs", include_str!("strangers/promote.rs")), ("gate.rs", gate), ("source.rs", source)],
    );
    stranger.cold("build", &mut costs);
    println!("{}", run(&mut real::isolated(stranger.program())));
    let lines = |text: &str| text.lines().count();
    println!("a gate in {} lines, a source in {}", lines(gate), lines(source));
    assert!(lines(gate) <= 30 && lines(source) <= 60);
}

/// No test of ours: the figure beside which the others stand.
#[test]
#[ignore = "needs real registries and clients"]
fn oci_client_alone() {
    let mut costs = alone();
    let stranger = Stranger::new(
        "oci-client-alone",
        "oci-client = { version = \"0.18\", default-features = false, features = [\"rustls-tls\"] }",
        &[("lib.rs", "pub use oci_client::Client;\n")],
    );
    stranger.cold("build", &mut costs);
}
