//! Verifying: whether an image is signed as a policy asks, from a registry or an OCI layout and nothing else.
//!
//! The shortest call is the safest one: a policy that names whose signature it takes, and a digest, which is what was verified
//! and what is to be used from here on.
//!
//! ```
//! use std::time::SystemTime;
//! use lockage_registry::{Digest, Repository, Source};
//! use lockage_signing::{Policy, Verifier, verify::Outcome};
//!
//! # async fn check(
//! #     key: impl Verifier + 'static, registry: &dyn Source, repo: &Repository, digest: &Digest,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::of_key(key)?;
//! match policy.verify(registry, repo, digest, SystemTime::now()).await {
//!     Outcome::Verified(verified) => println!("{} is signed by {}", verified.digest, verified.accepted[0].signer),
//!     Outcome::Unsigned => println!("the registry has no signature of it"),
//!     Outcome::Rejected(why) => println!("no signature counts: {}", why[0]),
//!     Outcome::Indeterminate(why) => println!("not known: {}", why.errors[0]),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! * A signature counts where it *by itself* meets everything: digest, type, claims, place, signer and time. Two signatures
//!   are never put together, and one that counts is not hidden by others that do not.
//! * What is signed is believed, once its signature is: annotations, artifact types, hints and certificates that lie beside it
//!   are not. The key comes from the policy.
//! * Only a registry that says so makes an image [`Unsigned`](Outcome::Unsigned). An error is never an absence.
//! * An attestation is no signature. It says something about an image, not that somebody releases it;
//!   [`Policy::verify_attestation`](crate::Policy::verify_attestation) asks for it by its type.
//! * What strangers attach is read within [`Limits`](crate::policy::Limits). The layouts take turns, so that a flood in one
//!   hides nothing in the other.

mod attestation;
mod decide;
mod evidence;
mod examine;
mod image;
mod outcome;
pub(crate) mod report;
mod signer;
mod words;

pub use attestation::{Attestation, VerifiedAttestations};
pub(crate) use evidence::{Evidence, Says};
pub use evidence::{LegacyProof, Place, Proof};
pub(crate) use image::judge_one;
pub use outcome::{Accepted, Check, Outcome, Reason, Rejection, SignedBy, Undecided, Verified};
#[cfg(feature = "gate")]
pub(crate) use signer::{Who, who};
