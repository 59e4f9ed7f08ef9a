//! `lockage rollback`: back to an image that was there before.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::output::{Report, Standing};
use lockage_promote::pipeline::{Name, Override, PromoteError, RollbackReceipt, RollbackTo};
use serde_json::{Value, json};

use super::reason;
use crate::promote::world::{Setup, World};
use crate::promote::{ends, name};
use crate::report::{Failure, say, say_json};
use crate::signing::seal::MayBy;

/// Puts every tag that moves back to what it held then, denies what is there now everywhere, and holds the environment until
/// somebody releases it. It asks the registry of the environment alone. Without --yes it runs the gates that the edge asks on
/// a rollback, writes nothing, and exits as if it had.
///
/// Exit codes: 0 rolled back, or would be; 1 refused; 2 usage or an invalid document; 3 error or undecided; 4 waiting.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The image, as the graph's templates name it.
    #[arg(value_parser = name)]
    image: Name,

    /// The environment.
    #[arg(long, value_name = "ENV", value_parser = name)]
    env: Name,

    /// Where to: a commit, a digest, a version or a pull request that was there; or `previous`, the last that was there, is not
    /// denied, and did not fail a watch. `previous` goes back once: asked again while the environment is held, it is refused
    /// (exit code 1), as whoever wants to go further says where to.
    #[arg(long, value_name = "WHAT", value_parser = to)]
    to: RollbackTo,

    /// Why; it is recorded.
    #[arg(long, value_parser = reason)]
    reason: String,

    /// Pass by this gate where it does not pass, such as `been-here`; may be repeated. It is recorded with the reason.
    #[arg(long, value_name = "GATE")]
    r#override: Vec<String>,

    /// Roll back, if every gate passes.
    #[arg(long)]
    yes: bool,

    /// Print one JSON document.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    by: MayBy,

    #[command(flatten)]
    setup: Setup,
}

fn to(text: &str) -> Result<RollbackTo, String> {
    text.parse().map_err(|error: lockage_promote::pipeline::memory::WantedError| {
        format!("{error}. {} Or write previous.", error.remedy())
    })
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    if !arguments.r#override.is_empty() {
        arguments.setup.answers()?;
    }
    let world = World::open_begun(&arguments.setup, &arguments.by).await?;
    let ended = roll_back(&arguments, &world).await;
    world.finish();
    let Ended { report, rollback, receipt } = ended?;
    if arguments.json {
        say_json(&json!({ "result": report.standing, "report": report, "rollback": rollback, "receipt": receipt }))?;
    } else {
        match &receipt {
            Some(receipt) => say(receipt)?,
            None => say(report.outcome())?,
        }
    }
    Ok(ends::code(report.standing))
}

struct Ended {
    report: Report,
    rollback: Value,
    receipt: Option<RollbackReceipt>,
}

/// Prints what is to be done as soon as it is known.
async fn roll_back(arguments: &Arguments, world: &World) -> Result<Ended, Failure> {
    let (now, promoter) = (SystemTime::now(), &world.promoter);
    let Arguments { image, env, to, reason, .. } = arguments;
    let plan = promoter.plan_rollback(image, env, to, reason, now).await;
    let plan = plan.or_else(|error| ends::refused(error, arguments.json))?;
    let chronicle = world.chronicle(Some(image)).await.map_err(ends::failure)?;
    let report = Report::of(&plan.plan, &chronicle, now).map_err(ends::failure)?;
    let rollback = json!(plan);
    if !arguments.json {
        say(&plan)?;
    }
    let cleared = match arguments.r#override.as_slice() {
        [] => promoter.clear_rollback(plan, now).await,
        gates => {
            let by = gates.iter().fold(Override::because(reason), |by, gate| by.gate(gate));
            promoter.clear_rollback_with_override(plan, &by, now).await
        }
    };
    let cleared = match cleared {
        Ok(cleared) => cleared,
        Err(PromoteError::NotCleared(refusal)) => {
            if !arguments.json {
                refusal.opinions().iter().try_for_each(|opinion| say(format_args!("  {opinion}")))?;
            }
            return Ok(Ended { report: report.not_cleared(&refusal), rollback, receipt: None });
        }
        Err(error) => return Err(ends::failure(error)),
    };
    if !arguments.json {
        cleared.plan.clearances().iter().try_for_each(|one| say(format_args!("  {one}")))?;
    }
    let mut report = report.cleared(&cleared.plan);
    if !arguments.yes {
        return Ok(Ended { report, rollback, receipt: None });
    }
    let receipt = promoter.apply_rollback(cleared, now).await.map_err(ends::failure)?;
    report.standing = Standing::Done;
    Ok(Ended { report, rollback, receipt: Some(receipt) })
}
