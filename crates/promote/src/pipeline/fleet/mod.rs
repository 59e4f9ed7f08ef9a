//! Fleets: many images at once, each by itself, and shared out among machines.

mod each;
mod shard;

pub use each::{Ended, Errand, Fleet, Outcome, promote_each};
pub use shard::{Shard, ShardError};
