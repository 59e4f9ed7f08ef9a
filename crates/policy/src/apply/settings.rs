//! How a run goes about it.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::retain::InUse;

/// Says what is in use, as it is now.
#[async_trait]
pub trait InUseNow: Debug + Send + Sync {
    /// Everything that is in use.
    ///
    /// # Errors
    /// Where it could not be found out, which stops the run: an error is never an empty list.
    async fn in_use(&self) -> Result<Vec<InUse>, Box<dyn StdError + Send + Sync>>;
}

/// How a run goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How far apart two plans have to be that condemn the same, where the registry has no compare-and-delete.
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
    /// Two plans that are a day apart, a hundred deletes at once, five tries, waits of a minute at most.
    fn default() -> Self {
        Self {
            quarantine: Duration::from_secs(24 * 60 * 60),
            single_pass: false,
            batch: 100,
            resolve_each: 100,
            tries: 5,
            longest_pause: Duration::from_secs(60),
            pace: true,
        }
    }
}
