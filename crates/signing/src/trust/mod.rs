//! What a trusted root vouches for: certificates, transparency logs, timestamps. No network.

mod certified;
mod claims;
mod exhibit;
mod identity;
mod legacy;
mod reason;
mod root;
mod witnessed;

#[allow(unused_imports, reason = "what verifying names")]
pub(crate) use certified::Certified;
pub use identity::{Identity, San};
pub use root::TrustedRoot;
#[allow(unused_imports, reason = "what verifying names")]
pub(crate) use witnessed::Witnessed;
