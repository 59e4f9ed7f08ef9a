//! `lockage verify-attestation`: what is attested of an image, by somebody who is believed.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_registry::Reference;
use lockage_signing::format::PredicateType;

use crate::clients;
use crate::copy::reference;
use crate::report::Failure;
use crate::signing::verdict::{self, Verdict};
use crate::signing::{pinned, trusted};

/// Prints the digest, and the predicates that count, one a line. Exit codes: 0 there is one; 1 rejected, or there is none; 2
/// usage, or a key or trusted root that cannot be read; 3 it could not be decided.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The image, by tag or digest; without either, by `latest`.
    #[arg(value_name = "REF", value_parser = reference)]
    image: Reference,

    /// The predicate's type: a URI, or one of cosign's names such as slsaprovenance1, spdxjson, cyclonedx, vuln, openvex.
    #[arg(long = "type", value_name = "TYPE")]
    predicate_type: PredicateType,

    #[command(flatten)]
    trusted: trusted::Trusted,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    reach: clients::Reach,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let policy = arguments.trusted.policy()?.build().map_err(|error| Failure::usage(&error))?;
    let registries = clients::registries(&arguments.reach, 8)?;
    let image = &arguments.image;
    let source = registries.of(image.repository());
    let verdict = match pinned::digest(source, image).await {
        Ok(digest) => {
            // Whoever reads what is printed is the judge.
            let (wanted, now) = (&arguments.predicate_type, SystemTime::now());
            let outcome =
                policy.verify_attestation(source, image.repository(), &digest, wanted, &|_| Ok(()), now).await;
            Verdict::new(image, digest, outcome)
        }
        Err(error) => Verdict::unknown(image, &error),
    };
    verdict::print(&[verdict], arguments.json)
}
