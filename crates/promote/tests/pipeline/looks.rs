//! Gates that look at the image, the ledger, a tag or a result: what they pass, and what they never do.

use std::time::{Duration, SystemTime};

use lockage_promote::ledger::{Chronicle, Entry, Kind, Recorded};
use lockage_promote::pipeline::gates::{
    CompletenessGate, ImageConfigGate, MetricGate, RepositoryTagGate, SbomGate, SoakGate,
};
use lockage_promote::pipeline::step::{Probe, ProbeContext};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph};
use lockage_promote::{Draft, Evidence, Gate, GateContext, GateError, Plan, Promoted, Verdict};
use lockage_registry::testing::fixtures::Image;
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{
    Algorithm, Descriptor, ErrorKind, Memory, Platform, RawManifest, Repository, Source, Target as _, TargetExt as _,
    digest_of, media_type, referrers,
};
use serde_json::{Value, json};

use crate::world::{COMMIT, World, built, digest, name, now, select, tag};

fn repo() -> Repository {
    "dev.example/app".parse().unwrap()
}

pub(crate) async fn plan(world: &World, select: &str) -> Plan<Draft> {
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").float("stage"))
        .edge(EdgeSpec::new("dev", "stage"));
    let promoter = world.promoter_of(graph.build().unwrap());
    let edge = name("dev-stage");
    let app = promoter.resolve(&name("app"), &self::select(select), &edge).await.unwrap();
    promoter.plan(&app, &edge).await.unwrap()
}

async fn asked_at(
    gate: &dyn Gate,
    plan: &Plan<Draft>,
    source: &dyn Source,
    chronicle: &Chronicle,
    at: SystemTime,
) -> Result<Verdict, GateError> {
    let id = plan.id().unwrap();
    let promoted = Promoted::new(plan.passage().unwrap(), chronicle, &id, "tester");
    gate.evaluate(&GateContext::new(plan.copy(), source, at).along(promoted)).await
}

pub(crate) async fn asked(gate: &dyn Gate, plan: &Plan<Draft>, source: &dyn Source) -> Result<Verdict, GateError> {
    asked_at(gate, plan, source, &Chronicle::default(), now()).await
}

fn reasons(verdict: Result<Verdict, GateError>) -> String {
    match verdict.unwrap() {
        Verdict::Fail { reasons } => reasons.join("\n"),
        other => panic!("{other:?}"),
    }
}

fn passes(verdict: Result<Verdict, GateError>) -> Evidence {
    match verdict.unwrap() {
        Verdict::Pass(evidence) => evidence,
        other => panic!("{other:?}"),
    }
}

/// Whatever request fails, the gate says nothing.
async fn fails_closed(gate: &dyn Gate, plan: &Plan<Draft>, memory: &Memory) {
    let calm = Faulty::new(memory.clone());
    passes(asked(gate, plan, &calm).await);
    assert!(calm.calls() > 0);
    for nth in 0..calm.calls() {
        let faulty = Faulty::new(memory.clone()).fail(nth, Fault::Before(ErrorKind::Denied));
        assert!(asked(gate, plan, &faulty).await.is_err(), "{}: request {nth}", gate.id());
    }
}

#[tokio::test]
async fn an_image_soaks_without_interruption_or_in_total() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let plan = plan(&world, "pr:42").await;
    let hour = Duration::from_secs(3600);
    let at = |hours: u32| now() + hour * hours;
    let arrival = |of: &Image, hours: u32| {
        let kind = Kind::Observe { tags: Vec::new() };
        let entry = Entry::new(kind, name("app"), digest(of), "ci", at(hours)).in_environment(name("dev"));
        Recorded::new(entry).unwrap()
    };
    let other = built("91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081", 2);
    let (soak, total) = (SoakGate::new(name("dev"), hour * 24), SoakGate::new(name("dev"), hour * 24).in_total());
    let told = Chronicle::of([arrival(&image, 0)]);
    match asked_at(&soak, &plan, &world.dev, &told, at(20)).await.unwrap() {
        Verdict::Wait { reason, retry_after } => {
            assert_eq!((reason.as_str(), retry_after), ("in dev for 20 h of 1 d", Some(hour * 4)));
        }
        other => panic!("{other:?}"),
    }
    passes(asked_at(&soak, &plan, &world.dev, &told, at(24)).await);

    let interrupted = Chronicle::of([arrival(&image, 0), arrival(&other, 20), arrival(&image, 30)]);
    let waits =
        |verdict: Verdict| matches!(verdict, Verdict::Wait { retry_after: Some(left), .. } if left == hour * 20);
    assert!(waits(asked_at(&soak, &plan, &world.dev, &interrupted, at(34)).await.unwrap()));
    passes(asked_at(&total, &plan, &world.dev, &interrupted, at(34)).await);

    // Where it is not, time does not pass.
    for told in [Chronicle::default(), Chronicle::of([arrival(&image, 0), arrival(&other, 20)])] {
        for gate in [&soak, &total] {
            let verdict = asked_at(gate, &plan, &world.dev, &told, at(500)).await.unwrap();
            assert!(matches!(verdict, Verdict::Wait { retry_after: None, .. }), "{verdict:?}");
        }
    }
    let copy_alone = GateContext::new(plan.copy(), &world.dev, now());
    assert!(soak.evaluate(&copy_alone).await.is_err(), "a copy along no edge has soaked nowhere");
}

#[tokio::test]
async fn every_expected_platform_has_to_be_there() {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    let plan = plan(&world, "pr:42").await;
    let of = |names: &[&str]| CompletenessGate::new(names.iter().map(|name| name.parse::<Platform>().unwrap()));
    passes(asked(&of(&["linux/amd64", "linux/arm64/v8"]).no_others(), &plan, &world.dev).await);
    let missing = reasons(asked(&of(&["linux/s390x", "linux/amd64", "linux/arm64/v7"]), &plan, &world.dev).await);
    assert_eq!(missing, "linux/s390x is missing\nlinux/arm64/v7 is missing");
    let others = reasons(asked(&of(&["linux/amd64"]).no_others(), &plan, &world.dev).await);
    assert_eq!(others, "linux/arm64 is there, and not expected");
    assert!(asked(&of(&[]), &plan, &world.dev).await.is_err());
}

/// One platform, with this `config` in its config.
async fn configured(memory: &Memory, config: Value) {
    let config = json!({"os": "linux", "architecture": "amd64", "config": config}).to_string();
    let config = put(memory, media_type::OCI_CONFIG, config).await;
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": []});
    let raw = RawManifest::new(media_type::OCI_MANIFEST, manifest.to_string().into()).unwrap();
    memory.put_manifest(&repo(), &raw, &tag("pr-42").into()).await.unwrap();
}

async fn put(memory: &Memory, kind: &str, text: String) -> Descriptor {
    let bytes = bytes::Bytes::from(text);
    let descriptor = Descriptor::new(kind, digest_of(Algorithm::Sha256, &bytes).unwrap(), bytes.len() as u64);
    memory.put_blob(&repo(), &descriptor, bytes.into()).await.unwrap();
    descriptor
}

#[tokio::test]
async fn how_an_image_would_run_is_held_to_rules() {
    let good = json!({"User": "65532:65532", "Entrypoint": ["/app"], "ExposedPorts": {"8080/tcp": {}},
        "Labels": {"team": "pay"}, "Env": ["PATH=/bin"]});
    let with = |field: &str, value: Value| {
        let mut config = good.clone();
        config[field] = value;
        config
    };
    let strict = ImageConfigGate::new()
        .non_root()
        .user("65532")
        .entrypoint()
        .label("team")
        .label_is("team", "pay")
        .only_ports(["8080"])
        .no_env("*_TOKEN")
        .no_env("aws_*")
        .no_env("PASSWORD");
    let non_root = || ImageConfigGate::new().non_root();
    for (config, gate, expected) in [
        (good.clone(), strict.clone(), None),
        (with("User", "1000".into()), non_root(), None),
        (with("User", "".into()), non_root(), Some("linux/amd64: it runs as root")),
        (with("User", Value::Null), non_root(), Some("it runs as root")),
        (with("User", "0:1000".into()), non_root(), Some("it runs as root")),
        (with("User", "00".into()), non_root(), Some("it runs as root")),
        (with("User", "root".into()), non_root(), Some("it runs as root")),
        (with("User", "toor".into()), non_root(), Some("may be root")),
        (with("User", "nginx".into()), ImageConfigGate::new().non_root_or(["nginx"]), None),
        (with("User", "1000".into()), strict.clone(), Some("runs as 1000, and not as 65532")),
        (with("User", "65532:0".into()), ImageConfigGate::new().user("65532:65532"), Some("runs as 65532:0")),
        (with("Entrypoint", json!([])), strict.clone(), Some("no entrypoint")),
        (with("Labels", json!({"team": " "})), strict.clone(), Some("no label team")),
        (with("Labels", json!({"team": "x"})), strict.clone(), Some("its label team is \"x\"")),
        (with("ExposedPorts", json!({"22": {}, "8080/tcp": {}})), strict.clone(), Some("it exposes 22/tcp")),
        (with("ExposedPorts", json!({"22/tcp": {}})), ImageConfigGate::new().no_port("22"), Some("it exposes 22/tcp")),
        (with("Env", json!(["GH_TOKEN=hunter2"])), strict.clone(), Some("it sets GH_TOKEN")),
        (with("Env", json!(["AWS_KEY=hunter2", "Password=hunter2"])), strict.clone(), Some("it sets AWS_KEY")),
    ] {
        let world = World::new();
        configured(&world.dev, config.clone()).await;
        let plan = plan(&world, "pr:42").await;
        let verdict = asked(&gate, &plan, &world.dev).await;
        match expected {
            None => {
                passes(verdict);
                fails_closed(&gate, &plan, &world.dev).await;
            }
            Some(expected) => {
                let told = reasons(verdict);
                assert!(told.contains(expected) && !told.contains("hunter2"), "{config}: {told}");
            }
        }
    }
    // Every platform is read, and every rule that is broken is told.
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    let told = reasons(asked(&non_root().entrypoint(), &plan(&world, "pr:42").await, &world.dev).await);
    assert_eq!(told.lines().count(), 4, "{told}");
    assert!(told.contains("linux/arm64: it runs as root"), "{told}");
    assert!(asked(&ImageConfigGate::new(), &plan(&world, "pr:42").await, &world.dev).await.is_err());
}

/// An index for amd64 and arm64, where BuildKit has attested what is in the first.
async fn attested(memory: &Memory, about: Option<&str>) -> Vec<RawManifest> {
    let mut entries = Vec::new();
    let mut children = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let config =
            put(memory, media_type::OCI_CONFIG, json!({"os":"linux","architecture":architecture}).to_string()).await;
        let manifest =
            json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": []});
        let raw = RawManifest::new(media_type::OCI_MANIFEST, manifest.to_string().into()).unwrap();
        memory.put_manifest(&repo(), &raw, &raw.digest().clone().into()).await.unwrap();
        entries.push(json!({"mediaType": raw.media_type(), "digest": raw.digest(), "size": raw.bytes().len(),
            "platform": {"os": "linux", "architecture": architecture}}));
        children.push(raw);
    }
    let subject = about.unwrap_or(children[0].digest().hex());
    let statement = json!({"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
        "subject": [{"name": "app", "digest": {"sha256": subject}}], "predicate": {"spdxVersion": "SPDX-2.3"}});
    let mut layer = put(memory, "application/vnd.in-toto+json", statement.to_string()).await;
    layer.annotations.insert("in-toto.io/predicate-type".into(), "https://spdx.dev/Document".into());
    let config = put(memory, media_type::OCI_CONFIG, "{}".into()).await;
    let manifest =
        json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [layer]});
    let raw = RawManifest::new(media_type::OCI_MANIFEST, manifest.to_string().into()).unwrap();
    memory.put_manifest(&repo(), &raw, &raw.digest().clone().into()).await.unwrap();
    entries.push(json!({"mediaType": raw.media_type(), "digest": raw.digest(), "size": raw.bytes().len(),
        "platform": {"os": "unknown", "architecture": "unknown"}, "annotations": {
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": children[0].digest()}}));
    let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries});
    let index = RawManifest::new(media_type::OCI_INDEX, index.to_string().into()).unwrap();
    memory.put_manifest(&repo(), &index, &tag("pr-42").into()).await.unwrap();
    children.push(index);
    children
}

async fn attach(memory: &Memory, to: &RawManifest, artifact_type: &str, kind: &str, text: &str) {
    let layer = put(memory, kind, text.to_owned()).await;
    let config = put(memory, media_type::OCI_EMPTY, "{}".into()).await;
    let subject = to.descriptor();
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": artifact_type,
        "config": config, "layers": [layer], "subject": subject});
    let raw = RawManifest::new(media_type::OCI_MANIFEST, manifest.to_string().into()).unwrap();
    referrers::attach(memory, &repo(), &raw).await.unwrap();
}

#[tokio::test]
async fn an_sbom_is_found_for_every_platform_wherever_it_is_kept() {
    let gate = SbomGate::new();
    let cyclonedx = r#"{"bomFormat":"CycloneDX","specVersion":"1.6"}"#;
    let kind = "application/vnd.cyclonedx+json";

    let world = World::new();
    let parts = attested(&world.dev, None).await;
    let told = reasons(asked(&gate, &plan(&world, "pr:42").await, &world.dev).await);
    assert_eq!(told, format!("linux/arm64: no SBOM was found for {}", parts[1].digest()));
    // One of the index says nothing of a platform, and what is none does not become one by its type.
    attach(&world.dev, &parts[2], kind, kind, cyclonedx).await;
    attach(&world.dev, &parts[1], kind, kind, r#"{"hello":"world"}"#).await;
    attach(&world.dev, &parts[1], "application/vnd.example.note", "text/plain", "a note").await;
    let of_other = format!(
        r#"{{"predicateType":"https://cyclonedx.org/bom","subject":[{{"digest":{{"sha256":"{}"}}}}],"predicate":{{}}}}"#,
        parts[0].digest().hex()
    );
    attach(&world.dev, &parts[1], kind, "application/vnd.in-toto+json", &of_other).await;
    assert_eq!(reasons(asked(&gate, &plan(&world, "pr:42").await, &world.dev).await), told);
    attach(&world.dev, &parts[1], kind, kind, cyclonedx).await;
    let pull = plan(&world, "pr:42").await;
    let evidence = passes(asked(&gate, &pull, &world.dev).await);
    assert!(evidence.details["sboms"][0]["found"].as_str().unwrap().starts_with("within the index"), "{evidence:?}");
    assert!(evidence.details["sboms"][1]["found"].as_str().unwrap().starts_with("attached"), "{evidence:?}");
    fails_closed(&gate, &pull, &world.dev).await;

    // cosign's tag, as `cosign attach sbom` writes it.
    let world = World::new();
    let parts = attested(&world.dev, None).await;
    let layer = put(&world.dev, "text/spdx", "SPDXVersion: SPDX-2.3\n".into()).await;
    let config = put(&world.dev, media_type::OCI_CONFIG, "{}".into()).await;
    let manifest =
        json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [layer]});
    let raw = RawManifest::new(media_type::OCI_MANIFEST, manifest.to_string().into()).unwrap();
    let under = tag(&format!("sha256-{}.sbom", parts[1].digest().hex()));
    world.dev.put_manifest(&repo(), &raw, &under.into()).await.unwrap();
    passes(asked(&gate, &plan(&world, "pr:42").await, &world.dev).await);

    // An attestation that is about something else than the index says.
    let world = World::new();
    attested(&world.dev, Some(&"0".repeat(64))).await;
    let told = reasons(asked(&gate, &plan(&world, "pr:42").await, &world.dev).await);
    assert_eq!(told.lines().count(), 2, "{told}");
}

#[tokio::test]
async fn a_tag_stops_everything_and_only_a_404_lets_it_go_on() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let plan = plan(&world, "pr:42").await;
    let freeze = |source: Faulty<Memory>| RepositoryTagGate::new(source, repo(), tag("freeze"));
    let calm = || Faulty::new(world.dev.clone());
    passes(asked(&freeze(calm()), &plan, &world.dev).await);
    for kind in [ErrorKind::Denied, ErrorKind::Unauthorized, ErrorKind::Unavailable, ErrorKind::Timeout] {
        let gate = freeze(calm().fail(0, Fault::Before(kind)));
        assert!(asked(&gate, &plan, &world.dev).await.is_err(), "{kind:?}");
    }
    world.push(&image, &["freeze"]).await;
    let waits = asked(&freeze(calm()), &plan, &world.dev).await.unwrap();
    assert!(matches!(waits, Verdict::Wait { .. }), "{waits:?}");
    assert_eq!(reasons(asked(&freeze(calm()).fails(), &plan, &world.dev).await), "dev.example/app:freeze is there");
}

#[derive(Debug)]
struct Metric(fn(&ProbeContext<'_>) -> Result<Verdict, GateError>);

#[async_trait::async_trait]
impl Probe for Metric {
    async fn look(&self, context: &ProbeContext<'_>) -> Result<Verdict, GateError> {
        (self.0)(context)
    }
}

#[tokio::test]
async fn a_metric_says_good_bad_not_yet_or_nothing() {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    let plan = plan(&world, "pr:42").await;
    let good = Metric(|context| Ok(Verdict::Pass(Evidence::new(context.passage.unwrap().to.to_string()))));
    assert_eq!(passes(asked(&MetricGate::new("errors", good), &plan, &world.dev).await).summary, "stage");
    let not_yet = MetricGate::new("errors", Metric(|_| Ok(Verdict::wait("too few"))));
    assert!(matches!(asked(&not_yet, &plan, &world.dev).await, Ok(Verdict::Wait { .. })));
    let nothing = MetricGate::new("errors", Metric(|_| Err("no route".into())));
    assert!(asked(&nothing, &plan, &world.dev).await.is_err());
}
