//! `Watch`: a step that looks until it is good, bad, or too late.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde_json::json;

use super::{Pace, Probe, ProbeContext, Step, StepContext, StepError};
use crate::pipeline::Passage;
use crate::{Evidence, GateError, Verdict};

/// Looks at a probe again and again: a canary that is watched before all of it is rolled out.
///
/// ```
/// use std::time::Duration;
/// use lockage_promote::pipeline::step::{Pace, Probe, Watch};
/// fn canary(metric: impl Probe, clock: impl Pace) -> Watch<impl Probe, impl Pace> {
///     Watch::new("canary", metric, clock).every(Duration::from_secs(30)).at_most(Duration::from_secs(1800))
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Watch<P, C> {
    id: String,
    probe: P,
    pace: C,
    every: Duration,
    at_most: Duration,
    steady: Duration,
    errors: u32,
}

/// How a watch ended that did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// What was looked at is bad.
    #[error("{id}: {}", .reasons.join("; "))]
    Failed {
        /// The watch.
        id: String,
        /// All reasons.
        reasons: Vec<String>,
    },
    /// It was not good in time.
    #[error("{id}: not good after {} s: {last}", .after.as_secs())]
    TooLate {
        /// The watch.
        id: String,
        /// How long it was looked at.
        after: Duration,
        /// What was seen last.
        last: String,
    },
    /// It could not be looked at, more often in a row than is borne.
    #[error("{id}: it could not be looked at: {source}")]
    Blind {
        /// The watch.
        id: String,
        /// Why.
        source: GateError,
    },
}

impl<P: Probe, C: Pace> Watch<P, C> {
    /// Looks every 15 seconds, for half an hour at most, by the caller's clock.
    pub fn new(id: impl Into<String>, probe: P, pace: C) -> Self {
        let (every, at_most) = (Duration::from_secs(15), Duration::from_secs(1800));
        Self { id: id.into(), probe, pace, every, at_most, steady: Duration::ZERO, errors: 0 }
    }

    /// How long to wait between looks, at least; a probe that knows when to look again may say longer.
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// How long to look.
    pub fn at_most(self, at_most: Duration) -> Self {
        Self { at_most, ..self }
    }

    /// It has to stay good for this long, without one look that says otherwise.
    pub fn steady_for(self, steady: Duration) -> Self {
        Self { steady, ..self }
    }

    /// How many looks in a row may see nothing because of an error; none unless this is said.
    pub fn bearing_errors(self, errors: u32) -> Self {
        Self { errors, ..self }
    }

    /// Looks until it is decided.
    ///
    /// # Errors
    /// [`WatchError`]: it is bad, it is not good in time, or it cannot be looked at.
    pub async fn run_for(&self, passage: Option<&Passage>) -> Result<Evidence, WatchError> {
        let begun = self.pace.now();
        let (mut looks, mut blind, mut good_since) = (0_u32, 0_u32, None::<SystemTime>);
        loop {
            let now = self.pace.now();
            let seen = self.probe.look(&ProbeContext::new(now, passage)).await;
            looks = looks.saturating_add(1);
            let (last, again) = match seen {
                Ok(Verdict::Pass(evidence)) => {
                    blind = 0;
                    let since = *good_since.get_or_insert(now);
                    let good_for = now.duration_since(since).unwrap_or_default();
                    if good_for >= self.steady {
                        let watched = now.duration_since(begun).unwrap_or_default();
                        let details = json!({ "looks": looks, "seconds": watched.as_secs(), "last": evidence.details });
                        return Ok(Evidence::new(evidence.summary).with_details(details));
                    }
                    (evidence.summary, None)
                }
                Ok(Verdict::Fail { reasons }) => return Err(WatchError::Failed { id: self.id.clone(), reasons }),
                Ok(Verdict::Wait { reason, retry_after }) => {
                    (blind, good_since) = (0, None);
                    (reason, retry_after)
                }
                Err(source) if blind >= self.errors => {
                    return Err(WatchError::Blind { id: self.id.clone(), source });
                }
                Err(error) => {
                    (blind, good_since) = (blind + 1, None);
                    (error.to_string(), None)
                }
            };
            let after = self.pace.now().duration_since(begun).unwrap_or_default();
            let left = self.at_most.saturating_sub(after);
            if left.is_zero() {
                return Err(WatchError::TooLate { id: self.id.clone(), after, last });
            }
            self.pace.sleep(again.unwrap_or(self.every).max(self.every).min(left)).await;
        }
    }
}

#[async_trait]
impl<P: Probe, C: Pace> Step for Watch<P, C> {
    fn id(&self) -> &str {
        &self.id
    }

    async fn run(&self, context: &StepContext<'_>) -> Result<Evidence, StepError> {
        Ok(self.run_for(Some(context.passage)).await?)
    }
}
