//! Checks of putting manifests: by tag and digest, again, refused, attached.

use lockage_tagging::{DigestTag, DigestTagKind, Repository};

use super::super::fixtures::{self, Image};
use super::Capability;
use super::check::{Check, Run, check, fails, falls_short, must, ok, refused, same, serves, tag};
use crate::{Body, Descriptor, ErrorKind, RawManifest, TagOrDigest, Target, TargetExt as _, media_type};

pub(super) async fn all(run: &mut Run<'_>, target: &dyn Target, repo: &Repository) {
    check!(run, put_by_digest(target, repo));
    check!(run, put_again(target, repo));
    check!(run, put_under_another_digest(target, repo));
    let has = run.has(Capability::ChecksReferences);
    check!(run, put_before_its_blobs(target, repo, has));
    let has = run.has(Capability::SubjectIndexed);
    check!(run, subject_indexed(target, repo, has));
    let has = run.has(Capability::DeclaredMediaType);
    check!(run, declared_media_type(target, repo, has));
    let api = run.has(Capability::Referrers) && run.has(Capability::ReferrersApi);
    let fallback = run.has(Capability::Referrers) && !api;
    check!(run, referrers_after_put(target, repo, api, fallback));
}

/// Stores the blobs of an image, and nothing that points at them.
async fn blobs(target: &dyn Target, repo: &Repository, image: &Image) -> Check {
    for (blob, bytes) in &image.blobs {
        ok(target.put_blob(repo, blob, Body::bytes(bytes.clone())).await, "to push a blob")?;
    }
    Ok(())
}

fn by_digest(manifest: &RawManifest) -> TagOrDigest {
    TagOrDigest::Digest(manifest.digest().clone())
}

async fn put_by_digest(target: &dyn Target, repo: &Repository) -> Check {
    let image = fixtures::image(100);
    blobs(target, repo, &image).await?;
    let at = by_digest(image.root());
    let stored = ok(target.put_manifest(repo, image.root(), &at).await, "to put a manifest by digest")?;
    same(&stored.digest, image.root().digest(), "the digest that is stored to be")?;
    must(!stored.subject_indexed, "`subject_indexed` false without a subject", "true")?;
    serves(target, repo, &image, &at).await
}

async fn put_again(target: &dyn Target, repo: &Repository) -> Check {
    let image = fixtures::image(101);
    blobs(target, repo, &image).await?;
    for at in [TagOrDigest::Tag(tag("again")?), by_digest(image.root())] {
        let first = ok(target.put_manifest(repo, image.root(), &at).await, "to put a manifest")?;
        let again = ok(target.put_manifest(repo, image.root(), &at).await, "to put the same manifest again")?;
        same(&again, &first, "the second answer to be")?;
        serves(target, repo, &image, &at).await?;
    }
    Ok(())
}

async fn put_under_another_digest(target: &dyn Target, repo: &Repository) -> Check {
    let (image, other) = (fixtures::image(102), fixtures::image(103));
    blobs(target, repo, &image).await?;
    let at = by_digest(other.root());
    refused(target.put_manifest(repo, image.root(), &at).await, "a manifest under another one's digest")?;
    fails(target.manifest(repo, &at).await, ErrorKind::NotFound, "the digest of the manifest that was refused")
}

async fn put_before_its_blobs(target: &dyn Target, repo: &Repository, has: bool) -> Check {
    let image = fixtures::image(104);
    let at = by_digest(image.root());
    let put = target.put_manifest(repo, image.root(), &at).await;
    if !has {
        return ok(put, "a manifest to be taken before its blobs, as is declared").map(drop);
    }
    refused(put, "a manifest whose blobs are missing")?;
    fails(target.manifest(repo, &at).await, ErrorKind::NotFound, "the manifest that was refused")?;
    blobs(target, repo, &image).await?;
    ok(target.put_manifest(repo, image.root(), &at).await, "the same manifest to be taken after its blobs")?;
    serves(target, repo, &image, &at).await
}

async fn subject_indexed(target: &dyn Target, repo: &Repository, has: bool) -> Check {
    let artifact = fixtures::artifact_for(fixtures::image(105).root().descriptor(), fixtures::SIGNATURE, 106);
    blobs(target, repo, &artifact).await?;
    let stored = target.put_manifest(repo, artifact.root(), &by_digest(artifact.root())).await;
    let stored = ok(stored, "to put a manifest whose subject is not there")?;
    same(&stored.subject_indexed, &has, "`subject_indexed` to be")
}

/// An image manifest that names no type, put as Docker's: only who kept the header knows.
async fn declared_media_type(target: &dyn Target, repo: &Repository, has: bool) -> Check {
    let image = fixtures::image(107);
    blobs(target, repo, &image).await?;
    let view = ok(image.root().view(), "to read a fixture")?;
    let config = view.blobs().into_iter().next().map(|config| format!("{}@{}", config.digest, config.size));
    let Some((digest, size)) = config.as_deref().and_then(|config| config.split_once('@')) else { return Ok(()) };
    let json = format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"{}","digest":"{digest}","size":{size}}},"layers":[]}}"#,
        media_type::OCI_CONFIG
    );
    let untyped = ok(RawManifest::new(media_type::DOCKER_MANIFEST, json.into()), "a manifest")?;
    let at = by_digest(&untyped);
    let outcome = async {
        ok(target.put_manifest(repo, &untyped, &at).await, "to put a manifest that names no type")?;
        let served = ok(target.manifest(repo, &at).await, "to pull it")?;
        same(served.media_type(), untyped.media_type(), "the type that it was put with to be")?;
        let resolved = ok(target.resolve(repo, &at).await, "to resolve it")?;
        same(&resolved, untyped.descriptor(), "what it resolves to to be")
    };
    falls_short(has, Capability::DeclaredMediaType, outcome.await)
}

/// A referrer is listed once it is put; or, without the API, once the fallback tag lists it.
async fn referrers_after_put(target: &dyn Target, repo: &Repository, api: bool, fallback: bool) -> Check {
    if !api && !fallback {
        return Ok(());
    }
    let subject = fixtures::image(108);
    ok(fixtures::push(target, repo, &subject, &tag("attached-to")?).await, "to push an image")?;
    let subject = subject.root().descriptor();
    let mut expected = Vec::new();
    for seed in [109, 110] {
        let artifact = fixtures::artifact_for(subject, fixtures::SBOM, seed);
        blobs(target, repo, &artifact).await?;
        let put = target.put_manifest(repo, artifact.root(), &by_digest(artifact.root())).await;
        ok(put, "to attach an artifact")?;
        let mut entry = artifact.root().descriptor().clone();
        entry.artifact_type = Some(fixtures::SBOM.to_owned());
        entry.annotations.insert("org.example.seed".into(), seed.to_string());
        expected.push(entry);
    }
    if fallback {
        put_fallback(target, repo, subject, &expected).await?;
    }
    for kind in [None, Some(fixtures::SBOM)] {
        let mut listed = ok(target.referrers(repo, &subject.digest, kind).await, "to list the referrers")?;
        listed.sort_by(|a, b| a.digest.cmp(&b.digest));
        expected.sort_by(|a, b| a.digest.cmp(&b.digest));
        same(&listed, &expected, "the referrers, once attached, to be")?;
    }
    let other = target.referrers(repo, &subject.digest, Some(fixtures::SIGNATURE)).await;
    same(&ok(other, "to list referrers of another type")?, &Vec::new(), "the referrers of another type to be")
}

/// The index that a client keeps where the registry keeps none (distribution-spec, "Referrers Tag Schema").
async fn put_fallback(target: &dyn Target, repo: &Repository, subject: &Descriptor, entries: &[Descriptor]) -> Check {
    let entries: Vec<_> = entries.iter().filter_map(|entry| serde_json::to_string(entry).ok()).collect();
    let json =
        format!(r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}}"#, media_type::OCI_INDEX, entries.join(","));
    let index = ok(RawManifest::new(media_type::OCI_INDEX, json.into()), "an index")?;
    let at = DigestTag::new(&subject.digest, DigestTagKind::Referrers).to_tag();
    ok(target.put_manifest(repo, &index, &TagOrDigest::Tag(at)).await, "to put the fallback tag").map(drop)
}
