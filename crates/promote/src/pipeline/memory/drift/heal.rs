//! Healing: what was begun comes to its end, and tags hold again what the ledger says.

use std::time::SystemTime;

use lockage_registry::{Digest, Source, Tag};

use super::look::course;
use super::{Course, Deviation, Drift, Drifted, Healed, HealedImage, Unread};
use crate::ledger::{Chronicle, Kind, Phase, Recorded, SetRecord, TagRecord};
use crate::pipeline::memory::known;
use crate::pipeline::promoter::held::{self, Held};
use crate::pipeline::promoter::rollback::apply::{Registry, Stop, told};
use crate::pipeline::promoter::standing::denial_of;
use crate::pipeline::{LeftTag, MovedTag, Name, PromoteError, Promoter};

impl Promoter {
    /// Puts right what was found, as far as tags go: what was begun and was killed goes on to its recorded end, or back
    /// where it was denied or held since; then every tag that was moved or deleted holds again what the ledger says, which
    /// is recorded before the first of them moves. Done again, wherever it was killed, it comes to the same end.
    ///
    /// A tag is not made to hold what somebody has denied. What the ledger has never seen is not deleted, and evidence that
    /// is missing is not made up. A run that is not dead, and only slow, comes to the same end as what goes on here; steps
    /// after a promotion are left to be done by promoting again.
    ///
    /// # Errors
    /// None of its own: what fails for one image is told of it, and does not keep the others from being healed.
    pub async fn heal(&self, drift: &Drift, now: SystemTime) -> Result<Healed, PromoteError> {
        self.graph.environment(&drift.environment)?;
        let (mut images, mut failed) = (Vec::new(), Vec::new());
        for one in &drift.images {
            match leased(self, &drift.environment, one, now).await {
                Ok(healed) => images.push(healed),
                Err(error) => failed.push(Unread::of(&one.image, &error)),
            }
        }
        Ok(Healed { environment: drift.environment.clone(), images, failed })
    }
}

/// Under the lease of the image and its environment, as whatever else moves its tags.
async fn leased(
    promoter: &Promoter,
    environment: &Name,
    drifted: &Drifted,
    now: SystemTime,
) -> Result<HealedImage, PromoteError> {
    if drifted.deviations.is_empty() {
        return Ok(HealedImage { image: Some(drifted.image.clone()), ..HealedImage::default() });
    }
    let held = Held::take(promoter.leasing(), [held::key_of(environment, &drifted.image)]).await?;
    let outcome = held.during(heal(promoter, environment, drifted, now, &held)).await;
    let troubles = held.release().await;
    outcome.map(|healed| HealedImage { troubles, ..healed })
}

async fn heal(
    promoter: &Promoter,
    environment: &Name,
    drifted: &Drifted,
    now: SystemTime,
    held: &Held,
) -> Result<HealedImage, PromoteError> {
    let image = &drifted.image;
    let registry =
        Registry { target: promoter.target(environment)?, repo: &promoter.graph.repository(image, environment)? };
    let mut healed = HealedImage { image: Some(image.clone()), ..HealedImage::default() };
    let mut chronicle = promoter.chronicle(image).await?;
    let mut goes_back = false;
    let begun = drifted.deviations.iter().find_map(|one| match one {
        Deviation::Unfinished { entry, .. } => Some(entry),
        _ => None,
    });
    // Somebody else may have finished it.
    let begun = chronicle.begun(image, environment).filter(|one| Some(&one.id) == begun).cloned();
    if let Some(begun) = begun {
        match course(&chronicle, image, environment, &begun, now, (registry.target as &dyn Source, registry.repo))
            .await?
        {
            Course::On => {
                finish(promoter, &chronicle, &begun, &registry, &mut healed, now, held).await?;
                chronicle = promoter.chronicle(image).await?;
            }
            Course::Back { .. } => goes_back = true,
        }
    }
    let Some(digest) = chronicle.current(image, environment).map(|one| one.entry.digest.clone()) else {
        return Ok(healed);
    };
    let tags = put_back(&chronicle, environment, drifted, &registry, &mut healed).await?;
    if tags.is_empty() && !goes_back {
        return Ok(healed);
    }
    let records: Vec<TagRecord> = tags.iter().map(|(tag, floats)| record(tag, *floats, &digest)).collect();
    let last = chronicle.current(image, environment).map(|one| &one.entry.kind);
    // A run before this one has said so, and was killed.
    let is_said = matches!(last, Some(Kind::Observe { tags }) if records.iter().all(|one| tags.contains(one)));
    if !is_said || goes_back {
        let facts = known(&chronicle, image, environment, &digest);
        let kind = Kind::Observe { tags: records };
        let entry = told(promoter, kind, image, &digest, Some(environment), &facts, now);
        healed.entry = Some(promoter.ledger.append(entry).await?);
    }
    // Once more, right before the first moves.
    let chronicle = promoter.chronicle(image).await?;
    for (tag, _) in tags {
        let place = (registry.target as &dyn Source, registry.repo);
        if let Some(why) = denial_of(&chronicle, image, environment, &tag.to, place).await? {
            healed.left.push(LeftTag { tag: tag.tag, holds: tag.now, why });
            continue;
        }
        held.confirm().await?;
        healed.tags.push(registry.put_back(&tag).await?);
    }
    Ok(healed)
}

/// What was begun goes on: the tags, and that it is done.
async fn finish(
    promoter: &Promoter,
    chronicle: &Chronicle,
    begun: &Recorded,
    registry: &Registry<'_>,
    healed: &mut HealedImage,
    now: SystemTime,
    held: &Held,
) -> Result<(), PromoteError> {
    let entry = &begun.entry;
    let Some(environment) = &entry.environment else { return Ok(()) };
    let mut kind = entry.kind.clone();
    let (Kind::Promote { phase, .. } | Kind::Rollback { phase, .. }) = &mut kind else { return Ok(()) };
    *phase = Phase::Done;
    if let Kind::Rollback { reason, bad, .. } = &entry.kind {
        let stop = Stop { reason, bad: bad.as_ref(), digest: &entry.digest, facts: &entry.facts };
        stop.say(promoter, chronicle, &entry.image, environment, now).await?;
    }
    for record in entry.tags().iter().filter(|record| record.floats) {
        let to = record.holds.as_ref().unwrap_or(&entry.digest).clone();
        // What it held when this was begun, or what it is to hold; anything else is somebody's doing.
        let tag = MovedTag { tag: record.tag.clone(), now: record.former.clone(), to };
        held.confirm().await?;
        healed.tags.push(registry.put_back(&tag).await?);
    }
    let done = told(promoter, kind, &entry.image, &entry.digest, Some(environment), &entry.facts, now);
    let done = match &entry.set {
        // What is of a set arrives as a part of it.
        Some(set) => done.of_set(SetRecord::clone(set)),
        None => done,
    };
    healed.finished = Some(promoter.ledger.append(done).await?);
    Ok(())
}

/// The tags to put back, and whether each floats: those of which the ledger says still what was found to be otherwise.
async fn put_back(
    chronicle: &Chronicle,
    environment: &Name,
    drifted: &Drifted,
    registry: &Registry<'_>,
    healed: &mut HealedImage,
) -> Result<Vec<(MovedTag, bool)>, PromoteError> {
    let recorded_tags = chronicle.tags(&drifted.image, environment);
    let mut tags = Vec::new();
    for deviation in &drifted.deviations {
        let (tag, floats, recorded, found): (&Tag, bool, &Digest, Option<&Digest>) = match deviation {
            Deviation::TagMoved { tag, floats, recorded, found, .. } => (tag, *floats, recorded, Some(found)),
            Deviation::TagGone { tag, floats, recorded, .. } => (tag, *floats, recorded, None),
            _ => continue,
        };
        if recorded_tags.get(tag).is_none_or(|held| held.digest != *recorded) {
            continue;
        }
        let place = (registry.target as &dyn Source, registry.repo);
        if let Some(why) = denial_of(chronicle, &drifted.image, environment, recorded, place).await? {
            let holds = found.cloned();
            healed.left.push(LeftTag { tag: tag.clone(), holds, why });
            continue;
        }
        tags.push((MovedTag { tag: tag.clone(), now: found.cloned(), to: recorded.clone() }, floats));
    }
    Ok(tags)
}

fn record(tag: &MovedTag, floats: bool, digest: &Digest) -> TagRecord {
    let mut record = TagRecord::float(tag.tag.clone(), tag.now.clone());
    record.floats = floats;
    if tag.to == *digest { record } else { record.holding(tag.to.clone()) }
}
