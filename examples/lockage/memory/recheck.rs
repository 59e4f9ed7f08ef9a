//! `lockage recheck`: what runs today, asked again by today's gates.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::Name;
use lockage_promote::pipeline::memory::running;
use lockage_promote::pipeline::output::Standing;
use serde_json::json;

use super::{evidenced, reason};
use crate::promote::world::{Setup, World};
use crate::promote::{ends, name};
use crate::report::{Failure, say, say_json};

/// Asks every gate of the edge by which each image came, and for its evidence, where the document has `[evidence]`. Writes
/// nothing, unless it is told to revoke what a gate refuses.
///
/// Exit codes: 0 no gate says no, 1 one does, or evidence is missing or too old, 2 usage or an invalid document, 3 error or undecided.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The environment.
    #[arg(value_name = "ENV", value_parser = name)]
    environment: Name,

    /// Deny everywhere what a gate refuses today.
    #[arg(long, requires = "reason")]
    revoke: bool,

    /// Why.
    #[arg(long, value_parser = reason, requires = "revoke")]
    reason: Option<String>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    setup: Setup,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let world = World::quiet(&arguments.setup)?;
    let now = SystemTime::now();
    let recheck = world.promoter.recheck(&arguments.environment, now).await.map_err(ends::failure)?;
    let revoked = match &arguments.reason {
        Some(reason) => world.promoter.revoke(&recheck, reason, now).await.map_err(ends::failure)?,
        None => Vec::new(),
    };
    let chronicle = world.chronicle(None).await.map_err(ends::failure)?;
    let there = running(&chronicle, &arguments.environment, now).images;
    let evidence = evidenced::ask(&world, &there, now).await.unwrap_or_default();
    world.finish();
    let standing = match (recheck.standing(), evidenced::code(&evidence)) {
        (Standing::Refused, _) | (_, 1) => Standing::Refused,
        (Standing::Undecided, _) | (_, 3) => Standing::Undecided,
        (standing, _) => standing,
    };
    if arguments.json {
        say_json(&json!({ "result": standing, "recheck": recheck, "evidence": evidence, "revoked": revoked }))?;
    } else {
        say(&recheck)?;
        evidence.iter().try_for_each(say)?;
        revoked.iter().try_for_each(say)?;
    }
    Ok(ends::code(standing))
}
