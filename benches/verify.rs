//! Verifying over HTTP on loopback, a server in this process: one signature of a key, in each layout and in both, from a
//! registry with and without the referrers API. `cargo bench -p lockage-benches --bench verify`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;
use std::time::SystemTime;

use criterion::{Criterion, criterion_group, criterion_main};
use lockage_registry::client::Client;
use lockage_registry::server::{Fault, Intercept, Server};
use lockage_registry::testing::fixtures;
use lockage_registry::{Digest, Host, Memory, Repository};
use lockage_signing::sign::{Layout, Signing};
use lockage_signing::verify::Outcome;
use lockage_signing::{KeyPair, Policy};
use tokio::runtime::Runtime;

struct Place {
    _server: Server,
    client: Client,
    repo: Repository,
    digest: Digest,
}

/// A server that has one signed image, and a client that has asked it before, as a promoter has.
async fn place(key: &KeyPair, layout: Layout, api: bool) -> Place {
    let host: Host = "registry.test".parse().unwrap();
    let intercept: Intercept = Arc::new(move |head| match head.method.as_str() {
        "GET" if !api && head.path.contains("/referrers/") => {
            Fault::Answer { status: 404, code: "UNSUPPORTED".to_owned(), retry_after: None }
        }
        "PUT" if !api => Fault::RemoveHeader("OCI-Subject".to_owned()),
        _ => Fault::None,
    });
    let server = Server::builder(Arc::new(Memory::new(host.clone())), host).intercept(intercept);
    let server = server.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let client = Client::builder().build().unwrap();
    let repo: Repository = format!("{}/app", server.host()).parse().unwrap();
    let image = fixtures::image(1);
    fixtures::push(&client, &repo, &image, &"v1".parse().unwrap()).await.unwrap();
    let digest = image.root().digest().clone();
    Signing::with(key).layout(layout).sign(&client, &repo, &digest, SystemTime::now()).await.unwrap();
    Place { _server: server, client, repo, digest }
}

fn one_signature(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let key = KeyPair::generate().unwrap();
    let policy = Policy::of_key(key.verifying_key().clone()).unwrap();
    let mut group = c.benchmark_group("verify");
    for (name, layout, api) in [
        ("legacy", Layout::Legacy, true),
        ("bundle", Layout::Bundle, true),
        ("both", Layout::Both, true),
        ("both, no referrers API", Layout::Both, false),
    ] {
        let Place { _server, client, repo, digest } = &runtime.block_on(place(&key, layout, api));
        group.bench_function(name, |b| {
            b.to_async(&runtime).iter(|| async {
                let outcome = policy.verify(client, repo, digest, SystemTime::now()).await;
                assert!(matches!(outcome, Outcome::Verified(_)));
            });
        });
    }
    group.finish();
}

criterion_group!(verifying, one_signature);
criterion_main!(verifying);
