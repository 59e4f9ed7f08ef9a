//! `lockage where-is`: every environment where an image is or was.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::memory::{Wanted, where_is};
use serde_json::json;

use super::wanted;
use crate::promote::ends;
use crate::promote::world::{Setup, World};
use crate::report::{Failure, say, say_json};

/// By the ledger alone: no registry is asked.
///
/// Exit codes: 0 told, 1 the ledger does not know it, 2 usage or an invalid document, 3 error.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A commit (2b2e927), a digest (sha256:…, or its first digits), a version (1.4.0) or a pull request (#42).
    #[arg(value_parser = wanted)]
    what: Wanted,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    setup: Setup,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let world = World::brief(&arguments.setup)?;
    let chronicle = world.chronicle(None).await.map_err(ends::failure)?;
    world.finish();
    let found = where_is(&chronicle, &arguments.what, SystemTime::now());
    match arguments.json {
        true => say_json(&json!(found))?,
        false => say(&found)?,
    }
    Ok(ExitCode::from(u8::from(found.is_unknown())))
}
