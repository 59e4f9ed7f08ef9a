//! `lockage`: the reference pipeline binary. It parses arguments, calls the crates, and prints.
#![allow(clippy::print_stderr)]

mod attest;
mod board;
mod clients;
mod copy;
mod gate;
mod keygen;
mod ledger;
mod memory;
mod pairs;
mod progress;
mod promote;
mod report;
mod retain;
mod scanner;
mod serve;
mod sign;
mod signing;
mod tags;
mod times;
mod tree;
mod verify;
mod verify_attestation;
mod verify_bundle;
mod yaml;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use report::Failure;
use tokio::runtime::Builder;

/// Build once, promote the same bytes, prove it.
///
/// Exit codes: 0 done, 1 refused, 2 usage or an invalid document, 3 error or undecided, 4 waiting.
#[derive(Parser)]
#[command(name = "lockage", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve an embedded registry, in memory or on a directory of OCI layouts.
    Serve(serve::Arguments),
    /// Copy images from one repository to another, digest unchanged, the tag last.
    Copy(Box<copy::Arguments>),
    /// Decide on the reports of scanners, linters and tests; promotes nothing.
    #[command(subcommand)]
    Gate(gate::Command),
    /// Promote an image from one environment to the next, past every gate.
    Promote(Box<promote::Arguments>),
    /// Say by signature that a plan is good.
    Approve(Box<promote::approve::Arguments>),
    /// Say what stands between an image and an environment.
    WhyNot(Box<promote::why_not::Arguments>),
    /// Put an image back that was in an environment before, by its tags alone.
    Rollback(Box<memory::rollback::Arguments>),
    /// Say what runs where, since when, by whom, and on which evidence.
    Running(Box<memory::running::Arguments>),
    /// Say where an image is, and was: by commit, digest, version or pull request.
    WhereIs(Box<memory::where_is::Arguments>),
    /// Say everything that the ledger says, and what is denied and held.
    History(Box<memory::history::Arguments>),
    /// Compare what two environments have: commits, versions, packages, vulnerabilities.
    Diff(Box<memory::diff::Arguments>),
    /// Find where environments are not what the ledger says, and put it right.
    Drift(Box<memory::drift::Arguments>),
    /// Write a page that shows what runs where, and what waits at which gate.
    Board(Box<board::Arguments>),
    /// Deny an image: it moves nowhere until it is released.
    Deny(Box<memory::orders::Deny>),
    /// Hold an environment: it keeps what it has until it is released.
    Hold(Box<memory::orders::Hold>),
    /// Release what is denied or held.
    Release(Box<memory::orders::Release>),
    /// Ask today's gates about what runs today.
    Recheck(Box<memory::recheck::Arguments>),
    /// Find what is deployed by a tag that may move, what a document allows that few people mean, and credentials that can
    /// write where they have only to read.
    Lint(Box<promote::lint::Arguments>),
    /// Try a whole graph of environments in memory.
    Simulate(promote::simulate::Arguments),
    /// Verify, export or add to the ledger: who promoted what, where, on which evidence.
    #[command(subcommand)]
    Ledger(Box<ledger::Command>),
    /// Decide what a registry keeps, explain it, and delete the rest.
    #[command(subcommand)]
    Retain(retain::Command),
    /// Compute the tags, labels and annotations of a build, as docker/metadata-action does, in any CI.
    Tags(Box<tags::Arguments>),
    /// Sign images, in both layouts of cosign.
    Sign(Box<sign::Arguments>),
    /// Verify that images are signed.
    Verify(Box<verify::Arguments>),
    /// Attest something of images: provenance, an SBOM, the result of a test or of a scan.
    Attest(Box<attest::Arguments>),
    /// Verify that something is attested of an image, and print what.
    VerifyAttestation(Box<verify_attestation::Arguments>),
    /// Make a key to sign with.
    Keygen(keygen::Arguments),
    /// Show everything that is attached to an image, and who claims to have signed it.
    Tree(tree::Arguments),
    /// Verify a Sigstore bundle over a file or a digest, without any request.
    VerifyBundle(verify_bundle::Arguments),
}

impl Command {
    /// Where it runs. Whoever asks the ledger has nothing to do at once: further threads would only take memory.
    fn runtime(&self) -> Builder {
        match self {
            Self::Running(_) | Self::WhereIs(_) | Self::History(_) => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        }
    }
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    match command.runtime().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(command)),
        Err(error) => {
            let failure = Failure::error(&error);
            eprint!("{failure}");
            failure.exit_code()
        }
    }
}

async fn run(command: Command) -> ExitCode {
    let result = match command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Copy(arguments) => copy::run(*arguments).await,
        Command::Gate(command) => gate::run(command).await,
        Command::Promote(arguments) => promote::run(*arguments).await,
        Command::Approve(arguments) => promote::approve::run(*arguments).await,
        Command::WhyNot(arguments) => promote::why_not::run(*arguments).await,
        Command::Rollback(arguments) => memory::rollback::run(*arguments).await,
        Command::Running(arguments) => memory::running::run(*arguments).await,
        Command::WhereIs(arguments) => memory::where_is::run(*arguments).await,
        Command::History(arguments) => memory::history::run(*arguments).await,
        Command::Diff(arguments) => memory::diff::run(*arguments).await,
        Command::Drift(arguments) => memory::drift::run(*arguments).await,
        Command::Board(arguments) => board::run(*arguments).await,
        Command::Deny(arguments) => memory::orders::deny(*arguments).await,
        Command::Hold(arguments) => memory::orders::hold(*arguments).await,
        Command::Release(arguments) => memory::orders::release(*arguments).await,
        Command::Recheck(arguments) => memory::recheck::run(*arguments).await,
        Command::Lint(arguments) => promote::lint::run(*arguments).await,
        Command::Simulate(arguments) => promote::simulate::run(arguments).await,
        Command::Ledger(command) => ledger::run(*command).await,
        Command::Retain(command) => retain::run(command).await,
        Command::Tags(arguments) => tags::run(*arguments).await,
        Command::Sign(arguments) => sign::run(*arguments).await,
        Command::Verify(arguments) => verify::run(*arguments).await,
        Command::Attest(arguments) => attest::run(*arguments).await,
        Command::VerifyAttestation(arguments) => verify_attestation::run(*arguments).await,
        Command::Keygen(arguments) => keygen::run(&arguments),
        Command::Tree(arguments) => tree::run(arguments).await,
        Command::VerifyBundle(arguments) => verify_bundle::run(arguments).await,
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            eprint!("{failure}");
            failure.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        super::Arguments::command().debug_assert();
    }
}
