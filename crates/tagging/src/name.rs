//! The names of things in a registry, from the digest up to the whole reference; one file each.

#[macro_use]
mod conversions;

pub(crate) mod algorithm;
pub(crate) mod digest;
pub(crate) mod digest_tag;
pub(crate) mod error;
pub(crate) mod host;
pub(crate) mod reference;
pub(crate) mod repository;
pub(crate) mod tag;
