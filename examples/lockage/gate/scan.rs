//! `lockage gate scan`: a verdict on reports, with every reason and every finding.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use lockage_policy::scan::{
    Baseline, Case, CheckReport, ChecksVerdict, Code, ExitCodes, Reason, ScanVerdict, Subject, Verdict, Vex, decide,
    decide_checks,
};
use lockage_registry::{NameError, Reference};
use lockage_tagging::OneLine;
use serde_json::{Value, json};

use super::documents::{self, Invalid};
use super::reports::{self, Reports, Told};
use super::subject;
use crate::clients;
use crate::report::{Failure, say, say_json};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A report of a scanner, a linter or a test; may be repeated.
    #[arg(long = "report", value_name = "FILE")]
    reports: Vec<PathBuf>,

    /// What the reports have to be like: TOML, YAML or JSON, by the end of its name.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// The image that they have to be about, on every platform; its registry is asked.
    #[arg(long, value_name = "REF", value_parser = reference)]
    image: Option<Reference>,

    /// Exceptions: this project's document, a .trivyignore, a .trivyignore.yaml or a .grype.yaml; may be repeated.
    #[arg(long, value_name = "FILE")]
    exceptions: Vec<PathBuf>,

    /// OpenVEX, or CycloneDX with analyses; may be repeated.
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,

    /// What `trivy version -f json` said before the scan, for the age of the database; may be repeated.
    #[arg(long, value_name = "FILE")]
    db: Vec<PathBuf>,

    /// A report on what the environment of `only_new_since` runs today; may be repeated.
    #[arg(long, value_name = "FILE")]
    baseline: Vec<PathBuf>,

    /// The environment that the image is on its way to, for exceptions that are limited to one.
    #[arg(long, value_name = "ENV")]
    environment: Option<String>,

    /// The commit that the image was built from, for reports of linters and tests.
    #[arg(long, value_name = "SHA")]
    commit: Option<String>,

    /// The status that a program ended with, on that commit; may be repeated.
    #[arg(long, value_name = "TOOL=CODE", value_parser = exit_status)]
    exit_status: Vec<(String, i32)>,

    /// Decide as if it were this time.
    #[arg(long, value_name = "TIME", value_parser = crate::times::moment)]
    now: Option<Timestamp>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    told: Told,

    #[command(flatten)]
    reach: clients::Reach,
}

fn reference(text: &str) -> Result<Reference, String> {
    text.parse().map_err(|error: NameError| match error.remedy() {
        Some(remedy) => format!("{error}: {remedy}"),
        None => error.to_string(),
    })
}

fn exit_status(text: &str) -> Result<(String, i32), String> {
    let (tool, code) = text.rsplit_once('=').ok_or("write TOOL=CODE")?;
    Ok((tool.to_owned(), code.parse().map_err(|error| format!("{error}"))?))
}

/// What was decided by either part of the configuration.
struct Decided {
    subject: Option<Subject>,
    scan: Option<ScanVerdict>,
    checks: Option<ChecksVerdict>,
    /// Reasons of neither: reports that say nothing, or that nothing was configured for.
    others: Vec<Reason>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    if let Some(stranger) = arguments.told.strangers(&arguments.reports).first() {
        return Err(Failure::usage(&Invalid::new(stranger, "something is said of it, and it is no --report")));
    }
    let decided = decided(&arguments).await?;
    let verdict = decided.verdict();
    if arguments.json {
        say_json(&decided.document(verdict))?;
    } else {
        decided.print(verdict)?;
    }
    Ok(match verdict {
        Verdict::Pass => ExitCode::SUCCESS,
        Verdict::Fail => ExitCode::from(1),
        Verdict::Undecided => ExitCode::from(3),
    })
}

async fn decided(arguments: &Arguments) -> Result<Decided, Failure> {
    let config = documents::config(&arguments.config)?;
    let exceptions = documents::exceptions(&arguments.exceptions)?;
    let vex = arguments.vex.iter().map(|file| vex(file)).collect::<Result<Vec<_>, _>>()?;
    let databases = reports::databases(&arguments.db)?;
    let Reports { scans, mut checks, unreadable: mut others } = arguments.told.read(&arguments.reports, &databases);
    let baseline = arguments.told.read(&arguments.baseline, &[]);
    others.extend(baseline.unreadable);
    let subject = match &arguments.image {
        Some(image) => {
            let registries = clients::registries(&arguments.reach, 8)?;
            Some(subject::of(registries.of(image.repository()), image).await.map_err(|error| Failure::error(&error))?)
        }
        None => None,
    };
    let now = arguments.now.unwrap_or_else(Timestamp::now);

    let codes = config.checks.as_ref().map_or_else(ExitCodes::default, |checks| checks.exit_codes().clone());
    for (tool, code) in &arguments.exit_status {
        let report = CheckReport::of_exit(tool, Some(*code), &codes);
        checks.push(match &arguments.commit {
            Some(commit) => report.told_commit(commit),
            None => report,
        });
    }
    let scan = config.scan.as_ref().map(|config| {
        let environment = config.baseline_environment().unwrap_or_default();
        let baseline = Baseline::of_reports(environment, &baseline.scans);
        let mut case = match &subject {
            Some(subject) => Case::new(subject, &scans),
            None => Case::of_reports_alone(&scans),
        };
        case = case.exceptions(&exceptions).vex(&vex);
        if !arguments.baseline.is_empty() {
            case = case.baseline(&baseline);
        }
        if let Some(environment) = &arguments.environment {
            case = case.environment(environment);
        }
        decide(&case, config, now)
    });
    let judged = config.checks.as_ref().map(|config| decide_checks(&checks, arguments.commit.as_deref(), config));
    for (section, reports, configured) in
        [("scan", scans.len(), scan.is_some()), ("checks", checks.len(), judged.is_some())]
    {
        if reports > 0 && !configured {
            let why =
                format!("there are reports that the section {section} of the configuration is for, and it is missing");
            others.push(Reason::undecided(Code::NoReports, why));
        }
    }
    Ok(Decided { subject, scan, checks: judged, others })
}

fn vex(file: &Path) -> Result<Vex, Failure> {
    let bytes = reports::bytes(file).map_err(|why| Failure::usage(&Invalid::new(file, why)))?;
    Vex::read(&bytes).map_err(|error| Failure::usage(&Invalid::new(file, error)))
}

impl Decided {
    fn reasons(&self) -> Vec<&Reason> {
        let scan = self.scan.iter().flat_map(|verdict| &verdict.reasons);
        let checks = self.checks.iter().flat_map(|verdict| &verdict.reasons);
        self.others.iter().chain(scan).chain(checks).collect()
    }

    fn verdict(&self) -> Verdict {
        let scan = self.scan.as_ref().map(|verdict| verdict.verdict);
        let checks = self.checks.as_ref().map(|verdict| verdict.verdict);
        scan.into_iter().chain(checks).fold(Verdict::of(&self.others), Verdict::and)
    }

    /// Every key is always there.
    fn document(&self, verdict: Verdict) -> Value {
        let scan = self.scan.as_ref();
        let problem = |(tool, problem)| json!({ "tool": tool, "problem": problem });
        let pairs = self.checks.iter().flat_map(|verdict| verdict.problems.iter().map(|(tool, found)| (tool, found)));
        json!({
            "verdict": verdict,
            "image": self.subject,
            "reasons": self.reasons(),
            "warnings": scan.map(|verdict| verdict.warnings.as_slice()).unwrap_or_default(),
            "findings": scan.map(|verdict| verdict.findings.as_slice()).unwrap_or_default(),
            "problems": pairs.map(problem).collect::<Vec<_>>(),
            "reports": scan.map(|verdict| verdict.reports.as_slice()).unwrap_or_default(),
        })
    }

    fn print(&self, verdict: Verdict) -> Result<(), Failure> {
        say(verdict.as_str())?;
        for reason in self.reasons() {
            say(format_args!("  {:<9}  {}", reason.verdict.as_str(), OneLine(&reason.message)))?;
        }
        for warning in self.scan.iter().flat_map(|verdict| &verdict.warnings) {
            say(format_args!("  {:<9}  {}", "warning", OneLine(warning)))?;
        }
        if let Some(scan) = &self.scan {
            say(OneLine(scan.summary()))?;
        }
        Ok(())
    }
}
