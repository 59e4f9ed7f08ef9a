//! The gates that every edge has: what the ledger says of the image and of where it goes.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use lockage_registry::{Digest, RawManifest, Repository, Source, TagOrDigest};

use super::PromoteError;
use crate::ledger::Chronicle;
use crate::pipeline::{Graph, Name, Passage, Pinned, Upstream};
use crate::{Evidence, Gate, GateContext, GateError, Promoted, Verdict};

/// Upstream, denials and holds, in this order.
pub(super) fn gates(graph: &Arc<Graph>) -> [Arc<dyn Gate>; 3] {
    [Arc::new(BeenUpstream(graph.clone())), Arc::new(NotDenied), Arc::new(NotHeld)]
}

/// What they are called; no other gate of an edge goes by these names.
pub(in crate::pipeline) const NAMES: [&str; 4] = ["upstream", "denied", "held", "been-here"];

/// Those that nobody passes by: what they say is ended by a release.
pub(super) const NEED_RELEASE: [&str; 2] = ["denied", "held"];

/// The gate that asks whether somebody has denied the image.
pub(in crate::pipeline) fn not_denied() -> Arc<dyn Gate> {
    Arc::new(NotDenied)
}

/// Asks again, right before the first tag moves, what may have been said while bytes were on their way.
pub(super) fn refuse_stopped(passage: &Passage, chronicle: &Chronicle, now: SystemTime) -> Result<(), PromoteError> {
    let stopped = |why: String| PromoteError::Stopped { environment: passage.to.clone(), why };
    if let Some(why) = denials(passage, chronicle).into_iter().next() {
        return Err(stopped(why));
    }
    match chronicle.held(&passage.pinned.image, &passage.to, now) {
        Some(hold) => Err(stopped(format!("it is held: {} ({})", hold.reason, hold.actor))),
        None => Ok(()),
    }
}

/// Why the image may not move where the passage leads, whatever name it was denied under: a denied index denies its parts, and
/// a denied part the index that would bring it along.
pub(super) fn denials(passage: &Passage, chronicle: &Chronicle) -> Vec<String> {
    let parts = passage.pinned.platforms.iter().map(|platform| &platform.manifest);
    let denied = std::iter::once(passage.pinned.digest()).chain(passage.parent.as_ref()).chain(parts);
    let mut reasons: Vec<String> = Vec::new();
    for digest in denied {
        if let Some(denial) = chronicle.denied(&passage.pinned.image, &passage.to, digest) {
            let reason = denial.told(denial.digest.as_str(), &passage.pinned.image);
            // An image of one platform is its own part.
            reasons.extend((!reasons.contains(&reason)).then_some(reason));
        }
    }
    reasons
}

/// Why a platform that was selected by itself may not move: where it is lies a denied index that has it. A manifest for each
/// index that is denied, and none where the image is an index itself, or nothing is denied.
async fn denied_whole(
    context: &GateContext<'_>,
    passage: &Passage,
    chronicle: &Chronicle,
) -> Result<Option<String>, GateError> {
    let Pinned { image, repository, platforms, .. } = &passage.pinned;
    if !platforms.iter().any(|platform| platform.manifest == *passage.pinned.digest()) {
        return Ok(None);
    }
    for denial in chronicle.denials() {
        if denial.environment.as_ref().is_some_and(|at| *at != passage.to) {
            continue;
        }
        let raw = match context.source.manifest(repository, &TagOrDigest::Digest(denial.digest.clone())).await {
            Ok(raw) => RawManifest::verified(raw.media_type(), raw.bytes().clone(), &denial.digest)?,
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.into()),
        };
        if raw.view()?.children().into_iter().any(|part| part.digest == *passage.digest()) {
            return Ok(Some(denial.told(denial.digest.as_str(), image)));
        }
    }
    Ok(None)
}

/// Why no tag of an image in an environment may hold `digest`: it is denied, or a part of it is. Asks the registry for its
/// parts where anything is denied at all.
pub(in crate::pipeline) async fn denial_of(
    chronicle: &Chronicle,
    image: &Name,
    environment: &Name,
    digest: &Digest,
    (source, repo): (&dyn Source, &Repository),
) -> Result<Option<String>, PromoteError> {
    let denied = |digest: &Digest| {
        let denial = chronicle.denied(image, environment, digest)?;
        Some(denial.told(denial.digest.short(), image))
    };
    if let Some(why) = denied(digest) {
        return Ok(Some(why));
    }
    if !chronicle.denies() {
        return Ok(None);
    }
    let raw = match source.manifest(repo, &TagOrDigest::Digest(digest.clone())).await {
        Ok(raw) => RawManifest::verified(raw.media_type(), raw.bytes().clone(), digest)?,
        // What is not there is not tagged either, which is for others to say.
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(raw.view()?.children().into_iter().find_map(|part| denied(&part.digest)))
}

/// The image is, or was, where the edge begins, and in all environments before where it leads, if all have to have had it.
#[derive(Debug)]
struct BeenUpstream(Arc<Graph>);

#[derive(Debug)]
struct NotDenied;

#[derive(Debug)]
struct NotHeld;

#[async_trait]
impl Gate for BeenUpstream {
    fn id(&self) -> &str {
        "upstream"
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let Promoted { passage, chronicle, .. } = along(context)?;
        let to = self.0.environment(&passage.to)?;
        let hotfix = self.0.edge(&passage.edge)?.is_hotfix();
        let all = self.0.leading_into(&passage.to).filter(|edge| !edge.is_hotfix()).map(|edge| edge.from());
        let asked: Vec<&Name> = match to.upstream() {
            Upstream::All if !hotfix => all.collect(),
            _ => vec![&passage.from],
        };
        let pinned = &passage.pinned;
        let mut reasons = Vec::new();
        let mut found = Vec::new();
        for environment in asked {
            // Where builds arrive nothing is recorded; that it was found there is all there is to know.
            let arrived = self.0.is_source(environment) && *environment == pinned.environment;
            // A platform that was promoted alone stands for the index that it is of.
            let parts = pinned.platforms.iter().map(|platform| &platform.manifest);
            let was = std::iter::once(pinned.digest())
                .chain(parts)
                .any(|digest| chronicle.was_in(&pinned.image, environment, digest));
            match arrived || was {
                true => found.push(environment.as_str()),
                false => reasons.push(format!("{} has never been in {environment}, by the ledger", pinned.digest())),
            }
        }
        match reasons.is_empty() {
            true => Ok(Verdict::Pass(Evidence::new(format!("was in {}", found.join(", "))))),
            false => Ok(Verdict::Fail { reasons }),
        }
    }
}

#[async_trait]
impl Gate for NotDenied {
    fn id(&self) -> &str {
        "denied"
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let Promoted { passage, chronicle, .. } = along(context)?;
        let mut reasons = denials(passage, chronicle);
        if reasons.is_empty() {
            reasons.extend(denied_whole(context, passage, chronicle).await?);
        }
        match reasons.is_empty() {
            true => Ok(Verdict::Pass(Evidence::new("nobody has denied it"))),
            false => Ok(Verdict::Fail { reasons }),
        }
    }
}

#[async_trait]
impl Gate for NotHeld {
    fn id(&self) -> &str {
        "held"
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let Promoted { passage, chronicle, .. } = along(context)?;
        match chronicle.held(&passage.pinned.image, &passage.to, context.now) {
            None => Ok(Verdict::Pass(Evidence::new("nobody holds it"))),
            Some(hold) => Ok(Verdict::wait(format!("{} is held: {} ({})", passage.to, hold.reason, hold.actor))),
        }
    }
}

fn along<'a>(context: &GateContext<'a>) -> Result<Promoted<'a>, GateError> {
    context.passage.ok_or_else(|| "asked about a copy that is along no edge".into())
}
