//! `lockage gate`: decisions on their own, for pipelines that promote by other means.

mod documents;
mod reports;
mod scan;
mod subject;

use std::process::ExitCode;

use crate::report::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Decide on reports of scanners, linters and tests. Exits with 0 for a pass, 1 for a failure, 3 for undecided.
    Scan(Box<scan::Arguments>),
}

pub(crate) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Scan(arguments) => scan::run(*arguments).await,
    }
}
