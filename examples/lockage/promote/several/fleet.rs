//! `promote --fleet`: many images, each by itself, shared out among machines.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::fleet::{Came, Ended, Errand, Fleet, Outcome, Shard, clear_each, promote_each};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::world::World;
use super::super::{Arguments, evidence};
use super::Several;
use super::list::{self, Asked, Listed};
use crate::report::{Failure, describe, say, say_json};

pub(super) async fn run(listed: &Listed, several: &Several, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let signer = evidence::signer(&arguments.setup, &arguments.by, arguments.yes).await?;
    let world = World::open_signing(&arguments.setup, arguments.yes, signer)?;
    let errands = list::asked(listed, arguments, &world).await?.into_iter().map(errand);
    let (shard, at_once) = (several.shard.unwrap_or(Shard::whole()), several.at_once.get());
    let now = SystemTime::now();
    let ended = if arguments.yes {
        let fleet = promote_each(&world.promoter, errands, shard, at_once, now).await;
        world.finish();
        tell(&fleet, arguments, |receipt| json!(receipt))?
    } else {
        let fleet = clear_each(&world.promoter, errands, shard, at_once, now).await;
        world.finish();
        tell(&fleet, arguments, |_| Value::Null)?
    };
    Ok(ExitCode::from(ended.exit_code()))
}

fn errand(Asked { image, select, edge, release }: Asked) -> Errand {
    let errand = Errand::new(image, select, edge);
    match release {
        Some(version) => errand.released_as(version),
        None => errand,
    }
}

fn tell<T: Came + Serialize>(
    fleet: &Fleet<T>,
    arguments: &Arguments,
    receipt: impl Fn(&T) -> Value,
) -> Result<Ended, Failure> {
    if arguments.json {
        let outcomes: Vec<_> = fleet.outcomes.iter().map(|outcome| document(outcome, &receipt)).collect();
        say_json(&json!({ "result": word(fleet.ended()), "outcomes": outcomes }))?;
        return Ok(fleet.ended());
    }
    say(fleet)?;
    if !arguments.yes {
        say("Nothing was written.")?;
    }
    Ok(fleet.ended())
}

fn document<T: Came>(outcome: &Outcome<T>, receipt: &impl Fn(&T) -> Value) -> Value {
    let Errand { image, select, edge, .. } = &outcome.errand;
    let (word, digest, error) = match &outcome.result {
        Ok(came) => (came.word(), Some(came.digest()), None),
        Err(error) => (word(outcome.ended()), None, Some(describe(error.as_ref()))),
    };
    json!({
        "image": image, "select": select, "edge": edge, "result": word, "digest": digest, "error": error,
        "receipt": outcome.result.as_ref().ok().map(|came| receipt(came)),
    })
}

fn word(ended: Ended) -> &'static str {
    match ended {
        Ended::Done => "done",
        Ended::Waiting => "waiting",
        Ended::Refused => "refused",
        Ended::Failed => "failed",
    }
}
