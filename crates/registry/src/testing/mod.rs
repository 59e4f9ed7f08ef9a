//! Testing: fixtures, the conformance suite, scripted faults and a recorder of calls.
//!
//! For those who implement a port, wrap one, or test code that uses one. It needs no runtime: everything here is
//! plain futures. **This module is not covered by semver**: checks are added as backends are found to differ, and a
//! backend that passed one release of the suite may fail the next.
//!
//! * [`conformance`]: what every backend must do, those of third parties included;
//! * [`fixtures`]: the same images on every machine, ordinary and odd;
//! * [`Faulty`]: the n-th call fails, before or after it took effect, or its stream is cut or corrupted;
//! * [`Seeded`]: a rule for it, which draws the faults from a seed;
//! * [`Recorder`]: what was asked for, in order.

mod call;
pub mod conformance;
mod faulty;
pub mod fixtures;
mod recorder;
mod seeded;

pub use call::{Call, Operation};
pub use faulty::{Fault, Faulty};
pub use recorder::Recorder;
pub use seeded::Seeded;
