//! Facts for the planner: what a ledger of promotions knows, and what runs in a cluster.
//!
//! Whoever cannot find out fails: a fact that is missing would be an image that is deleted.

#[cfg(feature = "kubernetes")]
mod containers;
#[cfg(feature = "ledger")]
mod downstream;
mod error;
mod in_use;
#[cfg(feature = "kubernetes")]
mod kubernetes;
#[cfg(feature = "ledger")]
mod ledger;
#[cfg(feature = "ledger")]
mod ledger_now;
#[cfg(feature = "ledger")]
mod verified;

pub use self::error::FactsError;
pub use self::in_use::{WhatRuns, what_runs};
#[cfg(feature = "kubernetes")]
pub use self::kubernetes::Kubernetes;
#[cfg(feature = "ledger")]
pub use self::ledger::LedgerFacts;
#[cfg(feature = "ledger")]
pub use self::ledger_now::LedgerNow;
#[cfg(feature = "ledger")]
pub use self::verified::verify;
