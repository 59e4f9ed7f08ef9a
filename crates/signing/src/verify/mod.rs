//! Verifying: whether an image is signed as a policy asks, from a registry or an OCI layout and nothing else.

mod evidence;
mod outcome;

pub(crate) use evidence::{Evidence, Says};
pub use evidence::{LegacyProof, Place, Proof};
pub use outcome::{Accepted, Check, Outcome, Reason, Rejection, SignedBy, Undecided, Verified};
