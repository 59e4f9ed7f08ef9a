//! Environments in memory, an image of two platforms, reports on it as Trivy would write them this morning, and signatures.

use std::collections::BTreeMap;
use std::time::SystemTime;

use async_trait::async_trait;
use lockage_policy::gate::{Asked, Found, GivenReports, Reports};
use lockage_policy::scan::{Database, Limit, ScanConfig, Severity, read_trivy_version};
use lockage_promote::ledger::{Chronicle, Entry, ImageFacts, Kind, Recorded};
use lockage_promote::pipeline::approval::{Checked, Sealed, SignedBy, StatementError, StatementVerifier};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, Name, Promoter};
use lockage_promote::{Draft, Evidence, Gate, GateContext, GateError, Plan, Promoted, Verdict};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{
    Algorithm, Descriptor, Digest, Memory, RawManifest, Repository, Source, TargetExt as _, digest_of, media_type,
    referrers,
};
use serde_json::{Value, json};

pub(crate) const COMMIT: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn repo() -> Repository {
    "dev.example/app".parse().unwrap()
}

/// A few hours after the fixtures were made.
pub(crate) fn now() -> SystemTime {
    at("2026-11-21T06:00:00Z")
}

pub(crate) fn at(text: &str) -> SystemTime {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn blob(media_type: &str, bytes: String) -> (Descriptor, bytes::Bytes) {
    let digest = digest_of(Algorithm::Sha256, bytes.as_bytes()).unwrap();
    (Descriptor::new(media_type, digest, bytes.len() as u64), bytes.into())
}

/// One platform of an image.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) architecture: &'static str,
    pub(crate) manifest: Digest,
    pub(crate) config: Digest,
}

/// An image, and what scanners call its platforms.
pub(crate) struct Built {
    pub(crate) image: Image,
    pub(crate) children: Vec<Child>,
}

impl Built {
    pub(crate) fn digest(&self) -> Digest {
        self.image.root().digest().clone()
    }
}

/// An index for two platforms with one of `BuildKit`'s attestations, another for another `seed`.
pub(crate) fn built(seed: u64) -> Built {
    let mut image = fixtures::image(seed);
    (image.manifests, image.blobs) = (Vec::new(), Vec::new());
    let (mut entries, mut children) = (Vec::new(), Vec::new());
    for architecture in ["amd64", "arm64"] {
        let config = blob(
            media_type::OCI_CONFIG,
            json!({"architecture": architecture, "os": "linux", "config": {"Labels":
                {"org.opencontainers.image.revision": COMMIT, "seed": seed.to_string()}}})
            .to_string(),
        );
        let layer = blob(media_type::OCI_LAYER, format!("layer {seed} {architecture}"));
        let manifest = manifest(&config.0, &layer.0);
        entries.push(json!({"mediaType": media_type::OCI_MANIFEST, "digest": manifest.digest(),
            "size": manifest.bytes().len(), "platform": {"os": "linux", "architecture": architecture}}));
        children.push(Child { architecture, manifest: manifest.digest().clone(), config: config.0.digest.clone() });
        image.blobs.extend([config, layer]);
        image.manifests.push(manifest);
    }
    let empty = blob(media_type::OCI_CONFIG, "{}".to_owned());
    let statement = blob("application/vnd.in-toto+json", json!({"seed": seed}).to_string());
    let attestation = manifest(&empty.0, &statement.0);
    entries.push(json!({"mediaType": media_type::OCI_MANIFEST, "digest": attestation.digest(),
        "size": attestation.bytes().len(), "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": children[0].manifest}}));
    image.blobs.extend([empty, statement]);
    image.manifests.push(attestation);
    let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries});
    image.manifests.push(RawManifest::new(media_type::OCI_INDEX, index.to_string().into()).unwrap());
    Built { image, children }
}

fn manifest(config: &Descriptor, layer: &Descriptor) -> RawManifest {
    let raw = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [layer]});
    RawManifest::new(media_type::OCI_MANIFEST, raw.to_string().into()).unwrap()
}

pub(crate) struct World {
    pub(crate) dev: Memory,
    pub(crate) prod: Memory,
}

impl World {
    pub(crate) fn new() -> Self {
        let memory = |host: &str| Memory::new(host.parse().unwrap());
        Self { dev: memory("dev.example"), prod: memory("prod.example") }
    }

    pub(crate) async fn with(built: &Built) -> (Self, Plan<Draft>) {
        let world = Self::new();
        world.push(built, "pr-42").await;
        let plan = world.plan("pr:42").await;
        (world, plan)
    }

    pub(crate) async fn push(&self, built: &Built, tag: &str) {
        fixtures::push(&self.dev, &repo(), &built.image, &tag.parse().unwrap()).await.unwrap();
    }

    pub(crate) async fn plan(&self, select: &str) -> Plan<Draft> {
        let graph = Graph::builder()
            .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
            .environment(EnvironmentSpec::new("prod", "prod.example/{image}").float("prod"))
            .edge(EdgeSpec::new("dev", "prod"));
        let promoter = Promoter::new(graph.build().unwrap(), "tester")
            .reads("dev", self.dev.clone())
            .writes("prod", self.prod.clone());
        let edge = name("dev-prod");
        let app = promoter.resolve(&name("app"), &select.parse().unwrap(), &edge).await.unwrap();
        promoter.plan(&app, &edge).await.unwrap()
    }

    /// Attaches a statement to `subject`, sealed by `by`.
    pub(crate) async fn attest(&self, subject: &Digest, by: &str, statement: &Value) {
        let seal =
            blob("application/vnd.test.seal+json", json!({"by": by, "statement": statement.to_string()}).to_string());
        let empty = blob(media_type::OCI_EMPTY, "{}".to_owned());
        for (descriptor, bytes) in [&seal, &empty] {
            self.dev.put_blob(&repo(), descriptor, bytes.clone().into()).await.unwrap();
        }
        let of = self.dev.resolve(&repo(), &subject.clone().into()).await.unwrap();
        let raw = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": empty.0, "layers": [seal.0],
            "artifactType": "application/vnd.test.seal+json", "subject": of,
            "annotations": {"dev.sigstore.bundle.predicateType": statement["predicateType"]}});
        let raw = RawManifest::new(media_type::OCI_MANIFEST, raw.to_string().into()).unwrap();
        referrers::attach(&self.dev, &repo(), &raw).await.unwrap();
    }
}

/// Who knows some names by which seals are made.
#[derive(Clone, Debug)]
pub(crate) struct Notary(pub(crate) Vec<String>, pub(crate) bool);

#[async_trait]
impl StatementVerifier for Notary {
    async fn verify_statement(&self, sealed: &Sealed) -> Result<Checked, StatementError> {
        if self.1 {
            return Err("the trust root is away".into());
        }
        let seal: BTreeMap<String, String> = serde_json::from_slice(&sealed.bytes)?;
        let by = seal["by"].clone();
        Ok(match self.0.contains(&by) {
            true => Checked::Signed { statement: seal["statement"].clone().into(), by: SignedBy::new(by) },
            false => Checked::Refused { reason: format!("{by} is not known") },
        })
    }
}

/// A source of reports that is away.
#[derive(Clone, Debug)]
pub(crate) struct Away;

#[async_trait]
impl Reports for Away {
    async fn reports(&self, _: &Asked<'_>) -> Result<Found, GateError> {
        Err("the store of reports is away".into())
    }
}

pub(crate) fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/scans/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

/// The report of a fixture as it would be on this platform.
pub(crate) fn on(child: &Child, fixture_name: &str) -> Value {
    let mut report = fixture(fixture_name);
    report["Metadata"]["ImageID"] = child.config.to_string().into();
    report["Metadata"]["ImageConfig"]["os"] = "linux".into();
    report["Metadata"]["ImageConfig"]["architecture"] = child.architecture.into();
    report
}

/// What `trivy version -f json` would have said last night.
pub(crate) fn trivy_version() -> Vec<u8> {
    json!({"Version": "0.59.1", "VulnerabilityDB":
        {"UpdatedAt": "2026-11-20T22:00:00Z", "DownloadedAt": "2026-11-20T22:30:00Z"}})
    .to_string()
    .into_bytes()
}

pub(crate) fn database() -> Database {
    read_trivy_version(&trivy_version()).unwrap()
}

/// One report for each platform, from these fixtures.
pub(crate) fn given(built: &Built, fixtures: [&str; 2]) -> GivenReports {
    let reports = built.children.iter().zip(fixtures).map(|(child, name)| (child.architecture, on(child, name)));
    reports.fold(GivenReports::new().database(database()), |given, (name, report)| {
        given.document(format!("{name}.json"), report.to_string().into_bytes())
    })
}

pub(crate) fn clean(built: &Built) -> GivenReports {
    given(built, ["clean.json", "clean.json"])
}

pub(crate) fn strict() -> ScanConfig {
    ScanConfig::at_least(Severity::High)
}

pub(crate) fn any_age() -> ScanConfig {
    strict().max_db_age(Limit::Unlimited).max_evidence_age(Limit::Unlimited)
}

/// Says that `digest` came to prod, then.
pub(crate) fn in_prod(digest: &Digest, when: &str) -> Chronicle {
    let kind = Kind::Observe { tags: Vec::new() };
    let entry = Entry::new(kind, name("app"), digest.clone(), "tester", at(when)).in_environment(name("prod"));
    Chronicle::of([Recorded::new(entry.with_facts(ImageFacts::default())).unwrap()])
}

pub(crate) async fn asked(gate: &dyn Gate, plan: &Plan<Draft>, source: &dyn Source) -> Result<Verdict, GateError> {
    asked_with(gate, plan, source, &Chronicle::default(), now()).await
}

pub(crate) async fn asked_with(
    gate: &dyn Gate,
    plan: &Plan<Draft>,
    source: &dyn Source,
    chronicle: &Chronicle,
    now: SystemTime,
) -> Result<Verdict, GateError> {
    let id = plan.id().unwrap();
    let promoted = Promoted::new(plan.passage().unwrap(), chronicle, &id, "tester");
    gate.evaluate(&GateContext::new(plan.copy(), source, now).along(promoted)).await
}

#[track_caller]
pub(crate) fn passes(verdict: Result<Verdict, GateError>) -> Evidence {
    match verdict.unwrap() {
        Verdict::Pass(evidence) => evidence,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn reasons(verdict: Result<Verdict, GateError>) -> Vec<String> {
    match verdict.unwrap() {
        Verdict::Fail { reasons } => reasons,
        other => panic!("{other:?}"),
    }
}

/// Neither passed nor refused.
#[track_caller]
pub(crate) fn undecided(verdict: Result<Verdict, GateError>) -> String {
    verdict.expect_err("it should not decide").to_string()
}
