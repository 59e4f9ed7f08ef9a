//! Somebody who knows what runs and what is held at this moment, or does not answer.

use std::error::Error;

use lockage_policy::apply::InUseNow;
use lockage_policy::retain::{InUse, LegalHold, Running};

/// What somebody runs, and what is held.
#[derive(Debug)]
pub(crate) struct Runs(pub(crate) Result<Vec<InUse>, &'static str>, pub(crate) Vec<LegalHold>);

impl Runs {
    /// One thing, in a cluster.
    pub(crate) fn one(what: Running) -> Self {
        Self(Ok(vec![InUse::new(what, "k8s")]), Vec::new())
    }
}

#[async_trait::async_trait]
impl InUseNow for Runs {
    async fn in_use(&self) -> Result<Vec<InUse>, Box<dyn Error + Send + Sync>> {
        self.0.clone().map_err(Into::into)
    }

    async fn holds(&self) -> Result<Vec<LegalHold>, Box<dyn Error + Send + Sync>> {
        Ok(self.1.clone())
    }
}
