//! `Faulty`: failures where the script says, so that a test can visit every point at which a copy may break.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_tagging::{Digest, Repository, Tag};

use super::{Call, Operation};
use crate::{
    Body, ByteStream, Descriptor, Error, ErrorKind, Opened, Prune, RawManifest, Result, Source, Stored, TagOrDigest,
    Target, Upload, digest_of,
};

/// What goes wrong with one call.
///
/// Three are about bytes on their way: those of [`Source::blob`], or those of the body that is given to
/// [`Upload::complete`]. The two of them that cut also cut a listing of tags, counting tags. They change no other call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The call fails with this kind and has no effect.
    Before(ErrorKind),
    /// The call takes effect and its answer is lost: whoever tries again finds the work done.
    After(ErrorKind),
    /// The stream fails after this many bytes.
    Truncate(u64),
    /// The first byte has one bit flipped.
    Corrupt,
    /// The stream ends after this many bytes, as if that were all.
    ShortEnd(u64),
    /// Another digest than the right one: what [`Source::resolve`] finds for a tag, what [`Target::put_manifest`] says that
    /// it stored, and what a manifest that was asked for by its digest has, one blank longer than it should be. No other
    /// call is changed.
    OtherDigest,
}

/// Fails the calls that its script names, and passes all others on.
///
/// Calls are counted from 0, in the order in which they are made, over all ports and over the upload sessions that
/// come out of them. A test that wants to have seen every failure counts the calls of a run without faults, and then
/// makes the k-th of them fail for every k:
///
/// ```
/// use lockage_registry::{ErrorKind, Memory, testing::{Fault, Faulty, fixtures}};
/// # futures::executor::block_on(async {
/// let repo = "registry.test/app".parse()?;
/// let tag = "v1".parse()?;
/// let image = fixtures::image(1);
/// let registry = || Memory::new("registry.test".parse().unwrap());
///
/// let calm = Faulty::new(registry());
/// fixtures::push(&calm, &repo, &image, &tag).await?;
/// for k in 0..calm.calls() {
///     let target = Faulty::new(registry()).fail(k, Fault::After(ErrorKind::Unreachable));
///     fixtures::push(&target, &repo, &image, &tag).await.unwrap_err();
///     fixtures::push(&target, &repo, &image, &tag).await?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Faulty<T> {
    inner: T,
    script: Script,
}

type Rule = dyn Fn(usize, &Call) -> Option<Fault> + Send + Sync;

#[derive(Clone, Default)]
struct Script {
    calls: Arc<AtomicUsize>,
    planned: BTreeMap<usize, Fault>,
    rule: Option<Arc<Rule>>,
}

impl Script {
    fn next(&self, call: Call) -> Faced {
        let nth = self.calls.fetch_add(1, Ordering::SeqCst);
        let planned = self.planned.get(&nth).copied();
        let fault = planned.or_else(|| self.rule.as_ref().and_then(|rule| rule(nth, &call)));
        Faced { call, nth, fault }
    }
}

impl<T> Faulty<T> {
    /// Passes calls on to `inner`, without faults so far.
    #[must_use]
    pub fn new(inner: T) -> Self {
        Self { inner, script: Script::default() }
    }

    /// Makes the `nth` call, counted from 0, go wrong.
    #[must_use]
    pub fn fail(mut self, nth: usize, fault: Fault) -> Self {
        self.script.planned.insert(nth, fault);
        self
    }

    /// Asks `rule` about every call that [`fail`](Faulty::fail) does not name.
    #[must_use]
    pub fn script<F>(mut self, rule: F) -> Self
    where
        F: Fn(usize, &Call) -> Option<Fault> + Send + Sync + 'static,
    {
        self.script.rule = Some(Arc::new(rule));
        self
    }

    /// How many calls have been made. Clones count together.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.script.calls.load(Ordering::SeqCst)
    }

    /// The wrapped registry.
    #[must_use]
    pub fn inner(&self) -> &T {
        &self.inner
    }

    fn face(&self, operation: Operation, repo: &Repository, what: impl ToString) -> Faced {
        self.script.next(Call::new(operation, repo, what))
    }
}

impl<T: fmt::Debug> fmt::Debug for Faulty<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty")
            .field("inner", &self.inner)
            .field("calls", &self.calls())
            .field("planned", &self.script.planned)
            .finish_non_exhaustive()
    }
}

impl<T: fmt::Display> fmt::Display for Faulty<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({})", self.inner)
    }
}

/// A call with the fault, if any, that it meets.
struct Faced {
    call: Call,
    nth: usize,
    fault: Option<Fault>,
}

impl Faced {
    fn error(&self, kind: ErrorKind) -> Error {
        let subject = format_args!("{} {}", self.call.repository, self.call.what).to_string();
        Error::new(kind, self.call.operation.name(), subject.trim_end())
            .with_message(format_args!("call {} was scripted to fail ({kind:?})", self.nth))
    }

    fn before(&self) -> Result<()> {
        match self.fault {
            Some(Fault::Before(kind)) => Err(self.error(kind)),
            _ => Ok(()),
        }
    }

    fn after<T>(&self, result: Result<T>) -> Result<T> {
        match self.fault {
            // A call that failed by itself took no effect whose answer could be lost.
            Some(Fault::After(kind)) => result.and_then(|_| Err(self.error(kind))),
            _ => result,
        }
    }

    /// The bytes as the fault leaves them.
    fn bytes(&self, stream: ByteStream) -> ByteStream {
        match self.fault {
            Some(Fault::Truncate(length)) => {
                let error = self.error(ErrorKind::Unreachable);
                first(stream, length).chain(stream::once(async move { Err(error) })).boxed()
            }
            Some(Fault::ShortEnd(length)) => first(stream, length),
            Some(Fault::Corrupt) => corrupt(stream),
            _ => stream,
        }
    }

    /// The digest, or that of something else.
    fn digest(&self, right: Digest) -> Digest {
        match self.fault {
            Some(Fault::OtherDigest) => digest_of(right.algorithm(), right.as_str().as_bytes()).unwrap_or(right),
            _ => right,
        }
    }

    fn described(&self, found: Descriptor) -> Descriptor {
        Descriptor { digest: self.digest(found.digest), ..found }
    }

    /// The same document with a blank behind it.
    fn lengthened(&self, found: RawManifest) -> Result<RawManifest> {
        match self.fault {
            Some(Fault::OtherDigest) => {
                RawManifest::new(found.media_type(), [found.bytes(), b" ".as_slice()].concat().into())
            }
            _ => Ok(found),
        }
    }
}

/// The first `length` bytes.
fn first(stream: ByteStream, length: u64) -> ByteStream {
    stream::unfold((stream, length), |(mut stream, left)| async move {
        if left == 0 {
            return None;
        }
        match stream.next().await? {
            Ok(mut chunk) => {
                chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                let left = left - chunk.len() as u64;
                Some((Ok(chunk), (stream, left)))
            }
            Err(error) => Some((Err(error), (stream, 0))),
        }
    })
    .boxed()
}

fn corrupt(stream: ByteStream) -> ByteStream {
    let mut done = false;
    stream
        .map(move |item| {
            let chunk = item?;
            if done || chunk.is_empty() {
                return Ok(chunk);
            }
            done = true;
            let mut bytes = chunk.to_vec();
            if let Some(first) = bytes.first_mut() {
                *first ^= 1;
            }
            Ok(Bytes::from(bytes))
        })
        .boxed()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Source> Source for Faulty<T> {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        let faced = self.face(Operation::Resolve, repo, what);
        faced.before()?;
        let found = faced.after(self.inner.resolve(repo, what).await)?;
        Ok(if what.tag().is_some() { faced.described(found) } else { found })
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        let faced = self.face(Operation::Manifest, repo, what);
        faced.before()?;
        let found = faced.after(self.inner.manifest(repo, what).await)?;
        if what.digest().is_some() { faced.lengthened(found) } else { Ok(found) }
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        let faced = self.face(Operation::StatBlob, repo, blob);
        faced.before()?;
        faced.after(self.inner.stat_blob(repo, blob).await)
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        let faced = self.script.next(Call::blob(repo, blob, from));
        faced.before()?;
        let stream = faced.after(self.inner.blob(repo, blob, from).await)?;
        Ok(faced.bytes(stream))
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        let faced = self.face(Operation::Tags, repo, "");
        let count = |length| usize::try_from(length).unwrap_or(usize::MAX);
        let (length, kind) = match faced.fault {
            None | Some(Fault::Corrupt | Fault::OtherDigest) => return self.inner.tags(repo),
            Some(Fault::Before(kind) | Fault::After(kind)) => (0, Some(kind)),
            Some(Fault::Truncate(length)) => (count(length), Some(ErrorKind::Unreachable)),
            Some(Fault::ShortEnd(length)) => (count(length), None),
        };
        let error = kind.map(|kind| Err(faced.error(kind)));
        self.inner.tags(repo).take(length).chain(stream::iter(error)).boxed()
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        let faced = self.script.next(Call::referrers(repo, subject, artifact_type));
        faced.before()?;
        faced.after(self.inner.referrers(repo, subject, artifact_type).await)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target> Target for Faulty<T> {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        let faced = self.face(Operation::PutManifest, repo, at);
        faced.before()?;
        let stored = faced.after(self.inner.put_manifest(repo, manifest, at).await)?;
        Ok(Stored { digest: faced.digest(stored.digest), ..stored })
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        let faced = self.script.next(Call::open_blob(repo, blob, from));
        faced.before()?;
        Ok(match faced.after(self.inner.open_blob(repo, blob, from).await)? {
            Opened::Present => Opened::Present,
            Opened::Upload(inner) => Opened::Upload(Box::new(Session {
                inner,
                script: self.script.clone(),
                repo: repo.clone(),
                blob: blob.digest.clone(),
            })),
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Prune> Prune for Faulty<T> {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        let faced = self.face(Operation::DeleteManifest, repo, digest);
        faced.before()?;
        faced.after(self.inner.delete_manifest(repo, digest).await)
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        let faced = self.face(Operation::DeleteTag, repo, tag);
        faced.before()?;
        faced.after(self.inner.delete_tag(repo, tag).await)
    }
}

struct Session {
    inner: Box<dyn Upload>,
    script: Script,
    repo: Repository,
    blob: Digest,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({:?})", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        let faced = self.script.next(Call::new(Operation::CompleteUpload, &self.repo, &self.blob));
        faced.before()?;
        let body = match faced.fault {
            Some(Fault::Truncate(_) | Fault::Corrupt | Fault::ShortEnd(_)) => {
                Body::once(faced.bytes(body.open(0).await?))
            }
            _ => body,
        };
        faced.after(self.inner.complete(body).await)
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        let faced = self.script.next(Call::new(Operation::CancelUpload, &self.repo, &self.blob));
        faced.before()?;
        faced.after(self.inner.cancel().await)
    }
}
