//! `OciLayout` on a real disk: what it writes, what it reads of others, and what it leaves when something fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod foreign;
mod own;
mod processes;
mod stock;
