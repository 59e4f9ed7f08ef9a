//! `lockage retain apply`: deletes and archives what a plan says, and nothing that has changed since.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lockage_policy::apply::{Apply, ApplyError, FileJournal, Journal, MemoryJournal, Settings, still};
use lockage_policy::facts::LedgerNow;
use lockage_policy::retain::{Action, Glob, Report};
use lockage_promote::ledger::Ledger;
use lockage_registry::{NameError, Repository};

use super::audit::Audited;
use super::cluster::Cluster;
use super::in_use::Asked;
use super::provider::{self, Kind};
use super::{inventory, known, outcome, policy};
use crate::clients;
use crate::promote::Trouble;
use crate::report::{Failure, Unusable, read};
use crate::times::length;

/// Before each delete it looks again, and leaves alone what was moved, tagged or taken into use since. Where the registry has no
/// compare-and-delete, a first plan only marks; what a later one condemns as well, with the same tags, goes. So it is, at every
/// registry, with what is archived: that takes it from whoever pulls, by any tag, until `retain undo` takes it out again.
///
/// Without --yes it asks where it can, and else looks and deletes nothing. A run that was killed goes on when the same plan is
/// applied with the same journal. Exits with 1 where a guard stops the plan, with 3 where the registry refuses something, with 4
/// where something waits for a second plan, or is still to be seen.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The plan, as `retain plan --json` prints it.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,

    /// The id of the plan that was approved: another one is not executed.
    #[arg(long, value_name = "DIGEST")]
    id: Option<String>,

    /// Plan anew by the rules that the plan was made by, and execute what is left of it, as long as that is no more.
    #[arg(long, value_name = "REPO")]
    again: Vec<Repository>,

    #[command(flatten)]
    rules: AgainBy,

    #[command(flatten)]
    cluster: Cluster,

    /// What was done and what waits for a second plan, a line each; the same file for all runs over one registry. Beside the
    /// plan otherwise, as retain-journal.jsonl.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,

    /// Delete and archive.
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,

    /// Look, say what would be deleted or archived, do neither and write nothing down.
    #[arg(long)]
    dry_run: bool,

    /// Delete and archive what one plan condemns, without a second one that is a while later.
    #[arg(long)]
    single_pass: bool,

    /// How far apart two plans have to be.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = length)]
    quarantine: Duration,

    /// The longest time after it was made that a plan is executed.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = length)]
    max_age: Duration,

    /// The most manifests that may be deleted and archived, whatever the policy says.
    #[arg(long, value_name = "N")]
    max_delete: Option<u64>,

    /// The largest part of all manifests that may be deleted and archived, between 0 and 1, whatever the policy says.
    #[arg(long, value_name = "PART", value_parser = part)]
    max_delete_ratio: Option<f64>,

    /// Tags that are never taken, as a glob: a plan that takes one, or archives what has one, is not executed. May be repeated.
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    protect: Vec<Glob>,

    /// What the registry does when it is told to delete, where that is not what its kind does.
    #[arg(long, value_enum)]
    registry: Option<Kind>,

    #[command(flatten)]
    provider: provider::Interface,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    audited: Audited,
}

/// Rules and facts, the same as for the plan.
#[derive(clap::Args)]
struct AgainBy {
    /// The policy, in its own language, for --again.
    #[arg(long, value_name = "FILE", requires = "again")]
    policy: Option<PathBuf>,

    /// What is in use and what is held, read again as the run goes on: a document of facts, as `retain plan --facts` reads it. A ledger and a
    /// cluster that are named are asked as often.
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,

    /// When tags and manifests were first seen, as for the plan, for --again.
    #[arg(long, value_name = "FILE", requires = "again")]
    seen: Option<PathBuf>,
}

/// As the guard of a policy is read.
fn part(text: &str) -> Result<f64, String> {
    let part: f64 = text.parse().map_err(|error: std::num::ParseFloatError| error.to_string())?;
    if (0.0..=1.0).contains(&part) { Ok(part) } else { Err("it is a part of all: between 0 and 1".to_owned()) }
}

fn glob(text: &str) -> Result<Glob, String> {
    Glob::new(text).map_err(|error| error.to_string())
}

pub(crate) async fn run(mut arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut plan: Report = read(&arguments.plan, |bytes| Ok(serde_json::from_slice(bytes)?))?;
    if let Some(id) = arguments.id.as_ref().filter(|id| **id != plan.plan) {
        return Err(outcome::failure(&ApplyError::Changed(format!("it is {}, and {id} was approved", plan.plan))));
    }
    let mut settings = arguments.settings();
    let ledger = arguments.audited.open().await?;
    if !arguments.again.is_empty() {
        plan = arguments.planned_again(&plan, ledger.as_ref()).await?;
    }
    if !arguments.yes && !arguments.dry_run && !arguments.json {
        arguments.yes = confirmed(&plan)?;
    }
    settings.dry_run = !arguments.yes;
    let path = arguments.journal.clone().unwrap_or_else(|| beside(&arguments.plan));
    let journal = journal(&path, settings.dry_run)?;
    let hub = provider::hub(&arguments.provider, arguments.audited.reach(), &repositories(&plan)?)?;
    let remover = hub.remover(arguments.registry.map(Kind::caps));
    let asked = arguments.asked(ledger.clone())?;
    let audit = ledger.filter(|_| !settings.dry_run).map(|ledger| arguments.audited.audit(ledger));
    let is_dry = settings.dry_run;
    let mut apply = Apply::new(remover.as_ref(), &*journal).settings(settings).in_use(&asked);
    if let Some(audit) = &audit {
        apply = apply.audit(audit);
    }
    let ended = apply.run(&plan, Timestamp::now()).await.map_err(|error| outcome::failure(&error))?;
    outcome::told(&plan.plan, &ended, is_dry, arguments.json)
}

impl Arguments {
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        settings.single_pass = self.single_pass;
        settings.quarantine = self.quarantine;
        settings.longest_age = Some(self.max_age);
        settings.max_delete = self.max_delete;
        settings.max_delete_ratio = self.max_delete_ratio;
        settings.protected.clone_from(&self.protect);
        settings
    }

    /// Whoever knows what is in use while the run goes on.
    fn asked(&self, ledger: Option<Arc<dyn Ledger>>) -> Result<Asked, Failure> {
        let ledger = match ledger.map(|ledger| LedgerNow::new(ledger)) {
            Some(now) => Some(match self.audited.graph()? {
                Some(graph) => now.graph(graph),
                None => now,
            }),
            None => None,
        };
        Ok(Asked::default().and_facts(self.rules.facts.clone()).and(ledger).and(self.cluster.open()?))
    }

    /// What is left of the plan, as the registry is now.
    async fn planned_again(&self, approved: &Report, ledger: Option<&Arc<dyn Ledger>>) -> Result<Report, Failure> {
        let Some(policy) = &self.rules.policy else {
            let trouble = Trouble::new("nobody said by which policy to plan again");
            return Err(Failure::usage(&trouble.remedy("Name it with --policy FILE.")));
        };
        let mut made = policy::Rules::own(policy.clone(), self.rules.facts.clone()).read()?;
        if let Some(kind) = self.registry {
            made.registry_is(kind.caps().into());
        }
        let from = inventory::From::asked(self.provider.clone(), self.audited.reach().clone(), self.rules.seen.clone());
        let snapshot = inventory::snapshot(&from, &self.again, &mut made).await?;
        if let Some(ledger) = ledger {
            let (registries, graph) = (clients::registries(self.audited.reach(), 8)?, self.audited.graph()?);
            known::add_ledger(&**ledger, graph.as_ref(), &mut made, &snapshot, &registries).await?;
        }
        known::add_cluster(&self.cluster, &mut made).await?;
        let fresh = made.plan(&snapshot).report();
        if fresh.policy != approved.policy {
            let error = ApplyError::Changed("it was made by another policy".to_owned());
            return Err(outcome::failure(&error));
        }
        still(approved, fresh).map_err(|error| outcome::failure(&error))
    }
}

/// The repositories that it deletes from.
fn repositories(plan: &Report) -> Result<BTreeSet<Repository>, Failure> {
    let names = plan.actions.iter().filter_map(|action| match action {
        Action::Untag { repository, .. }
        | Action::DeleteManifest { repository, .. }
        | Action::Archive { repository, .. } => Some(repository),
        _ => None,
    });
    names.map(|name| name.parse().map_err(|error: NameError| Failure::usage(&error))).collect()
}

pub(super) fn beside(plan: &Path) -> PathBuf {
    plan.with_file_name("retain-journal.jsonl")
}

/// A dry run reads a journal that is there, and makes none.
fn journal(path: &Path, dry: bool) -> Result<Box<dyn Journal>, Failure> {
    if dry && !path.exists() {
        return Ok(Box::new(MemoryJournal::default()));
    }
    Ok(Box::new(opened(path)?))
}

/// That another run has it is no fault of whoever asks: it is free again later.
pub(super) fn opened(path: &Path) -> Result<FileJournal, Failure> {
    FileJournal::open(path).map_err(|error| {
        let is_taken = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        let unusable = Unusable::of(path)(error);
        if is_taken { Failure::error(&unusable) } else { Failure::usage(&unusable) }
    })
}

/// Asks whoever sits there.
fn confirmed(plan: &Report) -> Result<bool, Failure> {
    let (mut out, into) = (io::stderr().lock(), io::stdin());
    if !into.is_terminal() || !out.is_terminal() {
        return Ok(false);
    }
    let (manifests, tags, archived, plan) = (plan.delete.len(), plan.delete_tags.len(), plan.archive.len(), &plan.plan);
    let asked = match archived {
        0 => write!(
            out,
            "{manifests} manifests and {tags} tags are to be deleted by plan {plan}. Delete them? [yes/no] "
        ),
        _ => write!(
            out,
            "{manifests} manifests and {tags} tags are to be deleted, and {archived} manifests archived, by plan {plan}. \
             Delete and archive them? [yes/no] "
        ),
    }
    .and_then(|()| out.flush());
    let mut answer = String::new();
    asked.and_then(|()| into.read_line(&mut answer)).map_err(|error| Failure::error(&error))?;
    Ok(answer.trim() == "yes")
}
