//! Gates that need nothing but the image, its repository and the ledger; and those over a port.

mod complete;
mod config;
mod kill_switch;
mod metric;
mod rules;
mod sbom;
mod sbom_found;
mod soak;
mod superseded;

use lockage_registry::Repository;

use crate::pipeline::PinnedPlatform;
use crate::{Evidence, GateContext, GateError, Promoted, Verdict};

pub use complete::CompletenessGate;
pub use config::ImageConfigGate;
pub use kill_switch::RepositoryTagGate;
pub use metric::MetricGate;
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

/// The whole commit that the image was built from: SHA-1 or SHA-256, in hex.
pub(crate) fn commit_of<'a>(context: &GateContext<'a>) -> Result<&'a str, GateError> {
    let pinned = &along(context)?.passage.pinned;
    let is_whole =
        |commit: &str| matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    match pinned.facts.commit.as_deref() {
        Some(commit) if is_whole(commit) => Ok(commit),
        Some(commit) => Err(format!("the commit {commit:?} of the image is not a whole one").into()),
        None => Err(format!("nobody says what commit {} was built from", pinned.digest()).into()),
    }
}
