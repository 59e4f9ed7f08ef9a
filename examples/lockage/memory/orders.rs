//! `lockage deny`, `hold` and `release`: what may not move, where nothing may, and that it may again.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::memory::Wanted;
use lockage_promote::pipeline::{Name, Ordered, PromoteError};
use serde_json::json;

use super::{reason, wanted};
use crate::promote::world::{Setup, World};
use crate::promote::{ends, name};
use crate::report::{Failure, say, say_json};
use crate::signing::seal::MayBy;

/// Denies an image everywhere, or in one environment. It stays where it is; `rollback` takes it away.
///
/// Exit codes: 0 it is denied, 1 none or more than one is meant, 2 usage, no such ledger, or an invalid document, 3 error.
#[derive(clap::Args)]
pub(crate) struct Deny {
    /// The image, as the graph's templates name it.
    #[arg(value_parser = name)]
    image: Name,

    /// A commit, a digest, a version or a pull request that the ledger knows, or a whole digest.
    #[arg(value_parser = wanted)]
    what: Wanted,

    /// Only in this environment.
    #[arg(long, value_name = "ENV", value_parser = name)]
    env: Option<Name>,

    /// Deny it although no environment has anything of the image and the ledger says nothing of it; a ledger that is not there
    /// yet begins with this.
    #[arg(long)]
    new: bool,

    #[command(flatten)]
    order: Order,
}

/// Holds an environment: no promotion into it passes, by hand neither, until it is released.
///
/// Exit codes: 0 it is held, 1 nothing is there, 2 usage or an invalid document, 3 error.
#[derive(clap::Args)]
pub(crate) struct Hold {
    /// The image, as the graph's templates name it.
    #[arg(value_parser = name)]
    image: Name,

    /// The environment.
    #[arg(long, value_name = "ENV", value_parser = name)]
    env: Name,

    /// When it ends by itself: 2026-12-01T08:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = crate::times::system_moment)]
    until: Option<SystemTime>,

    #[command(flatten)]
    order: Order,
}

/// Releases an image that is denied, everywhere or in one environment; or an environment that is held.
///
/// Exit codes: 0 released, 1 there is nothing to release, 2 usage or an invalid document, 3 error.
#[derive(clap::Args)]
pub(crate) struct Release {
    /// The image, as the graph's templates name it.
    #[arg(value_parser = name)]
    image: Name,

    /// What is denied: a commit, a digest, a version or a pull request. Without it, the hold of --env is released.
    #[arg(value_parser = wanted, required_unless_present = "env")]
    what: Option<Wanted>,

    /// The environment.
    #[arg(long, value_name = "ENV", value_parser = name)]
    env: Option<Name>,

    #[command(flatten)]
    order: Order,
}

#[derive(clap::Args)]
struct Order {
    /// Why; it is recorded.
    #[arg(long, value_parser = reason)]
    reason: String,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    by: MayBy,

    #[command(flatten)]
    setup: Setup,
}

impl Order {
    /// Who says so is recorded, where others look.
    async fn open(&self, begins: bool) -> Result<World, Failure> {
        self.setup.answers()?;
        match begins {
            true => World::open_by(&self.setup, &self.by).await,
            false => World::open_begun(&self.setup, &self.by).await,
        }
    }
}

pub(crate) async fn deny(Deny { image, what, env, new, order }: Deny) -> Result<ExitCode, Failure> {
    let world = order.open(new).await?;
    let now = SystemTime::now();
    let ordered = match new {
        true => world.promoter.deny_ahead(&image, &what, env.as_ref(), &order.reason, now).await,
        false => world.promoter.deny(&image, &what, env.as_ref(), &order.reason, now).await,
    };
    end(world, &order, ordered)
}

pub(crate) async fn hold(Hold { image, env, until, order }: Hold) -> Result<ExitCode, Failure> {
    let world = order.open(false).await?;
    let ordered = world.promoter.hold(&image, &env, &order.reason, until, SystemTime::now()).await;
    end(world, &order, ordered)
}

pub(crate) async fn release(Release { image, what, env, order }: Release) -> Result<ExitCode, Failure> {
    let world = order.open(false).await?;
    let now = SystemTime::now();
    let ordered = match (&what, &env) {
        (Some(what), env) => world.promoter.release_denial(&image, what, env.as_ref(), &order.reason, now).await,
        (None, Some(env)) => world.promoter.release_hold(&image, env, &order.reason, now).await,
        (None, None) => {
            let trouble = crate::promote::Trouble::new("nothing was said to release");
            return Err(Failure::usage(&trouble.remedy("Name what is denied, or --env ENV.")));
        }
    };
    end(world, &order, ordered)
}

fn end(world: World, order: &Order, ordered: Result<Ordered, PromoteError>) -> Result<ExitCode, Failure> {
    world.finish();
    let ordered = ordered.or_else(|error| ends::refused(error, order.json))?;
    match order.json {
        true => say_json(&json!(ordered))?,
        false => say(&ordered)?,
    }
    Ok(ExitCode::SUCCESS)
}
