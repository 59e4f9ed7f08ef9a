//! The conformance suite, passed by the HTTP client against the server, over memory and over a layout on disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;

use lockage_registry::client::Client;
use lockage_registry::server::Server;
use lockage_registry::testing::conformance::{self, Capabilities};
use lockage_registry::{Host, Memory, OciLayout, Registry, Repository};

async fn passes(registry: &dyn Registry, host: &Host) {
    let repository: Repository = format!("{host}/conformance/app").parse().unwrap();
    let report = conformance::registry(registry, &repository, &Capabilities::all()).await.unwrap();
    assert!(report.checks.len() > 60, "{registry}: {report}");
}

async fn passes_over_http(backend: Arc<dyn Registry>, host: Host) {
    let server = Server::builder(backend, host).serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let client = Client::builder().build().unwrap();
    passes(&client, server.host()).await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_a_server_over_memory() {
    let host: Host = "memory.test".parse().unwrap();
    passes_over_http(Arc::new(Memory::new(host.clone())), host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_a_server_over_a_layout() {
    let directory = tempfile::tempdir().unwrap();
    let host: Host = "layout.test".parse().unwrap();
    passes_over_http(Arc::new(OciLayout::open(directory.path(), host.clone()).unwrap()), host).await;
}
