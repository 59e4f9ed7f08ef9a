//! `lockage retain undo`: puts back what a plan deleted, takes out of the archive what it archived, and takes back what it has
//! marked.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;
use lockage_policy::apply::{ApplyError, Journal as _, Undo};
use lockage_policy::retain::Report;
use lockage_registry::{NameError, Repository};
use lockage_tagging::OneLine;
use serde_json::{Value, json};

use super::audit::Audited;
use super::outcome;
use super::provider::{self, Kind};
use crate::promote::Trouble;
use crate::report::{Failure, read, say, say_json};

/// Manifests come back byte for byte from the journal, as long as the registry still has their blobs; then their tags, where
/// nothing else has them by now. What was archived is taken out of the archive, which may take 20 minutes: it is not waited for.
/// What was only marked begins its quarantine anew. Exits with 3 where something did not come back, with 4 where something is on
/// its way back and cannot be pulled yet.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The plan.
    #[arg(long, value_name = "FILE", required_unless_present = "id")]
    plan: Option<PathBuf>,

    /// The id of the plan, where the plan itself is lost.
    #[arg(long, value_name = "DIGEST", requires = "journal", conflicts_with = "plan")]
    id: Option<String>,

    /// The journal of the run. Beside the plan otherwise, as retain-journal.jsonl.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,

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

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let (id, beside) = match (&arguments.plan, arguments.id) {
        (Some(file), _) => {
            let plan: Report = read(file, |bytes| Ok(serde_json::from_slice(bytes)?))?;
            (plan.plan, Some(super::apply::beside(file)))
        }
        (None, id) => (id.unwrap_or_default(), None),
    };
    let Some(path) = arguments.journal.or(beside).filter(|path| path.exists()) else {
        let trouble = Trouble::new("there is no journal of the run");
        return Err(Failure::usage(&trouble.remedy("Name the file that `retain apply` had with --journal FILE.")));
    };
    let journal = super::apply::opened(&path)?;
    let entries = journal.entries().map_err(|error| outcome::failure(&ApplyError::Unread(error)))?;
    let repositories: BTreeSet<Repository> = entries
        .iter()
        .filter(|entry| entry.plan == id)
        .map(|entry| entry.repository.parse().map_err(|error: NameError| Failure::usage(&error)))
        .collect::<Result<_, _>>()?;
    let hub = provider::hub(&arguments.provider, arguments.audited.reach(), &repositories)?;
    let remover = hub.remover(arguments.registry.map(Kind::caps));
    let audit = arguments.audited.open().await?.map(|ledger| arguments.audited.audit(ledger));
    let mut undo = Undo::new(remover.as_ref(), &journal);
    if let Some(audit) = &audit {
        undo = undo.audit(audit);
    }
    let undone = undo.run(&id, Timestamp::now()).await.map_err(|error| outcome::failure(&error))?;
    if arguments.json {
        let left: Vec<Value> = undone.left.iter().map(|(what, why)| json!({"what": what, "why": why})).collect();
        say_json(&json!({
            "plan": id, "restored": undone.restored, "activating": undone.activating, "released": undone.released,
            "left": left,
        }))?;
    } else {
        undone.restored.iter().try_for_each(|what| say(format_args!("{what}  put back")))?;
        let activating = "is being restored from the archive: it can be pulled within 20 minutes, as a rule";
        undone.activating.iter().try_for_each(|what| say(format_args!("{what}  {activating}")))?;
        undone.released.iter().try_for_each(|what| say(format_args!("{what}  no longer marked")))?;
        undone.left.iter().try_for_each(|(what, why)| say(format_args!("{what}  not put back: {}", OneLine(why))))?;
        if [&undone.restored, &undone.activating, &undone.released].iter().all(|all| all.is_empty())
            && undone.left.is_empty()
        {
            say("nothing to put back")?;
        }
    }
    Ok(match (undone.left.is_empty(), undone.activating.is_empty()) {
        (false, _) => ExitCode::from(3),
        (true, false) => ExitCode::from(4),
        (true, true) => ExitCode::SUCCESS,
    })
}
