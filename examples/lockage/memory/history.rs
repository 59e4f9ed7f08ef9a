//! `lockage history`: everything that the ledger says, and what of it is in force.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::Name;
use lockage_promote::pipeline::memory::{history, in_force};
use serde_json::json;

use crate::promote::world::{Setup, World};
use crate::promote::{ends, name};
use crate::report::{Failure, say};

/// In the order that every reader of the ledger agrees on, and below it what is denied and held now.
///
/// Exit codes: 0 told, 2 usage or an invalid document, 3 error.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The image; else all.
    #[arg(value_name = "IMAGE", value_parser = name)]
    image: Option<Name>,

    /// The environment; else all.
    #[arg(long, value_name = "ENV", value_parser = name)]
    env: Option<Name>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    setup: Setup,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let world = World::quiet(&arguments.setup)?;
    if let Some(environment) = &arguments.env {
        super::environments(&world.promoter, Some(environment))?;
    }
    let chronicle = world.chronicle(arguments.image.as_ref()).await.map_err(ends::failure)?;
    world.finish();
    let told = history(&chronicle, arguments.image.as_ref(), arguments.env.as_ref());
    let force = in_force(&chronicle, SystemTime::now());
    if arguments.json {
        say(json!({ "history": told.lines, "in-force": force }))?;
    } else {
        say(told)?;
        if !(force.denials.is_empty() && force.holds.is_empty()) {
            say(force)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
