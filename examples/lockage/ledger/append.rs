//! `lockage ledger append`: entries of other tools.

use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::ledger::{Entry, Ledger as _};
use serde_json::{Map, Value, json};

use super::place::{Opened, Where};
use crate::promote::Trouble;
use crate::report::{Failure, say};
use crate::signing::seal::MayBy;

/// The most bytes of entries that are read at once.
const LIMIT: u64 = 64 << 20;

/// All lines are read before the first is written; those that begin with # are comments. An entry without a time gets that of now; what stands before it is filled
/// in. An entry that is there already, word for word, is not written again. Prints the digest of each.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The file with the entries, one a line; else standard input.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    #[command(flatten)]
    place: Where,

    #[command(flatten)]
    by: MayBy,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let entries = read(arguments.file.as_ref())?;
    let opened = arguments.place.open(Some(&arguments.by)).await?;
    let ledger = opened.shared();
    let mut appended = Vec::new();
    for entry in entries {
        let id = ledger.append(entry).await.map_err(|error| {
            let done = appended.len();
            match &error {
                lockage_promote::ledger::LedgerError::NoSigner { .. } => Failure::usage(&error),
                _ => Failure::error(
                    &Trouble::new(format_args!("{done} entries were appended, and no more")).because(error),
                ),
            }
        })?;
        if !arguments.json {
            say(&id)?;
        }
        appended.push(id);
    }
    if let Opened::Registry(ledger) = &opened
        && let Some(trouble) = ledger.checkpoint_trouble()
    {
        eprint!("no checkpoint was written, which a later append will do\n{}", crate::report::describe(&trouble));
    }
    if arguments.json {
        say(json!({ "appended": appended }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The entries of a file; the first line that is none is told with its place.
fn read(file: Option<&PathBuf>) -> Result<Vec<Entry>, Failure> {
    let name = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
    let unusable = |error: std::io::Error| Failure::usage(&Trouble::new(&name).because(error));
    let mut text = String::new();
    match file {
        Some(file) => std::fs::File::open(file).and_then(|file| file.take(LIMIT).read_to_string(&mut text)),
        None => std::io::stdin().lock().take(LIMIT).read_to_string(&mut text),
    }
    .map_err(unusable)?;
    if u64::try_from(text.len()).is_ok_and(|length| length == LIMIT) {
        return Err(Failure::usage(&Trouble::new(format_args!("{name}: it is longer than {LIMIT} bytes"))));
    }
    let now = SystemTime::now();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(number, line)| {
            let wrong = |why: &dyn fmt::Display| {
                let trouble = Trouble::new(format_args!("{name}:{}: it is no entry: {why}", number + 1));
                Failure::usage(&trouble.remedy("schemas/ledger-entry.json says what an entry is. Nothing was written."))
            };
            entry(line, now).map_err(|why| wrong(&why))
        })
        .collect()
}

fn entry(line: &str, now: SystemTime) -> Result<Entry, String> {
    let mut written: Map<String, Value> = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if written.contains_key("parents") {
        return Err("it says what stands before it, which is for the ledger to say".to_owned());
    }
    if !written.contains_key("at") {
        let now = jiff::Timestamp::try_from(now).map_err(|error| error.to_string())?;
        written.insert("at".to_owned(), Value::from(now.to_string()));
    }
    let entry: Entry = serde_json::from_value(Value::Object(written.clone())).map_err(|error| error.to_string())?;
    // What is not known would be left out, and whoever wrote it would believe that it was kept.
    let kept = serde_json::to_value(&entry).map_err(|error| error.to_string())?;
    match lost(&Value::Object(written), &kept) {
        Some(key) => Err(format!("it has {key:?}, which no entry of its kind has")),
        None => Ok(entry),
    }
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
