//! `lockage retain`: what a registry keeps, decided and explained before anything is deleted.

mod apply;
mod audit;
mod check;
mod cluster;
mod explain;
mod in_use;
mod inventory;
mod known;
mod outcome;
mod planned;
mod policy;
mod provider;
mod seen;
mod simulate;
mod snapshot;
mod undo;

use std::process::ExitCode;

use crate::report::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Say what would go, in which order, and why everything else stays. Deletes nothing.
    Plan(Box<planned::Arguments>),
    /// Delete what a plan says, and nothing that has changed since.
    Apply(Box<apply::Arguments>),
    /// Put back what a plan deleted, as far as the registry still has it; take back what it has marked.
    Undo(Box<undo::Arguments>),
    /// Say why a tag or a manifest stays or goes, and when that changes.
    Explain(Box<explain::Arguments>),
    /// Say what would go when, from one moment to another.
    Simulate(Box<simulate::Arguments>),
    /// Write down what repositories hold, for plan, explain and simulate to go by.
    Snapshot(Box<snapshot::Arguments>),
    /// Check a policy: what makes no sense in it, and what might not have been meant.
    Check(check::Arguments),
}

pub(crate) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Plan(arguments) => planned::run(*arguments).await,
        Command::Apply(arguments) => apply::run(*arguments).await,
        Command::Undo(arguments) => undo::run(*arguments).await,
        Command::Explain(arguments) => explain::run(*arguments).await,
        Command::Simulate(arguments) => simulate::run(*arguments).await,
        Command::Snapshot(arguments) => snapshot::run(*arguments).await,
        Command::Check(arguments) => check::run(&arguments),
    }
}
