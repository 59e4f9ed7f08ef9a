//! Leases: one promotion of an image into an environment at a time, without a server for it.
//!
//! A lease is held for a time and kept by renewing it. Whoever dies loses it by and by; whoever is slow finds out before the
//! next floating tag moves. What is done under one has to bear being done twice all the same: no lease can stop a request
//! that is on its way already.

mod claim;
mod error;
#[cfg(feature = "ledger")]
mod file;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod memory;
mod port;
mod registry;

pub use error::LeaseError;
#[cfg(feature = "ledger")]
pub use file::FileLease;
#[cfg(feature = "kubernetes")]
pub use kubernetes::KubernetesLease;
pub use memory::MemoryLease;
pub use port::{Guard, Lease, Leasing, NoLease};
pub use registry::RegistryLease;
