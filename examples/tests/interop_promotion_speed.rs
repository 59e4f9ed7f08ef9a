//! How long promotions take on docker-registry: one image past gates, and a fleet beside plain copies. By itself, so that
//! nothing else runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use futures::{StreamExt as _, stream};
use lockage_policy::gate::documents::PolicyGates;
use lockage_promote::ledger::{FileLedger, History as _};
use lockage_promote::pipeline::documents::{Document, Factories, Format};
use lockage_promote::pipeline::fleet::{Ended, Errand, Shard, promote_each};
use lockage_promote::pipeline::gates::CompletenessGate;
use lockage_promote::pipeline::simulate::{Build, Simulation};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, Name, Promoter, Select};
use lockage_promote::{Flights, ImageCopy};
use lockage_registry::client::Client;
use lockage_registry::{Memory, Reference, Source as _, TagOrDigest, Target as _};
use lockage_signing::documents::SigningGates;
use lockage_signing::sign::Signing;
use lockage_signing::{KeyPair, Verifier as _};
use real::{DockerRegistry, two_platforms};
use serde_json::json;

/// How many images a fleet has, unless `LOCKAGE_IMAGES` says otherwise: the ratio is the same for all that take some seconds.
const IMAGES: u64 = 150;
const AT_ONCE: usize = 8;
/// How often the fleet is copied and promoted, in turns.
const ROUNDS: usize = 3;
/// What a promotion past gates may take, on a quiet machine and on any.
const MOST: Duration = Duration::from_secs(1);
const MOST_ANYWHERE: Duration = Duration::from_secs(3);
/// What a fleet may take, as a multiple of what copying it takes, on a quiet machine and on any.
const RATIO: f64 = 1.5;
const RATIO_ANYWHERE: f64 = 2.0;

fn images() -> u64 {
    std::env::var("LOCKAGE_IMAGES").map_or(IMAGES, |images| images.parse().unwrap())
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// One image through dev, stage and prod: on each edge reports of a scanner on both platforms, and a signature.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real registries and clients"]
async fn an_image_passes_two_gates_an_edge_to_prod_within_a_second() {
    let registries = [DockerRegistry::start(), DockerRegistry::start(), DockerRegistry::start()];
    let [dev, stage, prod] = registries.each_ref().map(DockerRegistry::host);
    let client = Client::builder().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    std::fs::write(folder.path().join("ci.pub"), key.public_key().to_pem()).unwrap();

    let document = format!(
        r#"
        ledger = "ledger.jsonl"
        environments = [
            {{ name = "dev", repository = "{dev}/{{image}}" }},
            {{ name = "stage", repository = "{stage}/{{image}}", floats = ["stage"] }},
            {{ name = "prod", repository = "{prod}/{{image}}", floats = ["prod"] }},
        ]
        edges = [
            {{ from = "dev", to = "stage", gates = ["vulnerabilities", "signed"] }},
            {{ from = "stage", to = "prod", gates = ["vulnerabilities", "signed"] }},
        ]
        [signers]
        ci = {{ key = "ci.pub" }}
        [gates.signed]
        kind = "signature"
        signers = ["ci"]
        [gates.vulnerabilities]
        kind = "scan"
        reports = ["{{platform}}.json"]
        database = ["version.json"]
        scan = {{ at_least = "high" }}
        "#
    );
    let document = Document::parse(folder.path().join("lockage.toml"), Format::Toml, &document).unwrap();
    let signing = SigningGates::of(&document).unwrap();
    let gates = Factories::new().with(PolicyGates::new(folder.path()).reading(client.clone())).with(signing);
    let promoter = Promoter::new(document.graph(&gates).unwrap(), "tester")
        .registry(client.clone())
        .ledger(FileLedger::new(folder.path().join("ledger.jsonl")));

    // Once so that connections, probes and caches of the machine are as they are for the second; then another image.
    let mut took = Vec::new();
    for seed in [1, 2] {
        let at: Reference = format!("{dev}/app:pr-{seed}").parse().unwrap();
        let image = two_platforms(seed);
        lockage_registry::testing::fixtures::push(&client, at.repository(), &image, at.tag().unwrap()).await.unwrap();
        let now = SystemTime::now();
        Signing::with(&key).sign(&client, at.repository(), image.root().digest(), now).await.unwrap();
        let (edge, select) = (name("dev-stage"), Select::PullRequest(seed));
        scanned(&promoter, &select, folder.path()).await;

        let begun = Instant::now();
        promote(&promoter, &select, &edge).await;
        promote(&promoter, &Select::CurrentIn(name("stage")), &name("stage-prod")).await;
        took.push(begun.elapsed());
        let there: Reference = format!("{prod}/app:prod").parse().unwrap();
        let held = client.resolve(there.repository(), &TagOrDigest::of(&there)).await.unwrap();
        assert_eq!(held.digest, *image.root().digest());
    }
    println!("dev → stage → prod, a scan and a signature an edge, a ledger in a file: {took:?}");
    assert!(took.iter().all(|took| *took < MOST_ANYWHERE), "{took:?}, where {MOST:?} is enough on a quiet machine");
}

/// What Trivy would say of each platform, found clean.
async fn scanned(promoter: &Promoter, select: &Select, folder: &Path) {
    let pinned = promoter.resolve(&name("app"), select, &name("dev-stage")).await.unwrap();
    let now = jiff::Timestamp::now().to_string();
    assert_eq!(pinned.platforms.len(), 2);
    for platform in &pinned.platforms {
        let report = json!({
            "SchemaVersion": 2, "CreatedAt": now, "ArtifactName": "app", "ArtifactType": "container_image",
            "Metadata": {
                "ImageID": platform.config, "OS": { "Family": "debian", "Name": "12.5" },
                "ImageConfig": { "os": platform.platform.os, "architecture": platform.platform.architecture },
            },
            "Results": [{ "Target": "app (debian 12.5)", "Class": "os-pkgs", "Type": "debian" }],
        });
        let file = format!("{}.json", platform.platform.to_string().replace('/', "-"));
        std::fs::write(folder.join(file), report.to_string()).unwrap();
    }
    let database = json!({ "Version": "0.59.1", "VulnerabilityDB": {
        "Version": 2, "UpdatedAt": now, "NextUpdate": "2099-01-01T00:00:00Z", "DownloadedAt": now } });
    std::fs::write(folder.join("version.json"), database.to_string()).unwrap();
}

async fn promote(promoter: &Promoter, select: &Select, edge: &Name) {
    let now = SystemTime::now();
    let pinned = promoter.resolve(&name("app"), select, edge).await.unwrap();
    let plan = promoter.plan(&pinned, edge).await.unwrap();
    let cleared = promoter.clear(plan, now).await.unwrap();
    promoter.apply(cleared, now).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real registries and clients"]
async fn a_fleet_takes_at_most_half_as_long_again_as_to_copy_it() {
    let (source, target) = (DockerRegistry::start(), DockerRegistry::start());
    seed(source.host()).await;
    let (mut copied, mut promoted) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        copied.push(copies(source.host(), &format!("{}/copied-{round}", target.host())).await);
        promoted.push(promotions(source.host(), &format!("{}/promoted-{round}", target.host())).await);
    }
    copied.sort();
    promoted.sort();
    let ratio = promoted[ROUNDS / 2].as_secs_f64() / copied[ROUNDS / 2].as_secs_f64();
    println!("{} images, {AT_ONCE} at once: copied in {copied:?}, promoted in {promoted:?}: {ratio:.2}", images());
    assert!(ratio <= RATIO_ANYWHERE, "{ratio:.2}, where {RATIO} is enough on a quiet machine");
}

fn image(number: u64) -> String {
    format!("team/app-{number}")
}

/// Builds of as many images for two platforms, each with the tags of its pull request and of its commit.
async fn seed(host: &str) {
    let graph = Graph::builder().environment(EnvironmentSpec::new("dev", "localhost/{image}"));
    let builds = Simulation::of(graph.build().unwrap()).unwrap();
    let memory: Memory = builds.registry(&name("dev")).unwrap().clone();
    let client = Client::builder().build().unwrap();
    for number in 1..=images() {
        let build = Build::of_pull_request(number);
        let digest = builds.push(&name(&image(number)), &name("dev"), &build).await.unwrap();
        let from: Reference = format!("localhost/{}@{digest}", image(number)).parse().unwrap();
        let to: Reference = format!("{host}/{}:pr-{number}", image(number)).parse().unwrap();
        let copy = ImageCopy::new(&memory, &from).to(&client, &to);
        copy.apply(&copy.plan().await.unwrap()).await.unwrap();
        let raw = memory.manifest(from.repository(), &TagOrDigest::of(&from)).await.unwrap();
        let commit = TagOrDigest::Tag(format!("sha-{number:07x}").parse().unwrap());
        client.put_manifest(to.repository(), &raw, &commit).await.unwrap();
    }
}

async fn copies(source: &str, target: &str) -> Duration {
    let client = Client::builder().build().unwrap();
    let flights = Flights::new();
    let begun = Instant::now();
    stream::iter(1..=images())
        .for_each_concurrent(AT_ONCE, |number| {
            let from: Reference = format!("{source}/{}:pr-{number}", image(number)).parse().unwrap();
            let to: Reference = format!("{target}/{}:stage", image(number)).parse().unwrap();
            let (client, flights) = (&client, &flights);
            async move {
                let copy = ImageCopy::new(client, &from).to(client, &to).sharing(flights);
                copy.apply(&copy.plan().await.unwrap()).await.unwrap();
            }
        })
        .await;
    begun.elapsed()
}

async fn promotions(source: &str, target: &str) -> Duration {
    let platforms = ["linux/amd64", "linux/arm64"].map(|text| text.parse().unwrap());
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", format!("{source}/{{image}}")))
        .environment(EnvironmentSpec::new("stage", format!("{target}/{{image}}")).float("stage"))
        .edge(EdgeSpec::new("dev", "stage").gate(CompletenessGate::new(platforms)));
    let folder = tempfile::tempdir().unwrap();
    let ledger = FileLedger::new(folder.path().join("ledger.jsonl"));
    let promoter = Promoter::new(graph.build().unwrap(), "tester")
        .registry(Client::builder().build().unwrap())
        .ledger(ledger.clone());
    let errands =
        (1..=images()).map(|number| Errand::new(name(&image(number)), Select::PullRequest(number), name("dev-stage")));
    let begun = Instant::now();
    let fleet = promote_each(&promoter, errands, Shard::whole(), AT_ONCE, SystemTime::now()).await;
    let took = begun.elapsed();
    assert_eq!(u64::try_from(fleet.count(Ended::Done)).unwrap(), images(), "{fleet}");
    assert_eq!(
        u64::try_from(ledger.entries(None).await.unwrap().len()).unwrap(),
        2 * images(),
        "an intent and its end"
    );
    took
}
