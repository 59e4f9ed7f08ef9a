//! A registry in memory behind its quirks, looked at from behind.

use std::sync::Arc;

use lockage_promote::{ImageCopy, Receipt};
use lockage_registry::client::Client;
use lockage_registry::server::Server;
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Memory, Reference, Repository, Source as _, SourceExt as _, TagOrDigest};

use super::front::Front;
use super::quirk::Quirk;

pub(crate) struct Place {
    memory: Memory,
    _server: Server,
    storage: Front,
    front: Front,
}

impl Place {
    pub(crate) async fn start(quirks: &[Quirk]) -> Self {
        let memory = Memory::new("backend.test".parse().unwrap());
        let server = Server::builder(Arc::new(memory.clone()), memory.host().clone());
        let server = server.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let storage = Front::start(server.address(), server.address(), &[]).await;
        let front = Front::start(server.address(), storage.host().parse().unwrap(), quirks).await;
        Self { memory, _server: server, storage, front }
    }

    /// As a client names it.
    pub(crate) fn reference(&self, rest: &str) -> Reference {
        format!("{}/{rest}", self.front.host()).parse().unwrap()
    }

    /// Puts an image there without a request.
    pub(crate) async fn hold(&self, image: &Image, repository: &str, tag: &str) {
        fixtures::push(&self.memory, &behind(repository), image, &tag.parse().unwrap()).await.unwrap();
    }

    /// Whether all of the image is there, byte for byte, and the tag is its.
    pub(crate) async fn has(&self, image: &Image, repository: &str, tag: &str) -> Result<(), String> {
        let repository = behind(repository);
        let tag = TagOrDigest::Tag(tag.parse().unwrap());
        let held = self.memory.resolve(&repository, &tag).await.map_err(|e| e.to_string())?;
        if held.digest != *image.root().digest() {
            return Err(format!("{repository}:{tag} is {}", held.digest));
        }
        for manifest in &image.manifests {
            let what = TagOrDigest::Digest(manifest.digest().clone());
            let held = self.memory.manifest(&repository, &what).await.map_err(|e| e.to_string())?;
            if held != *manifest {
                return Err(format!("{what} has become {held:?}"));
            }
        }
        for (blob, bytes) in &image.blobs {
            let held = self.memory.read_blob(&repository, blob, blob.size).await.map_err(|e| e.to_string())?;
            if held != *bytes {
                return Err(format!("{} has become {} bytes", blob.digest, held.len()));
            }
        }
        Ok(())
    }

    /// The requests to the registry.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.front.seen()
    }

    /// The requests to its storage.
    pub(crate) fn stored(&self) -> Vec<String> {
        self.storage.seen()
    }
}

fn behind(repository: &str) -> Repository {
    format!("backend.test/{repository}").parse().unwrap()
}

/// Two platforms, and an attestation beside each.
pub(crate) fn image(seed: u64) -> Image {
    fixtures::attested_index(seed, &["linux/amd64".parse().unwrap(), "linux/arm64".parse().unwrap()])
}

pub(crate) async fn copy(client: &Client, from: &Reference, to: &Reference) -> lockage_promote::Result<Receipt> {
    let copy = ImageCopy::new(client, from).to(client, to);
    copy.apply(&copy.plan().await?).await
}
