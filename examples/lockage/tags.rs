//! `lockage tags`: the tags, labels and annotations of a build, as `docker/metadata-action` computes them, in any CI.

mod documents;
mod explain;
mod files;
mod forge;
mod inputs;
mod outputs;
mod report;
mod surroundings;

use std::path::PathBuf;
use std::process::ExitCode;

use lockage_tagging::actions::{Action, Expected, Metadata, Profile};
use lockage_tagging::ci::{CiError, Provider};

use crate::promote::Trouble;
use crate::report::{Failure, say, say_json};
use surroundings::Surroundings;

/// Where each thing is taken from, first to last: the flag, the variable INPUT_… that a runner makes of an input, the
/// action's default. GITHUB_OUTPUT and GITHUB_ENV are written to when they are set.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    explain: Option<Explain>,

    #[command(flatten)]
    options: Options,

    /// Read documents, one JSON document a line, from this file or from standard input (-), and print one result a line.
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "ci", "event", "repo", "directory", "json", "deny_warnings", "images", "tags", "flavor", "labels",
        "annotations", "sep_tags", "sep_labels", "sep_annotations", "bake_target", "context",
    ])]
    from: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum Explain {
    /// Say for each rule why it gives its tag, or none.
    Explain(Options),
}

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    inputs: inputs::Flags,

    /// The CI system whose variables are read, where they do not say it themselves.
    #[arg(long, value_name = "NAME", value_parser = provider)]
    ci: Option<Provider>,

    /// The event document [default: the file that GITHUB_EVENT_PATH names].
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,

    /// What the forge's API says about the repository (GET /repos/OWNER/NAME), in a file; nothing is asked then.
    #[arg(long, value_name = "FILE")]
    repo: Option<PathBuf>,

    /// The checkout that the context git is about.
    #[arg(long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,

    /// The instant that {{date}} and the label created show, as RFC 3339 [default: now].
    #[arg(long, value_name = "TIME", value_parser = crate::times::moment)]
    now: Option<jiff::Timestamp>,

    /// Never an invalid tag, and mistakes are errors, rather than what the action does.
    #[arg(long)]
    strict: bool,

    /// Take every warning for an error, also that there is no tag.
    #[arg(long)]
    deny_warnings: bool,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// A CI system, or which there are.
fn provider(name: &str) -> Result<Provider, String> {
    name.parse().map_err(|error: CiError| format!("{error}: {}", error.remedy()))
}

impl Options {
    fn profile(&self) -> Profile {
        if self.strict { Profile::Strict } else { Profile::Compatible }
    }

    fn now(&self) -> jiff::Timestamp {
        self.now.unwrap_or_else(jiff::Timestamp::now)
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    if let Some(file) = &arguments.from {
        return documents::run(file, arguments.options.profile(), arguments.options.now);
    }
    match &arguments.explain {
        Some(Explain::Explain(options)) => explain::run(options).await,
        None => compute(&arguments.options).await,
    }
}

async fn compute(options: &Options) -> Result<ExitCode, Failure> {
    let surroundings = Surroundings::look(options).await?;
    let metadata = evaluate(&surroundings, options)?;
    let outputs = outputs::all(&metadata, &surroundings)?;
    outputs::write(&outputs, &surroundings)?;
    for warning in metadata.warnings.iter().chain(&metadata.result_warnings()) {
        surroundings.warnings.warn(warning);
    }
    if options.json {
        say_json(&Expected::new(&metadata))?;
    } else {
        metadata.tags.iter().try_for_each(say)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn evaluate(surroundings: &Surroundings, options: &Options) -> Result<Metadata, Failure> {
    let action = Action::from_raw(surroundings.inputs.clone()).profile(options.profile());
    let action = if options.deny_warnings { action.deny_warnings() } else { action };
    action.evaluate(&surroundings.context, options.now()).map_err(|error| {
        let stage = error.stage().as_str();
        Failure::usage(&Trouble::new(report::one_line(format_args!("{stage}: {error}"))))
    })
}
