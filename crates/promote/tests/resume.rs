//! A target that resumes an upload opens the body again: each byte is hashed once, and a wrong one is found wherever it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_promote::{Error, ImageCopy, Receipt, Side};
use lockage_registry::testing::fixtures;
use lockage_registry::{
    Body, ByteStream, Descriptor, Digest, ErrorKind, Memory, Opened, RawManifest, Reference, Repository, Result,
    Source, Stored, Tag, TagOrDigest, Target, Upload,
};

const SIZE: usize = 10_000;

/// Passes everything on to memory but what a test is about: uploads in several openings, or a byte of the blobs.
#[derive(Clone)]
struct Place {
    memory: Memory,
    /// Where the body is opened, and how many bytes are taken from there: the last opening takes all.
    openings: Vec<(u64, usize)>,
    /// Which byte is wrong, and in which reads: those up to this offset, or all.
    wrong: Option<u64>,
    opened: Arc<Mutex<Vec<u64>>>,
}

impl Place {
    fn new(host: &str) -> Self {
        Self {
            memory: Memory::new(host.parse().unwrap()),
            openings: vec![(0, usize::MAX)],
            wrong: None,
            opened: Arc::default(),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("place")
    }
}

#[async_trait]
impl Source for Place {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        self.memory.resolve(repo, what).await
    }
    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        self.memory.manifest(repo, what).await
    }
    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        self.memory.stat_blob(repo, blob).await
    }
    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        self.opened.lock().unwrap().push(from);
        let bytes = all(self.memory.blob(repo, blob, from).await?).await?;
        let mut bytes = bytes.to_vec();
        if let Some(wrong) = self.wrong.filter(|wrong| (from..from + bytes.len() as u64).contains(wrong)) {
            bytes[usize::try_from(wrong - from).unwrap()] ^= 1;
        }
        let chunks: Vec<_> = bytes.chunks(333).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        Ok(stream::iter(chunks).boxed())
    }
    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        self.memory.tags(repo)
    }
    async fn referrers(&self, repo: &Repository, subject: &Digest, kind: Option<&str>) -> Result<Vec<Descriptor>> {
        self.memory.referrers(repo, subject, kind).await
    }
}

#[async_trait]
impl Target for Place {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        self.memory.put_manifest(repo, manifest, at).await
    }
    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        Ok(match self.memory.open_blob(repo, blob, from).await? {
            Opened::Upload(inner) if blob.size > 9_000 => {
                Opened::Upload(Box::new(Session { inner, openings: self.openings.clone() }))
            }
            other => other,
        })
    }
}

/// Assembles the blob from several openings of the body, as an upload that is cut and resumed does.
struct Session {
    inner: Box<dyn Upload>,
    openings: Vec<(u64, usize)>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

#[async_trait]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        let mut got = Vec::new();
        for (at, most) in self.openings {
            got.truncate(usize::try_from(at).unwrap());
            let mut stream = body.try_clone().unwrap().open(at).await?;
            let mut taken = 0;
            while taken < most
                && let Some(chunk) = stream.next().await
            {
                let chunk = chunk?;
                taken += chunk.len();
                got.extend_from_slice(&chunk);
            }
        }
        self.inner.complete(Body::bytes(got)).await
    }
    async fn cancel(self: Box<Self>) -> Result<()> {
        self.inner.cancel().await
    }
}

async fn all(mut stream: ByteStream) -> Result<Bytes> {
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk?);
    }
    Ok(bytes.into())
}

fn from() -> Reference {
    "dev.test/app:x".parse().unwrap()
}

fn to() -> Reference {
    "prod.test/app:x".parse().unwrap()
}

async fn copy(openings: &[(u64, usize)], wrong: Option<u64>) -> (Place, lockage_promote::Result<Receipt>) {
    let image = fixtures::image_with_layers(1, &[SIZE]);
    let source = Place::new("dev.test");
    fixtures::push(&source.memory, from().repository(), &image, from().tag().unwrap()).await.unwrap();
    let source = Place { wrong, ..source };
    let target = Place { openings: openings.to_vec(), ..Place::new("prod.test") };
    let copy = ImageCopy::new(&source, &from()).to(&target, &to()).concurrency(1);
    let plan = copy.plan().await.unwrap();
    (source.clone(), copy.apply(&plan).await)
}

const RESUMED: [&[(u64, usize)]; 5] = [
    &[(0, usize::MAX)],
    // Cut, and resumed where it got to, or further back, or at the start.
    &[(0, 4_000), (3_996, usize::MAX)],
    &[(0, 4_000), (1_000, 500), (0, 9_000), (7_777, usize::MAX)],
    &[(0, 1), (333, 1), (666, usize::MAX)],
    // Everything was sent, and the answer was lost.
    &[(0, usize::MAX), (0, usize::MAX)],
];

#[tokio::test]
async fn an_upload_may_open_the_body_wherever_it_has_been() {
    for openings in RESUMED {
        let (source, result) = copy(openings, None).await;
        let receipt = result.unwrap_or_else(|e| panic!("{openings:?}: {e}"));
        let opened: Vec<_> = openings.iter().map(|(at, _)| *at).collect();
        // The config is read once; the layer wherever it was asked for.
        let mut read = source.opened.lock().unwrap().clone();
        read.pop();
        assert_eq!(read, opened);
        assert_eq!(
            receipt.bytes() as usize,
            SIZE + receipt.steps().iter().map(|s| s.content.size as usize).min().unwrap()
        );
    }
}

#[tokio::test]
async fn a_wrong_byte_is_found_in_whichever_opening_it_is_reached() {
    for openings in RESUMED {
        for wrong in [0, 1, 999, 3_995, 3_996, 4_000, 7_777, 9_998, 9_999] {
            let (_, result) = copy(openings, Some(wrong)).await;
            let error = result.err().unwrap_or_else(|| panic!("{openings:?}: byte {wrong} was not missed"));
            assert_eq!(error.port().unwrap().kind(), ErrorKind::DigestMismatch, "{openings:?} {wrong}: {error}");
            assert_eq!(error.side(), Some(Side::Source), "{openings:?} {wrong}: {error}");
        }
    }
}

#[tokio::test]
async fn bytes_that_were_never_reached_cannot_be_skipped() {
    let (_, result) = copy(&[(0, 333), (5_000, usize::MAX)], None).await;
    let error: Error = result.unwrap_err();
    assert_eq!((error.side(), error.port().unwrap().kind()), (Some(Side::Target), ErrorKind::Invalid), "{error}");
}
