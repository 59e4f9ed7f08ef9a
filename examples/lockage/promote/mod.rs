//! `lockage promote`: an image along an edge: a diff before, every gate, and a receipt after.

pub(crate) mod approve;
mod code_scanning;
pub(crate) mod ends;
mod evidence;
mod going_back;
mod kinds;
pub(crate) mod lint;
pub(crate) mod merged;
mod occasion;
mod outputs;
mod several;
pub(crate) mod simulate;
pub(crate) mod steps;
mod trouble;
pub(crate) mod why_not;
pub(crate) mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::output::{Report, Standing};
use lockage_promote::pipeline::{Name, NameProblem, Override, PassageReceipt, PromoteError};
use lockage_promote::{Cleared, Draft, Plan};
use serde_json::json;

use crate::report::{Failure, say, say_json};
use crate::signing::seal::MayBy;

use merged::{Asked, Forges, Selected, asked};
use occasion::OnEvent;
use several::Several;
pub(crate) use trouble::Trouble;
use world::{Setup, World};

/// Without --yes and --apply it runs the gates, writes nothing, and exits as if it had.
///
/// Exit codes: 0 promoted, or would be; 1 refused; 2 usage or an invalid document; 3 error or undecided; 4 waiting.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The image, as the graph's templates name it.
    #[arg(required_unless_present_any = ["apply", "set", "fleet", "resume", "revert"], value_parser = name)]
    image: Option<Name>,

    /// Which image: pr:42, sha:2b2e927, version:1.4.0, tag:NAME, digest:sha256:…, branch:NAME, branch:NAME@HEAD,
    /// env:NAME; or merge:SHA, the pull request that this commit merged.
    #[arg(long, value_name = "SELECT", value_parser = asked,
          required_unless_present_any = ["apply", "set", "fleet", "resume", "revert"])]
    select: Option<Asked>,

    /// The environment where it is to go.
    #[arg(long, value_name = "ENV", value_parser = name,
          required_unless_present_any = ["apply", "set", "fleet", "resume", "revert", "on_event"])]
    to: Option<Name>,

    /// The edge to take, such as a hotfix, where it is not the only one.
    #[arg(long, value_name = "NAME", value_parser = name)]
    edge: Option<Name>,

    /// The release that it is, where a commit that was built before is tagged: 1.4.0 or v1.4.0.
    #[arg(long, value_name = "VERSION", conflicts_with = "apply", value_parser = release)]
    release: Option<String>,

    /// Write the plan to this file, to be approved and applied later.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["apply", "yes"])]
    plan: Option<PathBuf>,

    /// Clear and apply the plan in this file, unless the world has moved since.
    #[arg(long, value_name = "FILE", conflicts_with = "yes")]
    apply: Option<PathBuf>,

    /// Promote, if every gate passes.
    #[arg(long)]
    yes: bool,

    /// Where a watch after all tags have moved says that the image is bad, put back the last good one, deny the image
    /// everywhere, and hold the environment; not where it could not look. Exit code 1 then, and 3 where it could not look.
    #[arg(long, conflicts_with_all = ["plan", "set", "fleet"])]
    auto_rollback: bool,

    /// Pass by this gate if it does not pass; may be repeated, and there is no word for all of them. What it said and the
    /// reason stand in the report, in the receipt and, before anything moves, in the ledger.
    #[arg(long = "override", value_name = "GATE", requires = "reason")]
    passed_by: Vec<String>,

    /// Why gates are passed by, or a set is taken back.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    /// Write the report as Markdown for a comment, which begins with a marker to find it again by.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Write the SARIF that gates read into this folder too, each run with a category, to be uploaded to code scanning.
    #[arg(long, value_name = "DIR")]
    sarif: Option<PathBuf>,

    /// Append the outputs (image, images, tags, digest, …) to the file that $GITHUB_OUTPUT names.
    #[arg(long)]
    github_output: bool,

    #[command(flatten)]
    on: OnEvent,

    #[command(flatten)]
    several: Several,

    #[command(flatten)]
    forges: Forges,

    #[command(flatten)]
    by: MayBy,

    #[command(flatten)]
    setup: Setup,
}

impl Arguments {
    /// Whether anything is to be written.
    fn writes(&self) -> bool {
        self.yes || self.apply.is_some()
    }

    /// Which gates are passed by, and why.
    fn passing_by(&self) -> Option<Override> {
        let reason = self.reason.as_ref().filter(|_| !self.passed_by.is_empty())?;
        Some(self.passed_by.iter().fold(Override::because(reason), Override::gate))
    }
}

pub(crate) fn name(text: &str) -> Result<Name, NameProblem> {
    text.parse()
}

/// What is no version would make no tag of the release, and the tags that move would go without.
pub(crate) fn release(text: &str) -> Result<String, String> {
    match semver::Version::parse(text.strip_prefix('v').unwrap_or(text)) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{error}. Write 1.4.0 or v1.4.0")),
    }
}

pub(crate) async fn run(mut arguments: Arguments) -> Result<ExitCode, Failure> {
    arguments.setup.sarif.clone_from(&arguments.sarif);
    if let Some(ended) = arguments.several.run(&arguments).await {
        return ended;
    }
    if arguments.reason.is_some() && arguments.passed_by.is_empty() {
        let trouble = Trouble::new("a reason is given, and nothing that it is for");
        return Err(Failure::usage(&trouble.remedy("Name the gates that are passed by, with --override.")));
    }
    if arguments.on.on_event {
        return occasion::run(&arguments).await;
    }
    if !arguments.passed_by.is_empty() {
        arguments.setup.answers()?;
    }
    let writes = arguments.writes();
    let outputs = outputs::Outputs::of(arguments.markdown.as_deref(), arguments.github_output)?;
    let signer = evidence::signer(&arguments.setup, &arguments.by, writes).await?;
    let world = World::open_signing(&arguments.setup, writes, signer)?;
    let ended = promote(&arguments, &world).await;
    world.finish();
    let (report, receipt) = ended?;
    outputs.write(&report)?;
    if arguments.json {
        say_json(&json!({ "result": report.standing, "report": report, "receipt": receipt }))?;
    } else {
        tell(&report, receipt.as_ref())?;
    }
    Ok(ends::code(report.standing))
}

/// How it ended, what was left with the image, and what went wrong beside it.
fn tell(report: &Report, receipt: Option<&PassageReceipt>) -> Result<(), Failure> {
    say(report.outcome())?;
    let Some(receipt) = receipt else { return Ok(()) };
    if let Some(attached) = &receipt.attached {
        say(format_args!("  {attached}"))?;
    }
    receipt.troubles.iter().try_for_each(|trouble| say(format_args!("  trouble  {trouble}")))
}

async fn promote(arguments: &Arguments, world: &World) -> Result<(Report, Option<PassageReceipt>), Failure> {
    let selected = match &arguments.select {
        Some(asked) => Some(asked.image(&arguments.forges).await?),
        None => None,
    };
    let plan = match (&arguments.apply, &arguments.image, &selected, &arguments.to) {
        (Some(file), ..) => kept(arguments, selected.as_ref(), file)?,
        (None, Some(image), Some(select), Some(to)) => {
            let edge = match &arguments.edge {
                Some(edge) => world.edge(edge, to)?,
                None => world.promoter.edge_into(to).map_err(ends::failure)?.name().clone(),
            };
            world.plan(image, select, &edge, arguments.release.as_deref()).await.map_err(ends::failure)?
        }
        _ => return Err(Failure::usage(&Trouble::new("nothing was said to promote"))),
    };
    if let Some(file) = &arguments.plan {
        keep(&plan, file)?;
    }
    pass(arguments, world, plan).await
}

/// Prints the diff as soon as it is known.
async fn pass(
    arguments: &Arguments,
    world: &World,
    plan: Plan<Draft>,
) -> Result<(Report, Option<PassageReceipt>), Failure> {
    let now = SystemTime::now();
    let by = arguments.passing_by();
    let (report, cleared) = judge(world, plan, by.as_ref(), now).await.map_err(ends::failure)?;
    if !arguments.json {
        say(report.diff())?;
    }
    match cleared {
        Some(cleared) if arguments.writes() => {
            let (image, to) = (report.image.clone(), report.to.clone());
            match world.promoter.apply(cleared, now).await {
                Ok(receipt) => Ok((report.done(&receipt), Some(receipt))),
                Err(error) if arguments.auto_rollback => {
                    Err(going_back::after(world, &image, &to, error, arguments.json).await)
                }
                Err(error) => Err(ends::failure(error)),
            }
        }
        _ => Ok((report, None)),
    }
}

/// What every gate says; the plan, if all are in favour, or passed by.
async fn judge(
    world: &World,
    plan: Plan<Draft>,
    by: Option<&Override>,
    now: SystemTime,
) -> Result<(Report, Option<Plan<Cleared>>), PromoteError> {
    let chronicle = world.chronicle(plan.passage().map(|passage| &passage.pinned.image)).await?;
    let report = Report::of(&plan, &chronicle, now)?;
    let cleared = match by {
        Some(by) => world.promoter.clear_with_override(plan, by, now).await,
        None => world.promoter.clear(plan, now).await,
    };
    match cleared {
        Ok(cleared) => Ok((report.cleared(&cleared), Some(cleared))),
        Err(error) => match error.apart() {
            (PromoteError::NotCleared(refusal), beside) => {
                let mut report = report.not_cleared(&refusal);
                report.notes.extend(beside.iter().map(ToString::to_string));
                Ok((report, None))
            }
            (error, beside) => Err(error.beside(beside)),
        },
    }
}

fn keep(plan: &Plan<Draft>, file: &Path) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(plan).map_err(|error| Failure::error(&error))?;
    let unwritable = |error| Failure::error(&Trouble::at(file, "the plan cannot be written").because(error));
    fs::write(file, text + "\n").map_err(unwritable)
}

/// The plan in a file.
fn read_plan(file: &Path) -> Result<Plan<Draft>, Failure> {
    let unusable = |error: Box<dyn std::error::Error + Send + Sync>| {
        Failure::usage(&Trouble::at(file, "no plan").because(error).remedy("Make one with promote --plan FILE."))
    };
    let text = fs::read(file).map_err(|error| unusable(error.into()))?;
    let plan: Plan<Draft> = serde_json::from_slice(&text).map_err(|error| unusable(error.into()))?;
    match plan.passage() {
        Some(_) => Ok(plan),
        None => Err(unusable("it is for no edge of a graph".into())),
    }
}

/// The plan in a file, which has to be the one that the other arguments speak of.
fn kept(arguments: &Arguments, selected: Option<&Selected>, file: &Path) -> Result<Plan<Draft>, Failure> {
    let plan = read_plan(file)?;
    let Some(passage) = plan.passage() else { return Ok(plan) };
    let differs = |what: &str, asked: Option<String>, held: String| match asked {
        Some(asked) if asked != held => {
            let trouble = Trouble::at(file, format_args!("the plan has the {what} {held}, and {asked} was asked for"));
            Err(Failure::usage(&trouble.remedy("Leave out what the plan says already.")))
        }
        _ => Ok(()),
    };
    let text = |name: &Option<Name>| name.as_ref().map(ToString::to_string);
    differs("image", text(&arguments.image), passage.pinned.image.to_string())?;
    differs("environment", text(&arguments.to), passage.to.to_string())?;
    differs("edge", text(&arguments.edge), passage.edge.to_string())?;
    differs("selection", selected.map(ToString::to_string), passage.pinned.selected.to_string())?;
    Ok(plan)
}

/// The worse of two ends, by what a pipeline has to do about it.
fn worse(one: Standing, other: Standing) -> Standing {
    let rank = |standing: Standing| match standing {
        Standing::Refused => 3,
        Standing::Undecided => 2,
        Standing::Waiting => 1,
        _ => 0,
    };
    if rank(other) > rank(one) { other } else { one }
}
