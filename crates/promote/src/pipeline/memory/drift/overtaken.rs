//! What was begun, and overtaken: the ledger says of a tag what came between.

use lockage_registry::{Repository, Source, Tag};

use crate::ledger::{Chronicle, Entry};
use crate::pipeline::promoter::plan::current;
use crate::pipeline::{Name, PromoteError};

/// A tag that holds what the ledger says of it, which is neither what `begun` has seen there nor what it was to bring: whoever
/// has moved it since has ended that. A HEAD a tag of which the ledger says so, and none as a rule.
pub(super) async fn overtaken(
    chronicle: &Chronicle,
    image: &Name,
    environment: &Name,
    begun: &Entry,
    (source, repo): (&dyn Source, &Repository),
) -> Result<Option<Tag>, PromoteError> {
    let said = chronicle.tags(image, environment);
    for record in begun.tags().iter().filter(|record| record.floats) {
        let to = record.holds.as_ref().unwrap_or(&begun.digest);
        let between = said.get(&record.tag).map(|held| &held.digest);
        let between = between.filter(|held| *held != to && Some(*held) != record.former.as_ref());
        if between.is_some() && current(source, repo, &record.tag).await?.as_ref() == between {
            return Ok(Some(record.tag.clone()));
        }
    }
    Ok(None)
}
