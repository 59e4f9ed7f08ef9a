//! `lockage`: the reference pipeline binary. It parses arguments, calls the crates, and prints.
#![allow(clippy::print_stderr)]

mod clients;
mod copy;
mod pairs;
mod progress;
mod promote;
mod report;
mod serve;
mod tags;

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
    /// Promote an image from one environment to the next, past every gate.
    Promote(Box<promote::Arguments>),
    /// Say what stands between an image and an environment.
    WhyNot(Box<promote::why_not::Arguments>),
    /// Find what is deployed by a tag that may move.
    Lint(promote::lint::Arguments),
    /// Try a whole graph of environments in memory.
    Simulate(promote::simulate::Arguments),
    /// Compute the tags, labels and annotations of a build, as docker/metadata-action does, in any CI.
    Tags(Box<tags::Arguments>),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Copy(arguments) => copy::run(*arguments).await,
        Command::Promote(arguments) => promote::run(*arguments).await,
        Command::WhyNot(arguments) => promote::why_not::run(*arguments).await,
        Command::Lint(arguments) => promote::lint::run(&arguments),
        Command::Simulate(arguments) => promote::simulate::run(arguments).await,
        Command::Tags(arguments) => tags::run(*arguments).await,
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
