//! Uploads (distribution-spec, "Pushing blobs"): in one request, in two, in chunks, or by mounting.

mod known;
mod sessions;
mod spool;

use std::str::FromStr as _;

use futures::stream::TryStreamExt as _;
use http::header::{CONTENT_RANGE, LOCATION, RANGE};
use http::{Method, StatusCode};
use lockage_tagging::{Algorithm, Digest, Repository};

pub(super) use self::known::Known;
use self::sessions::Held;
pub(super) use self::sessions::Sessions;
use self::spool::Spool;
use super::blobs::OCTET_STREAM;
use super::dispatch::{Asked, Shared};
use super::inbound::Inbound;
use super::range;
use super::refusal::{self, Refusal};
use super::reply::{CONTENT_DIGEST, Reply, UPLOAD_UUID};
use crate::{Body, Descriptor, ErrorKind, Opened, Result, verified};

/// `POST`: mounts, takes a blob whole, or opens a session.
pub(super) async fn begin(shared: &Shared, asked: &Asked, repo: &Repository) -> Result<Reply, Refusal> {
    algorithm(asked)?;
    if let Some(digest) = asked.query.get("mount") {
        let digest = refusal::digest(digest)?;
        let from = match asked.query.get("from").filter(|name| !name.is_empty()) {
            Some(name) => refusal::repository(&shared.host, name)?,
            // Only from where the client may pull, or it would get what it may not read.
            None => {
                let known = shared.known.place(&digest).filter(|place| asked.caller.may_pull(place.path()));
                known.unwrap_or_else(|| repo.clone())
            }
        };
        if mounted(shared, repo, &digest, &from).await {
            shared.known.remember(&digest, repo);
            return Ok(created(repo, &digest));
        }
    } else if let Some(digest) = asked.query.get("digest") {
        let digest = refusal::digest(digest)?;
        let mut spool = Spool::default();
        take(shared, repo, &digest, &mut spool, &asked.body).await?;
        return Ok(created(repo, &digest));
    }
    let id = shared.sessions.open(repo);
    Ok(progress(StatusCode::ACCEPTED, repo, &id, 0))
}

/// The algorithm that a client announces (`digest-algorithm`) is only looked at, because the digest at the end says it
/// again: what could not be checked then is refused now.
fn algorithm(asked: &Asked) -> Result<(), Refusal> {
    let Some(Err(error)) = asked.query.get("digest-algorithm").map(Algorithm::from_str) else { return Ok(()) };
    Err(refusal::refuse(StatusCode::BAD_REQUEST, "DIGEST_INVALID", &error.to_string()).into())
}

/// The requests to an open session.
pub(super) async fn answer(shared: &Shared, asked: &Asked, repo: &Repository, id: &str) -> Result<Reply, Refusal> {
    let mut held = shared.sessions.enter(repo, id).await?;
    match asked.method {
        Method::PATCH => {
            let chunk = placed(asked, repo, id, held.spool.len())?;
            append(&mut held.spool, &asked.body, chunk).await?;
            Ok(progress(StatusCode::ACCEPTED, repo, id, held.spool.len()))
        }
        Method::PUT => finish(shared, asked, repo, id, held).await,
        Method::DELETE => {
            shared.sessions.close(held);
            Ok(Reply::new(StatusCode::NO_CONTENT))
        }
        _ => Ok(progress(StatusCode::NO_CONTENT, repo, id, held.spool.len())),
    }
}

/// True where the repository has the blob now: because it had it, or because it was mounted.
///
/// Whatever fails is no error: the client is told to upload (distribution-spec, "Mounting a blob from another
/// repository").
async fn mounted(shared: &Shared, repo: &Repository, digest: &Digest, from: &Repository) -> bool {
    // Asked first, because a port wants the size, and so that no session is opened in vain.
    let size = match shared.registry.stat_blob(from, digest).await {
        Err(_) if from != repo => shared.registry.stat_blob(repo, digest).await,
        known => known,
    };
    let Ok(size) = size else { return false };
    let blob = Descriptor::new(OCTET_STREAM, digest.clone(), size);
    match shared.registry.open_blob(repo, &blob, (from != repo).then_some(from)).await {
        Ok(Opened::Present) => true,
        Ok(Opened::Upload(session)) => {
            // A session that cannot be cancelled expires.
            let _ = session.cancel().await;
            false
        }
        Err(_) => false,
    }
}

async fn finish(shared: &Shared, asked: &Asked, repo: &Repository, id: &str, mut held: Held) -> Result<Reply, Refusal> {
    let Some(digest) = asked.query.get("digest") else {
        let reply = refusal::refuse(StatusCode::BAD_REQUEST, "DIGEST_INVALID", "an upload ends with its digest");
        return Err(reply.into());
    };
    let digest = refusal::digest(digest)?;
    let last = placed(asked, repo, id, held.spool.len())?;
    if last.is_some() {
        append(&mut held.spool, &asked.body, last).await?;
    }
    let taken = take(shared, repo, &digest, &mut held.spool, &asked.body).await;
    let wrong = |kind| matches!(kind, ErrorKind::DigestMismatch | ErrorKind::SizeMismatch);
    // Wrong content stays wrong; after any other failure the session can go on.
    if taken.as_ref().map_or_else(|error| wrong(error.kind()), |()| true) {
        shared.sessions.close(held);
    }
    taken?;
    Ok(created(repo, &digest))
}

/// Stores what has been spooled and the body behind it.
///
/// A body that is the whole blob goes straight to the backend; it is spooled only where its size, which a port wants
/// beforehand, is not announced.
async fn take(shared: &Shared, repo: &Repository, digest: &Digest, spool: &mut Spool, body: &Inbound) -> Result<()> {
    let (size, content) = match body.length() {
        Some(size) if spool.is_empty() => (size, Body::once(body.stream())),
        _ => {
            receive(spool, body).await?;
            (spool.len(), spool.body().await?)
        }
    };
    let blob = Descriptor::new(OCTET_STREAM, digest.clone(), size);
    match shared.registry.open_blob(repo, &blob, None).await? {
        Opened::Upload(session) => session.complete(content).await?,
        // The answer says that the bytes that were sent have this digest, so they are checked here.
        Opened::Present => check(content, &blob).await?,
    }
    shared.known.remember(digest, repo);
    Ok(())
}

/// Reads the content to its end and keeps nothing.
async fn check(content: Body<'_>, blob: &Descriptor) -> Result<()> {
    let mut checked = verified(content.open(0).await?, blob)?;
    while checked.try_next().await?.is_some() {}
    Ok(())
}

/// Appends a chunk to the spool. What a broken connection has brought is kept; a chunk of another length than it said
/// is not.
async fn append(spool: &mut Spool, body: &Inbound, chunk: Option<(u64, u64)>) -> Result<(), Refusal> {
    let before = spool.len();
    receive(spool, body).await?;
    match chunk {
        Some((first, last)) if last - first + 1 != spool.len() - before => {
            spool.truncate(before);
            Err(refusal::refuse(StatusCode::BAD_REQUEST, "SIZE_INVALID", "the chunk has another length").into())
        }
        _ => Ok(()),
    }
}

async fn receive(spool: &mut Spool, body: &Inbound) -> Result<()> {
    while let Some(chunk) = body.next().await? {
        spool.append(&chunk).await?;
    }
    Ok(())
}

/// Where the chunk says that it belongs, which must be behind what is there.
fn placed(asked: &Asked, repo: &Repository, id: &str, offset: u64) -> Result<Option<(u64, u64)>, Refusal> {
    let Some(header) = asked.header(&CONTENT_RANGE) else {
        return Ok(None);
    };
    let Some((first, last)) = range::chunk(header) else {
        let message = "Content-Range is not of the form first-last";
        return Err(refusal::refuse(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID", message).into());
    };
    if first == offset {
        return Ok(Some((first, last)));
    }
    let message = format!("the next byte is {offset}");
    let reply = refusal::refuse(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID", &message);
    Err(located(reply, repo, id, offset).into())
}

fn created(repo: &Repository, digest: &Digest) -> Reply {
    Reply::new(StatusCode::CREATED)
        .header(LOCATION, format_args!("/v2/{}/blobs/{digest}", repo.path()))
        .header(CONTENT_DIGEST, digest)
}

fn progress(status: StatusCode, repo: &Repository, id: &str, received: u64) -> Reply {
    located(Reply::new(status), repo, id, received)
}

/// Says where the session is and how far. `0-0` is also what is said of nothing: the header cannot say it.
fn located(reply: Reply, repo: &Repository, id: &str, received: u64) -> Reply {
    reply
        .header(LOCATION, format_args!("/v2/{}/blobs/uploads/{id}", repo.path()))
        .header(RANGE, format_args!("0-{}", received.saturating_sub(1)))
        .header(UPLOAD_UUID, id)
}
