//! A registry over HTTP that misbehaves as a test says, with one repository in it.

use std::sync::Arc;
use std::time::Duration;

use lockage_registry::client::{Client, ClientBuilder};
use lockage_registry::server::{Fault, RequestHead, Seen, Server};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{
    Algorithm, Body, Descriptor, Host, Memory, Repository, RetryPolicy, Tag, TagOrDigest, TargetExt, digest_of,
};

pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) memory: Memory,
    pub(crate) image: Image,
}

impl Place {
    /// With an image under the tag `v1` of `app`.
    pub(crate) async fn start(script: impl Fn(&RequestHead) -> Fault + Send + Sync + 'static) -> Self {
        let memory = Memory::new("backend.test".parse().unwrap());
        let image = fixtures::image(7);
        fixtures::push(&memory, &"backend.test/app".parse().unwrap(), &image, &"v1".parse().unwrap()).await.unwrap();
        let server = Server::builder(Arc::new(memory.clone()), memory.host().clone())
            .record()
            .intercept(Arc::new(script))
            .serve("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        Self { server, memory, image }
    }

    pub(crate) fn host(&self) -> &Host {
        self.server.host()
    }

    pub(crate) fn repo(&self) -> Repository {
        format!("{}/app", self.server.host()).parse().unwrap()
    }

    /// A blob of `size` bytes that no two of are alike in a row.
    pub(crate) async fn blob(&self, size: usize) -> (Descriptor, Vec<u8>) {
        let (blob, bytes) = blob(size);
        let behind = "backend.test/app".parse().unwrap();
        self.memory.put_blob(&behind, &blob, Body::bytes(bytes.clone())).await.unwrap();
        (blob, bytes)
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.server.requests()
    }

    /// How many requests had this method.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.requests().iter().filter(|seen| seen.method == method).count()
    }
}

pub(crate) fn blob(size: usize) -> (Descriptor, Vec<u8>) {
    let bytes: Vec<u8> = (0..size).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect();
    let digest = digest_of(Algorithm::Sha256, &bytes).unwrap();
    (Descriptor::new("application/octet-stream", digest, size as u64), bytes)
}

pub(crate) fn v1() -> TagOrDigest {
    "v1".parse::<Tag>().unwrap().into()
}

/// As shipped, but for the waits.
pub(crate) fn impatient() -> RetryPolicy {
    RetryPolicy::default().with_first_delay(Duration::from_millis(1)).with_longest_delay(Duration::from_millis(20))
}

pub(crate) fn builder() -> ClientBuilder {
    Client::builder().retry(impatient())
}

pub(crate) fn client() -> Client {
    builder().build().unwrap()
}

pub(crate) fn answer(status: u16) -> Fault {
    Fault::Answer { status, code: "UNKNOWN".to_owned(), retry_after: None }
}
