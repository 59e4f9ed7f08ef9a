//! `lockage retain plan`: what would go, in which order, and why everything else stays.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use lockage_policy::retain::{Plan, diff};
use lockage_registry::Repository;

use super::{inventory, known, policy};
use crate::report::{Failure, say, say_json};

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
    known: known::Known,

    #[command(flatten)]
    from: inventory::From,

    /// Show what stays as well.
    #[arg(long)]
    all: bool,

    /// Another policy, such as the one that is in force: show what this one does that it does not, and the other way round, and
    /// which of its holds for compliance this one weakens.
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    against: Option<PathBuf>,

    /// Whose policy the other one is; of the same system otherwise.
    #[arg(long, value_enum, requires = "against")]
    against_format: Option<policy::Whose>,

    /// Of the other one, keep no more than its system keeps. With --faithful that is so of both.
    #[arg(long, requires = "against")]
    against_faithful: bool,

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
    let other = arguments
        .against
        .as_ref()
        .map(|file| arguments.rules.with_policy(file, arguments.against_format, arguments.against_faithful).read());
    let other = other.transpose()?;
    let snapshot = inventory::snapshot(&arguments.from, &arguments.repositories, &mut made).await?;
    // Each is told what its own rules ask for, on the same registry at the same moment.
    let mut other = other.map(|other| other.knowing(&made));
    let both = std::iter::once(&mut made).chain(&mut other).collect();
    arguments.known.add_to_all(both, &snapshot, arguments.from.reach()).await?;
    let plan = made.plan(&snapshot);
    if let Some(other) = &other {
        let difference = diff(&other.plan(&snapshot), &plan);
        return match arguments.json {
            true => say_json(&difference),
            false => say(&difference),
        }
        .map(|()| ExitCode::SUCCESS);
    }
    if arguments.json {
        say_json(&plan)?;
    } else if arguments.all {
        say(format_args!("{plan:#}"))?;
    } else {
        say(&plan)?;
    }
    stopped(&plan)
}
