//! Approvals: who may say that a plan is good, said by signature, and kept with the image.

mod found;
mod gate;
mod said;
mod store;

pub use crate::statement::{Checked, Sealed, SignedBy, StatementError, StatementSigner, StatementVerifier, Unsigned};
pub(in crate::pipeline) use found::read as read_sealed;
pub use gate::ApprovalGate;
pub use said::{Approval, ApprovalError};
pub use store::{approve, approve_as, approve_set, approve_set_as};

/// The artifact type of an approval in a registry.
pub const ARTIFACT_TYPE: &str = "application/vnd.lockage.approval.v1+json";

/// The predicate type of the statement that is signed.
pub const PREDICATE_TYPE: &str = "https://lockage.dev/approval/v1";
