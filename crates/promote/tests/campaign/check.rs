//! Check: whether a repository has all of a freight, to the byte, as seen behind the faults.

use bytes::Bytes;
use futures::stream::TryStreamExt as _;
use lockage_registry::{
    Content, Descriptor, Digest, DigestTag, DigestTagKind, RawManifest, Registry, Repository, Source, TagOrDigest,
};
use serde_json::Value;

use crate::freight::{Attached, Freight, UNKNOWN, signatures};

/// What is wrong, in words.
pub(crate) type Checked<T = ()> = Result<T, String>;

/// What was at the target before the copy and has to stay.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// What the tag held.
    pub(crate) image: Option<Freight>,
    /// What others have attached to the image that will come.
    pub(crate) attached: Vec<Attached>,
}

/// A repository to be looked at.
pub(crate) struct Look<'a> {
    pub(crate) registry: &'a dyn Registry,
    pub(crate) repo: &'a Repository,
    /// Whether its clients are given the referrers API; else they look into the fallback tag.
    pub(crate) api: bool,
}

impl Look<'_> {
    /// All manifests and blobs of the image, and everything attached to it, theirs and ours.
    pub(crate) async fn complete(&self, freight: &Freight, before: &Before) -> Checked {
        self.same(freight.root()).await?;
        self.ready(freight, before).await
    }

    /// The same without the root, which may come with the tag.
    pub(crate) async fn ready(&self, freight: &Freight, before: &Before) -> Checked {
        self.below(freight).await?;
        for one in freight.attached.iter().chain(&before.attached) {
            match one.cosign_tag() {
                Some(tag) => self.signed(freight, before, one, &tag.into()).await?,
                None => {
                    self.same(&one.manifest).await?;
                    self.blobs(&one.blobs).await?;
                    self.listed(&one.subject, &one.manifest, false).await?;
                }
            }
        }
        self.kept(before).await
    }

    /// What was there is there.
    pub(crate) async fn kept(&self, before: &Before) -> Checked {
        if let Some(image) = &before.image {
            self.image(image).await.map_err(|e| format!("the former image: {e}"))?;
        }
        for one in &before.attached {
            match one.cosign_tag() {
                Some(tag) => {
                    let held = self.manifest(&tag.into()).await?;
                    let names = signatures(&held);
                    if let Some(lost) = signatures(&one.manifest).into_iter().find(|name| !names.contains(name)) {
                        return Err(format!("the foreign signature {lost:?} is lost: {names:?}"));
                    }
                }
                None => {
                    self.same(&one.manifest).await.map_err(|e| format!("foreign: {e}"))?;
                    self.listed(&one.subject, &one.manifest, true).await.map_err(|e| format!("foreign: {e}"))?;
                }
            }
        }
        Ok(())
    }

    async fn image(&self, image: &Freight) -> Checked {
        self.same(image.root()).await?;
        self.below(image).await
    }

    async fn below(&self, image: &Freight) -> Checked {
        for manifest in image.manifests.iter().filter(|manifest| *manifest != image.root()) {
            self.same(manifest).await?;
        }
        self.blobs(&image.blobs).await
    }

    async fn signed(&self, freight: &Freight, before: &Before, one: &Attached, at: &TagOrDigest) -> Checked {
        let held = self.manifest(at).await?;
        let names = signatures(&held);
        let all = freight.attached.iter().chain(&before.attached);
        let same: Vec<_> = all.filter(|other| other.tag == one.tag && other.subject == one.subject).collect();
        for wanted in same.iter().flat_map(|other| signatures(&other.manifest)) {
            if !names.contains(&wanted) {
                return Err(format!("{at} lacks the signature {wanted:?}: {names:?}"));
            }
        }
        if same.len() == 1 && held != one.manifest {
            return Err(format!("{at} holds {}, and not the bytes of {}", held.digest(), one.manifest.digest()));
        }
        let Content::Image { .. } = view(&held)?.content else { return Err(format!("{at} holds no image")) };
        for blob in view(&held)?.blobs() {
            let known = freight.attached.iter().chain(&before.attached).flat_map(|other| &other.blobs);
            match known.clone().find(|(known, _)| known.digest == blob.digest) {
                Some(known) => self.blob(&known.0, &known.1).await?,
                // The config of a manifest that was merged.
                None => drop(self.read(blob).await?),
            }
        }
        Ok(())
    }

    async fn listed(&self, subject: &Digest, manifest: &RawManifest, foreign: bool) -> Checked {
        let digest = manifest.digest();
        let wanted = view(manifest)?;
        if self.api {
            let listed = self.registry.referrers(self.repo, subject, None).await.map_err(|e| e.to_string())?;
            return match listed.iter().any(|entry| entry.digest == *digest) {
                true => Ok(()),
                false => Err(format!("{digest} is not among the referrers of {subject}")),
            };
        }
        let at = DigestTag::new(subject, DigestTagKind::Referrers).to_tag();
        let index = self.manifest(&at.into()).await?;
        let index: Value = serde_json::from_slice(index.bytes()).map_err(|e| e.to_string())?;
        let entries = index["manifests"].as_array().ok_or("the fallback tag holds no index")?;
        match entries.iter().find(|entry| entry["digest"] == digest.as_str()) {
            None => Err(format!("{digest} is not in the index of the referrers of {subject}")),
            Some(entry) if entry["artifactType"].as_str() != wanted.effective_artifact_type() => {
                Err(format!("{digest} is in the index as {}", entry["artifactType"]))
            }
            Some(entry) if foreign && entry[UNKNOWN].is_null() => {
                Err(format!("the entry of {digest} has lost a field: {entry}"))
            }
            Some(_) => Ok(()),
        }
    }

    pub(crate) async fn tagged(&self, at: &TagOrDigest) -> Checked<Option<Digest>> {
        match self.registry.resolve(self.repo, at).await {
            Ok(found) => Ok(Some(found.digest)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn manifest(&self, at: &TagOrDigest) -> Checked<RawManifest> {
        self.registry.manifest(self.repo, at).await.map_err(|error| error.to_string())
    }

    async fn same(&self, wanted: &RawManifest) -> Checked {
        match self.manifest(&wanted.digest().clone().into()).await? {
            found if found == *wanted => Ok(()),
            found => Err(format!("{} has other bytes or another type: {found:?}", wanted.digest())),
        }
    }

    async fn blobs(&self, blobs: &[(Descriptor, Bytes)]) -> Checked {
        for (blob, bytes) in blobs {
            self.blob(blob, bytes).await?;
        }
        Ok(())
    }

    async fn blob(&self, blob: &Descriptor, bytes: &Bytes) -> Checked {
        match self.read(blob).await? == *bytes {
            true => Ok(()),
            false => Err(format!("{} has other bytes", blob.digest)),
        }
    }

    async fn read(&self, blob: &Descriptor) -> Checked<Vec<u8>> {
        let stream = Source::blob(self.registry, self.repo, blob, 0).await.map_err(|error| error.to_string())?;
        let all = stream.try_fold(Vec::new(), |mut all, chunk| async move {
            all.extend_from_slice(&chunk);
            Ok(all)
        });
        all.await.map_err(|error| error.to_string())
    }
}

fn view(manifest: &RawManifest) -> Checked<lockage_registry::Manifest> {
    manifest.view().map_err(|error| error.to_string())
}
