//! Real peers for tests: docker-registry, the clients, the `lockage` binary; each ends with the test that started it.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

mod attached;
mod docker_registry;
mod image;
mod peak;
mod pki;
mod place;
mod raw;
pub(crate) mod signers;
mod timed;
mod token_server;

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) use attached::{Attached, Parts};
pub(crate) use docker_registry::{DockerRegistry, HTPASSWD, PASSWORD, Settings, USER};
pub(crate) use image::{platforms, two_platforms};
pub(crate) use peak::peak_of;
pub(crate) use pki::{Authority, Pair};
pub(crate) use place::Place;
pub(crate) use raw::{closure, get};
pub(crate) use timed::Timed;
pub(crate) use token_server::{Asked, TokenServer, User};

const PATIENCE: Duration = Duration::from_secs(20);

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `lockage serve` on a free port.
pub(crate) struct Serving {
    _process: Running,
    _directory: TempDir,
    host: String,
}

impl Serving {
    /// With content in memory, or in this directory.
    pub(crate) fn start(content: Option<&Path>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("out");
        let mut command = isolated(lockage());
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(File::create(&out).unwrap());
        if let Some(content) = content {
            command.arg("--dir").arg(content);
        }
        let process = Running(command.spawn().unwrap());
        let host = announced(&out, "listening on http://");
        Self { _process: process, _directory: directory, host }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

/// What follows `words` in the file, as soon as it is there.
fn announced(file: &Path, words: &str) -> String {
    let started = Instant::now();
    loop {
        let text = fs::read_to_string(file).unwrap();
        // A whole word: what is behind it has been written too.
        let found =
            text.split_once(words).and_then(|(_, rest)| rest.find(['"', '\n', ' ']).map(|end| rest[..end].to_owned()));
        if let Some(found) = found {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "it did not say {words:?} within {PATIENCE:?}:\n{text}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The `lockage` that was built with these tests.
pub(crate) fn lockage() -> PathBuf {
    env!("CARGO_BIN_EXE_lockage").into()
}

/// One of the tools that `scripts/peers` installs.
pub(crate) fn peer(name: &str) -> Command {
    let Some(peers) = std::env::var_os("PEERS") else { panic!("PEERS is not set: run scripts/interop") };
    isolated(Path::new(&peers).join(name))
}

/// A program that sees nothing of the user's own logins.
pub(crate) fn isolated(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for variable in ["DOCKER_CONFIG", "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"] {
        command.env(variable, "/nonexistent");
    }
    command.env_remove("REGISTRY_AUTH_FILE");
    command
}

/// Runs a program to its end and gives its output without the last line end; panics with all of it where it fails.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out.trim_end().to_owned()
}

/// Runs one of the tools.
pub(crate) fn tool<A: AsRef<OsStr> + fmt::Debug>(name: &str, arguments: &[A]) -> String {
    run(peer(name).args(arguments))
}

/// `lockage copy --json`: its one entry.
pub(crate) fn copy(source: &str, target: &str) -> serde_json::Value {
    copied(&[source, target])
}

/// The same without what is attached to the image.
pub(crate) fn copy_alone(source: &str, target: &str) -> serde_json::Value {
    copied(&["--no-attachments", source, target])
}

fn copied(arguments: &[&str]) -> serde_json::Value {
    let out = run(isolated(lockage()).args(["copy", "--json"]).args(arguments));
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let copies = document["copies"].as_array().unwrap();
    assert_eq!(copies.len(), 1, "{document}");
    copies[0].clone()
}
