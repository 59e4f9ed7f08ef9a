//! A plan from a document: is the image what the document says that it is?

use lockage_registry::Tag;

use super::plan::tags;
use super::{PromoteError, Promoter};
use crate::ledger::Chronicle;
use crate::pipeline::resolve::{Place, resolve};
use crate::pipeline::{Passage, PlannedTag, Select};

/// Gates look at the platforms and the commit that the plan names, so that these are read again, as when it was made. What
/// the image does not say of itself cannot be held against it.
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
    match is_whole && read.facts.commit.as_ref().is_none_or(is_same) && said.root.digest == read.root.digest {
        true => agree(promoter, passage),
        false => Err(PromoteError::OtherGraph { edge: passage.edge.clone() }),
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
