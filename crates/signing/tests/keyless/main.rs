//! Signing with an identity token, against a Sigstore on loopback: what is signed is verified, and what fails stores nothing.
#![cfg(feature = "keyless")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod actions;
mod again;
mod failures;
mod signed;

use std::sync::Arc;
use std::time::SystemTime;

use lockage_registry::testing::{Recorder, fixtures};
use lockage_registry::{
    Content, Descriptor, Digest, DigestTag, DigestTagKind, Memory, Repository, Source as _, TagOrDigest,
};
use lockage_signing::keyless::{IdentityToken, Keyless, RekorVersion, Services};
use lockage_signing::trust::{Identity, TrustedRoot};
use lockage_signing::verify::Outcome;
use lockage_signing::{Policy, sign};
use lockage_signing_mock::token::{ACTIONS_ISSUER, WORKFLOW};
use lockage_signing_mock::{Mock, Services as Kind};

/// A registry with an image, and a Sigstore.
pub struct World {
    pub mock: Mock,
    pub registry: Recorder<Memory>,
    pub repo: Repository,
    pub digest: Digest,
}

impl World {
    pub async fn new() -> Self {
        let registry = Memory::new("registry.example".parse().unwrap());
        let repo: Repository = "registry.example/acme/app".parse().unwrap();
        let image = fixtures::image(1);
        fixtures::push(&registry, &repo, &image, &"v1".parse().unwrap()).await.unwrap();
        let digest = image.root().digest().clone();
        Self { mock: Mock::start().await.unwrap(), registry: Recorder::new(registry), repo, digest }
    }

    pub fn token(&self) -> IdentityToken {
        IdentityToken::parse(&self.mock.tokens.workflow("sigstore")).unwrap()
    }

    pub fn root(&self) -> Arc<TrustedRoot> {
        Arc::new(TrustedRoot::from_json(&self.mock.trusted_root()).unwrap())
    }

    /// Signs with these services, and verifies nothing.
    pub fn blind(&self, kind: Kind) -> Keyless {
        let services = Services::from_signing_config(&self.mock.signing_config(kind)).unwrap();
        assert_eq!(services.version() == RekorVersion::V2, kind == Kind::V2Timestamp);
        Keyless::new(services, self.token()).unwrap()
    }

    pub fn keyless(&self, kind: Kind) -> Keyless {
        self.blind(kind).trusted_root(self.root())
    }

    pub async fn sign(&self, keyless: &Keyless, layout: sign::Layout) -> lockage_signing::Result<sign::Signed> {
        let signing = sign::Signing::keyless(keyless).layout(layout).claim("env", "prod");
        signing.sign(&self.registry, &self.repo, &self.digest, SystemTime::now()).await
    }

    pub async fn verify(&self, identity: &str, issuer: &str) -> Outcome {
        let policy = Policy::builder()
            .identity(Identity::exact(identity, issuer).unwrap())
            .trusted_root(self.root())
            .claim("env", "prod")
            .build()
            .unwrap();
        policy.verify(&self.registry, &self.repo, &self.digest, SystemTime::now()).await
    }

    /// How many signatures of the workflow there are.
    pub async fn accepted(&self) -> usize {
        match self.verify(WORKFLOW, ACTIONS_ISSUER).await {
            Outcome::Verified(verified) => verified.accepted.len(),
            Outcome::Unsigned => 0,
            other => panic!("{other:?}"),
        }
    }

    /// What is under a tag of the old layout.
    pub async fn layers(&self, kind: DigestTagKind) -> Vec<Descriptor> {
        let tag = TagOrDigest::Tag(DigestTag::new(&self.digest, kind).to_tag());
        match self.registry.manifest(&self.repo, &tag).await.unwrap().view().unwrap().content {
            Content::Image { layers, .. } => layers,
            other => panic!("{other:?}"),
        }
    }

    pub fn writes(&self) -> usize {
        self.registry.calls().iter().filter(|call| call.operation.is_write()).count()
    }
}
