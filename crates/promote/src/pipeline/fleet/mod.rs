//! Fleets: many images at once, each by itself, and shared out among machines.

mod each;
mod shard;

pub use each::{Came, Ended, Errand, Fleet, Outcome, clear_each, promote_each};
pub use shard::{Shard, ShardError};
