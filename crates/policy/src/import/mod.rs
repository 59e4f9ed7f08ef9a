//! Policies of other systems: read as they read them, and evaluated exactly as they do.
//!
//! ECR, Artifact Registry, Harbor and zot mean different things by the same words: what a count counts, whether an age of
//! exactly N days is older than N days, whether two patterns are AND or OR, what happens to what no rule names. Each has its
//! own evaluator here, and none is translated into another's language. What would be read as something else than it says
//! is refused, also where its own system takes a default for it without a word.
//!
//! What such a policy condemns then passes what protects images here: [`Condemned::settle`] keeps what a kept image needs,
//! and everything of a repository that is not known whole. With [`Protection::Faithful`](crate::retain::Protection) the
//! outcome is what the system itself would do, for comparisons with it.
//!
//! ```
//! use lockage_policy::import::ecr::LifecyclePolicy;
//! use lockage_policy::retain::{Capabilities, DigestKey, ManifestRow, Protection, SnapshotBuilder, Verdict};
//!
//! let policy = LifecyclePolicy::parse(br#"{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged",
//!     "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}, "action": {"type": "expire"}}]}"#)?;
//! let mut snapshot = SnapshotBuilder::new();
//! let app = snapshot.repository("app")?;
//! let old = DigestKey::sha256([7; 32]);
//! snapshot.manifest(app, ManifestRow::new(old).pushed_at("2026-05-01T00:00:00Z".parse()?))?;
//! let snapshot = snapshot.finish()?;
//!
//! let condemned = policy.evaluate(&snapshot, "2026-06-01T00:00:00Z".parse()?);
//! let old = snapshot.find_manifest(app, &old).ok_or("it is there")?;
//! assert_eq!(condemned.reason(&snapshot, old), "deleted by rule 1");
//! let settled = condemned.settle(&snapshot, Protection::Full, Capabilities::ECR);
//! assert_eq!(settled.manifest(old).0, Verdict::Delete);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod condemned;
#[cfg(feature = "import-ecr")]
pub mod ecr;
mod error;
#[cfg(feature = "import-gar")]
pub mod gar;
#[cfg(any(feature = "import-harbor", feature = "import-zot"))]
mod glob;
#[cfg(feature = "import-harbor")]
pub mod harbor;
mod moment;
mod node;
mod policy;
mod simulate;
mod system;
#[cfg(feature = "import-zot")]
pub mod zot;

pub use self::condemned::Condemned;
pub use self::error::{Flaw, InvalidPolicy};
pub use self::policy::ImportedPolicy;
pub use self::system::{System, UnknownSystem};
