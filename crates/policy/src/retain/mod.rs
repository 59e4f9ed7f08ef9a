//! What a registry keeps: decided purely, with a reason for every tag and every manifest.
//!
//! A [`Snapshot`] is what a registry holds, a [`Policy`] what is wanted, [`Facts`] what is known besides: who runs what, what
//! was promoted. [`plan()`] says what would go and why everything else stays; it deletes nothing. Whatever is not known, stays.

mod bits;
pub(crate) mod clock;
mod diff;
#[cfg(feature = "documents")]
mod document;
mod facts;
mod graph;
mod lint;
mod listed;
#[cfg(feature = "documents")]
mod null;
mod overlap;
mod parallel;
pub(crate) mod plan;
mod policy;
mod snapshot;
mod weakened;

pub use self::diff::{Difference, diff};
#[cfg(feature = "documents")]
pub use self::document::{DocumentError, Format};
pub use self::facts::{Event, Facts, Held, InUse, LegalHold, Promotion, Running, Seen};
pub use self::graph::{
    Block, Capabilities, FactId, Layer, Protection, Reason, RuleId, Said, Settled, Verdict, Word, settle,
};
pub use self::lint::{Lint, LintKind};
pub use self::plan::{
    Action, Breakpoint, Explanation, Imported, Line, Plan, Refusal, Report, RuleName, Timeline, Voice, Warning, plan,
    plan_imported, simulate,
};
pub use self::policy::{
    Age, AgeError, Basis, Check, Class, Delete, Expression, Glob, Guards, Hold, HoldFrom, Import, ImportFrom, Include,
    Keep, Level, Mode, Order, Orphans, PatternError, Per, Policy, PolicyError, PolicyProblem, PromotedTo, Require,
    Scope, TagSelector, Untag, Untagged, VersionRange,
};
pub use self::snapshot::{
    DigestKey, ManifestId, ManifestRow, RepositoryId, Snapshot, SnapshotBuilder, SnapshotError, Storage, TagId, TagRow,
    UnknownAlgorithm,
};
pub use self::weakened::{Weakened, weakened};
