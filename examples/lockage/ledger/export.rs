//! `lockage ledger export`: every entry with its signature, a line each.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lockage_promote::ledger::LedgerError;

use super::place::{Opened, Where};
use crate::report::{Failure, Unusable};

/// A line is {"id":…,"entry":…,"seal":…}; parents come first. `ledger verify --ledger FILE --public-key KEY` verifies it
/// without any request.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Where,

    /// Write it to this file, whole or not at all, rather than to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let opened = arguments.place.open(None).await?;
    match &arguments.out {
        Some(file) => {
            let unusable = |error: io::Error| Failure::error(&Unusable::of(file)(error.into()));
            let beside = beside(file);
            let mut out = BufWriter::new(File::create(&beside).map_err(unusable)?);
            let written = write(&opened, &mut out).await;
            let kept = written.and_then(|()| {
                out.into_inner()
                    .map_err(io::IntoInnerError::into_error)
                    .and_then(|file| file.sync_all())
                    .map_err(unusable)
            });
            match kept {
                Ok(()) => std::fs::rename(&beside, file).map_err(unusable)?,
                Err(failure) => {
                    drop(std::fs::remove_file(&beside));
                    return Err(failure);
                }
            }
        }
        None => {
            let mut out = Seen { out: BufWriter::new(io::stdout()), is_enough: false };
            let written = write(&opened, &mut out).await;
            // Whoever stops reading has seen enough, which is no error.
            if !out.is_enough {
                written?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Standard output, and whether whoever reads it has stopped.
struct Seen<W> {
    out: W,
    is_enough: bool,
}

impl<W> Seen<W> {
    fn note<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        self.is_enough |= written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        written
    }
}

impl<W: Write> Write for Seen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.note(flushed)
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

async fn write(opened: &Opened, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
    let exported = match opened {
        Opened::Registry(ledger) => ledger.export(out).await,
        // The lines of a file are those of an export, once they have been judged.
        Opened::File(ledger) => ledger.export(out),
    };
    exported.map_err(|error| match error {
        LedgerError::NotBegun { .. } => Failure::usage(&error),
        _ => Failure::error(&error),
    })?;
    out.flush().map_err(|error| Failure::error(&error))
}
