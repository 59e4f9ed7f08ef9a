//! What a rollback puts back: the image, and each tag as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use lockage_registry::{Digest, Reference, Repository, Source, Tag, TagOrDigest};

use super::super::orders::digest_of;
use super::super::plan::{current, tags};
use super::super::standing;
use super::{LeftTag, MovedTag, OrderProblem, RollbackPlan, RollbackTo, edge_of, gone};
use crate::ledger::{Chronicle, Kind, Stay};
use crate::pipeline::memory::{Wanted, known, resident};
use crate::pipeline::resolve::{Place, ResolveError, resolve};
use crate::pipeline::{Name, Passage, PlannedTag, PromoteError, Promoter, Select};
use crate::{CopyPlan, Draft, ImageCopy, Plan};

pub(super) async fn plan(
    promoter: &Promoter,
    image: &Name,
    environment: &Name,
    to: &RollbackTo,
    reason: &str,
    now: SystemTime,
) -> Result<RollbackPlan<Draft>, PromoteError> {
    let repo = promoter.graph.repository(image, environment)?;
    let chronicle = promoter.chronicle(image).await?;
    let there = present(&chronicle, image, environment);
    let source = promoter.source(environment)?;
    let (digest, is_back) = match to {
        RollbackTo::Image(wanted) => (digest_of(&chronicle, image, Some(environment), wanted)?, false),
        RollbackTo::Previous => previous(&chronicle, image, environment, (source, &repo), now).await?,
    };
    let bad = there.filter(|there| *there != digest);
    let (mut passage, copy) = in_place(promoter, &chronicle, image, environment, &digest).await?;
    let then = match chronicle.tags_of(image, environment, &digest) {
        Some(then) => then.into_iter().filter(|(_, held)| held.floats).map(|(tag, held)| (tag, held.digest)).collect(),
        // It has never been here: it gets the tags that a promotion would give it.
        None => {
            let (_, floats) = tags(promoter.graph.environment(environment)?, &passage.pinned.facts)?;
            floats.into_iter().map(|tag| (tag, digest.clone())).collect()
        }
    };
    let found =
        Found { source, repo: &repo, chronicle: &chronicle, image, environment, bad: bad.as_ref(), target: &digest };
    let (tags, left) = found.tags(then).await?;
    if is_back && tags.iter().all(|tag| tag.now.as_ref() == Some(&tag.to)) {
        let (image, environment) = (image.clone(), environment.clone());
        return Err(OrderProblem::Back { image, environment, digest }.into());
    }
    let of_image = tags.iter().filter(|tag| tag.to == digest);
    passage.floats = of_image.map(|tag| PlannedTag { tag: tag.tag.clone(), now: tag.now.clone() }).collect();
    let bad_is = bad.as_ref().map(|bad| known(&chronicle, image, environment, bad)).unwrap_or_default();
    let plan = Plan::draft(copy).along(passage);
    Ok(RollbackPlan { plan, reason: reason.to_owned(), bad, bad_is, tags, left })
}

/// An image where it is, as gates see it: as if it passed from there to there. Nothing is copied.
pub(in crate::pipeline) async fn in_place(
    promoter: &Promoter,
    chronicle: &Chronicle,
    image: &Name,
    environment: &Name,
    digest: &Digest,
) -> Result<(Passage, CopyPlan), PromoteError> {
    let edge = edge_of(promoter, chronicle, image, environment, digest)?;
    let (repo, source) = (promoter.graph.repository(image, environment)?, promoter.source(environment)?);
    let place = Place::new(image, environment, &repo, source, chronicle);
    let resolved = resolve(place, &Select::Digest(digest.clone()), &promoter.conventions).await;
    let mut pinned = resolved.map_err(|error| match error {
        ResolveError::None { .. } => gone(&repo, digest),
        error => error.into(),
    })?;
    let known = known(chronicle, image, environment, digest);
    pinned.facts.version = known.version.or(pinned.facts.version);
    pinned.facts.commit = known.commit.or(pinned.facts.commit);
    pinned.facts.pull_request = known.pull_request.or(pinned.facts.pull_request);
    pinned.facts.created = known.created.or(pinned.facts.created);
    let from = Reference::new(repo.clone()).with_digest(digest.clone());
    let copy = ImageCopy::new(source, &from).to(promoter.target(environment)?, &Reference::new(repo));
    let copy = copy.without_attachments().plan().await?;
    let (from, to) = (environment.clone(), environment.clone());
    let parent = parent(chronicle, image, environment, digest);
    Ok((Passage { pinned, edge, from, to, parent, pins: Vec::new(), floats: Vec::new() }, copy))
}

/// What is there: what was about to come, where a run was killed that had begun, or else what came last.
fn present(chronicle: &Chronicle, image: &Name, environment: &Name) -> Option<Digest> {
    let begun = chronicle.begun(image, environment).map(|recorded| &recorded.entry);
    let promoted = begun.filter(|entry| matches!(entry.kind, Kind::Promote { .. }));
    promoted.or(chronicle.current(image, environment).map(|recorded| &recorded.entry)).map(|entry| entry.digest.clone())
}

/// What was there before, and is neither denied nor known to be bad; and whether it is there already, by a rollback.
async fn previous(
    chronicle: &Chronicle,
    image: &Name,
    environment: &Name,
    place: (&dyn Source, &Repository),
    now: SystemTime,
) -> Result<(Digest, bool), PromoteError> {
    let nothing = || OrderProblem::Nothing { image: image.clone(), environment: environment.clone() };
    let bad = present(chronicle, image, environment).ok_or_else(nothing)?;
    // Asked twice, it goes back once: whoever wants to go further says where to, or releases the hold.
    let back = resident(chronicle, image, environment, now);
    let back = back.filter(|one| one.rolled_back.is_some() && one.held.is_some() && one.digest == bad);
    if let Some(back) = back
        && standing::denial_of(chronicle, image, environment, &back.digest, place).await?.is_none()
    {
        return Ok((back.digest, true));
    }
    let mut seen = failed(chronicle, image, environment);
    seen.insert(bad);
    for Stay { digest, .. } in chronicle.stays(image, environment).into_iter().rev() {
        if seen.insert(digest.clone())
            && standing::denial_of(chronicle, image, environment, &digest, place).await?.is_none()
        {
            return Ok((digest, false));
        }
    }
    Err(OrderProblem::NoPrevious { image: image.clone(), environment: environment.clone() }.into())
}

/// Those that a watch after their promotion has found to be bad, and not good since.
fn failed(chronicle: &Chronicle, image: &Name, environment: &Name) -> BTreeSet<Digest> {
    let mut said: BTreeMap<(&Digest, &str), bool> = BTreeMap::new();
    for entry in chronicle.there(image, environment).map(|recorded| &recorded.entry) {
        let Kind::Finish { evidence, .. } = &entry.kind else { continue };
        said.extend(evidence.iter().map(|one| ((&entry.digest, one.gate.as_str()), one.against.is_some())));
    }
    said.into_iter().filter(|(_, is_bad)| *is_bad).map(|((digest, _), _)| digest.clone()).collect()
}

/// The index that it is a child of, where a platform was taken alone.
fn parent(chronicle: &Chronicle, image: &Name, environment: &Name, digest: &Digest) -> Option<Digest> {
    let entries = chronicle.there(image, environment).rev().map(|recorded| &recorded.entry);
    entries.filter(|entry| entry.digest == *digest).find_map(|entry| match &entry.kind {
        Kind::Promote { parent, .. } => Some(parent.clone()),
        _ => None,
    })?
}

/// What there is.
struct Found<'a> {
    source: &'a dyn Source,
    repo: &'a Repository,
    chronicle: &'a Chronicle,
    image: &'a Name,
    environment: &'a Name,
    bad: Option<&'a Digest>,
    target: &'a Digest,
}

impl Found<'_> {
    /// Every tag that moves: what it is to hold again, or why it stays.
    async fn tags(&self, then: BTreeMap<Tag, Digest>) -> Result<(Vec<MovedTag>, Vec<LeftTag>), PromoteError> {
        let now = self.chronicle.tags(self.image, self.environment);
        let now = now.iter().filter(|(_, held)| held.floats).map(|(tag, _)| tag);
        let begun = self.chronicle.begun(self.image, self.environment).into_iter();
        let begun = begun.flat_map(|recorded| recorded.entry.tags()).filter(|one| one.floats).map(|one| &one.tag);
        let all: BTreeSet<&Tag> = then.keys().chain(now).chain(begun).collect();
        let (mut tags, mut left) = (Vec::new(), Vec::new());
        let mut there: BTreeMap<Digest, bool> = BTreeMap::new();
        for tag in all {
            let holds = current(self.source, self.repo, tag).await?;
            let Some(to) = then.get(tag) else {
                // A tag that does not exist, and did not exist then, is as it was.
                left.extend(holds.map(|holds| LeftTag {
                    tag: tag.clone(),
                    holds: Some(holds),
                    why: "it did not exist then, and is not deleted".to_owned(),
                }));
                continue;
            };
            if holds.as_ref() != Some(to)
                && let Some(why) = self.hindrance(to, &mut there).await?
            {
                left.push(LeftTag { tag: tag.clone(), holds, why });
                continue;
            }
            tags.push(MovedTag { tag: tag.clone(), now: holds, to: to.clone() });
        }
        Ok((tags, left))
    }

    /// Why no tag may hold `digest` again.
    async fn hindrance(
        &self,
        digest: &Digest,
        there: &mut BTreeMap<Digest, bool>,
    ) -> Result<Option<String>, PromoteError> {
        if self.bad == Some(digest) {
            return Ok(Some(format!("it held {}, which is rolled back", digest.short())));
        }
        // That the image itself is not denied is a gate's to say.
        if digest != self.target {
            let place = (self.source, self.repo);
            let denial = standing::denial_of(self.chronicle, self.image, self.environment, digest, place).await?;
            if let Some(why) = denial {
                return Ok(Some(format!("it held {}, and {why}", digest.short())));
            }
        }
        let is_there = match there.get(digest) {
            Some(is_there) => *is_there,
            None => match self.source.resolve(self.repo, &TagOrDigest::Digest(digest.clone())).await {
                Ok(_) => true,
                Err(error) if error.is_not_found() => false,
                Err(error) => return Err(error.into()),
            },
        };
        there.insert(digest.clone(), is_there);
        Ok((!is_there).then(|| format!("it held {}, which is gone", digest.short())))
    }
}

impl From<Digest> for Wanted {
    /// This very image.
    fn from(digest: Digest) -> Self {
        Self::Digest(digest.to_string())
    }
}
