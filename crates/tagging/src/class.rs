//! Classes of tags: what a tag's text says about whether it may move, and what it stands for.

mod classified;
mod declared;
mod read;
mod table;
mod version;
mod words;

pub use classified::{Mobility, Precision, TagClass, TagKind};
pub use declared::SchemeClass;
pub use table::ClassTable;
pub use version::TagVersion;

pub(crate) use words::channel_of;
#[cfg(feature = "conventions")]
pub(crate) use words::is_timestamp;
