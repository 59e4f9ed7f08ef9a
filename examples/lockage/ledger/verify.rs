//! `lockage ledger verify`: whether the ledger, or an export of it, is what it has to be.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lockage_promote::ledger::{
    ExportedLedger, FileLedger, History as _, LedgerError, LedgerReport, Trust, verify_export,
};
use lockage_registry::Digest;

use super::place::{Opened, Where};
use crate::report::{Failure, Unusable, say};

/// Every entry is read again and everything is asked of it. A file is verified as an export, without any request.
///
/// Exit codes: 0 it is sound, 1 something is wrong, 2 usage, 3 it could not be read.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Where,

    /// An earlier export: every entry that it has must still be there.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let report = match arguments.place.file()? {
        Some(file) => of_file(&arguments.place, &file).await?,
        None => {
            let expected = match &arguments.since {
                Some(file) => entries_of(file).await?,
                None => Vec::new(),
            };
            match arguments.place.open(None).await? {
                Opened::Registry(ledger) => ledger.verify(&expected).await.map_err(|error| Failure::error(&error))?,
                Opened::File(_) => LedgerReport::default(),
            }
        }
    };
    if arguments.json {
        let text = serde_json::to_string(&report).map_err(|error| Failure::error(&error))?;
        say(text)?;
    } else {
        say(&report)?;
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// An export with its signatures; or the file of a ledger, which has none, and where lines follow each other.
async fn of_file(place: &Where, file: &Path) -> Result<LedgerReport, Failure> {
    let trust = if place.names_signers() { place.trust(None)? } else { Trust::unchecked() };
    let report = verify_export(open(file)?, &trust, place.ledger_name()).await;
    let report = report.map_err(|error| Failure::error(&error))?;
    if report.unsigned == report.entries && report.entries > 0 {
        FileLedger::new(file).entries(None).await.map_err(|error| match error {
            LedgerError::Entry { .. } => Failure::refused(&error),
            _ => Failure::error(&error),
        })?;
    }
    Ok(report)
}

async fn entries_of(file: &Path) -> Result<Vec<Digest>, Failure> {
    let export = ExportedLedger::read(open(file)?, &Trust::unchecked(), None).await;
    let entries = match export {
        Ok(export) => export.entries(None).await,
        Err(error) => return Err(Failure::usage(&Unusable::of(file)(error.into()))),
    };
    Ok(entries.map_err(|error| Failure::error(&error))?.into_iter().map(|recorded| recorded.id).collect())
}

fn open(file: &Path) -> Result<BufReader<File>, Failure> {
    let opened = File::open(file).map_err(|error| Failure::usage(&Unusable::of(file)(error.into())))?;
    Ok(BufReader::new(opened))
}
