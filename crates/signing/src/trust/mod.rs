//! What a trusted root vouches for: certificates, transparency logs, timestamps. No network.

mod identity;
mod root;

pub use identity::{Identity, San};
pub use root::TrustedRoot;
