//! What names what: which manifests live because of others, what is left to go, and in which order.

mod capabilities;
mod closure;
pub(in crate::retain) mod last_tag;
mod order;
mod reason;
mod said;
pub(in crate::retain) mod settle;

pub use self::capabilities::Capabilities;
pub use self::reason::{Block, FactId, Layer, Reason, RuleId};
pub use self::said::{Said, Word};
pub use self::settle::{Protection, Settled, Verdict, settle};
