//! The decisions of this crate as gates of `lockage-promote`.
//!
//! [`ScanGate`] and [`CheckGate`] hold [`Reports`] against the image that is promoted: those that somebody
//! [gives](GivenReports), that are kept in [files](FileReports), that a [`Scanner`] makes now, or that are
//! [attested](AttestedReports) and attached to the image. [`WindowGate`] keeps waiting who comes when an environment is
//! closed. None of them turns an error, or silence, into a pass.

mod asked_files;
mod attested;
mod baseline;
mod check;
mod cited;
#[cfg(feature = "documents")]
pub mod documents;
mod evidence;
mod files;
mod reports;
mod scan;
mod scanner;
mod subject;
mod undecided;
mod window;

pub use self::asked_files::{FileReports, PatternError};
pub use self::attested::AttestedReports;
pub use self::check::CheckGate;
pub use self::cited::Cited;
pub use self::files::{Files, Listed, MemoryFiles};
pub use self::reports::{Asked, Found, GivenReports, Reports, Told};
pub use self::scan::ScanGate;
pub use self::scanner::{Scan, ScannedReports, Scanner};
pub use self::undecided::Undecided;
pub use self::window::WindowGate;
