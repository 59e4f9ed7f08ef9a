//! `lockage lint`: what is deployed by a tag that may move, what a document allows, and what its credentials can do.

mod rights;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lockage_promote::pipeline::documents::Document;
use lockage_promote::pipeline::lint::{Deployment, Finding};
use lockage_promote::pipeline::{Graph, Name};
use serde_json::{Value, json};

use super::kinds::Kinds;
use super::world::invalid;
use super::{Trouble, ends, name};
use crate::clients::Reach;
use crate::report::{Failure, say, say_json};

/// Looks for images without a digest in Kubernetes, compose and kustomize YAML and in Dockerfiles, and says the line. Without
/// files it looks at the document itself, for what few people mean. With --probe it tries whether the credentials that read
/// an environment could write it.
///
/// Exit codes: 0 nothing was found, 1 something, 2 a file or the document cannot be read, 3 a probe could not tell.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The files that deploy.
    #[arg(required_unless_present = "config", value_name = "FILE")]
    files: Vec<PathBuf>,

    /// A document with environments: findings then say whose tag it is.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Try, on the repositories of this image in every environment that something is promoted from, whether the credentials
    /// that read it can write: a session for a blob is opened, and cancelled at once. Three requests an environment; nothing
    /// is left there.
    #[arg(long, value_name = "IMAGE", value_parser = name, requires = "config")]
    probe: Option<Name>,

    /// Probe only where promotions to this environment read.
    #[arg(long, value_name = "ENV", value_parser = name, requires = "probe")]
    to: Option<Name>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    reach: Reach,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let described = arguments.config.as_deref().map(described).transpose()?;
    let graph = described.as_ref().map(|(_, graph)| graph);
    let mut found = Vec::new();
    for file in &arguments.files {
        let unreadable = |error| Failure::usage(&Trouble::at(file, "cannot be read").because(error));
        let text = fs::read_to_string(file).map_err(unreadable)?;
        let kind = Deployment::of(&file.file_name().unwrap_or_default().to_string_lossy());
        found.extend(kind.lint(&text).into_iter().map(|finding| (file, finding)));
    }
    let (mut concerns, mut writable) = (Vec::new(), Vec::new());
    if let Some((document, graph)) = &described {
        if arguments.files.is_empty() {
            concerns = document.concerns(graph).map_err(|error| ends::failure(error.into()))?;
        }
        if let Some(image) = &arguments.probe {
            writable = rights::probe(document, graph, image, arguments.to.as_ref(), &arguments.reach).await?;
        }
    }
    if arguments.json {
        let findings: Vec<Value> = found.iter().map(|(file, finding)| document(file, finding, graph)).collect();
        say_json(&json!({ "findings": findings, "concerns": concerns, "writable": writable }))?;
    } else {
        for (file, finding) in &found {
            let whose = graph.and_then(|graph| finding.environment(graph));
            let whose = match whose {
                Some((environment, true)) => format!("; every promotion to {environment} moves it"),
                Some((environment, false)) => format!("; it is in {environment}"),
                None => String::new(),
            };
            say(format_args!("{}:{finding}{whose}", file.display()))?;
        }
        let config = arguments.config.unwrap_or_default();
        concerns.iter().try_for_each(|concern| say(format_args!("{}: {concern}", config.display())))?;
        writable.iter().try_for_each(|writable| say(format_args!("{}: {writable}", config.display())))?;
    }
    let is_clean = found.is_empty() && concerns.is_empty() && writable.is_empty();
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn document(file: &Path, finding: &Finding, graph: Option<&Graph>) -> Value {
    let environment = graph.and_then(|graph| finding.environment(graph));
    json!({
        "file": file.display().to_string(), "line": finding.line, "text": finding.text,
        "problem": finding.problem,
        "environment": environment.map(|(name, _)| name), "floats": environment.map(|(_, floats)| floats),
    })
}

/// A document and its graph; its gates are made, so that they are judged, and never asked.
fn described(file: &Path) -> Result<(Document, Graph), Failure> {
    let document = Document::read(file).map_err(invalid)?;
    let Kinds { gates, steps } = Kinds::judged(&document)?;
    let graph = document.graph_with(&gates, &steps).map_err(invalid)?;
    Ok((document, graph))
}
