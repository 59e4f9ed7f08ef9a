//! Manifests: the raw bytes, which are what is copied, and a view of them, which is what is read.

mod raw;
mod view;

pub use raw::RawManifest;
pub use view::{Content, Manifest};
