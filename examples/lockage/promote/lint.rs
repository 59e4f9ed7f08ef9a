//! `lockage lint`: what is deployed by a tag that may move.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lockage_promote::pipeline::Graph;
use lockage_promote::pipeline::documents::Document;
use lockage_promote::pipeline::lint::{Deployment, Finding};
use serde_json::{Value, json};

use super::Trouble;
use super::kinds::Kinds;
use super::world::invalid;
use crate::report::{Failure, say};

/// Looks for images without a digest in Kubernetes, compose and kustomize YAML and in Dockerfiles, and says the line.
///
/// Exit codes: 0 none, 1 some, 2 a file or the document cannot be read.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The files that deploy.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// A document with environments: findings then say whose tag it is.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let graph = arguments.config.as_deref().map(graph).transpose()?;
    let mut found = Vec::new();
    for file in &arguments.files {
        let unreadable = |error| Failure::usage(&Trouble::at(file, "cannot be read").because(error));
        let text = fs::read_to_string(file).map_err(unreadable)?;
        let kind = Deployment::of(&file.file_name().unwrap_or_default().to_string_lossy());
        found.extend(kind.lint(&text).into_iter().map(|finding| (file, finding)));
    }
    if arguments.json {
        let findings: Vec<Value> =
            found.iter().map(|(file, finding)| document(file, finding, graph.as_ref())).collect();
        say(json!({ "findings": findings }))?;
    } else {
        for (file, finding) in &found {
            let whose = graph.as_ref().and_then(|graph| finding.environment(graph));
            let whose = match whose {
                Some((environment, true)) => format!("; every promotion to {environment} moves it"),
                Some((environment, false)) => format!("; it is in {environment}"),
                None => String::new(),
            };
            say(format_args!("{}:{finding}{whose}", file.display()))?;
        }
    }
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn document(file: &Path, finding: &Finding, graph: Option<&Graph>) -> Value {
    let environment = graph.and_then(|graph| finding.environment(graph));
    json!({
        "file": file.display().to_string(), "line": finding.line, "text": finding.text,
        "problem": finding.problem,
        "environment": environment.map(|(name, _)| name), "floats": environment.map(|(_, floats)| floats),
    })
}

/// The graph of a document; its gates are made, so that they are judged, and never asked.
pub(super) fn graph(file: &Path) -> Result<Graph, Failure> {
    let document = Document::read(file).map_err(invalid)?;
    let Kinds { gates, steps } = Kinds::judged(&document)?;
    document.graph_with(&gates, &steps).map_err(invalid)
}
