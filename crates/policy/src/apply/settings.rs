//! How a run goes about it.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::retain::{Glob, InUse, LegalHold};

/// Says what is in use and what is held, as it is now.
#[async_trait]
pub trait InUseNow: Debug + Send + Sync {
    /// Everything that is in use.
    ///
    /// # Errors
    /// Where it could not be found out, which stops the run: an error is never an empty list.
    async fn in_use(&self) -> Result<Vec<InUse>, Box<dyn StdError + Send + Sync>>;

    /// Everything that must not be touched, in use or not; nothing by whoever knows of no such thing.
    ///
    /// # Errors
    /// As those of [`in_use`](Self::in_use).
    async fn holds(&self) -> Result<Vec<LegalHold>, Box<dyn StdError + Send + Sync>> {
        Ok(Vec::new())
    }
}

/// How a run goes about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Look at everything as for a run, delete nothing and write nothing down.
    pub dry_run: bool,
    /// The longest time after the moment that a plan is for in which it is executed.
    pub longest_age: Option<Duration>,
    /// The most manifests that a plan may take, whatever its policy says: those that it deletes and those that it archives.
    /// What is archived comes back, but whoever pulls meanwhile has as little of it.
    pub max_delete: Option<u64>,
    /// The largest part of all manifests that a plan may take, deleted and archived, whatever its policy says; between 0 and 1.
    pub max_delete_ratio: Option<f64>,
    /// Tags that are never taken: a plan that takes one is not executed, nor one that archives what has one.
    pub protected: Vec<Glob>,
    /// How far apart two plans have to be that condemn the same, where the registry has no compare-and-delete; for what is
    /// archived, at every registry.
    pub quarantine: Duration,
    /// One plan is enough.
    pub single_pass: bool,
    /// After so many deletes all tags are resolved again, and it is asked again what is in use.
    pub batch: usize,
    /// With so many tags or fewer, all of them are resolved before each manifest is deleted.
    pub resolve_each: usize,
    /// How often something is tried that may succeed later.
    pub tries: u32,
    /// The longest wait between two tries.
    pub longest_pause: Duration,
    /// Whether to keep to the registry's number of deletes in a minute.
    pub pace: bool,
}

impl Default for Settings {
    /// Plans of the last day; two of them that are a day apart; a hundred deletes at once, five tries, waits of a minute at
    /// most.
    fn default() -> Self {
        Self {
            dry_run: false,
            longest_age: Some(Duration::from_secs(24 * 60 * 60)),
            max_delete: None,
            max_delete_ratio: None,
            protected: Vec::new(),
            quarantine: Duration::from_secs(24 * 60 * 60),
            single_pass: false,
            batch: 100,
            resolve_each: 1000,
            tries: 5,
            longest_pause: Duration::from_secs(60),
            pace: true,
        }
    }
}
