//! `lockage`: the reference pipeline binary. It parses arguments, calls the crates, and prints.
#![allow(clippy::print_stderr)]

mod attest;
mod clients;
mod copy;
mod gate;
mod keygen;
mod pairs;
mod progress;
mod promote;
mod report;
mod retain;
mod serve;
mod sign;
mod signing;
mod tags;
mod tree;
mod verify;
mod verify_attestation;
mod verify_bundle;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Say what stands between an image and an environment.
    WhyNot(Box<promote::why_not::Arguments>),
    /// Find what is deployed by a tag that may move.
    Lint(promote::lint::Arguments),
    /// Try a whole graph of environments in memory.
    Simulate(promote::simulate::Arguments),
    /// Decide what a registry keeps, and explain it; deletes nothing.
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

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Copy(arguments) => copy::run(*arguments).await,
        Command::Gate(command) => gate::run(command).await,
        Command::Promote(arguments) => promote::run(*arguments).await,
        Command::WhyNot(arguments) => promote::why_not::run(*arguments).await,
        Command::Lint(arguments) => promote::lint::run(&arguments),
        Command::Simulate(arguments) => promote::simulate::run(arguments).await,
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
