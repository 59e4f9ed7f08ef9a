//! `lockage retain apply`: deletes what a plan says, and nothing that has changed since.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use lockage_policy::apply::{
    Apply, ApplyError, Fate, FileJournal, InUseNow, Outcome, Remover, Settings, Subject, undo,
};
use lockage_policy::retain::{Action, Facts, InUse, Report};
use lockage_registry::{NameError, Repository};
use serde_json::{Value, json};

use super::provider::{self, Kind};
use crate::clients;
use crate::report::{Failure, Unusable, read, say};

/// Without --yes it says what it would do, and deletes nothing. Exits with 1 where a guard stops the plan, with 3 where the
/// registry refuses something.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The plan, as `retain plan --json` prints it.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,

    /// What was done and what waits for a second plan, a line each; the same file for all runs over one registry. Beside the
    /// plan otherwise, as retain-journal.jsonl.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,

    /// Delete.
    #[arg(long)]
    yes: bool,

    /// Delete what one plan condemns, without a second one that is a while later.
    #[arg(long)]
    single_pass: bool,

    /// How far apart two plans have to be.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    quarantine: SignedDuration,

    /// Put back what this plan has deleted, as far as the registry still has it.
    #[arg(long, conflicts_with = "single_pass")]
    undo: bool,

    /// What the registry does when it is told to delete, where that is not what its kind does.
    #[arg(long, value_enum)]
    registry: Option<Kind>,

    #[command(flatten)]
    provider: provider::Interface,

    /// What is in use, read again as the run goes on: a document of facts, as `retain plan --facts` reads it.
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    reach: clients::Reach,
}

/// What a file of facts says, each time anew.
#[derive(Debug)]
struct FactsFile(PathBuf);

#[async_trait::async_trait]
impl InUseNow for FactsFile {
    async fn in_use(&self) -> Result<Vec<InUse>, Box<dyn Error + Send + Sync>> {
        let facts: Facts = serde_json::from_slice(&std::fs::read(&self.0)?)?;
        Ok(facts.in_use)
    }
}

fn failure(error: &ApplyError) -> Failure {
    match error {
        ApplyError::Refused(_) | ApplyError::Changed(_) => Failure::refused(error),
        ApplyError::Invalid(_) => Failure::usage(error),
        _ => Failure::error(error),
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let plan: Report = read(&arguments.plan, |bytes| Ok(serde_json::from_slice(bytes)?))?;
    if !plan.refusals.is_empty() && !arguments.undo {
        return Err(failure(&ApplyError::Refused(plan.refusals)));
    }
    if !arguments.yes {
        return would(&plan, &arguments);
    }
    let path = arguments.journal.clone().unwrap_or_else(|| beside(&arguments.plan));
    let journal = FileJournal::open(&path).map_err(|error| Failure::usage(&Unusable::of(&path)(error)))?;
    let hub = provider::hub(&arguments.provider, &arguments.reach, &repositories(&plan)?)?;
    let remover = hub.remover(arguments.registry.map(Kind::caps));
    if arguments.undo {
        return put_back(remover.as_ref(), &journal, &plan, arguments.json).await;
    }
    let mut settings = Settings::default();
    settings.single_pass = arguments.single_pass;
    settings.quarantine = arguments.quarantine.try_into().map_err(|error: jiff::Error| Failure::usage(&error))?;
    let facts = arguments.facts.map(FactsFile);
    let mut apply = Apply::new(remover.as_ref(), &journal).settings(settings);
    if let Some(facts) = &facts {
        apply = apply.in_use(facts);
    }
    let outcome = apply.run(&plan, Timestamp::now()).await.map_err(|error| failure(&error))?;
    if arguments.json {
        say(document(&outcome))?;
    } else {
        say(&outcome)?;
    }
    let is_refused = outcome.count(Fate::Refused) > 0 || !outcome.leftovers.is_empty();
    Ok(if is_refused { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// The repositories that it deletes from.
fn repositories(plan: &Report) -> Result<BTreeSet<Repository>, Failure> {
    let names = plan.actions.iter().filter_map(|action| match action {
        Action::Untag { repository, .. }
        | Action::DeleteManifest { repository, .. }
        | Action::Archive { repository, .. } => Some(repository),
        _ => None,
    });
    let parse = |name: &String| name.parse().map_err(|error: NameError| Failure::usage(&error));
    names.map(parse).collect()
}

fn beside(plan: &Path) -> PathBuf {
    plan.with_file_name("retain-journal.jsonl")
}

async fn put_back(
    remover: &dyn Remover,
    journal: &FileJournal,
    plan: &Report,
    json: bool,
) -> Result<ExitCode, Failure> {
    let undone = undo(remover, journal, &plan.plan, Timestamp::now()).await.map_err(|error| failure(&error))?;
    if json {
        let left: Vec<Value> = undone.left.iter().map(|(what, why)| json!({"what": what, "why": why})).collect();
        say(json!({"restored": undone.restored, "left": left}))?;
    } else {
        undone.restored.iter().try_for_each(|what| say(format_args!("{what}  put back")))?;
        undone.left.iter().try_for_each(|(what, why)| say(format_args!("{what}  not put back: {why}")))?;
    }
    Ok(if undone.left.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// What it would do.
fn would(plan: &Report, arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.json {
        return say(json!({"plan": plan.plan, "actions": plan.actions})).map(|()| ExitCode::SUCCESS);
    }
    for action in &plan.actions {
        match action {
            Action::Untag { repository, tag, expect } => {
                say(format_args!("would take the tag {repository}:{tag} from {expect}"))?;
            }
            Action::DeleteManifest { repository, digest, expect_tags } if expect_tags.is_empty() => {
                say(format_args!("would delete {repository}@{digest}"))?;
            }
            Action::DeleteManifest { repository, digest, expect_tags } => {
                say(format_args!("would delete {repository}@{digest} with {}", expect_tags.join(", ")))?;
            }
            Action::Archive { repository, digest } => say(format_args!("would archive {repository}@{digest}"))?,
            other => say(format_args!("would not know what to do with {other:?}"))?,
        }
    }
    say(format_args!("{} to do; nothing was deleted: say --yes for that", plan.actions.len()))?;
    Ok(ExitCode::SUCCESS)
}

fn document(outcome: &Outcome) -> Value {
    let items: Vec<Value> = outcome
        .items
        .iter()
        .map(|item| {
            let (tag, digest) = match &item.subject {
                Subject::Tag(tag, digest) => (Some(tag.as_str()), digest.as_str()),
                Subject::Manifest(digest) => (None, digest.as_str()),
                _ => (None, ""),
            };
            json!({
                "repository": item.repository.to_string(), "tag": tag, "digest": digest, "rule": item.rule,
                "result": item.fate, "why": item.why,
            })
        })
        .collect();
    json!({"items": items, "leftovers": outcome.leftovers})
}
