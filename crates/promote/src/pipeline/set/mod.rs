//! Sets: several images that move together.
//!
//! All content and pins of all images come first, then the evidence and the intent of each, and the floating tags last: an
//! image that cannot be copied moves nothing of any. There is no moment at which all floats move at once, as no registry has
//! such a request, so every entry of the ledger about a set names its members: a run that was killed in between is gone on
//! with, or taken back, from the ledger alone.

mod error;
mod journal;
mod plan;

pub use error::{SetError, SetNotCleared};
pub use journal::{MemberState, OpenSet};
pub use plan::{SetPlan, SetReceipt, SetReverted};

pub(in crate::pipeline) use journal::Journal;
pub(in crate::pipeline) use plan::named;
