//! What is attached to an image at a registry without the referrers API, written and found by hand.

use std::collections::BTreeMap;

use lockage_registry::client::Client;
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Digest, RawManifest, Repository, Tag, Target as _, media_type};
use lockage_tagging::{DigestTag, DigestTagKind};

use super::raw::closure;

/// Two artifacts that name the image as their subject, and one under cosign's tag.
pub(crate) struct Attached {
    subject: Digest,
    artifacts: Vec<Image>,
    signature: Image,
}

impl Attached {
    pub(crate) fn to(image: &Image) -> Self {
        let subject = image.root().descriptor();
        let types = [fixtures::SIGNATURE, fixtures::SBOM];
        let artifacts =
            types.iter().zip(50..).map(|(kind, seed)| fixtures::artifact_for(subject, kind, seed)).collect();
        Self { subject: subject.digest.clone(), artifacts, signature: fixtures::image_with_layers(60, &[500]) }
    }

    fn tag(&self, kind: DigestTagKind) -> Tag {
        DigestTag::new(&self.subject, kind).to_tag()
    }

    /// Puts it there, with the fallback tag that lists it (distribution-spec, "Referrers Tag Schema").
    pub(crate) async fn push(&self, client: &Client, repository: &Repository) {
        let mut entries = Vec::new();
        for artifact in &self.artifacts {
            let mut entry = artifact.root().descriptor().clone();
            entry.artifact_type = artifact.root().view().unwrap().effective_artifact_type().map(str::to_owned);
            let tag = entry.digest.hex().parse().unwrap();
            fixtures::push(client, repository, artifact, &tag).await.unwrap();
            entries.push(entry);
        }
        let json = serde_json::json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries });
        let index = RawManifest::new(media_type::OCI_INDEX, json.to_string().into()).unwrap();
        client.put_manifest(repository, &index, &self.tag(DigestTagKind::Referrers).into()).await.unwrap();
        let signature = self.tag(DigestTagKind::Signature);
        fixtures::push(client, repository, &self.signature, &signature).await.unwrap();
    }

    /// Whether all of it is there, byte for byte; beside other things perhaps.
    pub(crate) fn is_at(&self, host: &str, repository: &str) -> Result<(), String> {
        let under = |kind| {
            let tag = self.tag(kind);
            closure(host, repository, tag.as_str())?.ok_or_else(|| format!("there is no tag {tag}"))
        };
        let (listed, signature) = (under(DigestTagKind::Referrers)?, under(DigestTagKind::Signature)?);
        if signature != self.signature.parts() {
            return Err(format!("the signature has become {:?}", signature.keys()));
        }
        let missing = self.artifacts.iter().flat_map(Parts::parts).find(|(digest, _)| !listed.contains_key(digest));
        missing.map_or(Ok(()), |(digest, _)| Err(format!("{digest} is not attached")))
    }
}

/// All of an image as it should be found.
pub(crate) trait Parts {
    fn parts(&self) -> BTreeMap<String, Vec<u8>>;
}

impl Parts for Image {
    fn parts(&self) -> BTreeMap<String, Vec<u8>> {
        let manifests = self.manifests.iter().map(|raw| (raw.digest().to_string(), raw.bytes().to_vec()));
        manifests.chain(self.blobs.iter().map(|(blob, bytes)| (blob.digest.to_string(), bytes.to_vec()))).collect()
    }
}
