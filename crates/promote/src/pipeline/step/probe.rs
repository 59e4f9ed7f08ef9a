//! `Probe`: a look at something that changes: a metric, a canary, the state of a rollout.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::pipeline::Passage;
use crate::{GateError, Verdict};

/// Looks once, and says whether it is good, bad, or not yet known.
///
/// What cannot be read is an error, and neither good nor bad.
#[async_trait]
pub trait Probe: Debug + Send + Sync {
    /// Looks.
    ///
    /// # Errors
    /// Whatever keeps it from seeing.
    async fn look(&self, context: &ProbeContext<'_>) -> Result<Verdict, GateError>;
}

/// What a probe may know.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ProbeContext<'a> {
    /// The time.
    pub now: SystemTime,
    /// The image and where it goes, where it is about one.
    pub passage: Option<&'a Passage>,
}

impl<'a> ProbeContext<'a> {
    /// A look at `now`.
    #[must_use]
    pub fn new(now: SystemTime, passage: Option<&'a Passage>) -> Self {
        Self { now, passage }
    }
}

#[async_trait]
impl<P: Probe + ?Sized> Probe for Arc<P> {
    async fn look(&self, context: &ProbeContext<'_>) -> Result<Verdict, GateError> {
        (**self).look(context).await
    }
}
