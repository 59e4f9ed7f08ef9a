#![doc = include_str!("../README.md")]

mod copy;
mod error;
mod gate;
mod human;
#[cfg(feature = "pipeline")]
pub mod ledger;
mod observe;
#[cfg(feature = "pipeline")]
pub mod pipeline;
mod plan;
mod predicate;
mod promotion;
pub mod statement;

pub use copy::{
    Attachment, AttachmentKind, AttachmentOutcome, Attachments, CopyFrom, CopyPlan, Flights, FoundBy, ImageCopy,
    Outcome, Receipt, Route, Step,
};
pub use error::{Error, Result, Side};
pub use gate::{Evidence, Gate, GateContext, GateError, OnRollback, Verdict, gate};
#[cfg(feature = "pipeline")]
pub use gate::{Promoted, Way};
pub use observe::{Event, Observer};
pub use plan::{Against, Clearance, Cleared, Draft, Plan};
pub use predicate::RawPredicate;
pub use promotion::{NotCleared, Opinion, Promotion};
