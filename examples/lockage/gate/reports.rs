//! Reports in files: read, and told what the formats that have no place for it leave out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::Timestamp;
use lockage_policy::scan::{
    CheckReport, Code, Database, Document, Format, Reason, Report, read, read_as, read_trivy_version,
};
use lockage_registry::Digest;

use super::documents::Invalid;
use crate::report::Failure;

/// What is known of a file beside its content.
#[derive(clap::Args)]
pub(super) struct Told {
    /// The format of a report that its content does not tell, such as an empty list of hadolint's; may be repeated.
    #[arg(long, value_name = "FILE=FORMAT", value_parser = told::<Format>)]
    format: Vec<(PathBuf, Format)>,

    /// The manifest that was scanned, for formats that do not say it: only where the scanner was run by this digest. May
    /// be repeated.
    #[arg(long, value_name = "FILE=DIGEST", value_parser = told::<Digest>)]
    scanned: Vec<(PathBuf, Digest)>,

    /// When it was scanned, for formats that do not say it; may be repeated.
    #[arg(long, value_name = "FILE=TIME", value_parser = told::<Timestamp>)]
    scanned_at: Vec<(PathBuf, Timestamp)>,

    /// Which tool made the SBOM that was scanned; may be repeated.
    #[arg(long, value_name = "FILE=TOOL", value_parser = told::<String>)]
    sbom_tool: Vec<(PathBuf, String)>,

    /// The commit that a report of a linter or a test is on, for formats that do not say it; may be repeated.
    #[arg(long, value_name = "FILE=COMMIT", value_parser = told::<String>)]
    checked: Vec<(PathBuf, String)>,
}

/// `FILE=VALUE`.
fn told<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<(PathBuf, T), String> {
    let (file, value) = text.rsplit_once('=').ok_or("write FILE=VALUE")?;
    Ok((PathBuf::from(file), value.parse().map_err(|error| format!("{error}"))?))
}

/// What all files say.
#[derive(Default)]
pub(super) struct Reports {
    pub(super) scans: Vec<Report>,
    pub(super) checks: Vec<CheckReport>,
    /// Files that say nothing, and why. A scanner that failed leaves them.
    pub(super) unreadable: Vec<Reason>,
}

impl Told {
    /// The files that something is told of, and that are no reports.
    pub(super) fn strangers(&self, reports: &[PathBuf]) -> Vec<&Path> {
        let files = [
            self.format.iter().map(|(file, _)| file).collect::<Vec<_>>(),
            self.scanned.iter().map(|(file, _)| file).collect(),
            self.scanned_at.iter().map(|(file, _)| file).collect(),
            self.sbom_tool.iter().map(|(file, _)| file).collect(),
            self.checked.iter().map(|(file, _)| file).collect(),
        ];
        files.into_iter().flatten().filter(|file| !reports.contains(file)).map(PathBuf::as_path).collect()
    }

    pub(super) fn read(&self, files: &[PathBuf], databases: &[Database]) -> Reports {
        let mut reports = Reports::default();
        for file in files {
            if let Err(why) = self.one(file, databases, &mut reports) {
                reports.unreadable.push(Reason::undecided(Code::Unreadable, format!("{}: {why}", file.display())));
            }
        }
        reports
    }

    fn one(&self, file: &Path, databases: &[Database], reports: &mut Reports) -> Result<(), String> {
        let bytes = bytes(file)?;
        let document = match of(&self.format, file) {
            Some(format) => read_as(*format, &bytes),
            None => read(&bytes),
        };
        let document = document.map_err(|error| match error.remedy() {
            Some(remedy) => format!("{error}: {remedy}"),
            None => error.to_string(),
        })?;
        match document {
            Document::Report(report) => {
                let mut report = *report;
                if let Some(digest) = of(&self.scanned, file) {
                    report = report.told_subject(digest.clone());
                }
                if let Some(at) = of(&self.scanned_at, file) {
                    report = report.told_time(*at);
                }
                if let Some(tool) = of(&self.sbom_tool, file) {
                    report = report.told_sbom_tool(tool);
                }
                report = databases.iter().fold(report, Report::with_database);
                reports.scans.push(report);
            }
            Document::Checks(report) => reports.checks.push(match of(&self.checked, file) {
                Some(commit) => report.told_commit(commit),
                None => report,
            }),
            Document::Vex(_) => return Err("it is VEX and no report: give it with --vex".to_owned()),
            _ => return Err("it is no report".to_owned()),
        }
        Ok(())
    }
}

fn of<'a, T>(told: &'a [(PathBuf, T)], file: &Path) -> Option<&'a T> {
    told.iter().find(|(known, _)| known == file).map(|(_, value)| value)
}

/// No more than any report may have.
pub(super) fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    let most = u64::try_from(Format::LARGEST).unwrap_or(u64::MAX);
    let size = std::fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > most {
        return Err(format!("it has more than {most} bytes"));
    }
    std::fs::read(file).map_err(|error| error.to_string())
}

/// The databases that `trivy version -f json` tells of, each once.
pub(super) fn databases(files: &[PathBuf]) -> Result<Vec<Database>, Failure> {
    let mut databases = BTreeMap::new();
    for file in files {
        let bytes = bytes(file).map_err(|why| Failure::usage(&Invalid::new(file, why)))?;
        let database = read_trivy_version(&bytes).map_err(|error| Failure::usage(&Invalid::new(file, error)))?;
        databases.insert(file.clone(), database);
    }
    Ok(databases.into_values().collect())
}
