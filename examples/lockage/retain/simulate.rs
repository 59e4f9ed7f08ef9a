//! `lockage retain simulate`: what would go when.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use jiff::Timestamp;
use lockage_policy::retain::simulate;
use lockage_registry::Repository;

use super::{inventory, policy};
use crate::report::{Failure, say};

/// Every moment at which something goes, if nothing is pushed or moved in between. It begins at `--now`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Repositories to ask for.
    #[arg(value_name = "REPO")]
    repositories: Vec<Repository>,

    #[command(flatten)]
    rules: policy::Rules,

    #[command(flatten)]
    from: inventory::From,

    /// The last moment.
    #[arg(long, value_name = "TIME")]
    to: Timestamp,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// What cannot be simulated.
#[derive(Debug)]
struct Impossible(&'static str);

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Impossible {}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut made = arguments.rules.read()?;
    if made.is_imported() {
        return Err(Failure::usage(&Impossible(
            "only policies of the own language are simulated: plan with --now instead",
        )));
    }
    if arguments.to < made.now {
        return Err(Failure::usage(&Impossible("--to is before --now")));
    }
    let snapshot = inventory::snapshot(&arguments.from, &arguments.repositories, &mut made).await?;
    let timeline = simulate(&snapshot, &made.policy, &made.facts, made.now, arguments.to);
    if arguments.json {
        say(serde_json::to_string(&timeline).map_err(|error| Failure::error(&error))?)?;
    } else {
        say(&timeline)?;
    }
    Ok(ExitCode::SUCCESS)
}
