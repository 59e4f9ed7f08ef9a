//! What the board shows, asked of the ledger, and of the registries where that is wanted.

use std::collections::BTreeSet;
use std::time::SystemTime;

use lockage_promote::ledger::Chronicle;
use lockage_promote::pipeline::memory::{Drift, Proof, Resident, running};
use lockage_promote::pipeline::output::{Report, ReportedGate, Said};
use lockage_promote::pipeline::{Name, PromoteError, Select};
use lockage_registry::Digest;

use crate::memory::environments;
use crate::memory::evidenced::{self, Evidenced};
use crate::promote::ends;
use crate::promote::world::World;
use crate::report::Failure;

/// Everything on the page.
pub(super) struct Board {
    pub(super) title: String,
    pub(super) at: SystemTime,
    pub(super) environments: Vec<Name>,
    pub(super) images: Vec<Row>,
    /// Whether registries were asked.
    pub(super) looked: bool,
    /// What could not be looked at.
    pub(super) unread: Vec<String>,
}

/// An image, in every environment.
pub(super) struct Row {
    pub(super) image: Name,
    pub(super) cells: Vec<Cell>,
}

/// An image in one environment.
#[derive(Default)]
pub(super) struct Cell {
    pub(super) resident: Option<Resident>,
    pub(super) evidence: Option<Evidenced>,
    /// A line a deviation.
    pub(super) drift: Vec<String>,
    pub(super) next: Option<Next>,
}

/// What is where it would come from, and is not here.
pub(super) struct Next {
    pub(super) digest: Digest,
    pub(super) known_as: String,
    pub(super) from: Name,
    /// The gates that are not in favour, and what they say.
    pub(super) gates: Vec<(Said, String, String)>,
}

impl Board {
    pub(super) fn is_whole(&self) -> bool {
        self.unread.is_empty()
    }
}

pub(super) async fn board(world: &World, title: String, looks: bool, at: SystemTime) -> Result<Board, Failure> {
    let environments = environments(&world.promoter, None)?;
    let chronicle = world.chronicle(None).await.map_err(ends::failure)?;
    let mut unread = Vec::new();
    let mut columns = Vec::new();
    for environment in &environments {
        let residents = running(&chronicle, environment, at).images;
        let (mut drift, mut evidence) = (None, Vec::new());
        if looks {
            let proof = world.proof().map(|proof| proof as &dyn Proof);
            let found = world.promoter.drift(environment, proof, at).await.map_err(ends::failure)?;
            unread.extend(found.unread.iter().map(|one| format!("{} in {environment}: {}", one.image, one.error)));
            drift = Some(found);
            evidence = evidenced::ask(world, &residents, at).await.unwrap_or_default();
        }
        columns.push(Column { environment, residents, drift, evidence });
    }
    let of_ledger = chronicle.images().cloned();
    let drifted = columns.iter().flat_map(|column| column.drift.iter().flat_map(|drift| &drift.images));
    let names: BTreeSet<Name> = of_ledger.chain(drifted.map(|one| one.image.clone())).collect();
    let mut images = Vec::new();
    for image in names {
        let mut cells = Vec::new();
        for column in &mut columns {
            let mut cell = column.cell(&image);
            if looks {
                match next(world, &chronicle, &image, column.environment, cell.resident.as_ref(), at).await {
                    Ok(next) => cell.next = next,
                    Err(error) => {
                        unread.push(format!("what comes next of {image} in {}: {}", column.environment, error.line()))
                    }
                }
            }
            cells.push(cell);
        }
        images.push(Row { image, cells });
    }
    Ok(Board { title, at, environments: environments.clone(), images, looked: looks, unread })
}

struct Column<'e> {
    environment: &'e Name,
    residents: Vec<Resident>,
    drift: Option<Drift>,
    evidence: Vec<Evidenced>,
}

impl Column<'_> {
    fn cell(&mut self, image: &Name) -> Cell {
        let resident = self.residents.iter().find(|one| one.image == *image).cloned();
        let evidence = self.evidence.iter().position(|one| one.image == *image);
        // Alone, a deviation has no Display; the drift of one image has its lines.
        let drift = self.drift.as_ref().map(|drift| {
            let mut of_one = drift.clone();
            of_one.images.retain(|one| one.image == *image);
            of_one.unread.clear();
            let text = if of_one.images.is_empty() { String::new() } else { of_one.to_string() };
            text.lines().skip(2).map(|line| line.trim().to_owned()).collect()
        });
        let evidence = evidence.map(|at| self.evidence.swap_remove(at));
        Cell { resident, evidence, drift: drift.unwrap_or_default(), next: None }
    }
}

/// What the usual edge would bring, and the gates that keep it. Every gate is asked, and nobody is told.
async fn next(
    world: &World,
    chronicle: &Chronicle,
    image: &Name,
    environment: &Name,
    resident: Option<&Resident>,
    now: SystemTime,
) -> Result<Option<Next>, Failure> {
    let graph = world.promoter.graph();
    let mut usual = graph.leading_into(environment).filter(|edge| !edge.is_hotfix());
    let (Some(edge), None) = (usual.next(), usual.next()) else { return Ok(None) };
    let Some(upstream) = chronicle.current(image, edge.from()).filter(|_| !graph.is_source(edge.from())) else {
        return Ok(None);
    };
    let digest = upstream.entry.digest.clone();
    let is_here = |resident: &&Resident| {
        let parent = resident.passed.as_ref().and_then(|passed| passed.parent.as_ref());
        resident.digest == digest || parent == Some(&digest)
    };
    if resident.filter(is_here).is_some() {
        return Ok(None);
    }
    let mut next = Next {
        known_as: super::text::known_as(&upstream.entry.facts),
        digest: digest.clone(),
        from: edge.from().clone(),
        gates: Vec::new(),
    };
    let plan = match world.plan(image, &Select::Digest(digest).into(), edge.name(), None).await {
        Ok(plan) => plan,
        // What no plan can be made of is refused, which is an answer.
        Err(error) => {
            let why = error.to_string();
            return match ends::failure(error) {
                failure if failure.is_refusal() => {
                    next.gates.push((Said::Fail, "plan".to_owned(), why));
                    Ok(Some(next))
                }
                failure => Err(failure),
            };
        }
    };
    let report = Report::of(&plan, chronicle, now).map_err(ends::failure)?;
    let gates = match world.promoter.clear(plan, now).await {
        Ok(_) => Vec::new(),
        Err(PromoteError::NotCleared(refusal)) => report.clone().not_cleared(&refusal).gates,
        Err(error) => return Err(ends::failure(error)),
    };
    let against = |gate: &ReportedGate| gate.said != Said::Pass && gate.advisory.is_none();
    let gates = gates.into_iter().filter(against).map(|gate| (gate.said, gate.gate, gate.found.join("; ")));
    next.gates.extend(gates);
    // The ledger knows a release that no label says.
    if next.known_as.is_empty() {
        next.known_as = super::text::known_as(&report.facts);
    }
    Ok(Some(next))
}
