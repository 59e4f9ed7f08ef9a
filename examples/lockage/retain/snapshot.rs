//! `lockage retain snapshot`: what repositories hold, as a document.

use std::process::ExitCode;

use jiff::Timestamp;
use lockage_registry::Repository;

use super::inventory;
use crate::report::{Failure, say_json};

/// Prints one JSON document. What could not be read is said there too: nothing of such a repository is deleted.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Repositories to ask for, of one registry.
    #[arg(value_name = "REPO", required = true)]
    repositories: Vec<Repository>,

    #[command(flatten)]
    registry: inventory::Asked,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let now = Timestamp::now();
    let (mut builder, _) = arguments.registry.list(&arguments.repositories).await?;
    builder.taken_at(now);
    let snapshot = builder.finish().map_err(|error| Failure::error(&error))?;
    say_json(&snapshot).map(|()| ExitCode::SUCCESS)
}
