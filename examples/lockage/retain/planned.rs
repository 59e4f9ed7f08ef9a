//! `lockage retain plan`: what would go, in which order, and why everything else stays.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use lockage_policy::retain::Plan;
use lockage_registry::Repository;

use super::{inventory, policy};
use crate::report::{Failure, say};

/// Deletes nothing. Exits with 1 where a guard stops the plan.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Repositories to ask for, of one registry. Those with the distribution API alone tell no times: there, rules about ages
    /// keep everything.
    #[arg(value_name = "REPO")]
    repositories: Vec<Repository>,

    #[command(flatten)]
    rules: policy::Rules,

    #[command(flatten)]
    from: inventory::From,

    /// Show what stays as well.
    #[arg(long)]
    all: bool,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// A plan that a guard stops.
#[derive(Debug)]
pub(super) struct Stopped(Vec<String>);

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the plan is not to be executed: {}", self.0.join("; "))
    }
}

impl Error for Stopped {}

/// Says why a plan is stopped, where it is.
pub(super) fn stopped(plan: &Plan<'_>) -> Result<ExitCode, Failure> {
    if plan.refusals().is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::refused(&Stopped(plan.refusals().iter().map(ToString::to_string).collect())))
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut made = arguments.rules.read()?;
    let snapshot = inventory::snapshot(&arguments.from, &arguments.repositories, &mut made).await?;
    let plan = made.plan(&snapshot);
    if arguments.json {
        say(serde_json::to_string(&plan).map_err(|error| Failure::error(&error))?)?;
    } else if arguments.all {
        say(format_args!("{plan:#}"))?;
    } else {
        say(&plan)?;
    }
    stopped(&plan)
}
