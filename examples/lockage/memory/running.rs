//! `lockage running`: what is in an environment, since when, by whom, and on which evidence.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::Name;
use lockage_promote::pipeline::memory::{running, told_of};
use serde_json::json;

use super::{environments, evidenced};
use crate::promote::world::{Setup, World};
use crate::promote::{ends, name};
use crate::report::{Failure, say, say_json};

/// By the ledger alone: no registry is asked, unless --verify says so. Whether it is so is for `drift`.
///
/// Exit codes: 0 told, 2 usage or an invalid document, 3 error.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The environment; else every one that images are promoted to.
    #[arg(value_name = "ENV", value_parser = name)]
    environment: Option<Name>,

    /// Ask the registries for the signed evidence of each image, by the document's `[evidence]`, too. Exit codes then: 1 some
    /// is missing or too old, 3 some could not be asked for.
    #[arg(long)]
    verify: bool,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    setup: Setup,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let world = World::brief(&arguments.setup)?;
    let environments = environments(&world.promoter, arguments.environment.as_ref())?;
    let mut chronicle = world.chronicle(None).await.map_err(ends::failure)?;
    if arguments.json {
        // A document has the details of what gates found, too: of what is there, and not of all that ever was.
        let told = environments.iter().flat_map(|environment| told_of(&chronicle, environment)).collect();
        chronicle = world.in_full(chronicle, &told).await.map_err(ends::failure)?;
    }
    let now = SystemTime::now();
    let all: Vec<_> = environments.iter().map(|environment| running(&chronicle, environment, now)).collect();
    let evidence = match arguments.verify {
        true => {
            let residents: Vec<_> = all.iter().flat_map(|one| one.images.iter().cloned()).collect();
            Some(evidenced::demanded(&world, &residents, now).await?)
        }
        false => None,
    };
    world.finish();
    let code = evidence.as_deref().map_or(0, evidenced::code);
    if arguments.json {
        let mut told = json!({ "running": all });
        if let (Some(evidence), Some(told)) = (evidence, told.as_object_mut()) {
            told.insert("evidence".to_owned(), json!(evidence));
        }
        say_json(&told)?;
    } else {
        all.iter().try_for_each(say)?;
        evidence.iter().flatten().try_for_each(say)?;
    }
    Ok(ExitCode::from(code))
}
