//! `lockage attest`: says something about images, in a predicate that is signed byte by byte as it is.

use std::path::PathBuf;
use std::process::ExitCode;

use lockage_registry::Reference;
use lockage_signing::format::{PredicateType, StatementVersion};
use lockage_signing::sign::Predicate;

use crate::copy::reference;
use crate::report::{Failure, read};
use crate::signing::sealing::{self, Said};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The images to attest, by tag or digest; without either, by `latest`.
    #[arg(value_name = "REF", required = true, value_parser = reference)]
    images: Vec<Reference>,

    /// The predicate's type: a URI, or one of cosign's names such as slsaprovenance1, spdxjson, cyclonedx, vuln, openvex.
    #[arg(long = "type", value_name = "TYPE")]
    predicate_type: PredicateType,

    /// The predicate: a file with one JSON document.
    #[arg(long, value_name = "FILE")]
    predicate: PathBuf,

    /// The version of the in-toto statement that holds it.
    #[arg(long, value_enum, value_name = "VERSION", default_value = "v1")]
    statement: Statement,

    #[command(flatten)]
    sealing: sealing::Sealing,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Statement {
    #[value(name = "v0.1")]
    V01,
    V1,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let kind = arguments.predicate_type;
    let predicate = read(&arguments.predicate, |json| Ok(Predicate::new(kind.clone(), std::str::from_utf8(json)?)?))?;
    let predicate = predicate.version(match arguments.statement {
        Statement::V01 => StatementVersion::V01,
        Statement::V1 => StatementVersion::V1,
    });
    sealing::run(&arguments.sealing, &arguments.images, &Said::Attested(predicate), &[]).await
}
