//! Three environments in memory, and images as a build makes them.

use std::time::{Duration, SystemTime};

use lockage_promote::ledger::{Chronicle, History as _, Ledger as _, MemoryLedger};
use lockage_promote::pipeline::{
    EdgeSpec, EnvironmentSpec, Graph, Name, PassageReceipt, PromoteError, Promoter, Select,
};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{
    Algorithm, Descriptor, Digest, Memory, RawManifest, Repository, Source as _, Tag, TagOrDigest, digest_of,
    media_type,
};

pub(crate) const COMMIT: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

pub(crate) const OTHER: &str = "91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub(crate) fn select(text: &str) -> Select {
    text.parse().unwrap()
}

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn blob(media_type: &str, bytes: String) -> (Descriptor, bytes::Bytes) {
    let digest = digest_of(Algorithm::Sha256, bytes.as_bytes()).unwrap();
    (Descriptor::new(media_type, digest, bytes.len() as u64), bytes.into())
}

/// An index as BuildKit makes it, for two platforms, with attestations; built from `commit`, and again for another `seed`.
pub(crate) fn built(commit: &str, seed: u64) -> Image {
    let mut image = fixtures::image(seed);
    image.manifests.clear();
    image.blobs.clear();
    let mut entries = Vec::new();
    for (n, architecture) in ["amd64", "arm64"].into_iter().enumerate() {
        let config = blob(
            media_type::OCI_CONFIG,
            format!(
                r#"{{"architecture":"{architecture}","os":"linux","created":"2026-11-01T10:00:00Z","config":{{"Labels":{{"org.opencontainers.image.revision":"{commit}","seed":"{seed}"}}}}}}"#
            ),
        );
        let layer = blob(media_type::OCI_LAYER, format!("layer {seed} {architecture}"));
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}}"#,
            media_type::OCI_MANIFEST,
            serde_json::to_string(&config.0).unwrap(),
            serde_json::to_string(&layer.0).unwrap(),
        );
        let manifest = RawManifest::new(media_type::OCI_MANIFEST, manifest.into()).unwrap();
        let statement = blob("application/vnd.in-toto+json", format!(r#"{{"n":{n},"seed":{seed}}}"#));
        let empty = blob(media_type::OCI_CONFIG, "{}".to_owned());
        let attestation = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}}"#,
            media_type::OCI_MANIFEST,
            serde_json::to_string(&empty.0).unwrap(),
            serde_json::to_string(&statement.0).unwrap(),
        );
        let attestation = RawManifest::new(media_type::OCI_MANIFEST, attestation.into()).unwrap();
        for (raw, platform, annotations) in [
            (&manifest, format!(r#"{{"architecture":"{architecture}","os":"linux"}}"#), "{}".to_owned()),
            (
                &attestation,
                r#"{"architecture":"unknown","os":"unknown"}"#.to_owned(),
                format!(
                    r#"{{"vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":"{}"}}"#,
                    manifest.digest()
                ),
            ),
        ] {
            entries.push(format!(
                r#"{{"mediaType":"{}","digest":"{}","size":{},"platform":{platform},"annotations":{annotations}}}"#,
                media_type::OCI_MANIFEST,
                raw.digest(),
                raw.bytes().len()
            ));
        }
        image.blobs.extend([config, layer, statement, empty]);
        image.manifests.extend([manifest, attestation]);
    }
    let index =
        format!(r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}}"#, media_type::OCI_INDEX, entries.join(","));
    image.manifests.push(RawManifest::new(media_type::OCI_INDEX, index.into()).unwrap());
    image
}

pub(crate) fn digest(image: &Image) -> Digest {
    image.root().digest().clone()
}

/// dev, stage and prod, each a registry of its own.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) dev: Memory,
    pub(crate) stage: Memory,
    pub(crate) prod: Memory,
    pub(crate) ledger: MemoryLedger,
}

impl World {
    pub(crate) fn new() -> Self {
        let memory = |host: &str| Memory::new(host.parse().unwrap());
        Self {
            dev: memory("dev.example"),
            stage: memory("stage.example"),
            prod: memory("prod.example"),
            ledger: MemoryLedger::new(),
        }
    }

    pub(crate) fn graph() -> lockage_promote::pipeline::graph::GraphBuilder {
        Graph::builder()
            .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
            .environment(EnvironmentSpec::new("stage", "stage.example/{image}").pin("sha-{sha}").float("stage"))
            .environment(EnvironmentSpec::new("prod", "prod.example/{image}").pin("sha-{sha}").float("prod"))
            .edge(EdgeSpec::new("dev", "stage"))
            .edge(EdgeSpec::new("stage", "prod"))
            .edge(EdgeSpec::new("dev", "prod").hotfix("hotfix"))
    }

    pub(crate) fn promoter(&self) -> Promoter {
        self.promoter_of(Self::graph().build().unwrap())
    }

    pub(crate) fn promoter_of(&self, graph: Graph) -> Promoter {
        Promoter::new(graph, "tester")
            .writes("dev", self.dev.clone())
            .writes("stage", self.stage.clone())
            .writes("prod", self.prod.clone())
            .ledger(self.ledger.clone())
    }

    pub(crate) async fn push(&self, image: &Image, tags: &[&str]) {
        for text in tags {
            fixtures::push(&self.dev, &"dev.example/app".parse().unwrap(), image, &tag(text)).await.unwrap();
        }
    }

    pub(crate) async fn held(&self, environment: &str, text: &str) -> Option<Digest> {
        let registry = match environment {
            "dev" => &self.dev,
            "stage" => &self.stage,
            _ => &self.prod,
        };
        let repo = format!("{environment}.example/app").parse().unwrap();
        registry.resolve(&repo, &TagOrDigest::Tag(tag(text))).await.ok().map(|held| held.digest)
    }

    pub(crate) async fn chronicle(&self) -> Chronicle {
        Chronicle::of(self.ledger.entries(None).await.unwrap())
    }

    pub(crate) async fn record(&self, entry: lockage_promote::ledger::Entry) {
        self.ledger.append(entry).await.unwrap();
    }
}

/// Resolves, plans, clears and applies.
pub(crate) async fn pass(promoter: &Promoter, select: &str, edge: &str) -> Result<PassageReceipt, PromoteError> {
    let edge = name(edge);
    let app = promoter.resolve(&name("app"), &self::select(select), &edge).await?;
    let plan = promoter.plan(&app, &edge).await?;
    let cleared = promoter.clear(plan, now()).await?;
    promoter.apply(cleared, now()).await
}

/// Where the image is in stage.
pub(crate) fn repo() -> Repository {
    "stage.example/app".parse().unwrap()
}

/// stage has had the first image, and has the second.
pub(crate) async fn two() -> (World, Digest, Digest) {
    let world = World::new();
    let (first, second) = (built(OTHER, 2), built(COMMIT, 1));
    world.push(&first, &["pr-41"]).await;
    world.push(&second, &["pr-42"]).await;
    for pull_request in ["pr:41", "pr:42"] {
        pass(&world.promoter(), pull_request, "dev-stage").await.unwrap();
    }
    (world, digest(&first), digest(&second))
}
