//! Conformance: what every backend of the ports must do, whoever wrote it.
//!
//! Run it on your own implementation, and on every stack of wrappers that you hand out:
//!
//! ```
//! use lockage_registry::{Memory, testing::conformance::{self, Capabilities}};
//! # futures::executor::block_on(async {
//! let registry = Memory::new("registry.test".parse()?);
//! let report = conformance::registry(&registry, &"registry.test/suite".parse()?, &Capabilities::all()).await?;
//! println!("{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! A backend that cannot do everything declares what it lacks, and **the shortfall is checked as well**: a call that
//! needs what is declared absent must be refused with [`Unsupported`](crate::ErrorKind::Unsupported), or fall short
//! in the way that its [`Capability`] documents. A backend that learns to do it fails the suite until its declaration
//! is taken back, so that a declaration cannot rot.
//!
//! All checks are run, and all that fail are reported together.

mod capability;
mod check;
mod prune;
mod pushed;
mod read;
mod report;
mod tag;
mod upload;
mod write;

use lockage_tagging::{Repository, Tag};

pub use capability::{Capabilities, Capability};
pub use report::{Failure, Failures, Report};

use super::fixtures::{self, Image};
use crate::{Registry, Source, Target};
use check::Run;

/// Checks a source that has been loaded with [`fixtures::seeded`] in `repo`, and with nothing else there.
///
/// # Errors
/// All checks that failed.
pub async fn source(source: &dyn Source, repo: &Repository, capabilities: &Capabilities) -> Result<Report, Failures> {
    let mut run = Run::new(capabilities);
    let held = fixtures::seeded();
    pushed::served(&mut run, source, repo, &held).await;
    reading(&mut run, source, repo, &held).await;
    run.finish()
}

/// Checks a target, and the reading of what has been written to it. `repo` must be fresh: the suite uses it, and the
/// repositories beside it whose names are `repo`'s with `-mount` or `-tags` behind it. Nothing is deleted afterwards.
///
/// # Errors
/// All checks that failed.
pub async fn target(target: &dyn Target, repo: &Repository, capabilities: &Capabilities) -> Result<Report, Failures> {
    let mut run = Run::new(capabilities);
    writing(&mut run, target, repo).await;
    run.finish()
}

/// Checks everything: what [`target`] checks, and deleting.
///
/// # Errors
/// All checks that failed.
pub async fn registry(
    registry: &dyn Registry,
    repo: &Repository,
    capabilities: &Capabilities,
) -> Result<Report, Failures> {
    let mut run = Run::new(capabilities);
    writing(&mut run, registry, repo).await;
    prune::all(&mut run, registry, repo).await;
    run.finish()
}

/// What a source must do when it holds these images and no others.
async fn reading(run: &mut Run<'_>, source: &dyn Source, repo: &Repository, held: &[(Image, Tag)]) {
    read::all(run, source, repo).await;
    tag::listed(run, source, repo, held).await;
    read::referrers(run, source, repo, held).await;
}

async fn writing(run: &mut Run<'_>, target: &dyn Target, repo: &Repository) {
    // First, as long as the repository is fresh: what is listed is what was pushed here.
    let held = pushed::all(run, target, repo).await;
    reading(run, target, repo, &held).await;
    write::all(run, target, repo).await;
    upload::all(run, target, repo).await;
    tag::all(run, target, repo).await;
}
