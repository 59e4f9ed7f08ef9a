//! Planning: the copy, and every tag with what it holds now.

use futures::future::try_join_all;
use lockage_registry::{Digest, Reference, Repository, Source, Tag, TagOrDigest};
use lockage_tagging::BuildFacts;

use super::{PromoteError, Promoter};
use crate::ledger::ImageFacts;
use crate::pipeline::{Edge, Environment, Passage, Pinned, PlannedTag, graph::TagPattern};
use crate::{Draft, ImageCopy, Plan};

pub(super) async fn plan(promoter: &Promoter, pinned: &Pinned, edge: &Edge) -> Result<Plan<Draft>, PromoteError> {
    if pinned.environment != *edge.from() {
        return Err(PromoteError::Elsewhere {
            image: pinned.image.clone(),
            found: pinned.environment.clone(),
            edge: edge.name().clone(),
            from: edge.from().clone(),
        });
    }
    let environment = promoter.graph.environment(edge.to())?;
    let (_, to) = promoter.repositories(&pinned.image, edge)?;
    let (pinned, parent) = narrowed(pinned, environment)?;
    let target = promoter.target(edge.to())?;
    let (pins, floats) = tags(environment, &pinned.facts)?;
    let (pins, floats) = futures::future::try_join(held(target, &to, pins), held(target, &to, floats)).await?;
    let passage = Passage {
        pinned,
        edge: edge.name().clone(),
        from: edge.from().clone(),
        to: edge.to().clone(),
        parent,
        pins,
        floats,
    };
    refuse_held_pins(&passage, &to)?;
    let copy = copy(promoter, &passage)?.plan().await?;
    Ok(Plan::draft(copy).along(passage))
}

/// The copy that a passage needs: by digest, without a tag.
pub(super) fn copy<'p>(promoter: &'p Promoter, passage: &Passage) -> Result<ImageCopy<'p>, PromoteError> {
    let edge = promoter.graph.edge(&passage.edge)?;
    let (from, to) = promoter.repositories(&passage.pinned.image, edge)?;
    let from = Reference::new(from).with_digest(passage.digest().clone());
    let source = promoter.source(&passage.from)?;
    let target = promoter.target(&passage.to)?;
    let mut copy = ImageCopy::new(source, &from).to(target, &Reference::new(to)).sharing(&promoter.flights);
    if let Some(observer) = &promoter.observer {
        copy = copy.observed_by(observer.clone());
    }
    Ok(if promoter.attachments { copy } else { copy.without_attachments() })
}

pub(super) fn refuse_held_pins(passage: &Passage, to: &Repository) -> Result<(), PromoteError> {
    let held = passage.pins.iter().find_map(|pin| {
        let current = pin.now.as_ref().filter(|current| *current != passage.digest())?;
        Some(PromoteError::PinHeld {
            tag: Box::new(Reference::new(to.clone()).with_tag(pin.tag.clone())),
            current: current.clone(),
            wanted: passage.digest().clone(),
        })
    });
    held.map_or(Ok(()), Err)
}

/// The image with the one platform that the environment takes, and the index that it is of.
fn narrowed(pinned: &Pinned, environment: &Environment) -> Result<(Pinned, Option<Digest>), PromoteError> {
    let Some(wanted) = environment.platform() else { return Ok((pinned.clone(), None)) };
    let mut narrowed = pinned.clone();
    narrowed.platforms.retain(|offered| wanted.accepts(&offered.platform));
    match narrowed.platforms.as_slice() {
        // It is this image already, and no child of one.
        [only] if only.manifest == *pinned.digest() => Ok((narrowed, None)),
        [_] => Ok((narrowed, Some(pinned.digest().clone()))),
        _ => Err(PromoteError::NoSuchPlatform {
            environment: environment.name().clone(),
            digest: pinned.digest().clone(),
            platform: wanted.to_string(),
        }),
    }
}

/// The tags that the environment gives to an image of which this is known: pins, and floats.
pub(super) fn tags(environment: &Environment, facts: &ImageFacts) -> Result<(Vec<Tag>, Vec<Tag>), PromoteError> {
    let facts = build_facts(facts);
    let all = |patterns: &[TagPattern]| -> Result<Vec<Tag>, PromoteError> {
        let mut tags: Vec<Tag> = Vec::new();
        for pattern in patterns {
            let made = pattern.tags(&facts).map_err(|source| PromoteError::Tags {
                environment: environment.name().clone(),
                template: pattern.text().to_owned(),
                source: Box::new(source),
            })?;
            tags.extend(made.into_iter().filter(|tag| !tags.contains(tag)).collect::<Vec<_>>());
        }
        Ok(tags)
    };
    let (pins, floats) = (all(environment.pins())?, all(environment.floats())?);
    if let Some(tag) = pins.iter().find(|tag| floats.contains(tag)) {
        return Err(PromoteError::PinAndFloat { environment: environment.name().clone(), tag: tag.clone() });
    }
    let has_patterns = !environment.pins().is_empty() || !environment.floats().is_empty();
    if has_patterns && pins.is_empty() && floats.is_empty() {
        return Err(PromoteError::NoTag { environment: environment.name().clone() });
    }
    Ok((pins, floats))
}

/// What tag templates are filled in from. What is not known of an image stays unknown, so that a template that needs it is
/// refused, or silent.
pub(in crate::pipeline) fn build_facts(facts: &ImageFacts) -> BuildFacts {
    let built = match (&facts.version, facts.pull_request) {
        (Some(version), _) => BuildFacts::tag(version.clone()),
        (None, Some(number)) => BuildFacts::pull_request(number),
        (None, None) => BuildFacts::branch(""),
    };
    match &facts.commit {
        Some(commit) => built.commit(commit.clone()),
        None => built,
    }
}

/// What each tag holds; only a 404 is nothing.
async fn held(target: &dyn Source, repo: &Repository, tags: Vec<Tag>) -> Result<Vec<PlannedTag>, PromoteError> {
    try_join_all(tags.into_iter().map(|tag| async move {
        let now = current(target, repo, &tag).await?;
        Ok(PlannedTag { tag, now })
    }))
    .await
}

pub(in crate::pipeline) async fn current(
    target: &dyn Source,
    repo: &Repository,
    tag: &Tag,
) -> Result<Option<Digest>, PromoteError> {
    match target.resolve(repo, &TagOrDigest::Tag(tag.clone())).await {
        Ok(held) => Ok(Some(held.digest)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
