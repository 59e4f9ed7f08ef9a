//! A registry in memory behind its quirks, looked at from behind.

use std::sync::Arc;

use lockage_promote::{ImageCopy, Receipt};
use lockage_registry::client::Client;
use lockage_registry::server::Server;
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{
    Descriptor, Digest, Memory, Prune as _, RawManifest, Reference, Repository, Source as _, SourceExt as _,
    TagOrDigest, Target as _, media_type,
};
use lockage_tagging::{DigestTag, DigestTagKind};

use super::front::Front;
use super::quirk::Quirk;

pub(crate) struct Place {
    memory: Memory,
    _server: Server,
    storage: Front,
    front: Front,
    quirks: Vec<Quirk>,
}

impl Place {
    pub(crate) async fn start(quirks: &[Quirk]) -> Self {
        let memory = Memory::new("backend.test".parse().unwrap());
        let server = Server::builder(Arc::new(memory.clone()), memory.host().clone());
        let server = server.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let storage = Front::start(server.address(), server.address(), &[]).await;
        let front = Front::start(server.address(), storage.host().parse().unwrap(), quirks).await;
        Self { memory, _server: server, storage, front, quirks: quirks.to_vec() }
    }

    /// As a client names it.
    pub(crate) fn reference(&self, rest: &str) -> Reference {
        format!("{}/{rest}", self.front.host()).parse().unwrap()
    }

    /// Puts an image there without a request.
    pub(crate) async fn hold(&self, image: &Image, repository: &str, tag: &str) {
        fixtures::push(&self.memory, &behind(repository), image, &tag.parse().unwrap()).await.unwrap();
    }

    /// Attaches the artifacts to what they name as their subject: listed under the fallback tag, too, where this
    /// registry is one that has no better way.
    pub(crate) async fn attach(&self, artifacts: &[Image], repository: &str) {
        let lists = self.quirks.contains(&Quirk::NoReferrersApi);
        let repository = behind(repository);
        for artifact in artifacts {
            let root = artifact.root();
            // By its own digest as a tag: a push needs one, and none other is to be moved.
            let tag = root.digest().hex().parse().unwrap();
            fixtures::push(&self.memory, &repository, artifact, &tag).await.unwrap();
            self.memory.delete_tag(&repository, &tag).await.unwrap();
            if !lists {
                continue;
            }
            let view = root.view().unwrap();
            let mut entries = self.listed(&repository, &view.subject.clone().unwrap().digest).await.unwrap();
            let mut entry = root.descriptor().clone();
            entry.artifact_type = view.effective_artifact_type().map(str::to_owned);
            entries.push(entry);
            let json =
                serde_json::json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries });
            let index = RawManifest::new(media_type::OCI_INDEX, json.to_string().into()).unwrap();
            let tag = DigestTag::new(&view.subject.unwrap().digest, DigestTagKind::Referrers).to_tag();
            self.memory.put_manifest(&repository, &index, &tag.into()).await.unwrap();
        }
    }

    /// Whether the artifact is there, byte for byte, and is found by whoever asks for what is attached to its subject.
    pub(crate) async fn has_attached(&self, artifact: &Image, repository: &str) -> Result<(), String> {
        let (repository, root) = (behind(repository), artifact.root());
        self.has_parts(artifact, &repository).await?;
        let subject = root.view().unwrap().subject.unwrap().digest;
        let listed = if self.quirks.contains(&Quirk::NoReferrersApi) {
            self.listed(&repository, &subject).await?
        } else {
            self.memory.referrers(&repository, &subject, None).await.map_err(|e| e.to_string())?
        };
        let entry = listed.iter().find(|entry| entry.digest == *root.digest());
        let entry = entry.ok_or_else(|| format!("{} is not listed at {repository}@{subject}", root.digest()))?;
        match entry.artifact_type.as_deref() == root.view().unwrap().effective_artifact_type() {
            true => Ok(()),
            false => Err(format!("it is listed as {:?}", entry.artifact_type)),
        }
    }

    /// What the fallback tag lists.
    async fn listed(&self, repository: &Repository, subject: &Digest) -> Result<Vec<Descriptor>, String> {
        let tag = DigestTag::new(subject, DigestTagKind::Referrers).to_tag();
        match self.memory.manifest(repository, &tag.into()).await {
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
            Ok(index) => Ok(index.view().map_err(|e| e.to_string())?.children().into_iter().cloned().collect()),
        }
    }

    /// Whether all of the image is there, byte for byte, and the tag is its.
    pub(crate) async fn has(&self, image: &Image, repository: &str, tag: &str) -> Result<(), String> {
        let repository = behind(repository);
        let tag = TagOrDigest::Tag(tag.parse().unwrap());
        let held = self.memory.resolve(&repository, &tag).await.map_err(|e| e.to_string())?;
        if held.digest != *image.root().digest() {
            return Err(format!("{repository}:{tag} is {}", held.digest));
        }
        self.has_parts(image, &repository).await
    }

    async fn has_parts(&self, image: &Image, repository: &Repository) -> Result<(), String> {
        for manifest in &image.manifests {
            let what = TagOrDigest::Digest(manifest.digest().clone());
            let held = self.memory.manifest(repository, &what).await.map_err(|e| e.to_string())?;
            if held != *manifest {
                return Err(format!("{what} has become {held:?}"));
            }
        }
        for (blob, bytes) in &image.blobs {
            let held = self.memory.read_blob(repository, blob, blob.size).await.map_err(|e| e.to_string())?;
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

/// Two platforms alone.
pub(crate) fn small(seed: u64) -> Image {
    fixtures::index(seed, &["linux/amd64".parse().unwrap(), "linux/arm64".parse().unwrap()])
}

pub(crate) async fn copy(client: &Client, from: &Reference, to: &Reference) -> lockage_promote::Result<Receipt> {
    let copy = ImageCopy::new(client, from).to(client, to);
    copy.apply(&copy.plan().await?).await
}

/// A signature and an SBOM of the whole, an SBOM of one platform, and a signature of the first SBOM.
pub(crate) fn attachments(image: &Image) -> Vec<Image> {
    let attach = |subject: &RawManifest, kind, seed| fixtures::artifact_for(subject.descriptor(), kind, seed);
    let sbom = attach(image.root(), fixtures::SBOM, 71);
    let deeper = attach(sbom.root(), fixtures::SIGNATURE, 72);
    vec![attach(image.root(), fixtures::SIGNATURE, 70), sbom, deeper, attach(&image.manifests[0], fixtures::SBOM, 73)]
}

/// The tag under which cosign keeps the signature of an image.
pub(crate) fn signature_tag(image: &Image) -> String {
    DigestTag::new(image.root().digest(), DigestTagKind::Signature).to_tag().to_string()
}
