//! Manifests and tags: pushed, got, listed and deleted.

use lockage_registry::server::Server;
use lockage_registry::{Algorithm, Digest};
use serde_json::{Value, json};

use super::content::{Data, LAYER, data};
use super::push::{WAYS, Way, push};
use super::{OCI_INDEX, hash, head, servers};
use crate::http::{OCI_MANIFEST, Response, get, send};

#[tokio::test]
async fn content_of_every_kind_is_pushed_got_listed_and_deleted() {
    for sparse in [false, true] {
        for (server, _) in &servers(sparse).await {
            for data in data().iter().filter(|data| sparse == data.sparse) {
                round(server, data).await;
            }
        }
    }
}

#[tokio::test]
async fn a_manifest_without_its_content_is_for_sparse_registries() {
    for (server, _) in &servers(false).await {
        for data in data().iter().filter(|data| data.sparse) {
            let top = data.manifests.last().unwrap();
            let refused = put(server, &format!("/v2/app/manifests/{}", data.name), top).await;
            assert_eq!((refused.status, refused.code().as_str()), (400, "MANIFEST_BLOB_UNKNOWN"), "{}", data.name);
        }
    }
}

async fn round(server: &Server, data: &Data) {
    let name = data.name;
    for (number, bytes) in data.blobs.iter().enumerate() {
        let stored = push(server, WAYS[number % WAYS.len()], &hash(data.algorithm, bytes), bytes).await;
        assert_eq!(stored.status, 201, "{name}");
    }
    let tag = format!("/v2/app/manifests/{name}");
    for bytes in &data.manifests {
        let digest = hash(data.algorithm, bytes);
        let path = format!("/v2/app/manifests/{digest}");
        let stored = put(server, &path, bytes).await;
        assert_eq!((stored.status, stored.header("location")), (201, path.as_str()), "{name}");
        assert_eq!(stored.header("docker-content-digest"), digest.as_str());
        has_manifest(server, &path, &digest, bytes).await;
    }
    // Where only a digest is known, a tag has that of SHA-256.
    let top = data.manifests.last().unwrap();
    assert_eq!(put(server, &tag, top).await.status, 201);
    has_manifest(server, &tag, &hash(Algorithm::Sha256, top), top).await;
    assert!(tags(server, "").await.contains(&name.to_owned()));

    assert_eq!(send(server, "DELETE", &tag, &[], b"").await.status, 202);
    assert_eq!(head(server, &tag).await.status, 404);
    assert!(!tags(server, "").await.contains(&name.to_owned()));
    for bytes in data.manifests.iter().rev() {
        let path = format!("/v2/app/manifests/{}", hash(data.algorithm, bytes));
        assert_eq!(send(server, "DELETE", &path, &[], b"").await.status, 202, "{name}");
        assert_eq!(head(server, &path).await.status, 404, "{name}");
    }
}

fn media_type(bytes: &[u8]) -> String {
    let manifest: Value = serde_json::from_slice(bytes).unwrap();
    manifest["mediaType"].as_str().unwrap().to_owned()
}

pub async fn put(server: &Server, path: &str, bytes: &[u8]) -> Response {
    send(server, "PUT", path, &[&format!("Content-Type: {}", media_type(bytes))], bytes).await
}

async fn has_manifest(server: &Server, path: &str, digest: &Digest, bytes: &[u8]) {
    let accept = [&format!("Accept: {OCI_INDEX}")[..], &format!("Accept: {OCI_MANIFEST}")];
    for method in ["HEAD", "GET"] {
        let found = send(server, method, path, &accept, b"").await;
        assert_eq!((found.status, found.header("content-type")), (200, media_type(bytes).as_str()), "{path}");
        assert_eq!(found.header("content-length"), bytes.len().to_string());
        assert_eq!(found.header("docker-content-digest"), digest.as_str());
        assert!(method == "HEAD" || found.body == bytes, "{path}");
    }
}

async fn tags(server: &Server, query: &str) -> Vec<String> {
    let listed = get(server, &format!("/v2/app/tags/list{query}")).await;
    if listed.status == 404 {
        return Vec::new();
    }
    serde_json::from_value(listed.json()["tags"].clone()).unwrap()
}

#[tokio::test]
async fn a_list_goes_on_behind_its_last_tag() {
    for (server, _) in &servers(false).await {
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [] }).to_string();
        for tag in ["c", "a", "d", "b"] {
            assert_eq!(put(server, &format!("/v2/app/manifests/{tag}"), index.as_bytes()).await.status, 201);
        }
        assert_eq!(tags(server, "?last=b").await, ["c", "d"]);
        assert_eq!(tags(server, "?n=3").await, ["a", "b", "c"]);
        assert_eq!(tags(server, "?n=3&last=a").await, ["b", "c", "d"]);
        assert!(tags(server, "?n=0").await.is_empty() && tags(server, "?last=d").await.is_empty());
    }
}

#[tokio::test]
async fn a_manifest_put_by_its_digest_gets_the_tags_of_the_query() {
    for (server, _) in &servers(false).await {
        for (algorithm, prefix) in [(Algorithm::Sha256, "a"), (Algorithm::Sha512, "b")] {
            let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "x": prefix }).to_string();
            let digest = hash(algorithm, index.as_bytes());
            let wanted: Vec<String> = (0..10).map(|number| format!("{prefix}{number}")).collect();
            let query: String = wanted.iter().map(|tag| format!("&tag={tag}")).collect();
            let path = format!("/v2/app/manifests/{digest}?{query}");
            let stored = put(server, &path, index.as_bytes()).await;
            assert_eq!((stored.status, stored.header("oci-tag")), (201, wanted.join(", ").as_str()));
            for tag in &wanted {
                has_manifest(server, &format!("/v2/app/manifests/{tag}"), &digest, index.as_bytes()).await;
            }
            let many: String = (0..101).map(|number| format!("&tag=many{number}")).collect();
            for (query, status) in [("&tag=-bad".to_owned(), 400), (many, 414)] {
                let refused =
                    put(server, &format!("/v2/app/manifests/{digest}?tag=good{query}"), index.as_bytes()).await;
                assert_eq!(refused.status, status);
            }
            assert_eq!(get(server, "/v2/app/manifests/good").await.status, 404, "all tags or none");
        }
    }
}

#[tokio::test]
async fn a_manifest_under_a_wrong_or_bad_digest_is_refused() {
    for (server, _) in &servers(false).await {
        let mut data = Data::new("bad");
        data.image(LAYER, &json!({}));
        for bytes in &data.blobs {
            push(server, Way::Post, &hash(Algorithm::Sha256, bytes), bytes).await;
        }
        let bytes = &data.manifests[0];
        let wrong = format!("/v2/app/manifests/{}", hash(Algorithm::Sha256, b"other"));
        for path in [wrong.as_str(), "/v2/app/manifests/sha256:baddigeststring"] {
            let refused = put(server, path, bytes).await;
            assert_eq!((refused.status, refused.code().as_str()), (400, "DIGEST_INVALID"), "{path}");
        }
        assert_eq!(get(server, "/v2/app/manifests/sha256:baddigeststring").await.status, 400);
        assert_eq!(get(server, &wrong).await.status, 404);
    }
}
