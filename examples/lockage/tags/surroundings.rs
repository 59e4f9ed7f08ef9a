//! What is around the command: variables, event document, checkout, and the context that they make.

use std::path::Path;

use lockage_tagging::actions::{Context, RawInputs, Source};
use lockage_tagging::ci::{self, CiError, Provider, Variables};
use lockage_tagging::git::{GitProcess, checkout};
use serde_json::Value;

use super::report::Warnings;
use super::{Options, forge};
use crate::promote::Trouble;
use crate::report::Failure;

/// What an evaluation needs, and where its results go.
pub(crate) struct Surroundings {
    pub(crate) inputs: RawInputs,
    pub(crate) context: Context,
    pub(crate) variables: Variables,
    pub(crate) warnings: Warnings,
}

impl Surroundings {
    pub(crate) async fn look(options: &Options) -> Result<Self, Failure> {
        // A variable that is not text is none of those that are read here.
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let variables: Variables = std::env::vars_os().filter_map(text).collect();
        let source = options.inputs.context(&variables).to_owned();
        let provider = provider(options.ci, &variables, &source).map_err(|error| Failure::usage(&error))?;
        let warnings = match provider {
            Some(Provider::GitHub | Provider::Forgejo) => Warnings::Runner,
            _ => Warnings::Plain,
        };

        let (mut context, image) = context(provider, &variables, options)?;
        context.source = match source.as_str() {
            "workflow" => Source::Workflow,
            "git" => Source::Git(checkout(&GitProcess::in_directory(&options.directory)).map_err(|error| {
                let trouble = Trouble::new("read what is checked out").because(error.clone());
                Failure::error(&match error.remedy() {
                    Some(remedy) => trouble.remedy(remedy),
                    None => trouble,
                })
            })?),
            other => Source::Other(other.to_owned()),
        };
        match (&options.repo, provider) {
            (Some(file), _) => context.repo = forge::from_file(file)?,
            (None, Some(Provider::GitHub | Provider::Forgejo)) => {
                forge::ask(&variables, &mut context, warnings).await.map_err(|error| Failure::error(&error))?;
            }
            (None, _) => {}
        }
        let inputs = options.inputs.inputs(&variables, image.as_deref());
        Ok(Self { inputs, context, variables, warnings })
    }
}

/// The CI system: the one that is named, or the one that left its mark. Variables of GitHub without the mark are those
/// of a program that stands in for a runner. A checkout needs no CI system.
fn provider(named: Option<Provider>, variables: &Variables, source: &str) -> Result<Option<Provider>, CiError> {
    if named.is_some() {
        return Ok(named);
    }
    match ci::detect(variables) {
        Ok(provider) => Ok(Some(provider)),
        Err(CiError::NoProvider) if variables.get("GITHUB_EVENT_NAME").is_some() => Ok(Some(Provider::GitHub)),
        Err(CiError::NoProvider) if source == "git" => Ok(None),
        Err(error) => Err(error),
    }
}

/// The context, and the image that the CI system proposes.
fn context(
    provider: Option<Provider>,
    variables: &Variables,
    options: &Options,
) -> Result<(Context, Option<String>), Failure> {
    let event = match (&options.event, provider) {
        (Some(file), _) => Some(json_file(file)?),
        (None, Some(Provider::GitHub | Provider::Forgejo)) => {
            variables.get("GITHUB_EVENT_PATH").map(|path| json_file(Path::new(path))).transpose()?
        }
        (None, _) => None,
    };
    let mut context = match provider {
        None => (Context::default(), None),
        Some(Provider::GitHub | Provider::Forgejo) => {
            for needed in ["GITHUB_EVENT_NAME", "GITHUB_SHA"] {
                if variables.get(needed).is_none() {
                    let trouble = Trouble::new(format_args!("the variable {needed} is not set"));
                    let remedy = "run in a step of a workflow, or name another CI system with --ci";
                    return Err(Failure::usage(&trouble.remedy(remedy)));
                }
            }
            (ci::action_context(variables, event.as_ref()), None)
        }
        Some(provider) => {
            let said = provider.context(variables, event.as_ref()).map_err(|error| Failure::usage(&error))?;
            (Context::from(&said), said.image)
        }
    };
    context.0.settings = ci::action_settings(variables);
    Ok(context)
}

/// The JSON document in `file`.
pub(crate) fn json_file(file: &Path) -> Result<Value, Failure> {
    let place = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(&Trouble::new(format_args!("{place}: cannot be read")).because(error)))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(&Trouble::new(format_args!("{place}: no JSON document")).because(error)))
}
