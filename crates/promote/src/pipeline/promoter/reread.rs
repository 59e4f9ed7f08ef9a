//! A plan from a document: is the image what the document says that it is?

use lockage_registry::Tag;

use super::plan::tags;
use super::{PromoteError, Promoter};
use crate::ledger::{Chronicle, ImageFacts};
use crate::pipeline::resolve::{Place, named, resolve};
use crate::pipeline::{Passage, Pinned, PlannedTag, Select};

/// Gates look at the platforms and the commit that the plan names, and the ledger keeps what it is known by, so that these are
/// read again, as when it was made. The version is in the plan's digest: a release is what people call one.
pub(super) async fn agrees(promoter: &Promoter, passage: &Passage, chronicle: &Chronicle) -> Result<(), PromoteError> {
    let said = &passage.pinned;
    let place =
        Place::new(&said.image, &said.environment, &said.repository, promoter.source(&said.environment)?, chronicle);
    let read = resolve(place, &Select::Digest(said.digest().clone()), &promoter.conventions).await?;
    let is_whole = match passage.parent {
        None if promoter.graph.environment(&passage.to)?.platform().is_none() => said.platforms == read.platforms,
        // Narrowed to the one that is taken.
        _ => matches!(said.platforms.as_slice(), [one] if read.platforms.contains(one)),
    };
    let is_same = |commit: &String| said.facts.commit.as_ref() == Some(commit);
    let is_read = read.facts.commit.as_ref().is_none_or(is_same) && read.facts.created == said.facts.created;
    if !(is_whole && is_read && said.root.digest == read.root.digest) {
        return Err(PromoteError::OtherGraph { edge: passage.edge.clone() });
    }
    if let (None, Some(commit)) = (&read.facts.commit, &said.facts.commit) {
        let has = |facts: &ImageFacts| facts.commit.as_ref() == Some(commit);
        known(promoter, place, said, &format!("commit {commit}"), format!("sha:{commit}").parse().ok(), has).await?;
    }
    if let Some(number) = said.facts.pull_request {
        let has = |facts: &ImageFacts| facts.pull_request == Some(number);
        let fact = format!("pull request {number}");
        known(promoter, place, said, &fact, Some(Select::PullRequest(number)), has).await?;
    }
    agree(promoter, passage)
}

/// What an image does not say of itself, the ledger has said of it, or a tag of it does.
async fn known(
    promoter: &Promoter,
    place: Place<'_>,
    said: &Pinned,
    fact: &str,
    select: Option<Select>,
    has: impl Fn(&ImageFacts) -> bool,
) -> Result<(), PromoteError> {
    let mut entries = place.chronicle.entries().iter().map(|recorded| &recorded.entry);
    if entries.any(|entry| entry.image == said.image && entry.digest == *said.digest() && has(&entry.facts)) {
        return Ok(());
    }
    let holds = match select {
        Some(select) => named(place, &select, &promoter.conventions).await?,
        None => None,
    };
    match holds.as_ref() == Some(said.digest()) {
        true => Ok(()),
        false => Err(PromoteError::OtherFacts { digest: said.digest().clone(), fact: fact.to_owned() }),
    }
}

/// Its tags are those that the environment gives to an image of which this is known, in this order, and no others.
fn agree(promoter: &Promoter, passage: &Passage) -> Result<(), PromoteError> {
    let environment = promoter.graph.environment(&passage.to)?;
    let (pins, floats) = tags(environment, &passage.pinned.facts)?;
    for (made, planned) in [(pins, &passage.pins), (floats, &passage.floats)] {
        if !made.iter().eq(planned.iter().map(|planned| &planned.tag)) {
            let planned: Vec<Tag> = planned.iter().map(|PlannedTag { tag, .. }| tag.clone()).collect();
            return Err(PromoteError::OtherTags { environment: environment.name().clone(), planned, made });
        }
    }
    Ok(())
}
