//! How long promotions take beside plain copies, over HTTP on loopback. Run with --release -- --ignored --nocapture.
#![cfg(all(feature = "pipeline", feature = "ledger"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::{StreamExt as _, stream};
use lockage_promote::ledger::FileLedger;
use lockage_promote::pipeline::gates::{CompletenessGate, ImageConfigGate};
use lockage_promote::pipeline::simulate::{Build, Simulation};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, Name, Promoter, Select};
use lockage_promote::{Flights, ImageCopy};
use lockage_registry::client::Client;
use lockage_registry::server::Server;
use lockage_registry::{Memory, Reference};

const IMAGES: u64 = 500;
const AT_ONCE: usize = 8;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

async fn serve(memory: &Memory) -> Server {
    let builder = Server::builder(Arc::new(memory.clone()), "localhost".parse().unwrap());
    builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

fn builds() -> (Simulation, Memory) {
    let graph = Graph::builder().environment(EnvironmentSpec::new("dev", "localhost/{image}")).build().unwrap();
    let builds = Simulation::of(graph).unwrap();
    let memory = builds.registry(&name("dev")).unwrap().clone();
    (builds, memory)
}

fn empty() -> Memory {
    Memory::new("localhost".parse().unwrap())
}

fn looked_at(edge: EdgeSpec) -> EdgeSpec {
    let platforms = ["linux/amd64", "linux/arm64"].map(|text| text.parse().unwrap());
    edge.gate(CompletenessGate::new(platforms)).gate(ImageConfigGate::new().non_root())
}

async fn promote(promoter: &Promoter, image: &Name, select: &Select, edge: &str) {
    let (edge, now) = (name(edge), SystemTime::now());
    let pinned = promoter.resolve(image, select, &edge).await.unwrap();
    let plan = promoter.plan(&pinned, &edge).await.unwrap();
    let cleared = promoter.clear(plan, now).await.unwrap();
    promoter.apply(cleared, now).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn one_image_through_three_environments_takes_less_than_a_second() {
    let (builds, dev) = builds();
    builds.push(&name("app"), &name("dev"), &Build::of_pull_request(42)).await.unwrap();
    let servers = [serve(&dev).await, serve(&empty()).await, serve(&empty()).await];
    let [d, s, p] = [0, 1, 2].map(|n: usize| format!("{}/{{image}}", servers[n].address()));
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", d))
        .environment(EnvironmentSpec::new("stage", s).pin("sha-{sha}").float("stage"))
        .environment(EnvironmentSpec::new("prod", p).pin("sha-{sha}").float("prod"))
        .edge(looked_at(EdgeSpec::new("dev", "stage")))
        .edge(looked_at(EdgeSpec::new("stage", "prod")));
    let folder = tempfile::tempdir().unwrap();
    let promoter = Promoter::new(graph.build().unwrap(), "tester")
        .registry(Client::builder().build().unwrap())
        .ledger(FileLedger::new(folder.path().join("ledger.jsonl")));
    let begun = Instant::now();
    promote(&promoter, &name("app"), &Select::PullRequest(42), "dev-stage").await;
    promote(&promoter, &name("app"), &Select::CurrentIn(name("stage")), "stage-prod").await;
    let took = begun.elapsed();
    println!("dev → stage → prod, two gates an edge, a ledger in a file: {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn five_hundred_images_take_little_more_than_to_copy_them() {
    let (builds, dev) = builds();
    for n in 0..IMAGES {
        builds
            .push(&name(&format!("app-{n}")), &name("dev"), &Build::of_pull_request(42).tag(format!("n{n}")))
            .await
            .unwrap();
    }
    let source = serve(&dev).await;
    let mut figures = (Vec::new(), Vec::new());
    for _ in 0..3 {
        figures.0.push(copies(&source).await);
        figures.1.push(promotions(&source).await);
    }
    figures.0.sort();
    figures.1.sort();
    let ratio = figures.1[1].as_secs_f64() / figures.0[1].as_secs_f64();
    println!("{IMAGES} images, {AT_ONCE} at once: copied in {:?}, promoted in {:?}: {ratio:.2}", figures.0, figures.1);
    assert!(ratio <= 1.5, "{ratio:.2}");
}

async fn copies(source: &Server) -> Duration {
    let target = serve(&empty()).await;
    let client = Client::builder().build().unwrap();
    let flights = Flights::new();
    let begun = Instant::now();
    stream::iter(0..IMAGES)
        .for_each_concurrent(AT_ONCE, |n| {
            let from: Reference = format!("{}/app-{n}:pr-42", source.address()).parse().unwrap();
            let to: Reference = format!("{}/app-{n}:stage", target.address()).parse().unwrap();
            let (client, flights) = (&client, &flights);
            async move {
                let copy = ImageCopy::new(client, &from).to(client, &to).sharing(flights);
                let plan = copy.plan().await.unwrap();
                copy.apply(&plan).await.unwrap();
            }
        })
        .await;
    begun.elapsed()
}

async fn promotions(source: &Server) -> Duration {
    let target = serve(&empty()).await;
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", format!("{}/{{image}}", source.address())))
        .environment(EnvironmentSpec::new("stage", format!("{}/{{image}}", target.address())).float("stage"))
        .edge(EdgeSpec::new("dev", "stage"));
    let folder = tempfile::tempdir().unwrap();
    let promoter = Promoter::new(graph.build().unwrap(), "tester")
        .registry(Client::builder().build().unwrap())
        .ledger(FileLedger::new(folder.path().join("ledger.jsonl")));
    let begun = Instant::now();
    stream::iter(0..IMAGES)
        .for_each_concurrent(AT_ONCE, |n| {
            let promoter = &promoter;
            async move { promote(promoter, &name(&format!("app-{n}")), &Select::PullRequest(42), "dev-stage").await }
        })
        .await;
    begun.elapsed()
}
