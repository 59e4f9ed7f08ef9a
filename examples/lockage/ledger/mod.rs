//! `lockage ledger`: looking after the ledger itself: verified, exported, and added to by other tools.

mod append;
mod export;
pub(crate) mod place;
mod sealed;
pub(crate) mod signers;
mod strict;
mod verify;

use std::process::ExitCode;

use crate::report::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Read every entry again and tell what was changed, left out, forged or put elsewhere.
    Verify(verify::Arguments),
    /// Print every entry with its signature, a line each, to be verified anywhere with a public key.
    Export(export::Arguments),
    /// Add entries, which are read as JSON, one a line.
    Append(append::Arguments),
}

pub(crate) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Verify(arguments) => verify::run(arguments).await,
        Command::Export(arguments) => export::run(arguments).await,
        Command::Append(arguments) => append::run(arguments).await,
    }
}
