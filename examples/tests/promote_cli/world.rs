//! Three registries on loopback, a document that names them, and the program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use lockage_promote::pipeline::simulate::{Build, Simulation};
use lockage_promote::pipeline::{EnvironmentSpec, Graph};
use lockage_registry::server::Server;
use lockage_registry::{Digest, Memory, Source as _, TagOrDigest, Target as _};
use lockage_signing::{KeyPair, Verifier as _};
use serde_json::Value;

pub(crate) struct World {
    builds: Simulation,
    pub(crate) stage: Memory,
    pub(crate) prod: Memory,
    pub(crate) addresses: [String; 3],
    folder: tempfile::TempDir,
    _servers: Vec<Server>,
}

pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.out.contains(words) || self.err.contains(words), "{words}\n{}{}", self.out, self.err);
        self
    }
}

impl World {
    /// dev, stage and prod; `gates` is what the document says of gates, and `asked` those of the edge to prod.
    pub(crate) async fn with(asked: &str, gates: &str) -> Self {
        let graph = Graph::builder().environment(EnvironmentSpec::new("dev", "localhost/{image}"));
        let builds = Simulation::of(graph.build().unwrap()).unwrap();
        let dev = builds.registry(&"dev".parse().unwrap()).unwrap().clone();
        let memory = || Memory::new("localhost".parse().unwrap());
        let (stage, prod) = (memory(), memory());
        let mut servers = Vec::new();
        for backend in [&dev, &stage, &prod] {
            let builder = Server::builder(Arc::new(backend.clone()), "localhost".parse().unwrap());
            servers.push(builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap());
        }
        let addresses = [0, 1, 2].map(|n: usize| servers[n].address().to_string());
        let [d, s, p] = &addresses;
        let text = format!(
            r#"
ledger = "ledger.jsonl"
[[environments]]
name = "dev"
repository = "{d}/{{image}}"
[[environments]]
name = "stage"
repository = "{s}/{{image}}"
pins = ["sha-{{sha}}"]
floats = ["stage"]
[[environments]]
name = "prod"
repository = "{p}/{{image}}"
pins = ["sha-{{sha}}"]
floats = ["prod"]
[[edges]]
from = "dev"
to = "stage"
[[edges]]
from = "stage"
to = "prod"
gates = [{asked}]
[[edges]]
name = "hotfix"
from = "dev"
to = "prod"
hotfix = true
{gates}
"#
        );
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lockage.toml"), text.replace("PROD", p)).unwrap();
        Self { builds, stage, prod, addresses, folder, _servers: servers }
    }

    pub(crate) async fn new() -> Self {
        Self::with("", "").await
    }

    /// Writes the document again, `from` replaced.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path("lockage.toml")).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(self.path("lockage.toml"), text.replacen(from, to, 1)).unwrap();
    }

    /// A key of somebody: `NAME.key` and `NAME.pub` beside the document.
    pub(crate) fn key_of(&self, name: &str) {
        let key = KeyPair::generate().unwrap();
        std::fs::write(self.path(&format!("{name}.key")), &*key.to_pkcs8_pem().unwrap()).unwrap();
        std::fs::write(self.path(&format!("{name}.pub")), key.public_key().to_pem()).unwrap();
    }

    /// The entries of the ledger.
    pub(crate) fn ledger(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path("ledger.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn build(&self, number: u64) -> Digest {
        self.build_of("app", number).await
    }

    pub(crate) async fn build_of(&self, image: &str, number: u64) -> Digest {
        let build = Build::of_pull_request(number);
        self.builds.push(&image.parse().unwrap(), &"dev".parse().unwrap(), &build).await.unwrap()
    }

    /// What a tag of `app` holds.
    pub(crate) async fn held(registry: &Memory, tag: &str) -> Option<Digest> {
        let tag = TagOrDigest::Tag(tag.parse().unwrap());
        registry.resolve(&"localhost/app".parse().unwrap(), &tag).await.ok().map(|held| held.digest)
    }

    /// What a tag of `app` in stage holds, which has to be there.
    pub(crate) async fn held_digest(&self, tag: &str) -> Digest {
        Self::held(&self.stage, tag).await.unwrap()
    }

    /// Moves a tag of prod to another image of it, as somebody would who goes past the pipeline.
    pub(crate) async fn move_tag(&self, tag: &str, to: &Digest) {
        let repo = "localhost/app".parse().unwrap();
        let raw = self.prod.manifest(&repo, &TagOrDigest::Digest(to.clone())).await.unwrap();
        self.prod.put_manifest(&repo, &raw, &TagOrDigest::Tag(tag.parse().unwrap())).await.unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.run_in(arguments, &[])
    }

    pub(crate) fn run_in(&self, arguments: &[&str], variables: &[(&str, &Path)]) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
        command.env_clear().env("HOME", self.folder.path()).env("USER", "ci").current_dir(self.folder.path());
        command.envs(variables.iter().copied()).args(arguments);
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        Done {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn promote(&self, select: &str, to: &str, more: &[&str]) -> Done {
        self.run(&[&["promote", "app", "--select", select, "--to", to][..], more].concat())
    }
}
