//! `promote --resume` and `--revert`: a set that was killed on its way is gone on with, or taken back.

use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::pipeline::set::{MemberState, OpenSet};
use lockage_registry::Digest;
use serde_json::{Value, json};

use super::super::world::World;
use super::super::{Arguments, Trouble, ends, evidence};
use super::list::{self, Listed};
use super::{Several, set};
use crate::report::{Failure, say, say_json};

pub(super) async fn run(several: &Several, arguments: &Arguments) -> Result<ExitCode, Failure> {
    // What is to be taken up has to be in a ledger that is there.
    let world = match (arguments.yes, several.resume) {
        (false, _) => World::quiet(&arguments.setup)?,
        (true, true) => {
            let signer = evidence::signer(&arguments.setup, &arguments.by, true).await?;
            World::open_signing(&arguments.setup, true, signer)?
        }
        // What is taken back leaves no evidence, and an entry.
        (true, false) => World::open_by(&arguments.setup, &arguments.by).await?,
    };
    let open = world.promoter.open_sets().await.map_err(ends::failure)?;
    let id = meant(several.set.as_ref(), &open).or_else(|failure| ends::told(failure, arguments.json))?;
    if several.resume {
        let plan = world.promoter.plan_resume(&id).await;
        let plan = plan.or_else(|error| ends::refused(error, arguments.json))?;
        return set::promote(plan, world, arguments).await;
    }
    let ended = revert(&id, &open, world, arguments).await?;
    if arguments.json {
        say_json(&ended)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn revert(id: &Digest, open: &[OpenSet], world: World, arguments: &Arguments) -> Result<Value, Failure> {
    let reason = arguments.reason.as_deref().unwrap_or_default();
    if reason.trim().is_empty() {
        return Err(Failure::usage(&Trouble::new("nobody says why the set is taken back; it is recorded")));
    }
    if !arguments.yes {
        let set = open.iter().find(|open| open.set.id == *id);
        if !arguments.json {
            set.map_or(Ok(()), shown)?;
            say(format_args!("Set {id} would be taken back. Nothing was written."))?;
        }
        world.finish();
        return Ok(json!({ "result": "ready", "set": id, "members": set.map(members) }));
    }
    // Tags that did not exist before are deleted, by nobody else and at no other time.
    let graph = world.promoter.graph().clone();
    let environments = graph.environments().map(|environment| environment.name());
    let promoter = environments.fold(world.promoter.clone(), |promoter, environment| {
        promoter.prunes(environment.as_str(), world.registry(environment).clone())
    });
    let reverted = promoter.revert_set(id, reason, SystemTime::now()).await;
    world.finish();
    let reverted = reverted.or_else(|error| ends::refused(error, arguments.json))?;
    if !arguments.json {
        for (tag, held) in &reverted.tags {
            match held {
                Some(held) => say(format_args!("  float  {tag}  → {}", held.short()))?,
                None => say(format_args!("  float  {tag}  is gone, as it was before"))?,
            }
        }
        reverted.troubles.iter().try_for_each(|trouble| say(format_args!("  trouble  {trouble}")))?;
        say(format_args!("Set {id} was taken back; what it created once stays."))?;
    }
    Ok(json!({ "result": "reverted", "set": id, "receipt": reverted }))
}

/// The set that is named: by its digest, by its images, or as the only one.
fn meant(listed: Option<&Listed>, open: &[OpenSet]) -> Result<Digest, Failure> {
    let images = match listed {
        // Whether the ledger knows it is said by whoever takes it up.
        Some(Listed::Set(id)) => return Ok(id.clone()),
        Some(listed) => Some(list::images(listed)?),
        None => None,
    };
    let has = |open: &&OpenSet| {
        images.as_ref().is_none_or(|images| {
            let mut own: Vec<_> = open.set.members.iter().map(|member| member.image.clone()).collect();
            own.sort();
            own == *images
        })
    };
    match open.iter().filter(has).collect::<Vec<_>>().as_slice() {
        [one] => Ok(one.set.id.clone()),
        [] => Err(Failure::refused(
            &Trouble::new("no such set is on its way, by the ledger")
                .remedy("What has arrived is rolled back, an image at a time; what nobody has begun is promoted."),
        )),
        several => {
            let ids: Vec<_> = several.iter().map(|open| open.set.id.to_string()).collect();
            let trouble = Trouble::new(format_args!("{} sets are on their way", ids.len()));
            Err(Failure::usage(&trouble.remedy(format!("Name one with --set: {}.", ids.join(", ")))))
        }
    }
}

fn state(state: &MemberState) -> &'static str {
    match state {
        MemberState::Nothing => "nothing",
        MemberState::Begun { .. } => "begun",
        MemberState::Done => "done",
        MemberState::Superseded { .. } => "superseded",
        MemberState::Reverted => "reverted",
    }
}

fn members(open: &OpenSet) -> Value {
    let members = open.set.members.iter().zip(&open.states);
    members.map(|(member, one)| json!({ "member": member, "state": state(one) })).collect()
}

fn shown(open: &OpenSet) -> Result<(), Failure> {
    for (member, one) in open.set.members.iter().zip(&open.states) {
        say(format_args!("  {:<10}  {}  {}  {}", state(one), member.image, member.edge, member.digest))?;
        if let MemberState::Begun { tags, environment, .. } = one {
            for tag in tags.iter().filter(|tag| tag.floats) {
                let former = tag.former.as_ref().map_or("none", Digest::short);
                say(format_args!("    float  {}  in {environment}  → {former}", tag.tag))?;
            }
        }
    }
    Ok(())
}
