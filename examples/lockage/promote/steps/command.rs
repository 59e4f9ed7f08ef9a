//! `kind = "command"`: a program that is done when it ends well: helm, kubectl, a migration.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockage_promote::Evidence;
use lockage_promote::pipeline::documents::{Parameters, StepFactory, Surroundings, TableProblem};
use lockage_promote::pipeline::step::{Step, StepContext, StepError};
use serde::Deserialize;
use serde_json::json;

use super::argument::{self, Known};
use super::process::{self, Ended, Run};

/// How long a program may take, where the document does not say.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Makes steps that run a program.
#[derive(Debug)]
pub(in crate::promote) struct Commands {
    surroundings: Surroundings,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    program: String,
    #[serde(default)]
    args: Vec<String>,
    directory: Option<PathBuf>,
    timeout: Option<String>,
    #[serde(default)]
    discard_output: bool,
}

#[derive(Debug)]
struct Command {
    name: String,
    program: String,
    args: Vec<String>,
    directory: PathBuf,
    timeout: Duration,
    discards: bool,
}

impl Commands {
    /// Programs run in the document's folder, unless they name another.
    pub(in crate::promote) fn new(surroundings: Surroundings) -> Self {
        Self { surroundings }
    }
}

impl StepFactory for Commands {
    fn make(&self, name: &str, kind: &str, parameters: &Parameters) -> Result<Arc<dyn Step>, TableProblem> {
        if kind != "command" {
            return Err(TableProblem::unknown(kind, ["command"]));
        }
        let Written { program, args, directory, timeout, discard_output } = parameters.read()?;
        if program.trim().is_empty() || program.contains('\0') {
            return Err(TableProblem::parameters("program: none is named"));
        }
        for written in &args {
            argument::judge(written).map_err(|why| TableProblem::Parameters {
                why: format!("args: {why}"),
                remedy: Some(format!("There are: {}.", argument::names())),
            })?;
        }
        let timeout = match timeout {
            Some(text) => duration(&text).ok_or_else(|| TableProblem::Parameters {
                why: format!("timeout: {text:?} is no time that a program could take"),
                remedy: Some("Write 30s, 10m or 1h.".to_owned()),
            })?,
            None => TIMEOUT,
        };
        let directory = self.surroundings.path(directory.unwrap_or_default());
        // A document that is named without its folder is in the one where this program was started.
        let directory = if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory };
        Ok(Arc::new(Command { name: name.to_owned(), program, args, directory, timeout, discards: discard_output }))
    }
}

fn duration(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.parse().ok()?;
    let time = Duration::try_from(span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?).ok()?;
    (!time.is_zero()).then_some(time)
}

#[async_trait]
impl Step for Command {
    fn id(&self) -> &str {
        &self.name
    }

    async fn run(&self, context: &StepContext<'_>) -> Result<Evidence, StepError> {
        let known = Known::of(context);
        let args = self.args.iter().map(|written| known.filled(written)).collect::<Result<Vec<_>, _>>()?.concat();
        let run = Run {
            program: &self.program,
            args: &args,
            directory: &self.directory,
            variables: known.variables(context),
            timeout: self.timeout,
        };
        let Ended { seconds, last, .. } = process::run(&run).await?;
        let command: Vec<_> = std::iter::once(&self.program).chain(&args).collect();
        let mut details = json!({ "command": command, "seconds": seconds });
        if !self.discards
            && let Some(details) = details.as_object_mut()
        {
            details.insert("output".to_owned(), last.clone().into());
        }
        let said = last.last().filter(|_| !self.discards).map(|line| format!(": {line}")).unwrap_or_default();
        Ok(Evidence::new(format!("{} ended well after {seconds} s{said}", self.program)).with_details(details))
    }
}
