//! `lockage retain explain`: why a tag or a manifest stays or goes.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use lockage_registry::Repository;

use super::{inventory, known, policy};
use crate::report::{Failure, say, say_json};

/// Every rule that has a say, the one that decides first, and when that changes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The tag, or the manifest as REPO@DIGEST.
    #[arg(value_name = "REPO:TAG")]
    subject: String,

    /// Repositories to ask for.
    #[arg(long = "repository", value_name = "REPO", id = "repositories")]
    repositories: Vec<Repository>,

    #[command(flatten)]
    rules: policy::Rules,

    #[command(flatten)]
    known: known::Known,

    #[command(flatten)]
    from: inventory::From,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug)]
struct NotHere(String);

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not in the snapshot: write REPO:TAG or REPO@DIGEST", self.0)
    }
}

impl Error for NotHere {}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut made = arguments.rules.read()?;
    let snapshot = inventory::snapshot(&arguments.from, &arguments.repositories, &mut made).await?;
    arguments.known.add(&mut made, &snapshot, arguments.from.reach()).await?;
    let plan = made.plan(&snapshot);
    let explained = plan.explain(&arguments.subject);
    let explained = explained.ok_or_else(|| Failure::usage(&NotHere(arguments.subject.clone())))?;
    if arguments.json {
        say_json(&explained)?;
    } else {
        say(&explained)?;
    }
    Ok(ExitCode::SUCCESS)
}
