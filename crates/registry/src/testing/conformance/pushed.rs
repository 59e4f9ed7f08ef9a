//! Checks that whole images come out as they went in: bytes, media types, sizes.

use lockage_tagging::{Repository, Tag};

use super::super::fixtures::{self, Image};
use super::Capability;
use super::check::{Check, Run, drained, falls_short, ok, same, same_bytes};
use crate::{Source, TagOrDigest, Target};

/// Pushes all fixtures and reads them back; returns those that are held now.
pub(super) async fn all(run: &mut Run<'_>, target: &dyn Target, repo: &Repository) -> Vec<(Image, Tag)> {
    let mut held = Vec::new();
    for (image, tag) in fixtures::seeded() {
        let stat = run.has(Capability::StatBlob);
        let gate = gate(run, &tag);
        let mut kept = false;
        let check = async {
            let pushed = ok(fixtures::push(target, repo, &image, &tag).await, format_args!("to push {tag}"));
            // What is taken is listed, even where it is not served as it was pushed.
            kept = pushed.is_ok();
            let outcome = match pushed {
                Ok(()) => as_pushed(target, repo, &image, &tag, stat).await,
                Err(unmet) => Err(unmet),
            };
            match gate {
                Some((capability, has)) => falls_short(has, capability, outcome),
                None => outcome,
            }
        };
        run.check(format!("keeps {tag}"), check).await;
        if kept {
            held.push((image, tag));
        }
    }
    held
}

/// Reads images that somebody else has pushed.
pub(super) async fn served(run: &mut Run<'_>, source: &dyn Source, repo: &Repository, held: &[(Image, Tag)]) {
    for (image, tag) in held {
        let stat = run.has(Capability::StatBlob);
        let gate = gate(run, tag);
        let check = async {
            let outcome = as_pushed(source, repo, image, tag, stat).await;
            match gate {
                Some((capability, has)) => falls_short(has, capability, outcome),
                None => outcome,
            }
        };
        run.check(format!("serves {tag}"), check).await;
    }
}

/// The capability that it takes to hold the image with this tag.
fn gate(run: &mut Run<'_>, tag: &Tag) -> Option<(Capability, bool)> {
    let capability = match tag.as_str() {
        "odd-untyped-image" | "odd-untyped-index" => Capability::UntypedManifests,
        "docker-image" | "docker-list" | "odd-docker-list" | "odd-docker-whitespace" => Capability::DockerTypes,
        "odd-layer-urls" => Capability::LayerUrls,
        "odd-empty-index" => Capability::EmptyIndex,
        "odd-sha512" => Capability::Sha512,
        _ => return None,
    };
    Some((capability, run.has(capability)))
}

/// The manifests, by tag and by digest, and the blobs of an image.
async fn as_pushed(source: &dyn Source, repo: &Repository, image: &Image, tag: &Tag, stat: bool) -> Check {
    let root = [(TagOrDigest::Tag(tag.clone()), image.root())];
    let by_digest = image.manifests.iter().map(|manifest| (TagOrDigest::Digest(manifest.digest().clone()), manifest));
    for (at, manifest) in root.into_iter().chain(by_digest) {
        let served = ok(source.manifest(repo, &at).await, format_args!("to pull the manifest {at}"))?;
        same_bytes(served.bytes(), manifest.bytes(), format_args!("the manifest {at}"))?;
        same(served.descriptor(), manifest.descriptor(), format_args!("the manifest {at} to be"))?;
        let resolved = ok(source.resolve(repo, &at).await, format_args!("to resolve {at}"))?;
        same(&resolved, manifest.descriptor(), format_args!("{at} to resolve to"))?;
    }
    for (blob, bytes) in &image.blobs {
        let stream = ok(source.blob(repo, blob, 0).await, format_args!("to pull the blob {}", blob.digest))?;
        let read = ok(drained(stream).await, format_args!("to read the blob {}", blob.digest))?;
        same_bytes(&read, bytes, format_args!("the blob {}", blob.digest))?;
        if stat {
            let size = ok(source.stat_blob(repo, &blob.digest).await, "the size of a blob")?;
            same(&size, &blob.size, format_args!("the size of {} to be", blob.digest))?;
        }
    }
    Ok(())
}
