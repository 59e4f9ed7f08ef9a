//! Checks of tags: listing, order, moving, many at once.

use std::collections::BTreeSet;

use futures::future::join_all;
use lockage_tagging::{Repository, Tag};

use super::super::fixtures::{self, Image};
use super::Capability;
use super::check::{Check, Run, beside, check, must, ok, same, serves, tag, tags};
use super::read;
use crate::{Source, TagOrDigest, Target};

/// What is listed must be what is held.
pub(super) async fn listed(run: &mut Run<'_>, source: &dyn Source, repo: &Repository, held: &[(Image, Tag)]) {
    check!(run, tags_complete(source, repo, held));
}

pub(super) async fn all(run: &mut Run<'_>, target: &dyn Target, repo: &Repository) {
    let sorted = run.has(Capability::SortedTags);
    check!(run, tags_in_order(target, repo, sorted));
    check!(run, tag_moves(target, repo));
    check!(run, tags_put_at_once(target, repo));
    check!(run, tag_of_a_child(target, repo));
}

async fn tags_complete(source: &dyn Source, repo: &Repository, held: &[(Image, Tag)]) -> Check {
    let listed: BTreeSet<_> = read::listed(source, repo).await?.into_iter().collect();
    let expected: BTreeSet<_> = held.iter().map(|(_, tag)| tag.clone()).collect();
    let missing: Vec<_> = expected.difference(&listed).map(Tag::as_str).collect();
    let other: Vec<_> = listed.difference(&expected).map(Tag::as_str).collect();
    must(
        missing.is_empty() && other.is_empty(),
        format_args!("the {} tags that are held", expected.len()),
        format_args!("{} tags, without {missing:?} and with {other:?} besides", listed.len()),
    )
}

/// 25 tags, put in an order that is neither that of bytes nor that of letters.
async fn tags_in_order(target: &dyn Target, repo: &Repository, has: bool) -> Check {
    let repo = beside(repo, "tags")?;
    let image = fixtures::image_with_layers(200, &[64]);
    let mut names: Vec<String> = (0..25_usize)
        .map(|n| format!("{}{}", ["v", "V", "1.", "_", "b-"].get(n % 5).unwrap_or(&""), (n * 7) % 25))
        .collect();
    names.swap(0, 12);
    for name in &names {
        ok(fixtures::push(target, &repo, &image, &tag(name)?).await, "to push the same image under many tags")?;
    }
    let listed: Vec<_> = tags(target, &repo).await?.iter().map(|tag| tag.as_str().to_owned()).collect();
    let (mut bytewise, mut caseless) = (names.clone(), names);
    bytewise.sort();
    caseless.sort_by_key(|name| (name.to_ascii_lowercase(), name.clone()));
    let mut complete = listed.clone();
    complete.sort();
    same(&complete, &bytewise, "the tags to be")?;
    // Which of `v1` and `V1` comes first is nobody's business.
    let fold = |tags: &[String]| tags.iter().map(|name| name.to_ascii_lowercase()).collect::<Vec<_>>();
    let sorted = listed == bytewise || fold(&listed) == fold(&caseless);
    let expected = if has { "the tags in order" } else { "the tags in no order, as is declared" };
    must(sorted == has, expected, format_args!("{listed:?}"))
}

async fn tag_moves(target: &dyn Target, repo: &Repository) -> Check {
    let moving = tag("moving")?;
    let at = TagOrDigest::Tag(moving.clone());
    let (first, second) = (fixtures::image(201), fixtures::image(202));
    for image in [&first, &second, &first] {
        ok(fixtures::push(target, repo, image, &moving).await, "to move a tag")?;
        serves(target, repo, image, &at).await?;
        let resolved = ok(target.resolve(repo, &at).await, "to resolve the tag that moved")?;
        same(&resolved, image.root().descriptor(), "the tag that moved to be")?;
    }
    serves(target, repo, &second, &TagOrDigest::Digest(second.root().digest().clone())).await
}

/// Sixteen at once, as a promotion with many tags puts them.
async fn tags_put_at_once(target: &dyn Target, repo: &Repository) -> Check {
    let image = fixtures::image(203);
    ok(fixtures::push(target, repo, &image, &tag("at-once")?).await, "to push an image")?;
    let names = (0..16).map(|n| tag(format!("at-once-{n}"))).collect::<Check<Vec<_>>>()?;
    let puts = names.iter().map(|name| async {
        let at = TagOrDigest::Tag(name.clone());
        let stored = ok(target.put_manifest(repo, image.root(), &at).await, "to put sixteen tags at once")?;
        same(&stored.digest, image.root().digest(), "the digest that is stored to be")
    });
    join_all(puts).await.into_iter().collect::<Check<()>>()?;
    let listed = tags(target, repo).await?;
    for name in names {
        must(listed.contains(&name), format_args!("{name} to be listed"), "a list without it")?;
        serves(target, repo, &image, &TagOrDigest::Tag(name)).await?;
    }
    Ok(())
}

/// A manifest that an index lists can have a tag of its own.
async fn tag_of_a_child(target: &dyn Target, repo: &Repository) -> Check {
    let index = fixtures::index(204, &[crate::Platform::new("linux", "amd64")]);
    ok(fixtures::push(target, repo, &index, &tag("whole")?).await, "to push an index")?;
    let Some(child) = index.manifests.first() else { return Ok(()) };
    let at = TagOrDigest::Tag(tag("whole-amd64")?);
    ok(target.put_manifest(repo, child, &at).await, "to tag a manifest that an index lists")?;
    let resolved = ok(target.resolve(repo, &at).await, "to resolve that tag")?;
    same(&resolved, child.descriptor(), "the tag of a child to be")
}
