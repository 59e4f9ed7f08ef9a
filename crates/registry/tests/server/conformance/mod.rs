//! What the conformance program of the distribution specification 1.1 asks of a registry, case by case, over memory
//! and over a layout on disk, with SHA-256 and with SHA-512.

mod blobs;
mod content;
mod manifests;
mod push;
mod referrers;

use std::sync::Arc;

use lockage_registry::server::Server;
use lockage_registry::{Algorithm, Digest, Host, Memory, OciLayout, Registry, digest_of};
use serde_json::json;
use tempfile::TempDir;

use crate::http::{Response, get, send};

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

/// A server over each backend, sparse or not.
async fn servers(sparse: bool) -> [(Server, TempDir); 2] {
    let host: Host = "registry.test".parse().unwrap();
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (memory, layout) = (Memory::new(host.clone()), OciLayout::open(other.path(), host.clone()).unwrap());
    let (memory, layout) = if sparse { (memory.sparse(), layout.sparse()) } else { (memory, layout) };
    let serve = |backend: Arc<dyn Registry>| {
        Server::builder(backend, host.clone()).record().serve("127.0.0.1:0".parse().unwrap())
    };
    [(serve(Arc::new(memory)).await.unwrap(), one), (serve(Arc::new(layout)).await.unwrap(), other)]
}

fn hash(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    digest_of(algorithm, bytes).unwrap()
}

/// 3067 bytes: three chunks of 1024, the last one shorter.
fn content(seed: u8) -> Vec<u8> {
    (0..3067_usize).map(|i| (i * 31 + i / 251) as u8 ^ seed).collect()
}

async fn head(server: &Server, path: &str) -> Response {
    send(server, "HEAD", path, &[], b"").await
}

#[tokio::test]
async fn an_empty_registry_answers() {
    for (server, _) in &servers(false).await {
        assert_eq!(get(server, "/v2/").await.status, 200);
        assert_eq!(get(server, "/v2/app/tags/list").await.status, 404);
        let none = get(server, &format!("/v2/app/referrers/{}", hash(Algorithm::Sha256, b"x"))).await;
        assert_eq!((none.status, none.header("content-type")), (200, OCI_INDEX));
        assert_eq!(none.json(), json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [] }));
        for reference in [hash(Algorithm::Sha256, b"x").as_str(), "missing"] {
            let missing = get(server, &format!("/v2/app/manifests/{reference}")).await;
            assert_eq!((missing.status, missing.code().as_str()), (404, "NAME_UNKNOWN"));
        }
    }
}
