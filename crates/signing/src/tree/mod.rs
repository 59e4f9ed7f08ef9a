//! `Tree`: everything that is attached to an image and its children, and who claims to have signed it.
//!
//! ```
//! use lockage_registry::{Memory, RawManifest, Reference, Target, TagOrDigest};
//! use lockage_signing::{policy::Limits, tree::tree};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Memory::new("registry.test".parse()?);
//! let app: Reference = "registry.test/app:v1".parse()?;
//! let image = RawManifest::new("application/vnd.oci.image.index.v1+json", r#"{"manifests":[]}"#.into())?;
//! registry.put_manifest(app.repository(), &image, &TagOrDigest::of(&app)).await?;
//! let tree = tree(&registry, app.repository(), image.digest(), &Limits::default()).await?;
//! assert!(tree.attached.is_empty());
//! assert_eq!(tree.to_string(), format!("{} application/vnd.oci.image.index.v1+json, 16 bytes\n", image.digest()));
//! # Ok(())
//! # }
//! ```

mod branch;
mod claimed;
mod grow;
mod parts;

use std::time::SystemTime;

use lockage_registry::{Digest, Platform, Repository, Source, Tag};
use serde::Serialize;

use crate::policy::Limits;
use crate::verify::{Place, Reason, SignedBy};
use crate::{Policy, Result};

pub use claimed::ClaimedSigner;

/// A manifest, its children, and what is attached to it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Tree {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// What it is for, where an index says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What is attached to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<Attached>,
    /// What it has of statements, where it is one of BuildKit's attestation manifests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The children of an index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Tree>,
}

/// Something that is attached to a manifest.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Attached {
    /// The digest of its manifest.
    pub digest: Digest,
    /// The media type of its manifest.
    pub media_type: String,
    /// The size of its manifest in bytes.
    pub size: u64,
    /// What its manifest says that it is: the artifact type, or the type of the config. Nobody vouches for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The tag of cosign that it is under; none where it is among the referrers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// What is wrong with it, such as that it is listed and not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What it has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What is attached to it in turn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<Attached>,
}

/// A signature, an attestation or another document in something that is attached. All but `verified` is what it says.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Part {
    /// Where it is.
    pub place: Place,
    /// What it is: `signature`, `attestation`, or its media type.
    pub kind: String,
    /// The predicate type of a statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// Who *claims* to have signed it: nothing has been checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_signer: Option<ClaimedSigner>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What a policy says about it, where one was asked: this signature by itself, whatever number the policy asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<PartVerdict>,
}

/// What a policy says about one signature.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
#[non_exhaustive]
pub enum PartVerdict {
    /// It counts.
    Verified {
        /// Who has signed.
        signer: SignedBy,
    },
    /// It does not count.
    Rejected {
        /// Why.
        reasons: Vec<Reason>,
    },
    /// It could not be decided.
    Indeterminate {
        /// What kept it from being decided.
        error: String,
    },
}

/// Everything that is attached to `digest` and to each of its children, and to that in turn: referrers of every kind,
/// signatures, attestations and SBOMs under cosign's tags, and what BuildKit keeps in an index.
///
/// Nothing is checked: see [`Policy::tree`]. Costs for each manifest, those of attachments included, three GETs for cosign's
/// tags and the list of referrers; one GET for each manifest, and one for each document that may be signed.
///
/// # Errors
/// Whatever could not be read, so that what is not in the tree is not there; [`Error::TooMuch`](crate::Error::TooMuch) above
/// the limits.
pub async fn tree(source: &dyn Source, repo: &Repository, digest: &Digest, limits: &Limits) -> Result<Tree> {
    grow::Grower::new(source, repo, limits, None).root(digest).await
}

impl Policy {
    /// The same [`tree()`], and what this policy says of each signature and attestation in it, now being `now`.
    ///
    /// # Errors
    /// As [`tree()`].
    pub async fn tree(&self, source: &dyn Source, repo: &Repository, digest: &Digest, now: SystemTime) -> Result<Tree> {
        grow::Grower::new(source, repo, &self.limits, Some((self, now))).root(digest).await
    }
}
