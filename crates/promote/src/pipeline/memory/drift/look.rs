//! Looking: every tag that the ledger speaks of, and every tag that it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::SystemTime;

use futures::TryStreamExt as _;
use futures::stream::{self, StreamExt as _};
use lockage_registry::{Digest, DigestTag, Repository, Source, Tag};

use super::overtaken::overtaken;
use super::pin_only::pin_only;
use super::{Course, Deviation, Drift, Drifted, Lapse, Proof, Unread};
use crate::ledger::{Chronicle, HeldTag, Kind, Recorded};
use crate::pipeline::memory::{DeniedTag, resident};
use crate::pipeline::promoter::plan::current;
use crate::pipeline::promoter::standing::denial_of;
use crate::pipeline::resolve::Place;
use crate::pipeline::{Name, PromoteError, Promoter};

/// How many requests to one registry are under way at once.
const AT_ONCE: usize = 8;

impl Promoter {
    /// Looks, without writing, whether `environment` is what the ledger says: for every image that the ledger knows, a HEAD
    /// for each tag that the ledger knows, and a listing of the tags, with a HEAD for each that the ledger does not know. What
    /// cannot be looked at is named, and never counts as well.
    ///
    /// That a pin of what was there before is gone is no deviation: retention may have deleted it. That it holds something
    /// else is one. So is a pin of what never came here, and what a promotion leaves that stopped before it began is told apart,
    /// for as many requests as reading the image and asking for it where it would come from. Where builds arrive in the same repository, unknown tags are theirs.
    ///
    /// # Errors
    /// Where the graph has no such environment, and where the ledger fails.
    pub async fn drift(
        &self,
        environment: &Name,
        proof: Option<&dyn Proof>,
        now: SystemTime,
    ) -> Result<Drift, PromoteError> {
        self.graph.environment(environment)?;
        let chronicle = Chronicle::of(self.ledger.entries(None).await?);
        let look = Look { promoter: self, chronicle: &chronicle, environment, proof, now };
        let all: Vec<&Name> = chronicle.images().collect();
        let looked = all.len();
        let seen = all.into_iter().map(|image| {
            let look = &look;
            async move { (image, look.at(image).await) }
        });
        let (mut images, mut denied, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        let seen: Vec<_> = stream::iter(seen).buffered(AT_ONCE).collect().await;
        for (image, outcome) in seen {
            match outcome {
                Ok((one, tags)) => {
                    images.extend((!one.deviations.is_empty()).then_some(one));
                    denied.extend(tags);
                }
                Err(error) => unread.push(Unread::of(image, &error)),
            }
        }
        Ok(Drift { environment: environment.clone(), found: now, images, denied, unread, looked })
    }
}

impl Unread {
    pub(in crate::pipeline::memory) fn of(image: &Name, error: &(dyn Error + 'static)) -> Self {
        let (mut text, mut cause) = (error.to_string(), error.source());
        while let Some(error) = cause {
            text += &format!(": {error}");
            cause = error.source();
        }
        Self { image: image.clone(), error: text }
    }
}

/// What was begun, and where it goes: back where the image, or a part of it, was denied since, or the environment held, or
/// where another move came between.
pub(super) async fn course(
    chronicle: &Chronicle,
    image: &Name,
    environment: &Name,
    begun: &Recorded,
    now: SystemTime,
    place: (&dyn Source, &Repository),
) -> Result<Course, PromoteError> {
    let entry = &begun.entry;
    let (parent, is_promotion) = match &entry.kind {
        Kind::Promote { parent, .. } => (parent.as_ref(), true),
        _ => (None, false),
    };
    let held = entry.tags().iter().filter_map(|record| record.holds.as_ref());
    let mut seen = BTreeSet::new();
    for digest in std::iter::once(&entry.digest).chain(parent).chain(held).filter(|digest| seen.insert(*digest)) {
        if let Some(why) = denial_of(chronicle, image, environment, digest, place).await? {
            return Ok(Course::Back { why });
        }
    }
    if let Some(tag) = overtaken(chronicle, image, environment, entry, place).await? {
        return Ok(Course::Back { why: format!("{tag} has moved since, as the ledger says") });
    }
    // A rollback holds the environment itself.
    Ok(match chronicle.held(image, environment, now).filter(|_| is_promotion) {
        Some(hold) => Course::Back { why: format!("{environment} is held: {} ({})", hold.reason, hold.actor) },
        None => Course::On,
    })
}

struct Look<'a> {
    promoter: &'a Promoter,
    chronicle: &'a Chronicle,
    environment: &'a Name,
    proof: Option<&'a dyn Proof>,
    now: SystemTime,
}

impl Look<'_> {
    /// What is otherwise, and the tags that hold what is denied.
    async fn at(&self, image: &Name) -> Result<(Drifted, Vec<DeniedTag>), PromoteError> {
        let Self { promoter, chronicle, environment, now, .. } = *self;
        let repository = promoter.graph.repository(image, environment)?;
        let source = promoter.source(environment)?;
        let digest = chronicle.current(image, environment).map(|recorded| recorded.entry.digest.clone());
        let begun = chronicle.begun(image, environment);
        let course = match begun {
            Some(begun) => {
                Some((begun, course(chronicle, image, environment, begun, now, (source, &repository)).await?))
            }
            None => None,
        };
        // What the tags of a run that goes on may hold as well.
        let mut under_way: BTreeMap<&Tag, &Digest> = BTreeMap::new();
        let mut deviations = Vec::new();
        if let Some((begun, course)) = course {
            let entry = &begun.entry;
            if course == Course::On {
                let on = entry.tags().iter();
                under_way = on.map(|record| (&record.tag, record.holds.as_ref().unwrap_or(&entry.digest))).collect();
            }
            deviations.push(Deviation::Unfinished {
                digest: entry.digest.clone(),
                entry: begun.id.clone(),
                since: entry.at,
                by: entry.actor.clone(),
                plan: entry.plan().cloned(),
                course,
            });
        }
        let held = chronicle.tags(image, environment).into_iter().map(|(tag, held)| {
            let repository = &repository;
            async move {
                let found = current(source, repository, &tag).await?;
                Ok::<_, PromoteError>((tag, held, found))
            }
        });
        let held: Vec<_> = stream::iter(held).buffered(AT_ONCE).try_collect().await?;
        let mut denied = Vec::new();
        for (tag, HeldTag { digest: recorded, floats, since, by, plan, .. }, found) in held {
            // A pin that holds what it was created with says by its name what that is.
            let live = found.as_ref().filter(|found| floats || **found != recorded);
            denied.extend(live.and_then(|live| DeniedTag::of(chronicle, image, environment, &tag, live)));
            match found {
                Some(found) if found == recorded || under_way.get(&tag).copied() == Some(&found) => {}
                Some(found) => {
                    deviations.push(Deviation::TagMoved { tag, floats, recorded, since, found, by, plan });
                }
                None if !floats && Some(&recorded) != digest.as_ref() => {}
                None => deviations.push(Deviation::TagGone { tag, floats, recorded, since, by, plan }),
            }
        }
        deviations.extend(self.unrecorded(image, &repository, source).await?);
        if let (Some(proof), Some(one)) = (self.proof, resident(chronicle, image, environment, now)) {
            let lapses = proof.lapses(&one, source, &repository, now).await.map_err(PromoteError::Proof)?;
            // Evidence is of the promotion, whoever brought it back since.
            let passed = one.passed.as_ref();
            let by = passed.map_or(&one.by, |passed| &passed.by);
            deviations.extend(lapses.into_iter().map(|lapse| {
                let (by, plan) = (by.clone(), passed.map(|passed| passed.plan.clone()));
                match lapse {
                    Lapse::Missing { what } => Deviation::EvidenceMissing { what, by, plan },
                    Lapse::Expired { what, since } => Deviation::EvidenceExpired { what, since, by, plan },
                }
            }));
        }
        Ok((Drifted { image: image.clone(), repository, digest, deviations }, denied))
    }

    /// Tags that the ledger does not speak of, and that hold what has never come here.
    async fn unrecorded(
        &self,
        image: &Name,
        repository: &Repository,
        source: &dyn Source,
    ) -> Result<Vec<Deviation>, PromoteError> {
        let Self { promoter, chronicle, .. } = *self;
        let (mut known, mut seen): (BTreeSet<Tag>, BTreeSet<&Digest>) = Default::default();
        let mut left: BTreeSet<(&Tag, &Digest)> = BTreeSet::new();
        for environment in promoter.graph.environments().map(crate::pipeline::Environment::name) {
            // An image that has no place in another environment shares none with it.
            let Ok(other) = promoter.graph.repository(image, environment) else { continue };
            if other != *repository {
                continue;
            }
            if promoter.graph.is_source(environment) {
                return Ok(Vec::new());
            }
            known.extend(chronicle.tags(image, environment).into_keys());
            // Those of what is taken back are nobody's.
            if let Some(begun) = chronicle.begun(image, environment)
                && course(chronicle, image, environment, begun, self.now, (source, repository)).await? == Course::On
            {
                known.extend(begun.entry.tags().iter().map(|record| record.tag.clone()));
            }
            // What was taken back leaves what it created once.
            for entry in chronicle.there(image, environment).map(|recorded| &recorded.entry) {
                let Kind::Revert { tags, .. } = &entry.kind else { continue };
                left.extend(tags.iter().filter(|one| !one.floats).map(|one| (&one.tag, &entry.digest)));
            }
            let arrived = chronicle.there(image, environment).filter(|recorded| recorded.entry.arrives());
            seen.extend(arrived.map(|recorded| &recorded.entry.digest));
        }
        let mut unknown = Vec::new();
        let mut tags = source.tags(repository);
        loop {
            match tags.try_next().await {
                Ok(Some(tag)) if known.contains(&tag) || DigestTag::parse(&tag).is_some() => {}
                Ok(Some(tag)) => unknown.push(tag),
                Ok(None) => break,
                // There is no such repository.
                Err(error) if error.is_not_found() => break,
                Err(error) => return Err(error.into()),
            }
        }
        let held = unknown.into_iter().map(|tag| async move {
            let found = current(source, repository, &tag).await?;
            Ok::<_, PromoteError>((tag, found))
        });
        let held: Vec<_> = stream::iter(held).buffered(AT_ONCE).try_collect().await?;
        let strangers = held.into_iter().filter_map(|(tag, found)| Some((tag, found?)));
        let strangers = strangers.filter(|(tag, found)| !seen.contains(found) && !left.contains(&(tag, found)));
        let told = strangers.map(|(tag, found)| async move {
            let place = Place::new(image, self.environment, repository, source, chronicle);
            match pin_only(promoter, place, &tag, &found).await {
                Some(from) => Deviation::PinOnly { tag, found, from },
                None => Deviation::Unrecorded { tag, found },
            }
        });
        Ok(stream::iter(told).buffered(AT_ONCE).collect().await)
    }
}
