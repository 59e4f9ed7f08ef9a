//! `lockage approve`: says by signature that a plan is good, where `promote` finds it.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use lockage_promote::pipeline::approval::{Approval, approve_as, approve_set_as};
use lockage_promote::pipeline::output::Report;
use lockage_promote::pipeline::set::SetPlan;
use lockage_promote::pipeline::{Name, Passage};
use lockage_promote::{Draft, Plan};
use lockage_registry::{Digest, Target};
use serde_json::json;

use super::merged::{Asked, Forges, asked};
use super::world::{Setup, World};
use super::{Trouble, ends, name, read_plan, several};
use crate::report::{Failure, say, say_json};
use crate::signing::seal::{By, Seal};
use crate::times::{length, system_moment};

/// Approves a plan: of the file that `promote --plan` wrote, of one image or of a set; or, where its digest is given, the one that is made again of
/// IMAGE, --select and --to, if it has that digest. The approval is bound to the plan and stored with the image, in the
/// repository that it comes from. Nothing is stored where the plan is another, or none that this graph makes.
///
/// Exit codes: 0 approved; 1 another plan; 2 usage or an invalid document; 3 error.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The digest of the plan, as `promote` and `why-not` print it, or the file.
    #[arg(value_name = "PLAN-DIGEST|FILE")]
    plan: String,

    /// The image, to make the plan again.
    #[arg(value_parser = name, requires = "select", requires = "to")]
    image: Option<Name>,

    /// Which image, as for `promote`.
    #[arg(long, value_name = "SELECT", value_parser = asked, requires = "image")]
    select: Option<Asked>,

    /// The environment where it is to go.
    #[arg(long, value_name = "ENV", value_parser = name, requires = "image")]
    to: Option<Name>,

    /// The edge, where it is not the only one.
    #[arg(long, value_name = "NAME", value_parser = name, requires = "image")]
    edge: Option<Name>,

    /// The release that it is, as for `promote`.
    #[arg(long, value_name = "VERSION", requires = "image", value_parser = super::release)]
    release: Option<String>,

    /// Why it is good.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,

    /// Until when it counts: after a time (7d, 36h), or a date, to the end of that day in UTC, or a time with its zone.
    #[arg(long, value_name = "TIME", value_parser = expiry)]
    expires: Option<Expiry>,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    forges: Forges,

    #[command(flatten)]
    by: By,

    #[command(flatten)]
    setup: Setup,
}

#[derive(Clone, Copy)]
enum Expiry {
    After(Duration),
    At(SystemTime),
}

fn expiry(text: &str) -> Result<Expiry, String> {
    if let Ok(time) = length(text) {
        return Ok(Expiry::After(time));
    }
    if let Ok(at) = system_moment(text) {
        return Ok(Expiry::At(at));
    }
    let next = text.parse::<jiff::civil::Date>().and_then(|date| date.tomorrow());
    let end = next.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC));
    end.map(|end| Expiry::At(end.timestamp().into())).map_err(|_| "write 7d, 36h, 2026-12-31 or a time".to_owned())
}

impl Expiry {
    fn time(self, now: SystemTime) -> Option<SystemTime> {
        match self {
            Self::After(time) => now.checked_add(time),
            Self::At(at) => Some(at),
        }
        .filter(|at| *at > now)
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let now = SystemTime::now();
    let until = match arguments.expires {
        Some(expiry) => Some(
            expiry
                .time(now)
                .ok_or_else(|| Failure::usage(&Trouble::new("--expires: the approval would count never")))?,
        ),
        None => None,
    };
    let world = World::open(&arguments.setup, false)?;
    let approved = approve(&arguments, &world, until, now).await;
    world.finish();
    approved.map(|()| ExitCode::SUCCESS)
}

async fn approve(
    arguments: &Arguments,
    world: &World,
    until: Option<SystemTime>,
    now: SystemTime,
) -> Result<(), Failure> {
    if let (None, Some(set)) = (&arguments.image, several::read_set(Path::new(&arguments.plan))?) {
        return approve_set(&set, arguments, world, until, now).await;
    }
    let (plan, passage) = plan(arguments, world).await?;
    let mut approval = Approval::of(&plan, now).map_err(|error| Failure::error(&error))?.because(&arguments.reason);
    if let Some(until) = until {
        approval = approval.until(until);
    }
    let chronicle = world.chronicle(Some(&passage.pinned.image)).await.map_err(ends::failure)?;
    let report = Report::of(&plan, &chronicle, now).map_err(ends::failure)?;
    if !arguments.json {
        say(report.diff())?;
    }
    // What is signed was shown.
    let signer = Seal::open(&arguments.by).await?.statements();
    let stored = approve_as(world.registry(&passage.from), &plan, approval, &*signer).await;
    let stored = stored.map_err(|error| Failure::error(&error))?;
    let repository = &passage.pinned.repository;
    if arguments.json {
        return say_json(&json!({
            "plan": report.plan, "image": passage.pinned.image, "digest": passage.digest(),
            "environment": passage.to, "approval": format!("{repository}@{stored}"),
        }));
    }
    say(format_args!("Approved plan {}, as {repository}@{stored}.", report.plan))
}

/// With each image of the set; none of them counts for less than the whole set.
async fn approve_set(
    set: &SetPlan<Draft>,
    arguments: &Arguments,
    world: &World,
    until: Option<SystemTime>,
    now: SystemTime,
) -> Result<(), Failure> {
    let chronicle = world.chronicle(None).await.map_err(ends::failure)?;
    for plan in set.members() {
        world.promoter.examine(plan).await.map_err(ends::failure)?;
        let report = Report::of(plan, &chronicle, now).map_err(ends::failure)?;
        if !arguments.json {
            say(report.diff())?;
        }
    }
    let id = world.promoter.set_id(set).await.map_err(ends::failure)?;
    let signer = Seal::open(&arguments.by).await?.statements();
    let words = |approval: Approval| {
        let approval = approval.because(&arguments.reason);
        match until {
            Some(until) => approval.until(until),
            None => approval,
        }
    };
    let source = |passage: &Passage| -> &dyn Target { world.registry(&passage.from) };
    let stored = approve_set_as(source, set, &id, &*signer, now, words).await;
    let stored = stored.map_err(|error| Failure::error(&error))?;
    let passages = set.members().iter().filter_map(Plan::passage);
    let places: Vec<_> =
        passages.zip(&stored).map(|(passage, stored)| format!("{}@{stored}", passage.pinned.repository)).collect();
    if arguments.json {
        return say_json(&json!({ "plan": id, "set": id, "approvals": places }));
    }
    say(format_args!("Approved set {id}, as {}.", places.join(", ")))
}

async fn plan(arguments: &Arguments, world: &World) -> Result<(Plan<Draft>, Passage), Failure> {
    let digest = arguments.plan.parse::<Digest>().ok();
    let plan = match (&digest, &arguments.image, &arguments.select, &arguments.to) {
        (Some(_), Some(image), Some(select), Some(to)) => {
            let edge = match &arguments.edge {
                Some(edge) => world.edge(edge, to)?,
                None => world.promoter.edge_into(to).map_err(ends::failure)?.name().clone(),
            };
            let selected = select.image(&arguments.forges).await?;
            world.plan(image, &selected, &edge, arguments.release.as_deref()).await.map_err(ends::failure)?
        }
        (Some(_), ..) => {
            let trouble = Trouble::new("a digest alone does not say which plan it is");
            return Err(Failure::usage(&trouble.remedy(
                "Give IMAGE, --select and --to as well, to make it again; or the file that promote --plan wrote.",
            )));
        }
        (None, None, ..) => read_plan(Path::new(&arguments.plan))?,
        (None, Some(_), ..) => {
            let trouble = Trouble::new(format_args!("{} is no digest of a plan", arguments.plan));
            return Err(Failure::usage(&trouble.remedy("A file says all that there is to say; leave the rest out.")));
        }
    };
    world.promoter.examine(&plan).await.map_err(ends::failure)?;
    let id = plan.id().map_err(|error| Failure::error(&error))?;
    match digest {
        Some(asked) if asked != id => {
            let trouble = Trouble::new(format_args!("the plan is {id} now, and {asked} was to be approved"));
            Err(Failure::refused(&trouble.remedy(
                "Nothing was signed. Look at what has changed with why-not, and approve that, or plan with --plan FILE.",
            )))
        }
        _ => match plan.passage().cloned() {
            Some(passage) => Ok((plan, passage)),
            None => Err(Failure::usage(&Trouble::new("the plan is for no edge of a graph"))),
        },
    }
}
