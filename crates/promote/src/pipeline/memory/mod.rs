//! Memory: what is where, since when, by whom and on which evidence, told from the ledger alone.
//!
//! These are pure questions about a [`Chronicle`]: they make no request, and every reader of one ledger has the same answer.
//! Each answer is data, with `Display` for people: times are absolute there, with how long ago that is beside them.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use lockage_promote::ledger::{Chronicle, Entry, Kind, Recorded};
//! use lockage_promote::pipeline::memory;
//! # use lockage_registry::Digest;
//! let digest: Digest = format!("sha256:{}", "0c".repeat(32)).parse()?;
//! let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
//! let found = Entry::new(Kind::Observe { tags: Vec::new() }, "app".parse()?, digest.clone(), "ada", at);
//! let chronicle = Chronicle::of([Recorded::new(found.in_environment("prod".parse()?))?]);
//!
//! let running = memory::running(&chronicle, &"prod".parse()?, at + Duration::from_secs(86_400 * 12));
//! assert_eq!(running.images[0].digest, digest);
//! assert!(running.to_string().contains("since 2027-01-15T08:00:00Z (12 days) by ada"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What asks registries as well, or writes, is with the [`Promoter`](super::Promoter).

mod ago;
mod denied;
mod diff;
mod drift;
mod history;
mod recheck;
mod running;
mod standing;
mod wanted;
mod whereabouts;

use std::fmt;

use lockage_registry::Digest;

#[cfg(doc)]
use crate::ledger::Chronicle;
use crate::ledger::ImageFacts;
use lockage_tagging::OneLine;

pub use denied::DeniedTag;
pub use diff::{Change, Changes, Difference, ImageDifference, Side, Vulnerabilities};
pub use drift::{Course, Deviation, Drift, Drifted, Healed, HealedImage, Lapse, Proof, Unread};
pub use history::{History, Line, history};
pub use recheck::{Recheck, Rechecked};
pub(crate) use running::known;
pub use running::{Arrived, Passed, Resident, RolledBack, Running, resident, running, told_of};
pub use standing::{Held, InForce, in_force};
pub use wanted::{Wanted, WantedError};
pub use whereabouts::{Place, Visit, Whereabouts, Whose, where_is};

/// `by ada, plan 0c0c0c0c0c0c`; of what was only found there is no plan.
struct By<'a>(&'a str, Option<&'a Digest>);

impl fmt::Display for By<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "by {}", OneLine(self.0))?;
        self.1.map_or(Ok(()), |plan| write!(f, ", plan {}", plan.short()))
    }
}

/// `  v1.4.0  commit 2b2e927  PR #42`; nothing where nothing is known.
fn known_as(facts: &ImageFacts) -> String {
    let version = facts.version.as_ref().map(|version| format!("  {}", OneLine(version)));
    let commit = facts.commit.as_ref().map(|commit| format!("  commit {}", OneLine(commit.get(..7).unwrap_or(commit))));
    let number = facts.pull_request.map(|number| format!("  PR #{number}"));
    [version, commit, number].into_iter().flatten().collect()
}
