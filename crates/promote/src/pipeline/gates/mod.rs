//! Gates that need nothing but the image, its repository and the ledger; and those over a port.

mod bound;
mod complete;
mod config;
mod kill_switch;
mod metric;
mod rules;
mod sarif;
mod sbom;
mod sbom_found;
mod soak;
mod superseded;

use lockage_registry::Repository;

use crate::pipeline::PinnedPlatform;
use crate::{Evidence, GateContext, GateError, Promoted, Verdict};

pub(crate) use bound::commit_of;
pub use bound::{Bound, BoundError, StatusGate};
pub use complete::CompletenessGate;
pub use config::ImageConfigGate;
pub use kill_switch::RepositoryTagGate;
pub use metric::MetricGate;
pub use sarif::Level;
pub use sbom::SbomGate;
pub use soak::SoakGate;
pub use superseded::SupersededGate;

/// The passage that a gate is asked about.
pub(crate) fn along<'a>(context: &GateContext<'a>) -> Result<Promoted<'a>, GateError> {
    context.passage.ok_or_else(|| "asked about a copy that is along no edge".into())
}

/// The image's platforms, at least one, and where they are.
fn platforms<'a>(context: &GateContext<'a>) -> Result<(&'a Repository, &'a [PinnedPlatform]), GateError> {
    let pinned = &along(context)?.passage.pinned;
    match pinned.platforms.as_slice() {
        [] => Err(format!("nothing is known of the platforms of {}", pinned.digest()).into()),
        platforms => Ok((&pinned.repository, platforms)),
    }
}

/// A pass, unless there are reasons against it.
fn judged(reasons: Vec<String>, evidence: impl FnOnce() -> Evidence) -> Verdict {
    if reasons.is_empty() { Verdict::Pass(evidence()) } else { Verdict::Fail { reasons } }
}
