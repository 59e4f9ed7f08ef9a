//! `Shelf`: a repository in memory, with or without the referrers API, and what is attached to an image in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use lockage_registry::client::Client;
use lockage_registry::server::{Fault, RequestHead, Server};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{
    Content, Descriptor, Digest, DigestTag, DigestTagKind, Memory, RawManifest, Repository, Source, TagOrDigest,
};

/// A server with one repository, `app`.
pub(crate) struct Shelf {
    pub(crate) memory: Memory,
    pub(crate) server: Server,
    /// Without the referrers API: what an index under a tag says.
    bare: bool,
}

/// The image that a test signs.
pub(crate) fn image() -> Image {
    fixtures::image(1)
}

impl Shelf {
    /// With the image on it.
    pub(crate) async fn new(bare: bool) -> Self {
        let memory = Memory::new("backend.test".parse().unwrap());
        let without_api = Arc::new(|head: &RequestHead| match head.method.as_str() {
            "GET" if head.path.contains("/referrers/") => {
                Fault::Answer { status: 404, code: "UNSUPPORTED".into(), retry_after: None }
            }
            "PUT" => Fault::RemoveHeader("oci-subject".into()),
            _ => Fault::None,
        });
        let mut builder = Server::builder(Arc::new(memory.clone()), memory.host().clone()).record();
        if bare {
            builder = builder.intercept(without_api);
        }
        let server = builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let shelf = Self { memory, server, bare };
        fixtures::push(&shelf.memory, &shelf.behind(), &image(), &"v1".parse().unwrap()).await.unwrap();
        shelf
    }

    /// A client of its own: no lock of this process is between two of them.
    pub(crate) fn client(&self) -> Client {
        Client::builder().build().unwrap()
    }

    /// The repository, as clients call it.
    pub(crate) fn repo(&self) -> Repository {
        format!("{}/app", self.server.host()).parse().unwrap()
    }

    /// The same, as the memory calls it.
    pub(crate) fn behind(&self) -> Repository {
        "backend.test/app".parse().unwrap()
    }

    /// The layers under a tag of cosign.
    pub(crate) async fn layers(&self, subject: &Digest, kind: DigestTagKind) -> Vec<Descriptor> {
        layers(&held(&self.memory, &self.behind(), subject, kind).await.unwrap())
    }

    /// What refers to the image, as a client of this registry finds it.
    pub(crate) async fn referrers(&self, subject: &Digest) -> Vec<Descriptor> {
        if !self.bare {
            return self.memory.referrers(&self.behind(), subject, None).await.unwrap();
        }
        let index = held(&self.memory, &self.behind(), subject, DigestTagKind::Referrers).await;
        let Some(index) = index else { return Vec::new() };
        let Content::Index { manifests } = index.view().unwrap().content else { panic!("no index") };
        manifests
    }

    /// Everything that is attached to the image, by digest.
    pub(crate) async fn attached(&self, subject: &Digest) -> BTreeSet<Digest> {
        let mut all: BTreeSet<_> = self.referrers(subject).await.into_iter().map(|entry| entry.digest).collect();
        for kind in [DigestTagKind::Referrers, DigestTagKind::Signature, DigestTagKind::Attestation] {
            all.extend(held(&self.memory, &self.behind(), subject, kind).await.map(|held| held.digest().clone()));
        }
        all
    }
}

/// What a tag beside an image holds.
pub(crate) async fn held(
    source: &dyn Source,
    repo: &Repository,
    subject: &Digest,
    kind: DigestTagKind,
) -> Option<RawManifest> {
    let tag = DigestTag::new(subject, kind).to_tag();
    match source.manifest(repo, &TagOrDigest::Tag(tag)).await {
        Err(error) if error.is_not_found() => None,
        held => Some(held.unwrap()),
    }
}

pub(crate) fn layers(manifest: &RawManifest) -> Vec<Descriptor> {
    let Content::Image { layers, .. } = manifest.view().unwrap().content else { panic!("no layers") };
    layers
}
