//! Names and tags of container images: the root of the crate, where every export has its one name.
#![doc = include_str!("../README.md")]

#[cfg(feature = "actions")]
pub mod actions;
#[cfg(feature = "conventions")]
pub mod branches;
#[cfg(feature = "conventions")]
pub mod calver;
#[cfg(feature = "ci")]
pub mod ci;
pub mod class;
#[cfg(feature = "conventions")]
mod component;
#[cfg(feature = "conventions")]
pub mod describe;
mod excerpt;
mod facts;
#[cfg(feature = "actions")]
#[doc = include_str!("../docs/from-metadata-action.md")]
pub mod from_metadata_action {}
#[cfg(feature = "git")]
pub mod git;
#[cfg(feature = "conventions")]
pub mod lines;
#[cfg(feature = "conventions")]
pub mod merges;
mod name;
mod one_line;
#[cfg(feature = "conventions")]
#[doc = include_str!("../docs/recipes.md")]
pub mod recipes {}
mod scheme;

#[cfg(feature = "select")]
pub mod select;

pub use facts::date::{Date, DateError};
pub use facts::event::Event;
pub use facts::timestamp::{Timestamp, TimestampError};
pub use facts::{BuildFacts, GitRef};
pub use name::algorithm::Algorithm;
pub use name::digest::Digest;
pub use name::digest_tag::{DigestTag, DigestTagKind};
pub use name::error::{NameError, NameKind, NameProblem};
pub use name::host::Host;
pub use name::reference::Reference;
pub use name::repository::Repository;
pub use name::tag::Tag;
pub use one_line::OneLine;
pub use scheme::TagScheme;
pub use scheme::affix::{Prefixed, Suffixed};
pub use scheme::all_of::AllOf;
pub use scheme::branch::Branch;
pub use scheme::channel::Channel;
pub use scheme::commit::Commit;
pub use scheme::error::SchemeError;
pub use scheme::ext::TagSchemeExt;
pub use scheme::first_of::FirstOf;
pub use scheme::from_fn::FromFn;
pub use scheme::git_tag::GitTag;
pub use scheme::latest::Latest;
pub use scheme::merged_pull_request::MergedPullRequest;
pub use scheme::only_if::OnlyIf;
pub use scheme::pull_request::PullRequest;
pub use scheme::semver::Semver;
pub use scheme::template::{Template, TemplateError};
pub use scheme::variants::Variants;
pub use scheme::when::When;

/// The crate of the versions that this crate's functions take and give.
pub use semver;
