//! Evidence with the image: what was verified of it, signed, attached to it where it was promoted to.
//!
//! A promotion writes a Simple Verification Result (in-toto attestation, predicate "svr", v0.2), on request a SLSA
//! Verification Summary, and whatever predicates its gates give ([`RawPredicate`](crate::RawPredicate)). Each is signed once
//! and attached to the index and to the manifest of each platform, as what runs in a cluster is a platform's. They are there
//! before the ledger says that a tag is about to move.
//!
//! What is there already is used again only if the verifier knows its signer, the policy is the same, it is about this very
//! image in this very repository, and it is young enough. A list of referrers that cannot be read is an error: it is never
//! taken for an empty one.
//!
//! ```
//! use std::time::SystemTime;
//! use lockage_promote::pipeline::evidence::{self, Evident};
//! # use lockage_promote::pipeline::approval::{Checked, Sealed, StatementError, StatementVerifier};
//! # use lockage_registry::{Memory, Registry, Repository, TagOrDigest, testing::fixtures, Source as _};
//! # #[derive(Debug)] struct Nobody;
//! # #[async_trait::async_trait] impl StatementVerifier for Nobody {
//! #     async fn verify_statement(&self, _: &Sealed) -> Result<Checked, StatementError> {
//! #         Ok(Checked::Refused { reason: "unknown".into() })
//! #     }
//! # }
//! # futures::executor::block_on(async {
//! # let registry = Memory::new("prod.example".parse()?);
//! # let (app, our_pipeline): (Repository, _) = ("prod.example/app".parse()?, Nobody);
//! # fixtures::push(&registry, &app, &fixtures::image(1), &"v1".parse()?).await?;
//! # let digest = registry.resolve(&app, &TagOrDigest::Tag("v1".parse()?)).await?.digest;
//! // Before a deployment: has our pipeline promoted this digest to prod?
//! match evidence::promoted_to(&registry, &app, &digest, &"prod".parse()?, &our_pipeline, SystemTime::now()).await? {
//!     Evident::Promoted(found) if found.summary.overridden().next().is_none() => println!("deploy it"),
//!     other => println!("not so: {other}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod error;
mod found;
mod proof;
mod read;
mod receipt;
mod signing;
mod statement;
mod store;
mod summary;
mod vsa;
mod write;

pub use error::EvidenceError;
pub use found::{Evident, Found, Promoted, Word, find, promoted_to};
pub use proof::PromotionProof;
pub use receipt::{EvidenceReceipt, StatementReceipt};
pub use signing::EvidenceSigning;
pub use statement::purl;
pub use summary::{GateWord, Summary};

pub(in crate::pipeline) use write::{Written, write};

/// The predicate type of a Simple Verification Result.
pub const SVR: &str = "https://in-toto.io/attestation/svr/v0.2";

/// The predicate type of a SLSA Verification Summary.
pub const VSA: &str = "https://slsa.dev/verification_summary/v1";
