//! `lockage sign`: says of images, by their digest, that they are released.

use std::convert::Infallible;
use std::process::ExitCode;

use lockage_registry::Reference;

use crate::copy::reference;
use crate::report::Failure;
use crate::signing::claim::{self, Claim};
use crate::signing::sealing::{self, DockerReference, Said};

/// A tag is looked up once, and the digest is signed. What this key has said already is not said again.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The images to sign, by tag or digest; without either, by `latest`.
    #[arg(value_name = "REF", required = true, value_parser = reference)]
    images: Vec<Reference>,

    /// Claim this of the images; may be repeated.
    #[arg(short = 'a', long = "annotation", visible_alias = "annotations", value_name = "NAME=VALUE", value_parser = claim::parse)]
    claims: Vec<Claim>,

    /// What the legacy layout says where the image is: `repository`, `full` (the reference as it was given, which
    /// containers/image asks for unless its policy says otherwise), or a text.
    #[arg(long, value_name = "TEXT", default_value = "repository", value_parser = docker_reference)]
    docker_reference: DockerReference,

    #[command(flatten)]
    sealing: sealing::Sealing,
}

fn docker_reference(text: &str) -> Result<DockerReference, Infallible> {
    Ok(match text {
        "repository" => DockerReference::Repository,
        "full" => DockerReference::Full,
        text => DockerReference::Text(text.to_owned()),
    })
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let Arguments { images, claims, docker_reference, sealing } = arguments;
    sealing::run(&sealing, &images, &Said::Released(docker_reference), &claims).await
}
