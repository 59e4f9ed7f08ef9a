//! `promote --set`: several images as one: a diff of each before, every gate, and all or none of them after.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use lockage_promote::Draft;
use lockage_promote::pipeline::output::{Report, Standing};
use lockage_promote::pipeline::set::{SetError, SetNotCleared, SetPlan, SetReceipt};
use lockage_promote::pipeline::{Name, PromoteError, Trouble as Beside};
use lockage_registry::Digest;
use serde_json::{Value, json};

use super::super::world::World;
use super::super::{Arguments, Trouble, ends, evidence, worse};
use super::list::{self, Listed};
use crate::report::{Failure, say, say_json};

/// A set that was asked about, and what came of it.
pub(super) struct Told {
    id: Digest,
    standing: Standing,
    reports: Vec<Report>,
    receipt: Option<SetReceipt>,
    beside: Vec<Beside>,
}

/// The set that a list names.
pub(super) async fn run(listed: &Listed, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let world = open(arguments).await?;
    let asked = list::asked(listed, arguments, &world).await?;
    let mut members = Vec::new();
    for one in &asked {
        let pinned = world.promoter.resolve(&one.image, &one.select, &one.edge).await.map_err(ends::failure)?;
        let pinned = match &one.release {
            Some(version) => pinned.released_as(version),
            None => pinned,
        };
        members.push((pinned, one.edge.clone()));
    }
    let plan = world.promoter.plan_set(&members).await.map_err(ends::failure)?;
    if let Some(file) = &arguments.plan {
        keep(&plan, file)?;
    }
    promote(plan, world, arguments).await
}

/// The set that was kept in a file.
pub(super) async fn run_kept(plan: SetPlan<Draft>, arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.image.is_some() || arguments.select.is_some() || arguments.to.is_some() || arguments.edge.is_some() {
        let trouble = Trouble::new("the plan is of a set, and says itself which images, and where they go");
        return Err(Failure::usage(&trouble.remedy("Leave out what the plan says already.")));
    }
    promote(plan, open(arguments).await?, arguments).await
}

/// Asks, and applies where it was asked to.
pub(super) async fn promote(plan: SetPlan<Draft>, world: World, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let writes = arguments.writes();
    let told = tell(plan, &world, arguments, writes).await;
    world.finish();
    let told = told.map_err(ends::failure)?;
    if let Some(file) = &arguments.markdown {
        let text: Vec<String> = told.reports.iter().map(Report::markdown).collect();
        let unwritable = |error| Failure::error(&Trouble::at(file, "the outputs cannot be written").because(error));
        fs::write(file, text.join("\n")).map_err(unwritable)?;
    }
    match arguments.json {
        true => say_json(&told.document())?,
        false => told.say()?,
    }
    Ok(ends::code(told.standing))
}

async fn tell(plan: SetPlan<Draft>, world: &World, arguments: &Arguments, writes: bool) -> Result<Told, PromoteError> {
    let (now, promoter) = (SystemTime::now(), &world.promoter);
    let id = promoter.set_id(&plan).await?;
    let chronicle = world.chronicle(None).await?;
    let mut reports = Vec::new();
    for plan in plan.members() {
        let mut report = Report::of(plan, &chronicle, now)?;
        report.plan = id.clone();
        reports.push(report);
    }
    let cleared = match arguments.passing_by() {
        Some(by) => promoter.clear_set_with_override(plan, &by, now).await,
        None => promoter.clear_set(plan, now).await,
    };
    let mut told = Told { id, standing: Standing::Ready, reports, receipt: None, beside: Vec::new() };
    let cleared = match cleared {
        Ok(cleared) => cleared,
        Err(error) => {
            let (error, beside) = error.apart();
            let PromoteError::Set(SetError::NotCleared(refusal)) = error else { return Err(error.beside(beside)) };
            told.refused(&refusal);
            told.beside = beside;
            if !arguments.json {
                told.diffs();
            }
            return Ok(told);
        }
    };
    let members: Vec<_> = cleared.members().iter().collect();
    told.reports = told.reports.into_iter().zip(members).map(|(report, plan)| report.cleared(plan)).collect();
    if !arguments.json {
        told.diffs();
    }
    if writes {
        let receipt = promoter.apply_set(cleared, now).await?;
        let members: Vec<_> = receipt.members.iter().collect();
        told.reports = told.reports.into_iter().zip(members).map(|(report, one)| report.done(one)).collect();
        (told.standing, told.receipt) = (Standing::Done, Some(receipt));
    }
    Ok(told)
}

impl Told {
    fn refused(&mut self, refusal: &SetNotCleared) {
        let reports = std::mem::take(&mut self.reports).into_iter();
        self.reports = reports
            .map(|report| {
                let is = |image: &Name, edge: &Name| *image == report.image && *edge == report.edge;
                let own = |one: &&lockage_promote::NotCleared| {
                    one.plan().passage().is_some_and(|passage| is(&passage.pinned.image, &passage.edge))
                };
                match refusal.refusals.iter().find(own) {
                    Some(refusal) => report.not_cleared(refusal),
                    None => match refusal.passed.iter().find(|(member, _)| is(&member.image, &member.edge)) {
                        Some((_, clearances)) => report.passed(clearances),
                        None => report,
                    },
                }
            })
            .collect();
        self.standing = self.reports.iter().map(|report| report.standing).fold(Standing::Ready, worse);
    }

    /// As soon as they are known, whatever becomes of them.
    fn diffs(&self) {
        for report in &self.reports {
            // What cannot be printed is said once more, by the outcome.
            drop(say(report.diff()));
        }
    }

    fn say(&self) -> Result<(), Failure> {
        let (id, count) = (&self.id, self.reports.len());
        for report in self.reports.iter().filter(|report| report.standing != Standing::Ready) {
            say(format_args!("{}: {}", report.image, report.outcome()))?;
        }
        for trouble in self.receipt.iter().flat_map(|receipt| &receipt.troubles).chain(&self.beside) {
            say(format_args!("  trouble  {trouble}"))?;
        }
        match self.standing {
            Standing::Ready => say(format_args!(
                "All gates pass for all {count} images, or are passed by. Set {id}. Nothing was written."
            )),
            Standing::Done => say(format_args!("All {count} images are there: set {id}.")),
            _ => say(format_args!("Set {id} of {count} images is {}. Nothing was written.", self.standing.word())),
        }
    }

    fn document(&self) -> Value {
        let Self { id, standing, reports, receipt, beside } = self;
        json!({ "result": standing, "set": id, "reports": reports, "receipt": receipt, "troubles": beside })
    }
}

async fn open(arguments: &Arguments) -> Result<World, Failure> {
    let writes = arguments.writes();
    let signer = evidence::signer(&arguments.setup, &arguments.by, writes).await?;
    World::open_signing(&arguments.setup, writes, signer)
}

fn keep(plan: &SetPlan<Draft>, file: &Path) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(plan).map_err(|error| Failure::error(&error))?;
    let unwritable = |error| Failure::error(&Trouble::at(file, "the plan cannot be written").because(error));
    fs::write(file, text + "\n").map_err(unwritable)
}

/// The set in a file; none where it is the plan of one image, or none at all, which is for others to say.
pub(in crate::promote) fn read(file: &Path) -> Result<Option<SetPlan<Draft>>, Failure> {
    let Ok(text) = fs::read(file) else { return Ok(None) };
    match serde_json::from_slice::<Value>(&text) {
        Ok(Value::Object(written)) if written.contains_key("members") => {}
        _ => return Ok(None),
    }
    let unusable = |error: serde_json::Error| {
        let trouble = Trouble::at(file, "no plan of a set").because(error);
        Failure::usage(&trouble.remedy("Make one with promote --set LIST --plan FILE."))
    };
    serde_json::from_slice(&text).map(Some).map_err(unusable)
}
