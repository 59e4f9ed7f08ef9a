//! Looking: every tag that the ledger speaks of, and every tag that it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::SystemTime;

use futures::TryStreamExt as _;
use futures::stream::{self, StreamExt as _};
use lockage_registry::{Digest, DigestTag, Repository, Source, Tag};

use super::{Course, Deviation, Drift, Drifted, Lapse, Proof, Unread};
use crate::ledger::{Chronicle, Kind, Recorded};
use crate::pipeline::memory::resident;
use crate::pipeline::promoter::plan::current;
use crate::pipeline::promoter::standing::denial_of;
use crate::pipeline::{Name, PromoteError, Promoter};

/// How many requests to one registry are under way at once.
const AT_ONCE: usize = 8;

impl Promoter {
    /// Looks, without writing, whether `environment` is what the ledger says: for every image that the ledger knows, a HEAD
    /// for each tag that moves and for the pins of what is there, and a listing of the tags, with a HEAD for each that
    /// the ledger does not know. What cannot be looked at is named, and never counts as well.
    ///
    /// Pins of what was there before are not looked for: retention may have deleted them. Where builds arrive in the same
    /// repository, unknown tags are theirs.
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
        let (mut images, mut unread) = (Vec::new(), Vec::new());
        let seen: Vec<_> = stream::iter(seen).buffered(AT_ONCE).collect().await;
        for (image, outcome) in seen {
            match outcome {
                Ok(one) => images.extend((!one.deviations.is_empty()).then_some(one)),
                Err(error) => unread.push(Unread::of(image, &error)),
            }
        }
        Ok(Drift { environment: environment.clone(), found: now, images, unread, looked })
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

/// What was begun, and where it goes: back where the image, or a part of it, was denied since, or the environment held.
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
    async fn at(&self, image: &Name) -> Result<Drifted, PromoteError> {
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
                course,
            });
        }
        for (tag, held) in chronicle.tags(image, environment) {
            if !held.floats && Some(&held.digest) != digest.as_ref() {
                continue;
            }
            let (floats, recorded, since) = (held.floats, held.digest, held.since);
            match current(source, &repository, &tag).await? {
                Some(found) if found == recorded || under_way.get(&tag).copied() == Some(&found) => {}
                Some(found) => deviations.push(Deviation::TagMoved { tag, floats, recorded, since, found }),
                None => deviations.push(Deviation::TagGone { tag, floats, recorded, since }),
            }
        }
        deviations.extend(self.unrecorded(image, &repository, source).await?);
        if let (Some(proof), Some(one)) = (self.proof, resident(chronicle, image, environment, now)) {
            let lapses = proof.lapses(&one, source, &repository, now).await.map_err(PromoteError::Proof)?;
            deviations.extend(lapses.into_iter().map(|lapse| match lapse {
                Lapse::Missing { what } => Deviation::EvidenceMissing { what },
                Lapse::Expired { what, since } => Deviation::EvidenceExpired { what, since },
            }));
        }
        Ok(Drifted { image: image.clone(), repository, digest, deviations })
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
        Ok(strangers
            .filter(|(_, found)| !seen.contains(found))
            .map(|(tag, found)| Deviation::Unrecorded { tag, found })
            .collect())
    }
}
