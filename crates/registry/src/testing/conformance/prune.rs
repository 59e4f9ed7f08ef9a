//! Checks of deleting.

use lockage_tagging::Repository;

use super::super::fixtures;
use super::Capability;
use super::check::{Check, Run, check, fails, must, nowhere, ok, same, serves, supported, tag, tags};
use crate::{ErrorKind, Registry, TagOrDigest};

pub(super) async fn all(run: &mut Run<'_>, registry: &dyn Registry, repo: &Repository) {
    let has = run.has(Capability::DeleteTag);
    check!(run, delete_tag(registry, repo, has));
    check!(run, delete_unknown_tag(registry, repo, has));
    let has = run.has(Capability::DeleteManifest);
    check!(run, delete_manifest(registry, repo, has));
    check!(run, delete_unknown_manifest(registry, repo, has));
    let api = run.has(Capability::Referrers) && run.has(Capability::ReferrersApi);
    check!(run, delete_referrer(registry, repo, has, api));
}

async fn delete_tag(registry: &dyn Registry, repo: &Repository, has: bool) -> Check {
    let image = fixtures::image(400);
    let (gone, stays) = (tag("delete-this")?, tag("keep-this")?);
    for name in [&gone, &stays] {
        ok(fixtures::push(registry, repo, &image, name).await, "to push an image")?;
    }
    let by_tag = TagOrDigest::Tag(gone.clone());
    match supported(has, registry.delete_tag(repo, &gone).await, "to delete a tag")? {
        Some(()) => {
            fails(registry.resolve(repo, &by_tag).await, ErrorKind::NotFound, "the tag that was deleted")?;
            must(!tags(registry, repo).await?.contains(&gone), "the deleted tag not to be listed", "it in the list")?;
        }
        None => serves(registry, repo, &image, &by_tag).await?,
    }
    serves(registry, repo, &image, &TagOrDigest::Tag(stays)).await?;
    serves(registry, repo, &image, &TagOrDigest::Digest(image.root().digest().clone())).await
}

async fn delete_unknown_tag(registry: &dyn Registry, repo: &Repository, has: bool) -> Check {
    let kind = if has { ErrorKind::NotFound } else { ErrorKind::Unsupported };
    fails(registry.delete_tag(repo, &tag("never-pushed")?).await, kind, "deleting an unknown tag")
}

async fn delete_manifest(registry: &dyn Registry, repo: &Repository, has: bool) -> Check {
    let (image, other) = (fixtures::image(401), fixtures::image(402));
    let names = [tag("goes-too")?, tag("goes-as-well")?];
    for name in &names {
        ok(fixtures::push(registry, repo, &image, name).await, "to push an image")?;
    }
    let stays = tag("not-this-one")?;
    ok(fixtures::push(registry, repo, &other, &stays).await, "to push another image")?;
    let digest = image.root().digest();
    let deleted = supported(has, registry.delete_manifest(repo, digest).await, "to delete a manifest")?;
    let at = TagOrDigest::Digest(digest.clone());
    if deleted.is_none() {
        return serves(registry, repo, &image, &at).await;
    }
    fails(registry.resolve(repo, &at).await, ErrorKind::NotFound, "the manifest that was deleted")?;
    fails(registry.manifest(repo, &at).await, ErrorKind::NotFound, "the manifest that was deleted")?;
    let listed = tags(registry, repo).await?;
    for name in names {
        must(
            !listed.contains(&name),
            "the tags of a deleted manifest not to be listed",
            format_args!("{name} listed"),
        )?;
        let resolved = registry.resolve(repo, &TagOrDigest::Tag(name)).await;
        fails(resolved, ErrorKind::NotFound, "a tag of a manifest that was deleted")?;
    }
    serves(registry, repo, &other, &TagOrDigest::Tag(stays)).await?;
    // What was deleted can be pushed again.
    let again = tag("goes-too")?;
    ok(fixtures::push(registry, repo, &image, &again).await, "to push again what was deleted")?;
    serves(registry, repo, &image, &TagOrDigest::Tag(again)).await
}

async fn delete_unknown_manifest(registry: &dyn Registry, repo: &Repository, has: bool) -> Check {
    let kind = if has { ErrorKind::NotFound } else { ErrorKind::Unsupported };
    fails(registry.delete_manifest(repo, &nowhere()?).await, kind, "deleting an unknown manifest")
}

async fn delete_referrer(registry: &dyn Registry, repo: &Repository, has: bool, api: bool) -> Check {
    if !has || !api {
        return Ok(());
    }
    let subject = fixtures::image(403);
    ok(fixtures::push(registry, repo, &subject, &tag("subject")?).await, "to push an image")?;
    let subject = subject.root().descriptor();
    let (gone, stays) = (
        fixtures::artifact_for(subject, fixtures::SIGNATURE, 404),
        fixtures::artifact_for(subject, fixtures::SIGNATURE, 405),
    );
    for (artifact, name) in [(&gone, "referrer-1"), (&stays, "referrer-2")] {
        ok(fixtures::push(registry, repo, artifact, &tag(name)?).await, "to attach an artifact")?;
    }
    ok(registry.delete_manifest(repo, gone.root().digest()).await, "to delete an artifact")?;
    let listed = ok(registry.referrers(repo, &subject.digest, None).await, "to list the referrers")?;
    let listed: Vec<_> = listed.into_iter().map(|entry| entry.digest).collect();
    same(&listed, &vec![stays.root().digest().clone()], "the referrers that are left to be")
}
