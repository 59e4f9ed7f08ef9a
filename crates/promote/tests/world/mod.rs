//! Two registries over HTTP on loopback, over memory, with their own logs, and a client for both.

use std::sync::Arc;

use lockage_promote::{ImageCopy, Receipt, Result};
use lockage_registry::client::Client;
use lockage_registry::server::{Fault, RequestHead, Seen, Server};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Digest, Memory, Reference, Source, TagOrDigest};

/// What goes wrong with which request.
pub(crate) type Script = Arc<dyn Fn(&RequestHead) -> Fault + Send + Sync>;

pub(crate) struct Place {
    pub(crate) server: Server,
    /// What the server serves, to look at without being seen.
    pub(crate) memory: Memory,
}

impl Place {
    pub(crate) async fn start() -> Self {
        Self::faulty(Arc::new(|_| Fault::None)).await
    }

    pub(crate) async fn faulty(script: Script) -> Self {
        Self::over(Memory::new("backend.test".parse().unwrap()), script).await
    }

    pub(crate) async fn over(memory: Memory, script: Script) -> Self {
        let server = Server::builder(Arc::new(memory.clone()), memory.host().clone())
            .record()
            .intercept(script)
            .serve("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        Self { server, memory }
    }

    /// `rest` at this registry, as a client names it.
    pub(crate) fn reference(&self, rest: &str) -> Reference {
        format!("{}/{rest}", self.server.host()).parse().unwrap()
    }

    /// The same place as the backend names it.
    fn behind(&self, reference: &Reference) -> Reference {
        format!("{}{}", self.memory.host(), reference.to_string().strip_prefix(self.server.host().as_str()).unwrap())
            .parse()
            .unwrap()
    }

    /// Puts an image there without a request.
    pub(crate) async fn hold(&self, image: &Image, at: &Reference) {
        let at = self.behind(at);
        fixtures::push(&self.memory, at.repository(), image, at.tag().unwrap()).await.unwrap();
    }

    /// What a tag holds, without a request.
    pub(crate) async fn tagged(&self, at: &Reference) -> Option<Digest> {
        let at = self.behind(at);
        match self.memory.resolve(at.repository(), &TagOrDigest::of(&at)).await {
            Ok(found) => Some(found.digest),
            Err(error) if error.is_not_found() => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.server.requests()
    }
}

pub(crate) fn client() -> Client {
    Client::builder().build().unwrap()
}

pub(crate) fn image(seed: u64) -> Image {
    fixtures::attested_index(seed, &["linux/amd64".parse().unwrap(), "linux/arm64".parse().unwrap()])
}

/// The image alone.
pub(crate) async fn copy(client: &Client, from: &Reference, to: &Reference) -> Result<Receipt> {
    let copy = ImageCopy::new(client, from).to(client, to).without_attachments();
    copy.apply(&copy.plan().await?).await
}
