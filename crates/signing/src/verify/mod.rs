//! Verifying: whether an image is signed as a policy asks, from a registry or an OCI layout and nothing else.

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
