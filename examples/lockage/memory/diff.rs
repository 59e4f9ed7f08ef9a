//! `lockage diff`: what one environment has and another has not.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::Name;
use serde_json::json;

use crate::promote::world::{Setup, World};
use crate::promote::{ends, name};
use crate::report::{Failure, say, say_json};

/// Compares commits and versions by the ledger, and packages and vulnerabilities by what is attached to the images. What is
/// attached is read as it is: who made it is for a gate to say. What cannot be read is said.
///
/// Exit codes: 0 told, 2 usage or an invalid document, 3 something could not be read.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The environment to look from.
    #[arg(value_name = "ENV", value_parser = name)]
    from: Name,

    /// The environment to compare with it.
    #[arg(value_name = "ENV", value_parser = name)]
    to: Name,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    setup: Setup,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let world = World::quiet(&arguments.setup)?;
    let differs = world.promoter.diff(&arguments.from, &arguments.to, SystemTime::now()).await;
    world.finish();
    let differs = differs.map_err(ends::failure)?;
    match arguments.json {
        true => say_json(&json!(differs))?,
        false => say(&differs)?,
    }
    Ok(ExitCode::from(if differs.unread.is_empty() { 0 } else { 3 }))
}
