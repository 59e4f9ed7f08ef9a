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
mod drift;
mod history;
mod running;
mod standing;
mod wanted;
mod whereabouts;

#[cfg(doc)]
use crate::ledger::Chronicle;
use crate::ledger::ImageFacts;

pub use drift::{Course, Deviation, Drift, Drifted, Healed, HealedImage, Lapse, Proof, Unread};
pub use history::{History, Line, history};
pub(crate) use running::known;
pub use running::{Arrived, Passed, Resident, RolledBack, Running, resident, running};
pub use standing::{Denied, Held, InForce, in_force};
pub use wanted::{Wanted, WantedError};
pub use whereabouts::{Place, Visit, Whereabouts, Whose, where_is};

/// `  v1.4.0  commit 2b2e927  PR #42`; nothing where nothing is known.
fn known_as(facts: &ImageFacts) -> String {
    let version = facts.version.as_ref().map(|version| format!("  {version}"));
    let commit = facts.commit.as_ref().map(|commit| format!("  commit {}", commit.get(..7).unwrap_or(commit)));
    let number = facts.pull_request.map(|number| format!("  PR #{number}"));
    [version, commit, number].into_iter().flatten().collect()
}
