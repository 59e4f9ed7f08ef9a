//! Scan reports: what scanners wrote, in one model, and whether it lets an image pass.
//!
//! Reports are untrusted, and so is their silence. A scanner that found nothing may have looked at another platform, at
//! an operating system that nobody cares for any more, with a database of last year, or at nothing: each of these is an
//! exit status of 0 and an empty list. [`decide`] passes only what it knows to be otherwise.
//!
//! ```
//! use lockage_policy::scan::{ScanConfig, Severity};
//!
//! // The shortest is the strictest: any severity that is not known is critical, on every platform, a day old at most.
//! let config = ScanConfig::at_least(Severity::High);
//! # let _ = config;
//! ```
//!
//! [`read`] tells the format from the content; [`Subject`] says what has to be covered; [`Case`] adds [`Exceptions`],
//! [`Vex`] and a [`Baseline`]. Reports of other tools, bound to a commit, go to [`decide_checks`].

mod baseline;
mod checks;
mod config;
mod decide;
mod error;
mod exception;
mod finding;
mod format;
mod gate_config;
mod period;
mod purl;
mod read;
mod report;
mod severity;
mod subject;
mod verdict;
mod vex;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::json::excerpt;

pub use self::baseline::Baseline;
pub use self::checks::{Check, CheckReport, ChecksConfig, ChecksVerdict, ExitCodes, Level, decide_checks};
pub use self::config::{ExceptionRules, GraceFrom, OsRule, ScanConfig, VexRules};
pub use self::decide::{Case, decide};
pub use self::error::{Problem, ReadError};
pub use self::exception::{Exception, Exceptions, ExceptionsDocument, Glob, GlobError, GrypeIgnore, TrivyIgnore};
pub use self::finding::{Finding, Kind, Package, Status, Suppressed};
pub use self::format::{Format, UnknownFormatName};
pub use self::gate_config::GateConfig;
pub use self::period::{DAY, Limit};
pub use self::purl::{Purl, PurlError};
pub use self::read::{Attested, Document, read, read_as, read_attested, read_trivy_version};
pub use self::report::{Claims, Database, Gap, Origin, Os, OsClaim, Report, Tool};
pub use self::severity::{Severity, SeverityError};
pub use self::subject::{PlatformImage, Subject};
pub use self::verdict::{Code, Dropped, Evidence, Judged, Reason, ScanVerdict, Verdict};
pub use self::vex::{Product, Vex, VexStatement, VexStatus};

/// An instant of RFC 3339, or a day, which begins at midnight UTC.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| start_of(text.parse().ok()?))
}

/// The first moment of a day in UTC.
fn start_of(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The last nanosecond of a day in UTC.
fn end_of(day: Date) -> Option<Timestamp> {
    start_of(day.tomorrow().ok()?)?.checked_sub(SignedDuration::from_nanos(1)).ok()
}
