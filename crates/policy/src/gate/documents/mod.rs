//! `PolicyGates`: the gates of this crate from a `lockage.toml`.

mod disk;
mod papers;
mod told;
mod written;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use lockage_promote::Gate;
use lockage_promote::pipeline::approval::StatementVerifier;
use lockage_promote::pipeline::documents::{GateFactory, Parameters, Surroundings, TableProblem};
use lockage_registry::Source;

use super::{AttestedReports, CheckGate, FileReports, Files, ScanGate, ScannedReports, Scanner, WindowGate};
use crate::scan::GateConfig;
use crate::window::{Action, Windows};
use papers::Folder;
use told::{Status, ToldReports};
use written::{Checks, Exit, ReportPath, Scan, ScannerName, WindowsOf};

pub use disk::Disk;

type MakeScanner = dyn Fn(&str, &Parameters) -> Result<Arc<dyn Scanner>, TableProblem> + Send + Sync;
type MakeVerifier = dyn Fn(&[String]) -> Result<Arc<dyn StatementVerifier>, TableProblem> + Send + Sync;

/// Makes gates of the kinds `scan`, `checks` and `window`.
///
/// | kind | parameters |
/// |---|---|
/// | `scan` | `scan`: a table as in a `gate.toml`, or `config`: such a file; `reports`, `database`: [paths](FileReports); `scanner`: a name, or a table with a `name`; `attested` with `signers`; `exceptions`, `vex`: files; `baseline` with `reports`, `repository` |
/// | `checks` | `checks`, or `config`; `reports`; `exits` with `tool` and `path` or `env`; `commit-env`; `tools`: which have to have run |
/// | `window` | `windows`, or `file`; `action`: `promotion`, `rollback` or `hotfix`; `kill-switch` with `repository` and `tag` |
///
/// Paths are taken from the folder of the document. Configurations, exceptions and VEX are read when the gate is made;
/// reports when it is asked, and so are environment variables: `env` has the status that a tool ended with, and `commit-env`
/// the whole commit that checks ran on which do not say it themselves.
#[derive(Clone)]
#[must_use]
pub struct PolicyGates {
    folder: PathBuf,
    files: Arc<dyn Files>,
    source: Option<Arc<dyn Source>>,
    scanners: Option<Arc<MakeScanner>>,
    verifiers: Option<Arc<MakeVerifier>>,
    surroundings: Surroundings,
    action: Action,
}

const KINDS: [&str; 3] = ["checks", "scan", "window"];

impl PolicyGates {
    /// Gates of a document in this folder, whose files are read from the disk.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self {
            surroundings: Surroundings::new(&folder),
            folder,
            files: Arc::new(Disk),
            source: None,
            scanners: None,
            verifiers: None,
            action: Action::Promotion,
        }
    }

    /// Reads files through this, and not from the disk.
    pub fn files(self, files: impl Files + 'static) -> Self {
        Self { files: Arc::new(files), ..self }
    }

    /// Reads other repositories through this: a kill switch needs it, and a baseline of where the edge leads.
    pub fn reading(self, source: impl Source + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// Makes scanners from what a document says of them: a name, and options.
    pub fn scanners<F>(self, make: F) -> Self
    where
        F: Fn(&str, &Parameters) -> Result<Arc<dyn Scanner>, TableProblem> + Send + Sync + 'static,
    {
        Self { scanners: Some(Arc::new(make)), ..self }
    }

    /// Makes a verifier that knows these signers of the document, and nobody else.
    pub fn verifiers<F>(self, make: F) -> Self
    where
        F: Fn(&[String]) -> Result<Arc<dyn StatementVerifier>, TableProblem> + Send + Sync + 'static,
    {
        Self { verifiers: Some(Arc::new(make)), ..self }
    }

    /// Reads environment variables by this; without it there are none.
    pub fn variables(self, variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { surroundings: self.surroundings.variables(variables), ..self }
    }

    /// What is done, where a window does not say it itself: a rollback asks the same gates.
    pub fn action(self, action: Action) -> Self {
        Self { action, ..self }
    }

    fn folder(&self) -> Folder<'_> {
        Folder { files: &*self.files, path: &self.folder }
    }

    fn at(&self, paths: &[ReportPath]) -> Result<FileReports, TableProblem> {
        paths.iter().try_fold(FileReports::new(self.files.clone(), &self.folder), |reports, path| {
            let reports = match path {
                ReportPath::Path(path) => reports.path(path),
                ReportPath::Of(of) => match of.format {
                    Some(format) => reports.path_of(&of.path, format),
                    None => reports.path(&of.path),
                },
            };
            reports.map_err(|error| parameter("reports", &error))
        })
    }

    fn scan(&self, name: &str, written: Scan) -> Result<ScanGate, TableProblem> {
        let Scan { scan, config, reports, database, scanner, attested, exceptions, vex, baseline } = written;
        let from_file = || config.as_deref().map(|file| self.folder().parsed::<GateConfig>(file)).transpose();
        let config = one_of("scan", scan, from_file()?.map(|config| config.scan))?;
        if reports.is_empty() && scanner.is_none() && attested.is_none() {
            return Err(none_of("it has no reports", "Write reports = [\"…\"], scanner = \"…\" or attested = { … }."));
        }
        if baseline.is_some() && config.baseline_environment().is_none() {
            return Err(none_of("baseline: nothing asks for one", "Write only_new_since = \"…\" in its rules."));
        }
        let mut gate = ScanGate::new(config).named(name);
        if !reports.is_empty() || !database.is_empty() {
            let files = database.iter().try_fold(self.at(&reports)?, |files, path| files.database(path));
            gate = gate.reports(files.map_err(|error| parameter("database", &error))?);
        }
        if let Some(scanner) = scanner {
            gate = gate.reports(ScannedReports::new(self.scanner(scanner)?));
        }
        if let Some(attested) = attested {
            gate = gate.reports(AttestedReports::new(self.verifier(&attested.signers)?));
        }
        for file in &exceptions {
            let (exceptions, cited) = self.folder().exceptions(file)?;
            gate = gate.exceptions(exceptions, cited);
        }
        for file in &vex {
            let (vex, cited) = self.folder().vex(file)?;
            gate = gate.vex(vex, cited);
        }
        let baseline = baseline.unwrap_or_default();
        if !baseline.reports.is_empty() {
            gate = gate.baseline_reports(self.at(&baseline.reports)?);
        }
        match (baseline.repository, &self.source) {
            (None, None) => Ok(gate),
            (None, Some(source)) => Ok(gate.baseline_read_by(source.clone())),
            (Some(template), Some(source)) => {
                Ok(gate.baseline_read_in(source.clone(), parsed("baseline.repository", &template)?))
            }
            (Some(_), None) => Err(nothing_given("a repository", "to read it by")),
        }
    }

    fn scanner(&self, written: ScannerName) -> Result<Arc<dyn Scanner>, TableProblem> {
        let make = self.scanners.as_ref().ok_or_else(|| nothing_given("a scanner", "that could be run"))?;
        match written {
            ScannerName::Name(name) => make(&name, &Parameters::default()),
            ScannerName::With { name, options } => make(&name, &Parameters::new(options)),
        }
    }

    fn verifier(&self, signers: &[String]) -> Result<Arc<dyn StatementVerifier>, TableProblem> {
        if signers.is_empty() {
            return Err(TableProblem::parameters("attested.signers: nobody would be believed"));
        }
        let make = self.verifiers.as_ref().ok_or_else(|| nothing_given("signed reports", "to verify them by"))?;
        make(signers)
    }

    fn checks(&self, name: &str, written: Checks) -> Result<CheckGate, TableProblem> {
        let Checks { checks, config, reports, exits, tools, commit_env } = written;
        let from_file = || config.as_deref().map(|file| self.folder().parsed::<GateConfig>(file)).transpose();
        let config = one_of("checks", checks, from_file()?.map(|config| config.checks))?;
        if reports.is_empty() && exits.is_empty() {
            return Err(none_of("it has no reports", "Write reports = [\"…\"], or exits = [{ tool = …, path = … }]."));
        }
        let codes = config.exit_codes().clone();
        let (mut files, mut statuses) = (self.at(&reports)?, Vec::new());
        for Exit { tool, path, env } in exits {
            match (path, env) {
                (Some(path), None) => {
                    let more = files.exit_status(&path, &tool, codes.clone());
                    files = more.map_err(|error| parameter("exits", &error))?;
                }
                (None, Some(variable)) => statuses.push(Status { tool, variable }),
                _ => return Err(TableProblem::parameters(format!("exits: {tool}: path or env, and one of them"))),
            }
        }
        let told = ToldReports { files, statuses, codes, commit: commit_env, surroundings: self.surroundings.clone() };
        let gate = CheckGate::new(config).named(name).reports(told);
        Ok(tools.iter().fold(gate, |gate, tool| gate.tool(tool)))
    }

    fn window(&self, name: &str, written: WindowsOf) -> Result<WindowGate, TableProblem> {
        let inline = written.windows.map(|windows| windows.into_iter().fold(Windows::new(), Windows::with));
        let file = written.file.as_deref().map(|file| self.folder().parsed::<Windows>(file)).transpose()?;
        let windows = match (inline, file) {
            (Some(_), Some(_)) => return Err(TableProblem::parameters("windows and file: one of them")),
            (None, None) if written.kill_switch.is_none() => {
                return Err(none_of("it has no window", "Write windows = [{ … }], or file = \"windows.yaml\"."));
            }
            (inline, file) => inline.or(file).unwrap_or_default(),
        };
        let gate = WindowGate::new(windows).named(name).action(written.action.unwrap_or(self.action));
        let Some(switch) = written.kill_switch else { return Ok(gate) };
        let source = self.source.clone().ok_or_else(|| nothing_given("a kill switch", "to read its repository by"))?;
        let (repository, tag) =
            (parsed("kill-switch.repository", &switch.repository)?, parsed("kill-switch.tag", &switch.tag)?);
        Ok(gate.kill_switch(source, repository, tag))
    }
}

impl GateFactory for PolicyGates {
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Gate>, TableProblem> {
        Ok(match kind {
            "checks" => Arc::new(self.checks(name, parameters.read()?)?),
            "scan" => Arc::new(self.scan(name, parameters.read()?)?),
            "window" => Arc::new(self.window(name, parameters.read()?)?),
            _ => return Err(TableProblem::unknown(kind, KINDS)),
        })
    }
}

impl fmt::Debug for PolicyGates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyGates").field("folder", &self.folder).field("files", &self.files).finish_non_exhaustive()
    }
}

/// A section that is written inline, or in a file; not in both, and in one.
fn one_of<T>(section: &str, inline: Option<T>, file: Option<Option<T>>) -> Result<T, TableProblem> {
    match (inline, file) {
        (Some(inline), None) => Ok(inline),
        (None, Some(Some(of_file))) => Ok(of_file),
        (None, Some(None)) => Err(TableProblem::parameters(format!("config: the file has no section {section}"))),
        (Some(_), Some(_)) => Err(TableProblem::parameters(format!("{section} and config: one of them"))),
        (None, None) => Err(none_of(
            &format!("it has neither {section} nor config"),
            &format!("Write a table {section} with at_least = \"…\", or config = \"gate.toml\"."),
        )),
    }
}

fn none_of(why: &str, remedy: &str) -> TableProblem {
    TableProblem::Parameters { why: why.to_owned(), remedy: Some(remedy.to_owned()) }
}

fn nothing_given(what: &str, by: &str) -> TableProblem {
    TableProblem::parameters(format!("it asks for {what}, and nothing was given {by}"))
}

fn parameter(key: &str, error: &dyn fmt::Display) -> TableProblem {
    TableProblem::parameters(format!("{key}: {error}"))
}

fn parsed<T: FromStr<Err: fmt::Display>>(key: &str, text: &str) -> Result<T, TableProblem> {
    text.parse().map_err(|error| parameter(key, &error))
}
