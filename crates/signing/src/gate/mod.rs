//! Gates of a promotion: nothing moves unless it is signed, or attested, as a policy asks.
//!
//! They look at the plan's digest in the repository that it is copied from. What is verified is what is copied: a plan names
//! its image by digest, and a tag that moves meanwhile changes neither.
//!
//! [`KeySigner`], `KeylessSigner` and [`Signers`] sign and verify the statements of promotions: approvals, the entries of a
//! ledger, evidence. They are the ports of [`lockage_promote::statement`].

mod attestation;
mod signature;
mod signer;
mod signers;
mod undecided;

pub use attestation::AttestationGate;
pub use signature::SignatureGate;
pub use signer::KeySigner;
#[cfg(feature = "keyless")]
pub use signer::KeylessSigner;
pub use signers::{Signers, SignersError};
pub use undecided::CannotDecide;

use lockage_promote::{Evidence, GateContext, GateError, Verdict};
use serde::Serialize;

use crate::verify::{Outcome, SignedBy};

/// The verdict on an outcome. What could not be decided is an error, and never a verdict.
fn verdict<V>(
    context: &GateContext<'_>,
    outcome: Outcome<V>,
    none: &str,
    pass: impl FnOnce(V) -> Result<Evidence, GateError>,
) -> Result<Verdict, GateError> {
    match outcome {
        Outcome::Verified(verified) => pass(verified).map(Verdict::Pass),
        Outcome::Unsigned => {
            Ok(Verdict::fail(format!("{}@{} {none}", context.plan.source().repository(), context.digest())))
        }
        Outcome::Rejected(rejected) => {
            let mut reasons: Vec<_> = rejected.iter().map(ToString::to_string).collect();
            if reasons.is_empty() {
                reasons.push("it does not meet the policy".to_owned());
            }
            Ok(Verdict::Fail { reasons })
        }
        Outcome::Indeterminate(undecided) => Err(Box::new(CannotDecide(undecided))),
    }
}

/// Evidence in one line, and with what it stands on.
fn evidence<'v>(
    said: &str,
    signers: impl Iterator<Item = &'v SignedBy>,
    details: &impl Serialize,
) -> Result<Evidence, GateError> {
    let mut names: Vec<_> = signers.map(ToString::to_string).collect();
    names.sort_unstable();
    names.dedup();
    Ok(Evidence::new(format!("{said} {}", names.join(", "))).with_details(serde_json::to_value(details)?))
}
