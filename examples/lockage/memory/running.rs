//! `lockage running`: what is in an environment, since when, by whom, and on which evidence.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::Name;
use lockage_promote::pipeline::memory::running;
use serde_json::json;

use super::environments;
use crate::promote::world::{Setup, World};
use crate::promote::{ends, name};
use crate::report::{Failure, say};

/// By the ledger alone: no registry is asked. Whether it is so is for `drift`.
///
/// Exit codes: 0 told, 2 usage or an invalid document, 3 error.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The environment; else every one that images are promoted to.
    #[arg(value_name = "ENV", value_parser = name)]
    environment: Option<Name>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    setup: Setup,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let world = World::open(&arguments.setup, true)?;
    let environments = environments(&world.promoter, arguments.environment.as_ref())?;
    let chronicle = world.chronicle(None).await.map_err(ends::failure)?;
    world.finish();
    let now = SystemTime::now();
    let all: Vec<_> = environments.iter().map(|environment| running(&chronicle, environment, now)).collect();
    if arguments.json {
        say(json!({ "running": all }))?;
    } else {
        all.iter().try_for_each(say)?;
    }
    Ok(ExitCode::SUCCESS)
}
