//! `--on-event`: along each edge that is for what set this build off.

use std::collections::BTreeMap;
use std::process::ExitCode;

use lockage_promote::pipeline::output::{Report, Standing};
use lockage_promote::pipeline::{Edge, Name, Occasion, PassageReceipt, Select};
use lockage_registry::Digest;
use lockage_tagging::BuildFacts;
use serde_json::{Value, json};

use super::merged::{self, Selected};
use super::world::World;
use super::{Arguments, Trouble, ends, evidence, pass, tell};
use crate::report::{Failure, say, say_json};

#[derive(clap::Args)]
pub(super) struct OnEvent {
    /// In place of --to: along each edge that is for what set this build off, as the CI system tells it, upstream first. Each
    /// is promoted by itself, and the first that is not done is the last. Where no edge is for it, nothing is promoted.
    #[arg(long, requires_all = ["image", "select"], conflicts_with_all = [
        "to", "edge", "plan", "apply", "set", "resume", "revert", "fleet", "passed_by", "markdown", "github_output",
    ])]
    pub(super) on_event: bool,
}

/// What became of an edge: nothing, where nobody was asked.
type Ended = Result<Option<(Report, Option<PassageReceipt>)>, Failure>;

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let occasion = occasion()?;
    let (Some(image), Some(asked)) = (&arguments.image, &arguments.select) else {
        return Err(Failure::usage(&Trouble::new("nothing was said to promote")));
    };
    let signer = evidence::signer(&arguments.setup, &arguments.by, arguments.writes()).await?;
    let world = World::open_signing(&arguments.setup, arguments.writes(), signer)?;
    let edges = world.promoter.graph().edges_on(&occasion).map_err(|error| ends::failure(error.into()))?;
    let names: Vec<_> = edges.iter().map(|edge| edge.name().as_str()).collect();
    if !arguments.json {
        match names.as_slice() {
            [] => say(format_args!("no edge is for {occasion}"))?,
            names => say(format_args!("For {occasion}: {}.", names.join(", ")))?,
        }
    }
    let mut all: Vec<(&Edge, Ended)> = Vec::new();
    if !edges.is_empty() {
        let selected = asked.image(&arguments.forges).await?;
        let mut going = Going { arguments, world: &world, image, selected, known: BTreeMap::new() };
        for edge in edges {
            let ended = going.along(edge, &all).await;
            all.push((edge, ended));
        }
    }
    let ended = ended(arguments, &occasion, all);
    world.finish();
    ended
}

/// As the last edge that was asked.
fn ended(arguments: &Arguments, occasion: &Occasion, all: Vec<(&Edge, Ended)>) -> Result<ExitCode, Failure> {
    if arguments.json {
        document(occasion, &all)?;
    }
    let mut code = ExitCode::SUCCESS;
    for (_, ended) in all {
        if let Some((report, _)) = ended? {
            code = ends::code(report.standing);
        }
    }
    Ok(code)
}

/// What the CI system says.
fn occasion() -> Result<Occasion, Failure> {
    match merged::build(&merged::variables())? {
        Some(build) => Ok(Occasion::from(&BuildFacts::from(&build))),
        None => {
            let trouble = Trouble::new("--on-event: no CI system runs this");
            Err(Failure::usage(&trouble.remedy("Run it in a job of one, or name where the image is to go, with --to.")))
        }
    }
}

/// An image on its way along several edges.
struct Going<'a> {
    arguments: &'a Arguments,
    world: &'a World,
    image: &'a Name,
    selected: Selected,
    /// What it is in each environment: one digest, however many edges it goes along.
    known: BTreeMap<Name, Digest>,
}

impl Going<'_> {
    /// Along the next edge, if all before it are done. Without --yes nothing arrives, so that nobody can say yet what becomes of
    /// one that begins where another ends.
    async fn along(&mut self, edge: &Edge, before: &[(&Edge, Ended)]) -> Ended {
        let goes_on = |ended: &Ended| match ended {
            Ok(Some((report, _))) => matches!(report.standing, Standing::Ready | Standing::Done),
            Ok(None) => !self.arguments.yes,
            Err(_) => false,
        };
        let upstream = before.iter().find(|(one, _)| one.to() == edge.from()).map(|(one, _)| one.name());
        let why = match upstream {
            _ if !before.iter().all(|(_, ended)| goes_on(ended)) => "not all before it are done".to_owned(),
            Some(upstream) if !self.arguments.yes => format!("it begins where {upstream} ends"),
            _ => return self.pass(edge, upstream.is_some()).await.map(Some),
        };
        if !self.arguments.json {
            say(format_args!("{} was not asked: {why}.", edge.name()))?;
        }
        Ok(None)
    }

    async fn pass(&mut self, edge: &Edge, arrived: bool) -> Result<(Report, Option<PassageReceipt>), Failure> {
        let mut selected = self.selected.clone();
        if arrived {
            selected.select = Select::CurrentIn(edge.from().clone());
        }
        let plan = self.world.plan(self.image, &selected, edge.name(), self.arguments.release.as_deref()).await;
        let plan = plan.map_err(ends::failure)?;
        if let Some(passage) = plan.passage() {
            for (place, digest) in [(&passage.from, passage.pinned.digest()), (&passage.to, passage.digest())] {
                match self.known.insert(place.clone(), digest.clone()) {
                    Some(other) if other != *digest => {
                        let trouble =
                            Trouble::new(format_args!("{place} was to have {other}, and {digest} is meant now"));
                        return Err(Failure::refused(
                            &trouble.remedy("Somebody was faster. Look at both, and run it again."),
                        ));
                    }
                    _ => {}
                }
            }
        }
        let (report, receipt) = pass(self.arguments, self.world, plan).await?;
        if !self.arguments.json {
            tell(&report, receipt.as_ref())?;
        }
        Ok((report, receipt))
    }
}

/// Of each edge what `promote` says of one.
fn document(occasion: &Occasion, all: &[(&Edge, Ended)]) -> Result<(), Failure> {
    let result = |ended: &Ended| match ended {
        Ok(Some((report, _))) => json!(report.standing),
        Ok(None) => json!(Standing::Planned),
        // As the exit code says; why is in the error of the edge.
        Err(failure) if failure.is_refusal() => json!(Standing::Refused),
        Err(_) => json!("failed"),
    };
    let edges: Vec<Value> = all
        .iter()
        .map(|(edge, ended)| {
            let (report, receipt) = match ended {
                Ok(Some((report, receipt))) => (Some(report), receipt.as_ref()),
                _ => (None, None),
            };
            let error = ended.as_ref().err().map(ToString::to_string);
            json!({ "edge": edge.name(), "result": result(ended), "report": report, "receipt": receipt, "error": error })
        })
        .collect();
    let last = all.iter().rev().find(|(_, ended)| !matches!(ended, Ok(None)));
    let result = last.map_or_else(|| json!("nothing"), |(_, ended)| result(ended));
    say_json(&json!({ "result": result, "event": occasion.to_string(), "edges": edges }))
}
