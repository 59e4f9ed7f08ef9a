//! The wrappers: each passes the conformance suite, does its one thing exactly, and stacks on the others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod clock;
mod conformance;
mod limit;
mod read_only;
mod remember;
mod retry;
mod retry_streams;
mod retry_sweep;
mod throttle;
mod trace;

use bytes::{Bytes, BytesMut};
use futures::stream::StreamExt as _;
use lockage_registry::{ByteStream, Descriptor, Memory, Repository, Result, TagOrDigest, TargetExt as _, testing};

fn memory() -> Memory {
    Memory::new("registry.test".parse().unwrap())
}

fn repo() -> Repository {
    "registry.test/app".parse().unwrap()
}

fn tag(name: &str) -> TagOrDigest {
    TagOrDigest::Tag(name.parse().unwrap())
}

/// A blob that a registry has.
async fn stored(memory: &Memory, seed: u64, length: usize) -> (Descriptor, Bytes) {
    let (blob, bytes) = testing::fixtures::layer("application/octet-stream", seed, length);
    memory.put_blob(&repo(), &blob, bytes.clone().into()).await.unwrap();
    (blob, bytes)
}

async fn drained(mut stream: ByteStream) -> Result<Bytes> {
    let mut all = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        all.extend_from_slice(&chunk?);
    }
    Ok(all.freeze())
}
