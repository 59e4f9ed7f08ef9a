//! Checks of reading: what is not there, parts of blobs, referrers.

use std::collections::BTreeSet;

use lockage_tagging::{Digest, Repository, Tag};

use super::super::fixtures::{self, Image};
use super::Capability;
use super::check::{
    Check, Run, beside, check, drained, fails, must, nowhere, ok, same, same_bytes, supported, tag, tags,
};
use crate::{Descriptor, ErrorKind, Source, TagOrDigest};

pub(super) async fn all(run: &mut Run<'_>, source: &dyn Source, repo: &Repository) {
    check!(run, says_what_it_is(source));
    check!(run, unknown_tag(source, repo));
    check!(run, unknown_manifest(source, repo));
    let stat = run.has(Capability::StatBlob);
    check!(run, unknown_blob(source, repo, stat));
    check!(run, size_of_a_blob(source, repo, stat));
    let has = run.has(Capability::UnknownRepositories);
    check!(run, unknown_repository(source, repo, has));
    let has = run.has(Capability::Range);
    check!(run, part_of_a_blob(source, repo, has));
    check!(run, concurrent_reads(source, repo));
}

async fn says_what_it_is(source: &dyn Source) -> Check {
    must(!source.to_string().trim().is_empty(), "a `Display` that names the registry", "none")
}

async fn unknown_tag(source: &dyn Source, repo: &Repository) -> Check {
    let at = TagOrDigest::Tag(tag("never-pushed")?);
    fails(source.resolve(repo, &at).await, ErrorKind::NotFound, "resolving an unknown tag")?;
    fails(source.manifest(repo, &at).await, ErrorKind::NotFound, "pulling an unknown tag")
}

async fn unknown_manifest(source: &dyn Source, repo: &Repository) -> Check {
    let at = TagOrDigest::Digest(nowhere()?);
    fails(source.resolve(repo, &at).await, ErrorKind::NotFound, "resolving an unknown digest")?;
    fails(source.manifest(repo, &at).await, ErrorKind::NotFound, "pulling an unknown digest")
}

async fn unknown_blob(source: &dyn Source, repo: &Repository, stat: bool) -> Check {
    let blob = Descriptor::new("application/octet-stream", nowhere()?, 27);
    if stat {
        fails(source.stat_blob(repo, &blob.digest).await, ErrorKind::NotFound, "the size of an unknown blob")?;
    }
    let read = match source.blob(repo, &blob, 0).await {
        Ok(stream) => drained(stream).await.map(drop),
        Err(error) => Err(error),
    };
    fails(read, ErrorKind::NotFound, "reading an unknown blob")
}

async fn size_of_a_blob(source: &dyn Source, repo: &Repository, has: bool) -> Check {
    let (blob, _) = layer()?;
    match supported(has, source.stat_blob(repo, &blob.digest).await, "the size of a blob")? {
        Some(size) => same(&size, &blob.size, "the size of a blob to be"),
        None => Ok(()),
    }
}

async fn unknown_repository(source: &dyn Source, repo: &Repository, has: bool) -> Check {
    use futures::stream::StreamExt as _;

    let unknown = beside(repo, "never-made")?;
    let at = TagOrDigest::Tag(tag("image")?);
    fails(source.resolve(&unknown, &at).await, ErrorKind::NotFound, "resolving in an unknown repository")?;
    fails(source.manifest(&unknown, &at).await, ErrorKind::NotFound, "pulling from an unknown repository")?;
    let first = source.tags(&unknown).next().await;
    match first {
        Some(listed) if has => fails(listed, ErrorKind::NotFound, "listing the tags of an unknown repository"),
        None if !has => Ok(()),
        None => must(false, "listing the tags of an unknown repository to be NotFound", "an empty list"),
        Some(Ok(tag)) => must(false, "an empty list of the tags of an unknown repository", tag),
        Some(Err(error)) => must(false, "an empty list of the tags of an unknown repository", error),
    }
}

async fn part_of_a_blob(source: &dyn Source, repo: &Repository, has: bool) -> Check {
    let (blob, bytes) = layer()?;
    for from in [0, 1, blob.size / 2, blob.size.saturating_sub(1), blob.size] {
        let what = format!("to read a blob of {} bytes from byte {from} on", blob.size);
        let supported = supported(has || from == 0, source.blob(repo, &blob, from).await, &what)?;
        let Some(stream) = supported else { continue };
        let read = ok(drained(stream).await, &what)?;
        let start = usize::try_from(from).unwrap_or(usize::MAX);
        same_bytes(&read, bytes.get(start..).unwrap_or_default(), format_args!("the blob from byte {from} on"))?;
    }
    // Beyond the end: an error or nothing, and never bytes.
    if has && let Ok(stream) = source.blob(repo, &blob, blob.size + 1).await {
        let read = drained(stream).await.unwrap_or_default();
        same(&read.len(), &0, "beyond the end of a blob, the number of bytes to be")?;
    }
    Ok(())
}

async fn concurrent_reads(source: &dyn Source, repo: &Repository) -> Check {
    let image = fixtures::image(1);
    let (blob, bytes) = layer()?;
    let at = TagOrDigest::Tag(tag("image")?);
    let reads = (0..16).map(|_| async {
        let served = ok(source.manifest(repo, &at).await, "to pull a manifest sixteen times at once")?;
        same(served.descriptor(), image.root().descriptor(), "the manifest to be")?;
        let stream = ok(source.blob(repo, &blob, 0).await, "to pull a blob sixteen times at once")?;
        same_bytes(&ok(drained(stream).await, "to read a blob sixteen times at once")?, &bytes, "the blob")
    });
    futures::future::join_all(reads).await.into_iter().collect()
}

/// The largest blob of the image that is tagged `image`.
fn layer() -> Check<(Descriptor, bytes::Bytes)> {
    let image = fixtures::image(1);
    let largest = image.blobs.into_iter().max_by_key(|(blob, _)| blob.size);
    largest.map_or_else(|| super::check::unmet("an image with blobs", "none"), Ok)
}

/// Referrers of what is held: either the registry lists them itself, or nobody has yet.
pub(super) async fn referrers(run: &mut Run<'_>, source: &dyn Source, repo: &Repository, held: &[(Image, Tag)]) {
    let has = run.has(Capability::Referrers);
    let api = has && run.has(Capability::ReferrersApi);
    check!(run, referrers_none(source, repo, has));
    check!(run, referrers_all(source, repo, held, has, api));
    check!(run, referrers_by_type(source, repo, has, api));
    check!(run, referrers_of_nothing(source, repo, has, api));
}

async fn referrers_none(source: &dyn Source, repo: &Repository, has: bool) -> Check {
    let subject = fixtures::docker_image(3).root().digest().clone();
    let listed = source.referrers(repo, &subject, None).await;
    match supported(has, listed, "to list the referrers of a manifest that has none")? {
        Some(listed) => same(&listed, &Vec::new(), "the referrers of a manifest that has none to be"),
        None => Ok(()),
    }
}

async fn referrers_all(source: &dyn Source, repo: &Repository, held: &[(Image, Tag)], has: bool, api: bool) -> Check {
    // Every image that is held and attached to something counts, the odd ones included.
    let mut expected: Vec<(Digest, BTreeSet<Digest>)> = Vec::new();
    for manifest in held.iter().flat_map(|(image, _)| &image.manifests) {
        let view = ok(manifest.view(), "to read a fixture")?;
        let Some(subject) = view.subject else { continue };
        match expected.iter_mut().find(|(of, _)| *of == subject.digest) {
            Some((_, by)) => drop(by.insert(manifest.digest().clone())),
            None => expected.push((subject.digest, BTreeSet::from([manifest.digest().clone()]))),
        }
    }
    must(!expected.is_empty(), "fixtures with subjects to be held", "none")?;
    for (subject, by) in expected {
        let listed = source.referrers(repo, &subject, None).await;
        let Some(listed) = supported(has, listed, format_args!("to list the referrers of {subject}"))? else {
            continue;
        };
        let listed: BTreeSet<_> = listed.into_iter().map(|entry| entry.digest).collect();
        let expected = if api { by } else { BTreeSet::new() };
        same(&listed, &expected, format_args!("the referrers of {subject} to be"))?;
    }
    Ok(())
}

async fn referrers_by_type(source: &dyn Source, repo: &Repository, has: bool, api: bool) -> Check {
    let subject = fixtures::image(1);
    let signature = fixtures::artifact_for(subject.root().descriptor(), fixtures::SIGNATURE, 6);
    let subject = subject.root().digest();
    let listed = source.referrers(repo, subject, Some(fixtures::SIGNATURE)).await;
    let Some(listed) = supported(has, listed, "to list the referrers of one type")? else { return Ok(()) };
    if !api {
        return same(&listed, &Vec::new(), "the referrers, before anyone listed them, to be");
    }
    let mut expected = signature.root().descriptor().clone();
    expected.artifact_type = Some(fixtures::SIGNATURE.to_owned());
    expected.annotations.insert("org.example.seed".into(), "6".into());
    same(&listed, &vec![expected], "the referrers of one type, with their type and annotations, to be")?;
    let none = source.referrers(repo, subject, Some("application/vnd.example.other")).await;
    let none = ok(none, "to list the referrers of a type that there is not")?;
    same(&none, &Vec::new(), "the referrers of a type that there is not to be")
}

/// A subject need not exist to have referrers.
async fn referrers_of_nothing(source: &dyn Source, repo: &Repository, has: bool, api: bool) -> Check {
    let listed = source.referrers(repo, &fixtures::dangling().digest, None).await;
    let Some(listed) = supported(has, listed, "to list the referrers of a manifest that is not there")? else {
        return Ok(());
    };
    same(&listed.len(), &usize::from(api), "the number of referrers of a manifest that is not there to be")
}

/// The tags of the repository, but for those that hold referrers.
pub(super) async fn listed(source: &dyn Source, repo: &Repository) -> Check<Vec<Tag>> {
    let mut all = tags(source, repo).await?;
    all.retain(|tag| lockage_tagging::DigestTag::parse(tag).is_none());
    Ok(all)
}
