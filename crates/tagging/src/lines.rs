//! Floating tags that only move forward: what one build cannot tell, and a list of tags can.

mod existing;
mod highest;
mod moves;

pub use highest::{HighestOfLine, MajorZero};
pub use moves::{Move, Verdict};
