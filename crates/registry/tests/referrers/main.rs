//! What is attached to an image at a registry without the referrers API: the index under the fallback tag, cosign's tags,
//! and that nothing is lost when many write at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod bare;
mod doubt;
mod fallback;
mod layers;
mod writers;
