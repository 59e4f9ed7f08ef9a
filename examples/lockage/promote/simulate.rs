//! `lockage simulate`: a whole graph on registries in memory, with an image that is made up.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::Verdict;
use lockage_promote::pipeline::documents::Document;
use lockage_promote::pipeline::output::Standing;
use lockage_promote::pipeline::simulate::{Build, Simulation, StandIns, Taken};
use lockage_promote::pipeline::{Name, PromoteError};
use serde_json::{Value, json};

use super::kinds::Kinds;
use super::world::invalid;
use super::{Trouble, ends, name, worse};
use crate::report::{Failure, describe, say, say_json};

/// Takes one made-up release through every edge, upstream first. Stand-ins answer for gates and steps: they pass, unless told
/// otherwise with --say.
///
/// Exit codes: 0 it arrives everywhere; else those of `promote`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The document with environments, edges and gates.
    #[arg(long, value_name = "FILE", default_value = "lockage.toml")]
    config: PathBuf,

    /// What the image is called.
    #[arg(long, value_name = "NAME", default_value = "app", value_parser = name)]
    image: Name,

    /// Lets a gate, or a step, fail or wait; may be repeated.
    #[arg(long, value_name = "GATE=fail|wait|pass", value_parser = word)]
    say: Vec<(String, Option<Verdict>)>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

fn word(text: &str) -> Result<(String, Option<Verdict>), String> {
    let (gate, word) = text.split_once('=').ok_or("write GATE=fail, GATE=wait or GATE=pass")?;
    let verdict = match word {
        "pass" => None,
        "fail" => Some(Verdict::fail("it was told to say no")),
        "wait" => Some(Verdict::wait("it was told to wait")),
        other => return Err(format!("a gate says fail, wait or pass, and not {other:?}")),
    };
    Ok((gate.to_owned(), verdict))
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let document = Document::read(&arguments.config).map_err(invalid)?;
    // Gates and steps that cannot be made would not be found by their stand-ins.
    let kinds = Kinds::judged(&document)?;
    let gates = document.gates(&kinds.gates).map_err(invalid)?;
    let steps = document.steps(&kinds.steps).map_err(invalid)?;
    let mut stand_ins = StandIns::new();
    for (gate, verdict) in arguments.say {
        let known = || gates.iter().map(|gate| gate.id()).chain(steps.iter().map(|step| step.id()));
        if !known().any(|known| known == gate) {
            let known: Vec<_> = known().collect();
            let trouble = Trouble::new(format_args!("--say: there is no gate and no step {gate:?}"));
            let known = if known.is_empty() {
                "There are none.".to_owned()
            } else {
                format!("There are: {}.", known.join(", "))
            };
            return Err(Failure::usage(&trouble.remedy(known)));
        }
        if let Some(verdict) = verdict {
            stand_ins = stand_ins.saying(gate, verdict);
        }
    }
    let graph = document.graph_with(&stand_ins, &stand_ins).map_err(invalid)?;
    if graph.edges().next().is_none() {
        let trouble = Trouble::at(&arguments.config, "no edge leads from one environment to another");
        return Err(Failure::usage(
            &trouble.remedy("Write [[edges]] with from and to; examples/lockage.toml shows them."),
        ));
    }
    let simulation = Simulation::with(graph, document.conventions().clone()).map_err(ends::failure)?;
    let taken = simulate(&simulation, &arguments.image).await.map_err(ends::failure)?;
    let end = taken.iter().map(standing).fold(Standing::Done, worse);
    if arguments.json {
        let edges: Vec<Value> = taken.iter().map(document_of).collect();
        say_json(&json!({ "result": end, "edges": edges }))?;
    } else {
        for taken in &taken {
            tell(taken)?;
        }
    }
    Ok(ends::code(end))
}

async fn simulate(simulation: &Simulation, image: &Name) -> Result<Vec<Taken>, PromoteError> {
    let build = Build::of_pull_request(42).version("1.4.0");
    let graph = simulation.promoter().graph();
    let sources: Vec<Name> = graph
        .environments()
        .map(|environment| environment.name().clone())
        .filter(|name| graph.is_source(name))
        .collect();
    let mut digest = None;
    for source in &sources {
        digest = Some(simulation.push(image, source, &build).await?);
    }
    match digest {
        Some(digest) => Ok(simulation.run(image, &digest, SystemTime::now()).await),
        None => Ok(Vec::new()),
    }
}

fn standing(taken: &Taken) -> Standing {
    match &taken.outcome {
        Ok(_) => Standing::Done,
        Err(PromoteError::NotCleared(refusal)) if refusal.is_waiting() => Standing::Waiting,
        Err(PromoteError::NotCleared(refusal)) if !refusal.is_undecided() => Standing::Refused,
        Err(_) => Standing::Undecided,
    }
}

fn tell(taken: &Taken) -> Result<(), Failure> {
    match &taken.outcome {
        Ok(receipt) => {
            let gates: Vec<_> = receipt.evidence.iter().map(|clearance| clearance.gate.as_str()).collect();
            say(format_args!("pass  {}  ({})", taken.edge, gates.join(", ")))?;
            receipt.references().iter().try_for_each(|reference| say(format_args!("      {reference}")))
        }
        Err(error) => {
            say(format_args!("stop  {}", taken.edge))?;
            describe(error).lines().try_for_each(|line| say(format_args!("      {line}")))
        }
    }
}

fn document_of(taken: &Taken) -> Value {
    json!({
        "edge": taken.edge,
        "result": standing(taken),
        "references": taken.outcome.as_ref().map(|receipt| receipt.references()).unwrap_or_default(),
        "error": taken.outcome.as_ref().err().map(ToString::to_string),
    })
}
