//! A registry that refuses a manifest for blobs which it has, as docker-registry does while they are uploaded again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockage_registry::client::Client;
use lockage_registry::server::{Fault, RequestHead, Server};
use lockage_registry::testing::fixtures;
use lockage_registry::{Body, ErrorKind, Memory, Repository, Source, Tag, TagOrDigest, TargetExt, referrers};

/// A server that refuses the first so many manifests.
async fn serve(refusals: usize) -> Server {
    let memory = Memory::new("backend.test".parse().unwrap());
    let left = Arc::new(AtomicUsize::new(refusals));
    let refuse = Arc::new(move |head: &RequestHead| {
        let is_manifest = head.method == "PUT" && head.path.contains("/manifests/");
        let less = |left: usize| left.checked_sub(1);
        if is_manifest && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            return Fault::Answer { status: 400, code: "MANIFEST_BLOB_UNKNOWN".into(), retry_after: None };
        }
        Fault::None
    });
    let host = memory.host().clone();
    let builder = Server::builder(Arc::new(memory), host).record().intercept(refuse);
    builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

fn puts(server: &Server) -> usize {
    server.requests().iter().filter(|seen| seen.method == "PUT" && seen.path.contains("/manifests/")).count()
}

#[tokio::test]
async fn what_the_registry_has_is_put_again_and_what_it_lacks_is_refused() {
    let tag: Tag = "sha256-0000.sig".parse().unwrap();
    let image = fixtures::image(1);
    for refusals in [0, 1, 4] {
        for by_tag in [false, true] {
            let (server, client) = (serve(refusals).await, Client::builder().build().unwrap());
            let repo: Repository = format!("{}/app", server.host()).parse().unwrap();
            for (blob, bytes) in &image.blobs {
                client.put_blob(&repo, blob, Body::bytes(bytes.clone())).await.unwrap();
            }
            let at = if by_tag {
                referrers::merge(&client, &repo, &tag, image.root()).await.unwrap();
                TagOrDigest::Tag(tag.clone())
            } else {
                referrers::attach(&client, &repo, image.root()).await.unwrap();
                TagOrDigest::Digest(image.root().digest().clone())
            };
            assert_eq!(client.manifest(&repo, &at).await.unwrap().digest(), image.root().digest());
            assert_eq!(puts(&server), refusals + 1, "by tag: {by_tag}");
        }
    }
    // Neither is a blob waited for that is not there, nor a registry that says so for ever.
    for (refusals, with_blobs, most) in [(0, false, 1), (1000, true, 7)] {
        let (server, client) = (serve(refusals).await, Client::builder().build().unwrap());
        let repo: Repository = format!("{}/app", server.host()).parse().unwrap();
        if with_blobs {
            for (blob, bytes) in &image.blobs {
                client.put_blob(&repo, blob, Body::bytes(bytes.clone())).await.unwrap();
            }
        }
        let error = referrers::merge(&client, &repo, &tag, image.root()).await.unwrap_err();
        assert_eq!((error.kind(), puts(&server)), (ErrorKind::Rejected, most), "{error}");
    }
}
