//! `lockage tags explain`: what became of each rule, and why.

use std::process::ExitCode;

use lockage_tagging::actions::{Metadata, Outcome};
use serde_json::{Value, json};

use super::report::one_line;
use super::surroundings::Surroundings;
use super::{Options, evaluate};
use crate::report::{Failure, say, say_json};

pub(crate) async fn run(options: &Options) -> Result<ExitCode, Failure> {
    let surroundings = Surroundings::look(options).await?;
    let metadata = evaluate(&surroundings, options)?;
    if options.json {
        say_json(&document(&metadata))?;
        return Ok(ExitCode::SUCCESS);
    }
    let build = &metadata.resolved;
    say(format_args!(
        "{:<8}  {} of {} at {}",
        "build",
        shown(&build.event_name),
        shown(&build.git_ref),
        shown(&build.sha)
    ))?;
    for explanation in &metadata.explanations {
        say(format_args!("{:<8}  {}", "rule", one_line(explanation)))?;
    }
    for warning in metadata.result_warnings() {
        say(format_args!("{:<8}  {}", "warning", one_line(warning)))?;
    }
    for tag in &metadata.tags {
        say(format_args!("{:<8}  {}", "tag", one_line(tag)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

fn document(metadata: &Metadata) -> Value {
    let rule = |explanation: &lockage_tagging::actions::Explanation| {
        let tag = match &explanation.outcome {
            Outcome::Tag { tag, .. } => Some(tag),
            _ => None,
        };
        json!({ "rule": explanation.rule.to_string(), "tag": tag, "outcome": explanation.outcome.to_string() })
    };
    let warnings =
        metadata.warnings.iter().chain(&metadata.result_warnings()).map(ToString::to_string).collect::<Vec<_>>();
    let build = &metadata.resolved;
    json!({
        "event": build.event_name, "ref": build.git_ref, "sha": build.sha,
        "rules": metadata.explanations.iter().map(rule).collect::<Vec<_>>(),
        "latest": metadata.version.latest, "tags": metadata.tags, "warnings": warnings,
    })
}
