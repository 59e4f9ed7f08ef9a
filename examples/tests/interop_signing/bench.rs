//! The tools on a bench: each in one folder with the keys of all, none of them with a network.

use std::fs;
use std::path::Path;
use std::process::Command;

use lockage_registry::testing::fixtures::{self, Image};
use tempfile::TempDir;

use crate::real::{Place, isolated, lockage, peer, platforms, run};

/// What signs and verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Lockage,
    Cosign2,
    Cosign3,
}

/// A predicate that cosign takes for any type.
pub(crate) const PREDICATE: &str = r#"{"buildDefinition":{"resolvedDependencies":[]},"big":12345678901234567890123}"#;

/// Keys of two who know nothing of each other, `ours` on P-256 and `rsa`; and `stranger`, who signs nothing.
pub(crate) const KEYS: [&str; 2] = ["ours", "rsa"];

pub(crate) struct Bench {
    directory: TempDir,
    environment: Vec<(String, String)>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self { directory: tempfile::tempdir().unwrap(), environment: Vec::new() };
        let config = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}"#;
        bench.write("nothing.json", config);
        bench.write("nobody.json", r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#);
        bench.write("predicate.json", PREDICATE);
        run(bench.command(Tool::Lockage).args(["keygen", "--out", "ours"]));
        run(bench.command(Tool::Cosign3).args(["generate-key-pair", "--output-key-prefix", "stranger"]));
        let rsa = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        bench.write("rsa.pem", &rsa.serialize_pem());
        // cosign 2 takes no RSA key, though it signs with what cosign 3 has made of one.
        run(bench.command(Tool::Cosign3).args(["import-key-pair", "--key", "rsa.pem", "--output-key-prefix", "rsa"]));
        bench
    }

    /// With these variables for every program.
    pub(crate) fn with(mut self, environment: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.environment.extend(environment.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn command(&self, tool: Tool) -> Command {
        let mut command = match tool {
            Tool::Lockage => isolated(lockage()),
            Tool::Cosign2 => peer("cosign2"),
            Tool::Cosign3 => peer("cosign3"),
        };
        command.current_dir(self.path()).env("HOME", self.path()).env("TUF_ROOT", self.path().join("tuf"));
        // Loopback is asked without a proxy; all else fails at once.
        command.env("COSIGN_PASSWORD", "for the test").env("HTTPS_PROXY", "http://127.0.0.1:9");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it with these arguments; those with a space in them come one by one in `more`.
    pub(crate) fn ended(&self, tool: Tool, line: &str, more: &[&str]) -> Ended {
        let output = self.command(tool).args(line.split_whitespace()).args(more).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Runs it, and panics with all it said where it fails.
    pub(crate) fn run(&self, tool: Tool, line: &str) -> String {
        let ended = self.ended(tool, line, &[]);
        assert_eq!(ended.code, 0, "{tool:?} {line}\n{}{}", ended.out, ended.err);
        ended.out
    }

    /// That it ends with this code.
    pub(crate) fn ends(&self, code: i32, tool: Tool, line: &str) {
        let ended = self.ended(tool, line, &[]);
        assert_eq!(ended.code, code, "{tool:?} {line}\n{}{}", ended.out, ended.err);
    }

    /// That it fails, in its own way: cosign has several codes for a refusal.
    pub(crate) fn refuses(&self, tool: Tool, line: &str) {
        let ended = self.ended(tool, line, &[]);
        assert!(ended.code > 0, "{tool:?} {line}\n{}{}", ended.out, ended.err);
    }
}

/// An image for one platform, or one for two.
pub(crate) fn image(seed: u64, index: bool) -> Image {
    if index { platforms(seed, &["amd64", "arm64"], 20_000, 3_000) } else { fixtures::image(seed) }
}

/// The image by its digest, and what an index lists.
pub(crate) fn at(place: &Place, repository: &str, image: &Image) -> (String, Vec<String>) {
    let (root, children) = image.manifests.split_last().unwrap();
    let named = |digest: &lockage_registry::Digest| place.at(repository, digest.as_str());
    (named(root.digest()), children.iter().map(|child| named(child.digest())).collect())
}

/// What cosign 2 has to be told to read a bundle.
pub(crate) const BUNDLE: &str =
    "verify-attestation --new-bundle-format --trusted-root nobody.json --insecure-ignore-tlog=true";
/// How cosign verifies without a log.
pub(crate) const VERIFY: &str = "verify --insecure-ignore-tlog=true";
