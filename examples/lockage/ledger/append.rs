//! `lockage ledger append`: entries of other tools.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lockage_promote::ledger::{Entry, History as _, Kind, Ledger as _, LedgerError, Standing};
use lockage_registry::Digest;
use serde_json::{Map, Value, json};

use super::place::{Opened, Where};
use super::strict::Strict;
use crate::promote::Trouble;
use crate::report::{Failure, Unusable, say, say_json};
use crate::signing::seal::MayBy;

/// The most bytes of entries that are read at once.
const LIMIT: u64 = 64 << 20;

/// All lines are read before the first is written; those that begin with # are comments. An entry without a time gets that of
/// now, or of --at; what stands before it is filled in. An entry that is there already, word for word and of the same time, is
/// not written again: so what failed halfway can be run again, with the --at that it says. Prints the digest of each.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The file with the entries, one a line; else standard input.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// The time of entries that have none, rather than now: run again with the same one, nothing is written twice.
    #[arg(long, value_name = "TIME", value_parser = crate::times::moment)]
    at: Option<jiff::Timestamp>,

    #[command(flatten)]
    place: Where,

    #[command(flatten)]
    by: MayBy,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let at = arguments.at.unwrap_or_else(jiff::Timestamp::now);
    let entries = read(arguments.file.as_ref(), at)?;
    let all = entries.len();
    let opened = arguments.place.open(Some(&arguments.by)).await?;
    let ledger = opened.shared();
    // A ledger in a registry looks for itself whether it has an entry already.
    let mut known: Vec<(Entry, Digest)> = Vec::new();
    if let Opened::File(ledger) = &opened {
        let there = ledger.entries(None).await.map_err(|error| Failure::error(&error))?;
        known.extend(there.into_iter().map(|one| {
            let mut entry = (*one.entry).clone();
            entry.parents.clear();
            (entry, one.id)
        }));
    }
    let mut appended = Vec::new();
    for entry in entries {
        let there = known.iter().find(|(one, _)| *one == entry).map(|(_, id)| id.clone());
        let written = match there {
            Some(id) => Ok(id),
            None => ledger.append(entry.clone()).await,
        };
        let id = written.map_err(|error| {
            let done = appended.len();
            let trouble = Trouble::new(format_args!("{done} of {all} entries were appended"));
            // Of the one that failed it may not be known whether it is there.
            let again = format!("Append all of them again with --at {at}: what is there is not written twice.");
            match &error {
                LedgerError::NoSigner { .. } | LedgerError::NotTaken { .. } | LedgerError::Exported { .. } => {
                    Failure::usage(&error)
                }
                LedgerError::TooLarge { .. } => Failure::usage(&trouble.because(error)),
                _ => Failure::error(&trouble.remedy(again).because(error)),
            }
        })?;
        if !arguments.json {
            say(&id)?;
        }
        known.push((entry, id.clone()));
        appended.push(id);
    }
    if let Opened::Registry(ledger) = &opened
        && let Some(trouble) = ledger.checkpoint_trouble()
    {
        eprint!("no checkpoint was written, which a later append will do\n{}", crate::report::describe(&trouble));
    }
    if arguments.json {
        say_json(&json!({ "appended": appended }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The entries of a file; the first line that is none is told with its place.
fn read(file: Option<&PathBuf>, at: jiff::Timestamp) -> Result<Vec<Entry>, Failure> {
    let name = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
    let unusable = |error: std::io::Error| Failure::usage(&Unusable::of(Path::new(&name))(error.into()));
    let mut text = String::new();
    match file {
        Some(file) => std::fs::File::open(file).and_then(|file| file.take(LIMIT).read_to_string(&mut text)),
        None => std::io::stdin().lock().take(LIMIT).read_to_string(&mut text),
    }
    .map_err(unusable)?;
    if u64::try_from(text.len()).is_ok_and(|length| length == LIMIT) {
        return Err(Failure::usage(&Trouble::new(format_args!("{name}: it is longer than {LIMIT} bytes"))));
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let entries: Result<Vec<Entry>, Failure> = lines
        .map(|(number, line)| {
            let wrong = |why: &dyn fmt::Display| {
                let trouble = Trouble::new(format_args!("{name}:{}: it is no entry: {why}", number + 1));
                Failure::usage(&trouble.remedy("schemas/ledger-entry.json says what an entry is. Nothing was written."))
            };
            entry(line, at).map_err(|why| wrong(&why))
        })
        .collect();
    let entries = entries?;
    // Whoever should have written some, and failed, is not to be taken for somebody who had nothing to say.
    if entries.is_empty() {
        let trouble = Trouble::new(format_args!("{name}: there is no entry in it"));
        return Err(Failure::usage(&trouble.remedy("Write one entry a line, as schemas/ledger-entry.json says.")));
    }
    Ok(entries)
}

fn entry(line: &str, at: jiff::Timestamp) -> Result<Entry, String> {
    let Strict(written) = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let mut written: Map<String, Value> = serde_json::from_value(written).map_err(|error| error.to_string())?;
    if written.contains_key("parents") {
        return Err("it says what stands before it, which is for the ledger to say".to_owned());
    }
    if !written.contains_key("at") {
        written.insert("at".to_owned(), Value::from(at.to_string()));
    }
    let entry: Entry = serde_json::from_value(Value::Object(written.clone())).map_err(|error| error.to_string())?;
    // What is not known would be left out, and whoever wrote it would believe that it was kept.
    let kept = serde_json::to_value(&entry).map_err(|error| error.to_string())?;
    match lost(&Value::Object(written), &kept) {
        Some(key) => Err(format!("it has {key:?}, which no entry of its kind has")),
        None => match (senseless(&entry), entry.fits()) {
            (Some(why), _) => Err(why.to_owned()),
            (None, fits) => fits.map(|()| entry).map_err(|error| error.to_string()),
        },
    }
}

/// What no reader would make anything of, or could ask anybody about.
fn senseless(entry: &Entry) -> Option<&'static str> {
    let is_of_place = match &entry.kind {
        Kind::Deny { .. } | Kind::Override { .. } | Kind::Remove { .. } | Kind::Restore { .. } => false,
        Kind::Release { of, .. } => *of == Standing::Hold,
        _ => true,
    };
    if is_of_place && entry.environment.is_none() {
        return Some("it has no environment, and says nothing without one");
    }
    let reason = match &entry.kind {
        Kind::Deny { reason }
        | Kind::Hold { reason, .. }
        | Kind::Release { reason, .. }
        | Kind::Rollback { reason, .. }
        | Kind::Revert { reason, .. }
        | Kind::Override { reason, .. } => reason,
        _ => return None,
    };
    reason.trim().is_empty().then_some("it says no reason")
}

/// The first key, at whatever depth, that would not be kept.
fn lost(written: &Value, kept: &Value) -> Option<String> {
    match (written, kept) {
        (Value::Object(written), Value::Object(kept)) => written.iter().find_map(|(key, value)| {
            let below = match kept.get(key) {
                Some(kept) => lost(value, kept)?,
                None if says_nothing(value) => return None,
                None => String::new(),
            };
            Some(if below.is_empty() { key.clone() } else { format!("{key}.{below}") })
        }),
        (Value::Array(written), Value::Array(kept)) => {
            written.iter().zip(kept).find_map(|(written, kept)| lost(written, kept))
        }
        _ => None,
    }
}

/// What may be left out, and is.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
