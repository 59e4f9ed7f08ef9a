//! `lockage tree`: everything that is attached to an image and to its children, and who claims to have signed it.

use std::process::ExitCode;

use lockage_registry::Reference;
use lockage_signing::policy::Limits;
use serde_json::json;

use crate::clients;
use crate::copy::reference;
use crate::report::{Failure, say, say_json};
use crate::signing::pinned;

/// Nothing is verified: who a signature says made it is what it says.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The image, by tag or digest; without either, by `latest`.
    #[arg(value_name = "REF", value_parser = reference)]
    image: Reference,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    reach: clients::Reach,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let registries = clients::registries(&arguments.reach, 8)?;
    let image = &arguments.image;
    let source = registries.of(image.repository());
    let digest = pinned::digest(source, image).await.map_err(|error| Failure::error(&error))?;
    let tree = lockage_signing::tree::tree(source, image.repository(), &digest, &Limits::default()).await;
    let tree = tree.map_err(|error| Failure::error(&error))?;
    if arguments.json {
        say_json(&json!({ "reference": image, "digest": digest, "tree": tree }))?;
    } else {
        say(format_args!("{}\n{}", pinned::name(image, &digest), tree.to_string().trim_end()))?;
    }
    Ok(ExitCode::SUCCESS)
}
