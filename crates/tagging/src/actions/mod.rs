//! What `docker/metadata-action` computes.
#![allow(dead_code, unused_imports)]

pub(crate) mod csv;
pub(crate) mod js;
pub(crate) mod moment;
pub(crate) mod order;
pub(crate) mod pep440;
pub(crate) mod semver;
pub(crate) mod template;
