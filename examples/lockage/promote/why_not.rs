//! `lockage why-not`: what stands between an image and an environment.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::Name;
use lockage_promote::pipeline::output::{Report, Standing};
use serde_json::json;

use super::merged::{Asked, Forges, asked};
use super::world::{Setup, World};
use super::{ends, judge, name, worse};
use crate::report::{Failure, say, say_json};

/// Asks every gate, on every edge that leads there, and says what each found and when it could open. Writes nothing.
///
/// Exit codes: those of `promote` on the edge that is the most open.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The image, as the graph's templates name it.
    #[arg(value_parser = name)]
    image: Name,

    /// Which image: pr:42, sha:2b2e927, version:1.4.0, tag:NAME, digest:sha256:…, branch:NAME, branch:NAME@HEAD,
    /// env:NAME; or merge:SHA, the pull request that this commit merged.
    #[arg(long, value_name = "SELECT", value_parser = asked)]
    select: Asked,

    /// The environment.
    #[arg(long, value_name = "ENV", value_parser = name)]
    to: Name,

    /// Ask on this edge alone.
    #[arg(long, value_name = "NAME", value_parser = name)]
    edge: Option<Name>,

    /// The release that it is, where a commit that was built before is tagged.
    #[arg(long, value_name = "VERSION", value_parser = super::release)]
    release: Option<String>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    forges: Forges,

    #[command(flatten)]
    setup: Setup,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let world = World::open(&arguments.setup, false)?;
    let told = ask(&arguments, &world).await;
    world.finish();
    let (reports, failures) = told?;
    if arguments.json {
        let errors: Vec<_> =
            failures.iter().map(|(edge, failure)| json!({ "edge": edge, "error": failure.line() })).collect();
        say_json(&json!({ "edges": reports, "errors": errors }))?;
    } else {
        for report in &reports {
            say(report)?;
        }
    }
    for (_, failure) in &failures {
        eprint!("{failure}");
    }
    // The way that is the most open is the one to take.
    let open = reports.iter().map(|report| report.standing).reduce(
        |one, other| {
            if worse(one, other) == one { other } else { one }
        },
    );
    match (open, failures.into_iter().next()) {
        (Some(standing), _) if standing != Standing::Refused => Ok(ends::code(standing)),
        (_, Some((_, failure))) => Ok(failure.exit_code()),
        (Some(standing), None) => Ok(ends::code(standing)),
        (None, None) => Ok(ExitCode::from(3)),
    }
}

type Told = (Vec<Report>, Vec<(Name, Failure)>);

async fn ask(arguments: &Arguments, world: &World) -> Result<Told, Failure> {
    let graph = world.promoter.graph();
    let edges: Vec<Name> = match &arguments.edge {
        Some(edge) => vec![world.edge(edge, &arguments.to)?],
        None => {
            graph.environment(&arguments.to).map_err(|error| ends::failure(error.into()))?;
            let usual = graph.leading_into(&arguments.to).filter(|edge| !edge.is_hotfix());
            usual.map(|edge| edge.name().clone()).collect()
        }
    };
    if edges.is_empty() {
        // Says that none leads there.
        world.promoter.edge_into(&arguments.to).map_err(ends::failure)?;
    }
    let selected = arguments.select.image(&arguments.forges).await?;
    let (mut reports, mut failures) = (Vec::new(), Vec::new());
    for edge in edges {
        let told = match world.plan(&arguments.image, &selected, &edge, arguments.release.as_deref()).await {
            Ok(plan) => judge(world, plan, None, SystemTime::now()).await,
            Err(error) => Err(error),
        };
        match told {
            Ok((report, _)) => reports.push(report),
            Err(error) => failures.push((edge, ends::failure(error))),
        }
    }
    Ok((reports, failures))
}
