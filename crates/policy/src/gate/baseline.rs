//! What an environment has already: its image by the ledger, and the findings in it when it was let in.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use lockage_promote::pipeline::{Name, RepositoryTemplate};
use lockage_promote::{GateContext, GateError, Promoted};
use lockage_registry::{Digest, Repository, Source};

use super::subject;
use super::{Asked, Found, Reports};
use crate::scan::{Baseline, Case, Code, Exceptions, ScanConfig, Vex, decide};

/// Where the images of the environment are read, if not where the edge begins; in the repository of the plan, unless
/// another is named.
#[derive(Clone, Debug)]
pub(super) struct Elsewhere {
    pub(super) source: Arc<dyn Source>,
    pub(super) repository: Option<RepositoryTemplate>,
}

/// What is in the environment, and since when.
pub(super) struct Standing {
    pub(super) baseline: Baseline,
    pub(super) digest: Digest,
    pub(super) findings: usize,
}

/// The rules by which the environment's own reports are read: what may be excused there is no part of the baseline.
pub(super) struct Rules<'a> {
    pub(super) config: &'a ScanConfig,
    pub(super) exceptions: &'a Exceptions,
    pub(super) vex: &'a [Vex],
}

/// Nothing where the ledger has nothing current in the environment.
///
/// The findings are judged at the time when the image came there: what passed then by an exception or by grace is no part of
/// the baseline, or it would be accepted for ever.
pub(super) async fn of(
    context: &GateContext<'_>,
    environment: &str,
    reports: &[Arc<dyn Reports>],
    elsewhere: Option<&Elsewhere>,
    rules: &Rules<'_>,
) -> Result<Option<Standing>, GateError> {
    let promoted = context
        .passage
        .ok_or("only what is new since an environment counts, and a copy along no edge knows of no environment")?;
    let name: Name = environment.parse()?;
    let image = &promoted.passage.pinned.image;
    let Some(current) = promoted.chronicle.current(image, &name) else { return Ok(None) };
    let (digest, at) = (current.entry.digest.clone(), Timestamp::try_from(current.entry.at)?);
    let failed = |error: GateError| -> GateError {
        format!("the baseline of {environment}, {}: {}", digest.short(), super::undecided::words(&*error)).into()
    };
    let place = place(context, &promoted, &name, elsewhere)?;
    let subject = subject::read(place.0, &place.1, &digest).await.map_err(failed)?;
    let commit = current.entry.facts.commit.clone();
    let asked = Asked { subject, image: Some(image.clone()), commit, repository: place.1, source: place.0 };
    let mut found = Found::nothing();
    for source in reports {
        found.and(source.reports(&asked).await.map_err(failed)?);
    }
    let case =
        Case::new(&asked.subject, &found.scans).exceptions(rules.exceptions).vex(rules.vex).environment(environment);
    let verdict = decide(&case, rules.config, at);
    let doubts = verdict.reasons.iter().filter(|reason| leaves_a_doubt(reason.code));
    let doubts: Vec<&str> = doubts.chain(&found.unreadable).map(|reason| reason.message.as_str()).collect();
    if !doubts.is_empty() {
        return Err(failed(doubts.join("; ").into()));
    }
    let baseline = Baseline::of_verdict(environment, &verdict);
    Ok(Some(Standing { baseline, digest, findings: verdict.findings.len() }))
}

/// Whether it is not known that these are the findings of that image. Their age, and what was not looked at, only makes the
/// baseline smaller.
fn leaves_a_doubt(code: Code) -> bool {
    matches!(
        code,
        Code::NoReports
            | Code::NotBound
            | Code::Contradiction
            | Code::Attestation
            | Code::NotCovered
            | Code::NotAnImage
            | Code::Unreadable
    )
}

/// Where the environment's images are: said, or known from the edge.
fn place<'a>(
    context: &GateContext<'a>,
    promoted: &Promoted<'a>,
    name: &Name,
    elsewhere: Option<&'a Elsewhere>,
) -> Result<(&'a dyn Source, Repository), GateError> {
    let passage = promoted.passage;
    if let Some(elsewhere) = elsewhere
        && let Some(template) = &elsewhere.repository
    {
        return Ok((&*elsewhere.source, template.render(&passage.pinned.image, name, &BTreeMap::new())?));
    }
    if *name == passage.to
        && let Some(elsewhere) = elsewhere
    {
        return Ok((&*elsewhere.source, context.plan.target().repository().clone()));
    }
    // What is in an environment later on came through here.
    Ok((context.source, passage.pinned.repository.clone()))
}
