//! Checks of uploads: every kind of body, wrong ones, sessions that end early, mounts.

use bytes::Bytes;
use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use lockage_tagging::Repository;

use super::super::fixtures;
use super::Capability;
use super::check::{Check, Run, beside, check, drained, fails, must, ok, refused, same_bytes, unmet};
use crate::{
    Body, ByteStream, Descriptor, Error, ErrorKind, Opened, Source, Target, TargetExt as _, Upload, media_type,
};

pub(super) async fn all(run: &mut Run<'_>, target: &dyn Target, repo: &Repository) {
    check!(run, upload_from_memory(target, repo));
    check!(run, upload_replayable(target, repo));
    check!(run, upload_once(target, repo));
    check!(run, upload_in_crumbs(target, repo));
    check!(run, upload_several_chunks(target, repo));
    check!(run, upload_empty(target, repo));
    check!(run, upload_wrong_bytes(target, repo));
    check!(run, upload_too_short(target, repo));
    check!(run, upload_too_long(target, repo));
    check!(run, upload_body_fails(target, repo));
    check!(run, upload_cancelled(target, repo));
    check!(run, upload_at_once(target, repo));
    let has = run.has(Capability::BlobsKnown);
    check!(run, upload_not_twice(target, repo, has));
    let has = run.has(Capability::Mount);
    check!(run, mount(target, repo, has));
    check!(run, mount_of_nothing(target, repo));
}

fn layer(seed: u64, length: usize) -> (Descriptor, Bytes) {
    fixtures::layer(media_type::OCI_LAYER, seed, length)
}

/// The bytes in pieces of `size`, as a network delivers them.
fn pieces(bytes: &Bytes, size: usize) -> ByteStream {
    let pieces: Vec<_> = bytes.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces).boxed()
}

async fn session(target: &dyn Target, repo: &Repository, blob: &Descriptor) -> Check<Box<dyn Upload>> {
    match ok(target.open_blob(repo, blob, None).await, "to be given an upload session")? {
        Opened::Upload(session) => Ok(session),
        Opened::Present => unmet("an upload session for a blob that is not there", "that it is there"),
    }
}

async fn upload(target: &dyn Target, repo: &Repository, blob: &Descriptor, body: Body<'_>) -> Check {
    ok(session(target, repo, blob).await?.complete(body).await, "the upload to succeed")
}

async fn there(source: &dyn Target, repo: &Repository, blob: &Descriptor, bytes: &Bytes) -> Check {
    let stream = ok(source.blob(repo, blob, 0).await, "to pull the blob that was uploaded")?;
    same_bytes(&ok(drained(stream).await, "to read the blob that was uploaded")?, bytes, "the blob that was uploaded")
}

async fn not_there(source: &dyn Target, repo: &Repository, blob: &Descriptor) -> Check {
    let read = match Source::blob(source, repo, blob, 0).await {
        Ok(stream) => drained(stream).await,
        Err(error) => Err(error),
    };
    fails(read, ErrorKind::NotFound, "the blob that was not uploaded")
}

async fn upload_from_memory(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(300, 5000);
    upload(target, repo, &blob, Body::bytes(bytes.clone())).await?;
    there(target, repo, &blob, &bytes).await
}

async fn upload_replayable(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(301, 5000);
    let content = bytes.clone();
    let body = Body::replayable(move |from| {
        let rest = content.slice(usize::try_from(from).unwrap_or(usize::MAX).min(content.len())..);
        Box::pin(async move { Ok(pieces(&rest, 999)) })
    });
    upload(target, repo, &blob, body).await?;
    there(target, repo, &blob, &bytes).await
}

async fn upload_once(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(302, 5000);
    upload(target, repo, &blob, Body::once(pieces(&bytes, 1024))).await?;
    there(target, repo, &blob, &bytes).await
}

/// Pieces of three bytes, and empty ones between them.
async fn upload_in_crumbs(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(303, 1000);
    let crumbs = pieces(&bytes, 3).flat_map(|piece| stream::iter([Ok(Bytes::new()), piece])).boxed();
    upload(target, repo, &blob, Body::once(crumbs)).await?;
    there(target, repo, &blob, &bytes).await
}

/// More than the 4 MiB that are a common size of a chunk.
async fn upload_several_chunks(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(304, 4 * 1024 * 1024 + 1);
    upload(target, repo, &blob, Body::once(pieces(&bytes, 60_000))).await?;
    there(target, repo, &blob, &bytes).await
}

async fn upload_empty(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(0, 0);
    upload(target, repo, &blob, Body::bytes(bytes.clone())).await?;
    there(target, repo, &blob, &bytes).await
}

async fn upload_wrong_bytes(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(305, 5000);
    let (_, wrong) = layer(306, 5000);
    let refusal = session(target, repo, &blob).await?.complete(Body::bytes(wrong)).await;
    refused(refusal, "a body of the right length with other bytes")?;
    not_there(target, repo, &blob).await?;
    upload(target, repo, &blob, Body::bytes(bytes.clone())).await?;
    there(target, repo, &blob, &bytes).await
}

async fn upload_too_short(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(307, 5000);
    let refusal = session(target, repo, &blob).await?.complete(Body::once(pieces(&bytes.slice(..4000), 500))).await;
    refused(refusal, "a body that is too short")?;
    not_there(target, repo, &blob).await
}

async fn upload_too_long(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(308, 5000);
    let more = pieces(&bytes, 500).chain(stream::iter([Ok(Bytes::from_static(b"more"))])).boxed();
    let refusal = session(target, repo, &blob).await?.complete(Body::once(more)).await;
    refused(refusal, "a body that is too long")?;
    not_there(target, repo, &blob).await
}

/// The source of a copy breaks midway.
async fn upload_body_fails(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(309, 5000);
    let broken = || Err(Error::new(ErrorKind::Unreachable, "pull blob", "the source of this upload"));
    for whole in [0, 4000, 5000] {
        let body = pieces(&bytes.slice(..whole), 500).chain(stream::iter([broken()])).boxed();
        let refusal = session(target, repo, &blob).await?.complete(Body::once(body)).await;
        refused(refusal, format_args!("a body that fails after {whole} of 5000 bytes"))?;
        not_there(target, repo, &blob).await?;
    }
    upload(target, repo, &blob, Body::bytes(bytes.clone())).await?;
    there(target, repo, &blob, &bytes).await
}

async fn upload_cancelled(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(310, 5000);
    ok(session(target, repo, &blob).await?.cancel().await, "to give an upload session up")?;
    not_there(target, repo, &blob).await?;
    // One that is dropped without a word does no harm either.
    drop(session(target, repo, &blob).await?);
    not_there(target, repo, &blob).await?;
    upload(target, repo, &blob, Body::bytes(bytes.clone())).await?;
    there(target, repo, &blob, &bytes).await
}

/// The same blob by several uploads at once: all succeed.
async fn upload_at_once(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(311, 50_000);
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(session(target, repo, &blob).await?);
    }
    let uploads = sessions.into_iter().map(|session| session.complete(Body::bytes(bytes.clone())));
    for upload in join_all(uploads).await {
        ok(upload, "four uploads of one blob at once to succeed")?;
    }
    there(target, repo, &blob, &bytes).await
}

async fn upload_not_twice(target: &dyn Target, repo: &Repository, has: bool) -> Check {
    let (blob, bytes) = layer(312, 5000);
    ok(target.put_blob(repo, &blob, Body::bytes(bytes.clone())).await, "to push a blob")?;
    let opened = ok(target.open_blob(repo, &blob, None).await, "to ask for a blob that is there")?;
    let present = matches!(opened, Opened::Present);
    if let Opened::Upload(session) = opened {
        ok(session.complete(Body::bytes(bytes.clone())).await, "to upload a blob again")?;
    }
    must(present == has, expected(has, "a blob that is there"), format_args!("present: {present}"))?;
    there(target, repo, &blob, &bytes).await
}

async fn mount(target: &dyn Target, repo: &Repository, has: bool) -> Check {
    let from = beside(repo, "mount")?;
    let (blob, bytes) = layer(313, 5000);
    ok(target.put_blob(&from, &blob, Body::bytes(bytes.clone())).await, "to push a blob to another repository")?;
    not_there(target, repo, &blob).await?;
    let opened = ok(target.open_blob(repo, &blob, Some(&from)).await, "to ask for a mount")?;
    let present = matches!(opened, Opened::Present);
    if let Opened::Upload(session) = opened {
        ok(session.complete(Body::bytes(bytes.clone())).await, "to upload what could not be mounted")?;
    }
    must(present == has, expected(has, "a blob of another repository"), format_args!("present: {present}"))?;
    there(target, repo, &blob, &bytes).await
}

async fn mount_of_nothing(target: &dyn Target, repo: &Repository) -> Check {
    let (blob, bytes) = layer(314, 5000);
    for from in [beside(repo, "mount")?, beside(repo, "never-made")?] {
        match ok(target.open_blob(repo, &blob, Some(&from)).await, "to ask for a mount of what is not there")? {
            Opened::Upload(session) => ok(session.cancel().await, "to give that session up")?,
            Opened::Present => return unmet("an upload session for what cannot be mounted", "that it is there"),
        }
        not_there(target, repo, &blob).await?;
    }
    upload(target, repo, &blob, Body::bytes(bytes.clone())).await?;
    there(target, repo, &blob, &bytes).await
}

fn expected(has: bool, what: &str) -> String {
    if has { format!("{what} to be present") } else { format!("{what} not to be present, as is declared") }
}
