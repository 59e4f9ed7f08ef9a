//! `lockage ledger verify`: whether the ledger, or an export of it, is what it has to be.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lockage_promote::ledger::{ExportedLedger, History as _, LedgerReport, Trust, verify_export};
use lockage_registry::Digest;

use super::place::{Opened, Where};
use crate::promote::Trouble;
use crate::report::{Failure, Unusable, say, say_json};

/// Every entry is read again and everything is asked of it, past whatever is wrong with another. A file is verified as an
/// export, without any request; who signed what is in it is checked where --public-key or the document says who may have. It
/// costs a request an entry, three where it is large.
///
/// Exit codes: 0 it is sound, 1 something is wrong, 2 usage, or there is no entry, 3 something could not be read.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Where,

    /// An earlier export, or an earlier copy of a ledger in a file: every entry that it has must still be there.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,

    /// Read the content of each entry and signature too where the manifest has it as well, which is what is read otherwise: two
    /// more requests an entry.
    #[arg(long)]
    blobs: bool,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let expected = match &arguments.since {
        Some(file) => entries_of(file).await?,
        None => Vec::new(),
    };
    let report = match arguments.place.file()? {
        Some(file) if arguments.blobs => {
            let trouble = Trouble::at(&file, "a file has no blobs that could be read");
            return Err(Failure::usage(&trouble.remedy("Leave --blobs away.")));
        }
        Some(file) => of_file(&arguments.place, &file, &expected).await?,
        None => {
            let opened = arguments.place.open(None).await?;
            let Opened::Registry(ledger) = opened else { return Err(Failure::usage(&Trouble::new("it is a file"))) };
            let report = match arguments.blobs {
                true => ledger.verify_content(&expected).await,
                false => ledger.verify(&expected).await,
            };
            report.map_err(|error| Failure::error(&error))?
        }
    };
    if report.entries == 0 && report.is_sound() {
        return Err(nothing(report.ledger.as_deref().unwrap_or("the ledger")));
    }
    if arguments.json {
        say_json(&report)?;
    } else {
        say(&report)?;
    }
    Ok(ExitCode::from(match (report.findings.is_empty(), report.unread.is_empty()) {
        (false, _) => 1,
        (true, false) => 3,
        (true, true) => 0,
    }))
}

/// An export with its signatures; or the file of a ledger, which has none.
async fn of_file(place: &Where, file: &Path, expected: &[Digest]) -> Result<LedgerReport, Failure> {
    let content = open(file)?;
    let report = verify_export(content, &place.trust_of_file(file)?, place.ledger_name(), expected).await;
    let mut report = report.map_err(|error| Failure::error(&error))?;
    report.ledger = report.ledger.or_else(|| Some(file.display().to_string()));
    Ok(report)
}

/// The entries of an export, or of a ledger in a file, of which there has to be one: else it is another file.
async fn entries_of(file: &Path) -> Result<Vec<Digest>, Failure> {
    let export = ExportedLedger::read(open(file)?, &Trust::unchecked(), None).await;
    let entries = match export {
        Ok(export) => export.entries(None).await.map_err(|error| Failure::error(&error))?,
        Err(error) => return Err(Failure::usage(&Unusable::of(file)(error.into()))),
    };
    if entries.is_empty() {
        return Err(Failure::usage(&Unusable::of(file)("there is no entry in it".into())));
    }
    Ok(entries.into_iter().map(|recorded| recorded.id).collect())
}

/// A verification of nothing is none: whoever asked for it has to know.
fn nothing(ledger: &str) -> Failure {
    let trouble = Trouble::new(format_args!("{ledger}: there is no entry in it, and nothing was verified"));
    Failure::usage(&trouble.remedy(
        "Look whether it is the name that is meant. Where there were entries, --since with an earlier export names them.",
    ))
}

fn open(file: &Path) -> Result<BufReader<File>, Failure> {
    let opened = File::open(file).map_err(|error| Failure::usage(&Unusable::of(file)(error.into())))?;
    Ok(BufReader::new(opened))
}
