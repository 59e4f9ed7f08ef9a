//! `lockage drift`: where environments are not what the ledger says.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::Name;
use lockage_promote::pipeline::memory::{Drift, Healed, Proof};
use serde_json::json;

use super::environments;
use crate::promote::world::{Setup, World};
use crate::promote::{ends, name};
use crate::report::{Failure, say, say_json};
use crate::signing::seal::MayBy;

/// Looks for tags that were moved or deleted outside the pipeline, for images that never came through it, and for
/// promotions and rollbacks that were killed; and, where the document has `[evidence]`, for evidence that is missing or too old
/// on an image or on a platform of it, which only promoting again puts right. Tags that move and hold what is denied are named,
/// and are no drift where the ledger says so too.
///
/// It looks at the images that the ledger speaks of, in any environment. Repositories are not listed: an image of which the
/// ledger has no entry at all is not seen.
///
/// Exit codes: 0 everything is as the ledger says, 1 something is not, 2 usage or an invalid document, 3 something could not
/// be looked at. With --heal: what is left.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The environment; else every one that images are promoted to. Looked at are the images that the ledger speaks of.
    #[arg(value_name = "ENV", value_parser = name)]
    environment: Option<Name>,

    /// Put tags back to what the ledger says, go on with what was killed, and record it.
    #[arg(long)]
    heal: bool,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    by: MayBy,

    #[command(flatten)]
    setup: Setup,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let world = match arguments.heal {
        true => World::open_by(&arguments.setup, &arguments.by).await?,
        false => World::quiet(&arguments.setup)?,
    };
    let looked = look(&arguments, &world).await;
    world.finish();
    let (found, healed, left) = looked?;
    if arguments.json {
        say_json(&json!({ "drift": found, "healed": healed, "left": left }))?;
    } else {
        found.iter().try_for_each(say)?;
        healed.iter().try_for_each(say)?;
        left.iter().filter(|left| !left.is_none()).try_for_each(|left| say(format_args!("left: {left}")))?;
    }
    let ends = if arguments.heal { &left } else { &found };
    let failed = healed.iter().any(|healed| !healed.failed.is_empty());
    Ok(ExitCode::from(if ends.iter().any(|one| !one.images.is_empty()) {
        1
    } else if failed || ends.iter().any(|one| !one.unread.is_empty()) {
        3
    } else {
        0
    }))
}

/// What was found, what was done, and what is left.
async fn look(arguments: &Arguments, world: &World) -> Result<(Vec<Drift>, Vec<Healed>, Vec<Drift>), Failure> {
    let proof = world.proof().map(|proof| proof as &dyn Proof);
    let (mut found, mut healed, mut left) = (Vec::new(), Vec::new(), Vec::new());
    for environment in environments(&world.promoter, arguments.environment.as_ref())? {
        let now = SystemTime::now();
        let drift = world.promoter.drift(&environment, proof, now).await.map_err(ends::failure)?;
        if arguments.heal {
            healed.push(world.promoter.heal(&drift, now).await.map_err(ends::failure)?);
            left.push(world.promoter.drift(&environment, proof, SystemTime::now()).await.map_err(ends::failure)?);
        }
        found.push(drift);
    }
    Ok((found, healed, left))
}
