//! Why sigstore-verify refuses something, in our words: which part of the evidence is wrong.

use sigstore_verify::Error;
use sigstore_verify::bundle::Error as BundleError;

use crate::verify::Reason;

/// The part of the evidence that an error is about.
///
/// Whether the signature is about the right thing is decided before; a mismatch that is found here is one between a log's
/// entry and the signature that it came with.
pub(super) fn reason(error: &Error) -> Reason {
    let why = line(error);
    match error {
        Error::Certificate(_) | Error::IdentityMismatch { .. } | Error::IssuerMismatch { .. } => {
            Reason::Certificate { why }
        }
        Error::TransparencyLog(_) | Error::ArtifactMismatch(_) => Reason::TransparencyLog { why },
        Error::Timestamp(_) => Reason::Timestamp { why },
        Error::SignatureInvalid(_) => Reason::Signature { why },
        Error::Bundle(
            BundleError::MissingInclusionPromise(_)
            | BundleError::MissingInclusionProof(_)
            | BundleError::MissingCheckpoint
            | BundleError::MissingSigningTimeEvidence
            | BundleError::LogIndexOutOfRange { .. }
            | BundleError::CheckpointRootMismatch,
        ) => Reason::TransparencyLog { why },
        Error::Bundle(BundleError::MissingTimestamp) => Reason::Timestamp { why },
        _ => Reason::Malformed { why },
    }
}

/// A document that cannot be read.
pub(super) fn malformed(why: impl ToString) -> Reason {
    Reason::Malformed { why: line(why) }
}

/// What a stranger wrote stays on one line, and ends.
fn line(why: impl ToString) -> String {
    const MAX: usize = 512;
    why.to_string().chars().take(MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
