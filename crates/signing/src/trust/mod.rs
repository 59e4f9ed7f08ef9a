//! What a trusted root vouches for: certificates, transparency logs, timestamps. No network.

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
