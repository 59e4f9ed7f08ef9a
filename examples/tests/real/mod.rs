//! Real peers for tests: docker-registry, the clients, the `lockage` binary; each ends with the test that started it.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

mod image;

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lockage_registry::Reference;
use tempfile::TempDir;

pub(crate) use image::two_platforms;

/// The login of [`DockerRegistry::behind_login`].
pub(crate) const USER: &str = "stranger";
pub(crate) const PASSWORD: &str = "correct horse";
/// The password with bcrypt, the only scheme that docker-registry takes.
const HTPASSWD: &str = "stranger:$2b$04$aMnfT3wArtNPsLM7fjcPwO0FFoX0tqS7gtjhZ/9Qlowv5.syWgpTS\n";

const PATIENCE: Duration = Duration::from_secs(20);

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The CNCF distribution registry, empty, on a free port, with its files in a folder of its own.
pub(crate) struct DockerRegistry {
    // Dropped in this order: the process before its files.
    _process: Running,
    directory: TempDir,
    host: String,
}

impl DockerRegistry {
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// Only [`USER`] may read and write.
    pub(crate) fn behind_login() -> Self {
        Self::with("auth:\n  htpasswd:\n    realm: test\n    path: DIR/htpasswd\n")
    }

    fn with(auth: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let within = |name: &str| directory.path().join(name);
        let configuration = format!(
            "version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: DIR/content\n  \
             delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:0\n  secret: test\n{auth}"
        );
        let place = directory.path().to_str().unwrap();
        fs::write(within("config.yml"), configuration.replace("DIR", place)).unwrap();
        fs::write(within("htpasswd"), HTPASSWD).unwrap();
        let mut command = peer("docker-registry");
        command.arg("serve").arg(within("config.yml"));
        command.stdout(File::create(within("access.log")).unwrap());
        command.stderr(File::create(within("log")).unwrap());
        let process = Running(command.spawn().unwrap());
        let host = announced(&within("log"), "listening on ");
        Self { _process: process, directory, host }
    }

    /// Host and port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn reference(&self, rest: &str) -> Reference {
        format!("{}/{rest}", self.host).parse().unwrap()
    }

    /// The requests so far, as `METHOD PATH?QUERY`, in the order in which they were answered.
    pub(crate) fn requests(&self) -> Vec<String> {
        // An answer is logged after it has been sent: wait until nothing more comes.
        let mut seen = String::new();
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(150));
            let now = fs::read_to_string(self.directory.path().join("access.log")).unwrap();
            if now == seen {
                break;
            }
            seen = now;
        }
        seen.lines().map(|line| line.split('"').nth(1).unwrap().trim_end_matches(" HTTP/1.1").to_owned()).collect()
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
