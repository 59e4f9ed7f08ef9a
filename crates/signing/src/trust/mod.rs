//! What a trusted root vouches for: certificates, transparency logs, timestamps. No network.
//!
//! [`TrustedRoot`] holds the authorities, [`Identity`] says whom a policy means, and
//! [`Policy::verify_bundle`](crate::Policy::verify_bundle) judges a bundle in a file as
//! [`Policy::verify`](crate::Policy::verify) judges those on an image.
//!
//! # What is stricter than sigstore-verify
//!
//! * Every log entry of a bundle needs the log's proof that it has it, whatever version the bundle says it is.
//! * The log that an entry names has to have signed the proof's checkpoint, and to have been in use at the proven times.
//! * An authority vouches for nothing while one of its own certificates is not valid.
//! * A trusted root, a bundle or an annotation that says a field twice is refused.
//! * A rule about URIs is not met by an e-mail address, nor the reverse.
//!
//! # What is not read
//!
//! * Timestamps with a fraction of a second, and log entries of kind intoto 0.0.1, which cosign before 2.2 made of
//!   attestations. They are refused, and the reason says so.
//! * Envelopes signed by P-384 over SHA-256, where a certificate or a log is involved.
//!
//! # The clock
//!
//! Whether a certificate was valid is decided by the proven times. Whether a log's time lies in the future, and whether its
//! key may be used yet, sigstore-verify decides by this machine's clock, not by the `now` that a caller passes.

mod blob;
mod case;
mod certified;
mod claims;
mod exhibit;
mod identity;
mod legacy;
mod log;
mod reason;
mod root;
mod witnessed;

pub use blob::{Artifact, VerifiedBlob};
pub(crate) use certified::Certified;
pub use identity::{Identity, San};
pub use root::TrustedRoot;
pub(crate) use witnessed::Witnessed;
