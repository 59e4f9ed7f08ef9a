//! `WhatRuns`: whoever knows what runs somewhere.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use super::FactsError;
use crate::retain::{Facts, InUse};

/// Whoever knows what runs somewhere: a cluster, a fleet, a list of hosts.
pub trait WhatRuns: Debug + Send + Sync {
    /// What policies call it in `in_use`: `k8s`.
    fn name(&self) -> &str;

    /// Everything that runs. All of it, or an error: what is left out is deleted.
    ///
    /// # Errors
    /// Whatever keeps any part of the answer from being known.
    fn in_use<'a>(&'a self) -> Pin<Box<dyn Future<Output = Result<Vec<InUse>, FactsError>> + Send + 'a>>;
}

/// What all of these run, as facts in which each of them was asked.
///
/// # Errors
/// That of the first who does not know.
pub async fn what_runs(asked: &[&dyn WhatRuns]) -> Result<Facts, FactsError> {
    let mut facts = Facts::default();
    for one in asked {
        facts.in_use.extend(one.in_use().await?);
        facts.asked.insert(one.name().to_owned());
    }
    Ok(facts)
}
