//! The image of a commit, and whether there are others.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use lockage_registry::{Digest, DigestTag};
use lockage_tagging::class::TagClass;

use super::{Conventions, Found, Place, Rebuilds, ResolveError, by_tag, in_words, tag};
use crate::pipeline::{Pinned, Select};

/// How many tags are listed to find a commit.
const MOST_TAGS: usize = 100_000;

/// By the tags `sha-2b2e927` and `sha-<whole commit>`; where there is none, by every tag that names the commit.
pub(super) async fn find(
    place: Place<'_>,
    select: &Select,
    commit: &str,
    conventions: &Conventions,
) -> Result<Option<Found>, ResolveError> {
    let mut found: BTreeMap<Digest, Found> = BTreeMap::new();
    let mut lengths = vec![7, commit.len()];
    lengths.dedup();
    for digits in lengths.into_iter().filter_map(|length| commit.get(..length)) {
        let tag = tag(&format!("{}{digits}", conventions.commit), select)?;
        found.extend(by_tag(place, &tag).await?.map(|one| (one.digest.clone(), one)));
    }
    if found.is_empty() {
        let mut tags = place.source.tags(place.repository);
        let mut seen = 0;
        while let Some(tag) = tags.try_next().await? {
            seen += 1;
            if seen > MOST_TAGS {
                return Err(lockage_registry::Error::new(
                    lockage_registry::ErrorKind::TooLarge,
                    "list tags",
                    place.repository,
                )
                .with_message(format_args!("there are more than {MOST_TAGS} tags, and none is that of the commit"))
                .into());
            }
            let named = TagClass::of(&tag).commit.is_some_and(|named| is_one(&named, commit));
            if named && DigestTag::parse(&tag).is_none() {
                found.extend(by_tag(place, &tag).await?.map(|one| (one.digest.clone(), one)));
            }
        }
    }
    let found = super::only(place, select, found.into_values().collect())?;
    Ok(found.map(|one| Found { commit: Some(commit.to_owned()), ..one }))
}

/// The image's own label has the last word.
pub(super) fn agrees(pinned: &Pinned, asked: &str) -> Result<(), ResolveError> {
    match &pinned.facts.commit {
        Some(said) if !is_one(said, asked) => Err(ResolveError::OtherCommit {
            digest: pinned.digest().clone(),
            said: said.clone(),
            asked: asked.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Other images that the tags of its commit hold. Who names a tag or a digest, or takes what an environment has, has chosen.
pub(super) async fn tagged_otherwise(
    place: Place<'_>,
    pinned: &Pinned,
    by: &str,
    conventions: &Conventions,
) -> Result<Vec<(Digest, String)>, ResolveError> {
    let (Some(commit), false) =
        (&pinned.facts.commit, matches!(pinned.selected, Select::Tag(_) | Select::Digest(_) | Select::CurrentIn(_)))
    else {
        return Ok(Vec::new());
    };
    let mut lengths = vec![7, commit.len()];
    lengths.dedup();
    let mut others = Vec::new();
    for digits in lengths.into_iter().filter_map(|length| commit.get(..length)) {
        // A label may hold what is no commit, and makes no tag.
        let Ok(tag) = tag(&format!("{}{digits}", conventions.commit), &pinned.selected) else { continue };
        if by == in_words(&tag) {
            continue;
        }
        let held = by_tag(place, &tag).await?.map(|held| held.digest);
        others.extend(held.filter(|held| held != pinned.digest()).map(|held| (held, in_words(&tag))));
    }
    Ok(others)
}

/// Other images of the same commit: those that its tags hold, and those that the ledger knows.
pub(super) fn rebuilds(
    place: Place<'_>,
    pinned: &mut Pinned,
    tagged: Vec<(Digest, String)>,
    rule: Rebuilds,
) -> Result<(), ResolveError> {
    let Some(commit) = pinned.facts.commit.clone() else { return Ok(()) };
    let entries = place.chronicle.entries().iter().map(|recorded| &recorded.entry);
    let same =
        entries.filter(|entry| entry.image == *place.image && entry.digest != *pinned.digest() && entry.arrives());
    // A platform that was promoted alone is of the same build.
    let is_part = |digest: &Digest| pinned.platforms.iter().any(|platform| platform.manifest == *digest);
    let tagged = tagged.into_iter().filter(|(digest, _)| !is_part(digest));
    let others: BTreeMap<Digest, String> = same
        .filter(|entry| {
            entry.facts.commit.as_ref().is_some_and(|said| is_one(said, &commit)) && !is_part(&entry.digest)
        })
        .map(|entry| {
            let place =
                entry.environment.as_ref().map_or("the ledger".to_owned(), |name| format!("{name}, by the ledger"));
            (entry.digest.clone(), place)
        })
        .chain(tagged)
        .collect();
    match rule {
        _ if others.is_empty() => {}
        // Who names a digest, or takes what an environment has, has chosen among them.
        Rebuilds::Refuse if !matches!(pinned.selected, Select::Digest(_) | Select::CurrentIn(_)) => {
            let digest = pinned.digest().clone();
            return Err(ResolveError::Rebuilt { commit, digest, others: others.into_iter().collect() });
        }
        _ => {
            let list: Vec<_> = others.iter().map(|(digest, place)| format!("{digest} in {place}")).collect();
            pinned.notes.push(format!("commit {commit} was built more than once: {}", list.join(", ")));
        }
    }
    Ok(())
}

/// Whether two texts, of which one may be short, are one commit.
pub(super) fn is_one(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    a.len().min(b.len()) >= 7 && (a.starts_with(&b) || b.starts_with(&a))
}
