//! `lockage retain simulate`: what would go when.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use jiff::Timestamp;
use lockage_policy::retain::{Snapshot, Timeline};
use lockage_registry::Repository;
use lockage_tagging::OneLine;

use super::{inventory, known, policy};
use crate::report::{Failure, say, say_json};

/// Every moment at which something goes, by a policy of ours or of another system, if nothing is pushed or moved in between.
/// It begins at `--now`. Guards are not asked: a plan of that day may be refused by them.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Repositories to ask for.
    #[arg(value_name = "REPO")]
    repositories: Vec<Repository>,

    #[command(flatten)]
    rules: policy::Rules,

    #[command(flatten)]
    known: known::Known,

    #[command(flatten)]
    from: inventory::From,

    /// The last moment.
    #[arg(long, value_name = "TIME", value_parser = crate::times::moment)]
    to: Timestamp,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// What cannot be simulated.
#[derive(Debug)]
struct Impossible(String);

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Impossible {}

/// The most rows that are looked at, each again at every moment from which one more time of the snapshot is believed.
const MOST: usize = 200_000_000;

/// Refuses what would take hours: a policy of ours counts anew whenever something is pushed, moved or pulled that is in the
/// snapshot already. From when that was taken on, nothing is.
fn affordable(snapshot: &Snapshot, from: Timestamp, to: Timestamp) -> Result<(), Failure> {
    let manifests = snapshot.manifests().flat_map(|id| [snapshot.pushed_at(id), snapshot.pulled_at(id)]);
    let tags = snapshot.tags().flat_map(|id| [snapshot.moved_at(id), snapshot.tag_pulled_at(id)]);
    let later: BTreeSet<_> = manifests.chain(tags).flatten().filter(|at| *at > from && *at <= to).collect();
    let rows = snapshot.manifests().len() + snapshot.tags().len();
    if later.len().saturating_mul(rows) <= MOST {
        return Ok(());
    }
    let what = format!(
        "--now is before {} moments that the snapshot knows, which is too many to begin anew at each: begin when it was taken",
        later.len()
    );
    Err(Failure::usage(&Impossible(what)))
}

/// The repositories in which no tag is left at the end of those that are not about another manifest.
fn emptied<'a>(snapshot: &'a Snapshot, timeline: &Timeline) -> Vec<OneLine<&'a str>> {
    let gone: BTreeSet<&String> = timeline.breakpoints.iter().flat_map(|point| &point.tags).collect();
    let ends = |repository: &_| {
        let mut plain = snapshot.tags_of(*repository).filter(|id| snapshot.speaks_about(*id).is_none()).peekable();
        plain.peek().is_some() && plain.all(|id| gone.contains(&snapshot.tag_reference(id)))
    };
    snapshot.repositories().filter(ends).map(|id| OneLine(snapshot.repository_name(id))).collect()
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut made = arguments.rules.read()?;
    if arguments.to < made.now {
        return Err(Failure::usage(&Impossible("--to is before --now".to_owned())));
    }
    let snapshot = inventory::snapshot(&arguments.from, &arguments.repositories, &mut made).await?;
    arguments.known.add(&mut made, &snapshot, arguments.from.reach()).await?;
    if made.is_own() {
        affordable(&snapshot, made.now, arguments.to)?;
    }
    let timeline = made.simulate(&snapshot, arguments.to);
    if arguments.json {
        say_json(&timeline)?;
    } else {
        say(&timeline)?;
        for repository in emptied(&snapshot, &timeline) {
            say(format_args!("warning: {repository} ends without a tag"))?;
        }
        if !timeline.breakpoints.is_empty() {
            say("guards were not asked: a plan of that day may be refused by them")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
