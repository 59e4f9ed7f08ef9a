//! The conformance suite passes on `Memory` and on stacks of wrappers, and fails on backends that are broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::executor::block_on;
use futures::stream::{BoxStream, StreamExt as _};
use lockage_registry::testing::conformance::{self, Capabilities, Capability, Failures};
use lockage_registry::testing::{Fault, Faulty, Operation, Recorder, fixtures};
use lockage_registry::{
    Body, ByteStream, Descriptor, Digest, Error, ErrorKind, Memory, Opened, Prune, RawManifest, Registry, Repository,
    Result, Source, SourceExt as _, Stored, Tag, TagOrDigest, Target, Upload, Verify,
};

fn memory() -> Memory {
    Memory::new("registry.test".parse().unwrap())
}

fn repo() -> Repository {
    "registry.test/conformance/suite".parse().unwrap()
}

fn passes(registry: &dyn Registry) -> conformance::Report {
    block_on(conformance::registry(registry, &repo(), &Capabilities::all())).unwrap()
}

fn fails(registry: &dyn Registry, capabilities: &Capabilities) -> Vec<String> {
    let failures = block_on(conformance::registry(registry, &repo(), capabilities)).unwrap_err();
    failures.failures.into_iter().map(|failure| failure.check).collect()
}

#[test]
fn memory_does_everything() {
    let report = passes(&memory());
    assert!(report.checks.len() > 50, "{report}");
    assert!(report.shortfalls.is_empty());
    assert_eq!(report.to_string(), format!("{} checks passed", report.checks.len()));
}

#[test]
fn pointers_and_wrappers_do_everything() {
    let shared: Arc<dyn Registry> = Arc::new(memory());
    passes(&shared);
    let recorder = Recorder::new(memory());
    passes(&recorder);
    assert_eq!(recorder.to_string(), "Recorder(memory registry.test)");
    for operation in [Operation::CompleteUpload, Operation::CancelUpload, Operation::DeleteTag] {
        assert!(recorder.count(operation) > 0, "{operation}");
    }
    let faulty = Faulty::new(Recorder::new(memory()));
    passes(&faulty);
    assert_eq!(faulty.calls(), faulty.inner().calls().len());
    let verified = Verify::new(Arc::new(memory()));
    block_on(conformance::target(&verified, &repo(), &Capabilities::all())).unwrap();
}

#[test]
fn a_source_that_was_loaded_before() {
    let (memory, repo) = (memory(), repo());
    for (image, tag) in fixtures::seeded() {
        block_on(fixtures::push(&memory, &repo, &image, &tag)).unwrap();
    }
    let report = block_on(conformance::source(&memory, &repo, &Capabilities::all())).unwrap();
    assert!(report.checks.len() > 30, "{report}");
    // One tag more or less is noticed.
    block_on(memory.delete_tag(&repo, &"nested".parse().unwrap())).unwrap();
    let failures = block_on(conformance::source(&memory, &repo, &Capabilities::all())).unwrap_err();
    let names: Vec<_> = failures.failures.iter().map(|failure| failure.check.as_str()).collect();
    assert_eq!(names, ["serves nested", "tags_complete"]);
}

#[test]
fn a_suite_can_be_spawned() {
    fn sendable<T: Send>(_: T) {}
    let (memory, repo, capabilities) = (memory(), repo(), Capabilities::all());
    sendable(conformance::source(&memory, &repo, &capabilities));
    sendable(conformance::target(&memory, &repo, &capabilities));
    sendable(conformance::registry(&memory, &repo, &capabilities));
}

#[test]
fn no_declaration_can_rot() {
    // `Memory` can do everything, so that each capability that is declared absent must be found there.
    for capability in Capability::ALL {
        let failed = fails(&memory(), &Capabilities::all().without(capability));
        assert!(!failed.is_empty(), "{capability} is declared absent, is there, and nobody noticed");
    }
}

#[test]
fn failures_say_what_was_expected_and_what_was_seen() {
    let capabilities = Capabilities::all().without(Capability::Mount);
    let failures: Failures = block_on(conformance::target(&memory(), &repo(), &capabilities)).unwrap_err();
    assert_eq!(
        format!("{failures:?}"),
        format!(
            "1 of {} checks failed\n  mount: expected a blob of another repository not to be present, as is declared, \
             saw present: true",
            failures.checks
        )
    );
}

/// What is wrong with a [`Broken`] registry.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bug {
    WrongBytes,
    WrongSize,
    EndsEarly,
    IgnoresOffset,
    OtherMediaType,
    RewritesManifests,
    DropsATag,
    RepeatsATag,
    UnsortedTags,
    EmptyReferrers,
    IgnoresTheFilter,
    NotFoundIsEmpty,
    ErrorIsNotFound,
    TagsDoNotMove,
    TagsOnly,
    AlwaysPresent,
    NeverPresent,
    BelievesUploads,
    MountsAnything,
    CancelCompletes,
    LiesAboutDeletes,
    DeletesWithTheTag,
    WrongStored,
    NeverIndexed,
}

const BUGS: [(Bug, &str); 24] = [
    (Bug::WrongBytes, "keeps image"),
    (Bug::WrongSize, "size_of_a_blob"),
    (Bug::EndsEarly, "upload_from_memory"),
    (Bug::IgnoresOffset, "part_of_a_blob"),
    (Bug::OtherMediaType, "declared_media_type"),
    (Bug::RewritesManifests, "keeps odd-whitespace"),
    (Bug::DropsATag, "tags_complete"),
    (Bug::RepeatsATag, "tags_in_order"),
    (Bug::UnsortedTags, "tags_in_order"),
    (Bug::EmptyReferrers, "referrers_all"),
    (Bug::IgnoresTheFilter, "referrers_by_type"),
    (Bug::NotFoundIsEmpty, "unknown_repository"),
    (Bug::ErrorIsNotFound, "unknown_tag"),
    (Bug::TagsDoNotMove, "tag_moves"),
    (Bug::TagsOnly, "put_by_digest"),
    (Bug::AlwaysPresent, "upload_from_memory"),
    (Bug::NeverPresent, "upload_not_twice"),
    (Bug::BelievesUploads, "upload_wrong_bytes"),
    (Bug::MountsAnything, "mount_of_nothing"),
    (Bug::CancelCompletes, "upload_cancelled"),
    (Bug::LiesAboutDeletes, "delete_manifest"),
    (Bug::DeletesWithTheTag, "delete_tag"),
    (Bug::WrongStored, "put_by_digest"),
    (Bug::NeverIndexed, "subject_indexed"),
];

#[test]
fn the_suite_can_fail() {
    for (bug, check) in BUGS {
        let failed = fails(&Broken { inner: memory(), bug }, &Capabilities::all());
        assert!(failed.iter().any(|name| name == check), "{bug:?} was not found by {check}, but by {failed:?}");
    }
}

#[test]
fn wrappers_break_nothing_but_what_is_scripted() {
    // A registry that fails once fails the suite, wherever that happens.
    for nth in [0, 7, 100, 400] {
        let faulty = Faulty::new(memory()).fail(nth, Fault::Before(ErrorKind::Unavailable));
        assert!(!fails(&faulty, &Capabilities::all()).is_empty());
    }
}

/// `Memory` with a bug.
#[derive(Debug)]
struct Broken {
    inner: Memory,
    bug: Bug,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({})", self.bug, self.inner)
    }
}

#[async_trait]
impl Source for Broken {
    async fn resolve(&self, repo: &Repository, what: &TagOrDigest) -> Result<Descriptor> {
        match (self.bug, self.inner.resolve(repo, what).await) {
            (Bug::ErrorIsNotFound, Err(_)) => Err(Error::new(ErrorKind::Unavailable, "resolve", repo)),
            (_, result) => result,
        }
    }

    async fn manifest(&self, repo: &Repository, what: &TagOrDigest) -> Result<RawManifest> {
        let manifest = self.inner.manifest(repo, what).await?;
        match self.bug {
            Bug::OtherMediaType => {
                let sniffed = RawManifest::sniff_media_type(manifest.bytes())?;
                RawManifest::new(sniffed, manifest.bytes().clone())
            }
            Bug::RewritesManifests => {
                let value: serde_json::Value = serde_json::from_slice(manifest.bytes()).unwrap();
                RawManifest::new(manifest.media_type(), serde_json::to_vec(&value).unwrap().into())
            }
            _ => Ok(manifest),
        }
    }

    async fn stat_blob(&self, repo: &Repository, blob: &Digest) -> Result<u64> {
        let size = self.inner.stat_blob(repo, blob).await?;
        Ok(if self.bug == Bug::WrongSize { size + 1 } else { size })
    }

    async fn blob(&self, repo: &Repository, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        match self.bug {
            Bug::IgnoresOffset => self.inner.blob(repo, blob, 0).await,
            Bug::WrongBytes => {
                let faulty = Faulty::new(&self.inner).fail(0, Fault::Corrupt);
                faulty.blob(repo, blob, from).await
            }
            Bug::EndsEarly => {
                let faulty = Faulty::new(&self.inner).fail(0, Fault::ShortEnd(blob.size.saturating_sub(1)));
                faulty.blob(repo, blob, from).await
            }
            _ => self.inner.blob(repo, blob, from).await,
        }
    }

    fn tags<'a>(&'a self, repo: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        let tags = self.inner.tags(repo);
        match self.bug {
            Bug::DropsATag => tags.skip(1).boxed(),
            Bug::RepeatsATag => self.inner.tags(repo).take(1).chain(tags).boxed(),
            Bug::UnsortedTags => tags.skip(1).chain(self.inner.tags(repo).take(1)).boxed(),
            Bug::NotFoundIsEmpty => tags.filter(|tag| futures::future::ready(tag.is_ok())).boxed(),
            _ => tags,
        }
    }

    async fn referrers(
        &self,
        repo: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        match self.bug {
            Bug::EmptyReferrers => Ok(Vec::new()),
            Bug::IgnoresTheFilter => self.inner.referrers(repo, subject, None).await,
            _ => self.inner.referrers(repo, subject, artifact_type).await,
        }
    }
}

#[async_trait]
impl Target for Broken {
    async fn put_manifest(&self, repo: &Repository, manifest: &RawManifest, at: &TagOrDigest) -> Result<Stored> {
        if self.bug == Bug::TagsOnly && at.digest().is_some() {
            return Err(Error::new(ErrorKind::Unsupported, "push manifest", repo));
        }
        let held = match at.tag() {
            Some(_) if self.bug == Bug::TagsDoNotMove => self.inner.manifest(repo, at).await.ok(),
            _ => None,
        };
        let mut stored = self.inner.put_manifest(repo, manifest, at).await?;
        if let Some(held) = held {
            self.inner.put_manifest(repo, &held, at).await?;
        }
        match self.bug {
            Bug::WrongStored => stored.digest = fixtures::image(9).root().digest().clone(),
            Bug::NeverIndexed => stored.subject_indexed = false,
            _ => {}
        }
        Ok(stored)
    }

    async fn open_blob(&self, repo: &Repository, blob: &Descriptor, from: Option<&Repository>) -> Result<Opened> {
        if self.bug == Bug::AlwaysPresent || self.bug == Bug::MountsAnything && from.is_some() {
            return Ok(Opened::Present);
        }
        let session = |inner| Opened::Upload(Box::new(Session { bug: self.bug, blob: blob.clone(), inner }));
        Ok(match self.inner.open_blob(repo, blob, from).await? {
            Opened::Upload(inner) => session(inner),
            Opened::Present if self.bug == Bug::NeverPresent => {
                let Opened::Upload(inner) = memory().open_blob(repo, blob, None).await? else { unreachable!() };
                session(inner)
            }
            Opened::Present => Opened::Present,
        })
    }
}

#[async_trait]
impl Prune for Broken {
    async fn delete_manifest(&self, repo: &Repository, digest: &Digest) -> Result<()> {
        if self.bug == Bug::LiesAboutDeletes {
            return Ok(());
        }
        self.inner.delete_manifest(repo, digest).await
    }

    async fn delete_tag(&self, repo: &Repository, tag: &Tag) -> Result<()> {
        let resolved = self.inner.resolve(repo, &tag.clone().into()).await?;
        if self.bug == Bug::DeletesWithTheTag {
            return self.inner.delete_manifest(repo, &resolved.digest).await;
        }
        self.inner.delete_tag(repo, tag).await
    }
}

#[derive(Debug)]
struct Session {
    bug: Bug,
    blob: Descriptor,
    inner: Box<dyn Upload>,
}

#[async_trait]
impl Upload for Session {
    async fn complete(self: Box<Self>, body: Body<'_>) -> Result<()> {
        if self.bug == Bug::BelievesUploads {
            // It says yes, whatever came.
            return self.inner.complete(body).await.or(Ok(()));
        }
        self.inner.complete(body).await
    }

    async fn cancel(self: Box<Self>) -> Result<()> {
        if self.bug == Bug::CancelCompletes {
            // A session that keeps the blob although it was given up.
            for seed in 300..400 {
                let (blob, bytes) = fixtures::layer("application/vnd.oci.image.layer.v1.tar", seed, 5000);
                if blob == self.blob {
                    return self.inner.complete(Body::bytes(bytes)).await;
                }
            }
        }
        self.inner.cancel().await
    }
}

#[test]
fn fixtures_are_the_same_everywhere() {
    let (images, again) = (fixtures::seeded(), fixtures::seeded());
    assert_eq!(images, again);
    let digest = |name: &str| {
        let (image, _) = images.iter().find(|(_, tag)| tag.as_str() == name).unwrap();
        image.root().digest().short().to_owned()
    };
    // Should one of these change, so do the fixtures that others have loaded into their sources.
    assert_eq!(digest("image"), "897e73550028");
    assert_eq!(digest("index"), "f023a0383706");
    assert_eq!(digest("docker-list"), "de96ee361e64");
    assert_eq!(digest("odd-whitespace"), "66fe9c150fb8");
    let attested = &images[1].0;
    let entries = attested.root().view().unwrap();
    assert_eq!(entries.children().len(), 4);
    assert_eq!(entries.children().iter().filter(|entry| entry.is_attestation()).count(), 2);
    // Children stand before what lists them.
    for (image, tag) in &images {
        for (n, manifest) in image.manifests.iter().enumerate() {
            for child in manifest.view().unwrap().children() {
                let before = image.manifests.iter().take(n).any(|other| *other.digest() == child.digest);
                assert!(before, "{tag}");
            }
        }
    }
}

#[test]
fn faults_happen_where_they_are_scripted() {
    block_on(async {
        let (repo, tag) = (repo(), "v1".parse::<Tag>().unwrap());
        let image = fixtures::image(1);
        let (layer, bytes) = image.blobs.last().unwrap();
        let memory = memory();
        fixtures::push(&memory, &repo, &image, &tag).await.unwrap();

        let at = TagOrDigest::Tag(tag.clone());
        let before = Faulty::new(&memory).fail(1, Fault::Before(ErrorKind::Timeout));
        before.resolve(&repo, &at).await.unwrap();
        let error = before.resolve(&repo, &at).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Timeout, true));
        assert_eq!(
            error.to_string(),
            "resolve registry.test/conformance/suite v1: call 1 was scripted to fail (Timeout)"
        );
        assert_eq!(before.calls(), 2);

        for (fault, length, whole) in [
            (Fault::Truncate(10), 10, false),
            (Fault::Truncate(0), 0, false),
            (Fault::ShortEnd(10), 10, true),
            (Fault::Corrupt, bytes.len(), true),
        ] {
            let faulty = Faulty::new(&memory).fail(0, fault);
            let items: Vec<Result<Bytes>> = faulty.blob(&repo, layer, 0).await.unwrap().collect().await;
            let read: usize = items.iter().flatten().map(Bytes::len).sum();
            assert_eq!((read, items.iter().all(Result::is_ok)), (length, whole), "{fault:?}");
            let verified = Verify::new(Faulty::new(&memory).fail(0, fault));
            verified.read_blob(&repo, layer, 1 << 20).await.unwrap_err();
        }

        let lost = Faulty::new(&memory)
            .script(|_, call| (call.operation == Operation::DeleteTag).then_some(Fault::After(ErrorKind::Unreachable)));
        assert_eq!(lost.delete_tag(&repo, &tag).await.unwrap_err().kind(), ErrorKind::Unreachable);
        assert!(memory.resolve(&repo, &at).await.unwrap_err().is_not_found(), "it was done");

        let (blob, bytes) = fixtures::layer("application/octet-stream", 99, 100);
        for fault in [Fault::Corrupt, Fault::Truncate(50), Fault::ShortEnd(50)] {
            let faulty = Faulty::new(&memory).fail(1, fault);
            let Opened::Upload(session) = faulty.open_blob(&repo, &blob, None).await.unwrap() else { panic!() };
            session.complete(Body::bytes(bytes.clone())).await.unwrap_err();
            assert!(memory.stat_blob(&repo, &blob.digest).await.unwrap_err().is_not_found());
        }

        for name in ["a", "b", "c"] {
            fixtures::push(&memory, &repo, &image, &name.parse().unwrap()).await.unwrap();
        }
        for (fault, items, whole) in [
            (Fault::Before(ErrorKind::Denied), 1, false),
            (Fault::Truncate(2), 3, false),
            (Fault::ShortEnd(2), 2, true),
            (Fault::Corrupt, 3, true),
        ] {
            let faulty = Faulty::new(&memory).fail(0, fault);
            let tags: Vec<_> = faulty.tags(&repo).collect().await;
            assert_eq!((tags.len(), tags.iter().all(Result::is_ok)), (items, whole), "{fault:?}");
        }
    });
}

#[test]
fn a_recorder_lists_calls_in_order() {
    block_on(async {
        let (repo, other) = (repo(), "registry.test/other".parse::<Repository>().unwrap());
        let recorder = Recorder::new(memory());
        let image = fixtures::image_with_layers(1, &[10]);
        fixtures::push(&recorder, &repo, &image, &"v1".parse().unwrap()).await.unwrap();
        let (layer, _) = image.blobs.last().unwrap();
        recorder.open_blob(&other, layer, Some(&repo)).await.unwrap();
        let _ = recorder.blob(&repo, layer, 3).await.unwrap();
        let _ = recorder.referrers(&repo, &layer.digest, Some("a/b")).await.unwrap();
        let _ = recorder.tags(&repo);
        let log: Vec<_> = recorder.calls().iter().map(ToString::to_string).collect();
        let (config, layer) = (&image.blobs[0].0.digest, &layer.digest);
        assert_eq!(
            log,
            [
                format!("open upload {repo} {config}"),
                format!("complete upload {repo} {config}"),
                format!("open upload {repo} {layer}"),
                format!("complete upload {repo} {layer}"),
                format!("push manifest {repo} v1"),
                format!("open upload {other} {layer} mount {repo}"),
                format!("pull blob {repo} {layer} from 3"),
                format!("list referrers {repo} {layer} of a/b"),
                format!("list tags {repo}"),
            ]
        );
        recorder.clear();
        assert!(recorder.calls().is_empty());
    });
}
