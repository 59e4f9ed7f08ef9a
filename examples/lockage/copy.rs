//! `lockage copy`: one image, or many in one process.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use lockage_promote::{Attachment, CopyPlan, Error, Flights, FoundBy, ImageCopy, Receipt};
use lockage_registry::{NameError, Platform, Reference};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::clients::{self, Registries};
use crate::pairs::{self, Pair};
use crate::progress::Progress;
use crate::report::{Failure, describe, say, say_json};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The image to copy, by tag or digest; without either, by `latest`.
    #[arg(required_unless_present = "from_file", value_parser = reference)]
    source: Option<Reference>,

    /// Where to copy it; without a tag it takes the source's.
    #[arg(required_unless_present = "from_file", value_parser = reference)]
    target: Option<Reference>,

    /// Copy many images: a file with SOURCE TARGET on each line, or - for standard input.
    #[arg(long, value_name = "PAIRS", conflicts_with_all = ["source", "target"])]
    from_file: Option<PathBuf>,

    /// Copy the child manifest for this platform alone, under its own digest (os/architecture[/variant]).
    #[arg(long)]
    platform: Option<Platform>,

    /// How many images, how many blobs of one, and how many requests to one host may be under way at once.
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,

    /// Leave signatures, attestations and SBOMs behind.
    #[arg(long)]
    no_attachments: bool,

    /// Look and print the plan; write nothing.
    #[arg(long)]
    dry_run: bool,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    reach: clients::Reach,
}

/// A reference, or what is wrong with it and what to write instead.
pub(crate) fn reference(text: &str) -> Result<Reference, String> {
    text.parse().map_err(|error: NameError| match error.remedy() {
        Some(remedy) => format!("{error}: {remedy}"),
        None => error.to_string(),
    })
}

/// What became of one pair.
enum Done {
    Planned(Box<CopyPlan>),
    Copied(Box<Receipt>),
    Failed(Error),
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let pairs = match (&arguments.from_file, &arguments.source, &arguments.target) {
        (Some(file), ..) => pairs::read(file).map_err(|error| Failure::usage(&error))?,
        (None, Some(source), Some(target)) => vec![(source.clone(), target.clone())],
        (None, ..) => Vec::new(),
    };
    let registries = clients::registries(&arguments.reach, arguments.concurrency.into())?;
    let arguments = Arc::new(arguments);
    let done = copy_all(&arguments, &registries, &pairs).await;

    let failed = done.iter().any(|done| matches!(done, Done::Failed(_)));
    if arguments.json {
        let copies: Vec<_> = pairs.iter().zip(&done).map(|(pair, done)| document(pair, done)).collect();
        say_json(&json!({ "copies": copies }))?;
    }
    for done in &done {
        match done {
            Done::Planned(plan) if !arguments.json => say(plan)?,
            Done::Copied(receipt) if !arguments.json => say(receipt)?,
            Done::Failed(error) => eprint!("{}", describe(error)),
            _ => {}
        }
    }
    Ok(if failed { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// All pairs, so many at once, in the order in which they were given. A failure does not stop the others.
async fn copy_all(arguments: &Arc<Arguments>, registries: &Registries, pairs: &[Pair]) -> Vec<Done> {
    let progress = Progress::start();
    let (flights, places) = (Flights::new(), Arc::new(Semaphore::new(arguments.concurrency.into())));
    let mut running = JoinSet::new();
    for (number, pair) in pairs.iter().cloned().enumerate() {
        let (arguments, registries, flights) = (Arc::clone(arguments), registries.clone(), flights.clone());
        let (places, observer) = (Arc::clone(&places), progress.observer(pair.1.to_string()));
        running.spawn(async move {
            // Made before any of them begins, so that one listing of a repository's tags serves all.
            let mut copy = ImageCopy::new(registries.of(pair.0.repository()), &pair.0)
                .to(registries.of(pair.1.repository()), &pair.1)
                .concurrency(arguments.concurrency.into())
                .sharing(&flights)
                .observed_by(observer);
            if let Some(platform) = &arguments.platform {
                copy = copy.platform(platform.clone());
            }
            if arguments.no_attachments {
                copy = copy.without_attachments();
            }
            // The semaphore is never closed, so there is a place in the end.
            let _place = places.acquire().await;
            (number, one(&copy, arguments.dry_run).await.unwrap_or_else(Done::Failed))
        });
    }
    let mut done = running.join_all().await;
    progress.finish();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, done)| done).collect()
}

async fn one(copy: &ImageCopy<'_>, dry_run: bool) -> Result<Done, Error> {
    let mut plan = copy.plan().await?;
    if dry_run {
        copy.foresee(&mut plan).await?;
        return Ok(Done::Planned(Box::new(plan)));
    }
    copy.apply(&plan).await.map(|receipt| Done::Copied(Box::new(receipt)))
}

/// One entry of `copies`: every key is always there.
fn document((source, target): &Pair, done: &Done) -> Value {
    let mut entry = json!({
        "source": source, "target": target, "digest": null, "result": "failed", "former_digest": null,
        "bytes": 0, "requests": 0, "attachments": [], "error": null,
    });
    let filled = match done {
        Done::Planned(plan) => json!({
            "target": plan.target(), "digest": plan.digest(), "result": "planned", "former_digest": plan.former(),
            "bytes": plan.bytes(), "requests": plan.requests(),
            "attachments": attachments(plan.attachments()), "plan": plan,
        }),
        Done::Copied(receipt) => json!({
            "target": receipt.target(), "digest": receipt.digest(), "former_digest": receipt.former(),
            "result": if receipt.moved() { "copied" } else { "present" },
            "bytes": receipt.bytes(), "requests": receipt.requests(),
            "attachments": attachments(receipt.attachments().found()),
        }),
        Done::Failed(error) => json!({ "error": error.to_string() }),
    };
    if let (Value::Object(entry), Value::Object(filled)) = (&mut entry, filled) {
        entry.extend(filled);
    }
    entry
}

fn attachments(found: &[Attachment]) -> Value {
    let entry = |one: &Attachment| {
        json!({
            "digest": one.manifest.digest, "subject": one.subject, "artifact_type": one.artifact_type, "kind": one.kind,
            "how": if let FoundBy::Tag(_) = one.found_by { "tag" } else { "referrer" }, "outcome": one.outcome,
        })
    };
    found.iter().map(entry).collect()
}
