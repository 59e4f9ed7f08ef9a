//! Many writers of one tag, over HTTP, at a registry without the referrers API: all that they wrote is there.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;

use lockage_registry::client::Client;
use lockage_registry::server::{Fault, RequestHead, Server};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{
    Body, Content, Descriptor, Memory, Repository, Source, Tag, TagOrDigest, TargetExt, digest_of, media_type,
    referrers,
};
use serde_json::json;

const WRITERS: u64 = 32;
/// In the environment of a process that is one of the writers: the repository and its number.
const WRITER: &str = "LOCKAGE_TEST_WRITER";

fn subject() -> Descriptor {
    fixtures::image(1).root().descriptor().clone()
}

fn index_tag() -> Tag {
    format!("sha256-{}", subject().digest.hex()).parse().unwrap()
}

async fn serve() -> (Server, Memory) {
    let memory = Memory::new("backend.test".parse().unwrap());
    let without_api = Arc::new(|head: &RequestHead| match head.method.as_str() {
        "GET" if head.path.contains("/referrers/") => {
            Fault::Answer { status: 404, code: "UNSUPPORTED".into(), retry_after: None }
        }
        "PUT" => Fault::RemoveHeader("oci-subject".into()),
        _ => Fault::None,
    });
    let server = Server::builder(Arc::new(memory.clone()), memory.host().clone())
        .intercept(without_api)
        .serve("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    (server, memory)
}

async fn write(client: &Client, repo: &Repository, image: &Image) {
    for (blob, bytes) in &image.blobs {
        client.put_blob(repo, blob, Body::bytes(bytes.clone())).await.unwrap();
    }
    referrers::attach(client, repo, image.root()).await.unwrap();
}

fn artifact(n: u64) -> Image {
    fixtures::artifact_for(&subject(), "application/vnd.example.signature", 100 + n)
}

/// What the index lists, without a request.
async fn listed(memory: &Memory, path: &str) -> BTreeSet<String> {
    let repo: Repository = format!("backend.test/{path}").parse().unwrap();
    let index = memory.manifest(&repo, &TagOrDigest::Tag(index_tag())).await.unwrap();
    let Content::Index { manifests } = index.view().unwrap().content else { panic!("no index") };
    let listed: BTreeSet<_> = manifests.iter().map(|entry| entry.digest.to_string()).collect();
    assert_eq!(listed.len(), manifests.len(), "an entry is there twice");
    listed
}

fn expected() -> BTreeSet<String> {
    (0..WRITERS).map(|n| artifact(n).root().digest().to_string()).collect()
}

/// How often everything is done: a few times always, 20 times where it is asked for.
fn runs() -> usize {
    std::env::var("LOCKAGE_TEST_RUNS").map_or(2, |runs| runs.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_index_keeps_the_entries_of_32_writers() {
    let (server, memory) = serve().await;
    for run in 0..runs() {
        let repo: Repository = format!("{}/tasks{run}", server.host()).parse().unwrap();
        // Each has a client of its own, so that no lock of this process is between them.
        let tasks: Vec<_> = (0..WRITERS)
            .map(|n| {
                let repo = repo.clone();
                tokio::spawn(async move { write(&Client::builder().build().unwrap(), &repo, &artifact(n)).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(listed(&memory, repo.path()).await, expected(), "run {run}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_index_keeps_the_entries_of_32_processes() {
    let (server, memory) = serve().await;
    for run in 0..runs() {
        let repo = format!("{}/processes{run}", server.host());
        let writers: Vec<_> = (0..WRITERS)
            .map(|n| {
                Command::new(std::env::current_exe().unwrap())
                    .args(["--exact", "writers::a_writer_among_others", "--ignored"])
                    .env(WRITER, format!("{repo} {n}"))
                    .stdout(Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for mut writer in writers {
            let status = tokio::task::spawn_blocking(move || writer.wait().unwrap()).await.unwrap();
            assert!(status.success(), "run {run}");
        }
        assert_eq!(listed(&memory, &format!("processes{run}")).await, expected(), "run {run}");
    }
}

/// The process that `an_index_keeps_the_entries_of_32_processes` starts so often.
#[tokio::test]
#[ignore = "needs to be started by another test"]
async fn a_writer_among_others() {
    let told = std::env::var(WRITER).unwrap();
    let (repo, n) = told.split_once(' ').unwrap();
    write(&Client::builder().build().unwrap(), &repo.parse().unwrap(), &artifact(n.parse().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_signature_tag_keeps_the_layers_of_32_writers() {
    let (server, memory) = serve().await;
    let tag: Tag = format!("{}.sig", index_tag()).parse().unwrap();
    for run in 0..runs() {
        let repo: Repository = format!("{}/layers{run}", server.host()).parse().unwrap();
        let tasks: Vec<_> = (0..WRITERS)
            .map(|n| {
                let (repo, tag) = (repo.clone(), tag.clone());
                tokio::spawn(async move {
                    let client = Client::builder().build().unwrap();
                    let (payload, config) = (bytes::Bytes::from(format!("payload {n}")), bytes::Bytes::from("{}"));
                    let blob = |bytes: &bytes::Bytes, kind: &str| {
                        let digest = digest_of(lockage_registry::Algorithm::Sha256, bytes).unwrap();
                        Descriptor::new(kind, digest, bytes.len() as u64)
                    };
                    let layer = blob(&payload, "application/vnd.dev.cosign.simplesigning.v1+json");
                    let described = blob(&config, media_type::OCI_CONFIG);
                    client.put_blob(&repo, &layer, Body::bytes(payload)).await.unwrap();
                    client.put_blob(&repo, &described, Body::bytes(config)).await.unwrap();
                    let document = json!({
                        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": described, "layers": [layer],
                    });
                    let manifest =
                        lockage_registry::RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into()).unwrap();
                    referrers::merge(&client, &repo, &tag, &manifest).await.unwrap();
                    layer.digest.to_string()
                })
            })
            .collect();
        let mut written = BTreeSet::new();
        for task in tasks {
            written.insert(task.await.unwrap());
        }
        let behind: Repository = format!("backend.test/layers{run}").parse().unwrap();
        let held = memory.manifest(&behind, &TagOrDigest::Tag(tag.clone())).await.unwrap();
        let Content::Image { layers, .. } = held.view().unwrap().content else { panic!("no image") };
        let held: BTreeSet<_> = layers.iter().map(|layer| layer.digest.to_string()).collect();
        assert_eq!((held, layers.len()), (written, 32), "run {run}");
    }
}
