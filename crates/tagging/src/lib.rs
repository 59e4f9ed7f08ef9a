//! Names and tags of container images: the root of the crate, where every export has its one name.
#![doc = include_str!("../README.md")]

#[cfg(feature = "actions")]
pub mod actions;
mod excerpt;
mod facts;
mod name;
mod scheme;

pub use facts::{BuildFacts, GitRef};
pub use name::algorithm::Algorithm;
pub use name::digest::Digest;
pub use name::digest_tag::{DigestTag, DigestTagKind};
pub use name::error::{NameError, NameKind, NameProblem};
pub use name::host::Host;
pub use name::reference::Reference;
pub use name::repository::Repository;
pub use name::tag::Tag;
pub use scheme::TagScheme;
pub use scheme::all_of::AllOf;
pub use scheme::branch::Branch;
pub use scheme::commit::Commit;
pub use scheme::error::SchemeError;
pub use scheme::git_tag::GitTag;
pub use scheme::latest::Latest;
pub use scheme::pull_request::PullRequest;
pub use scheme::semver::Semver;
