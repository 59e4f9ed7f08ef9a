//! `Retry`: how often, how late, and what counts as done.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::executor::block_on;
use futures::stream::{self, BoxStream, StreamExt as _};
use lockage_registry::testing::{Fault, Faulty, Operation, Recorder, fixtures};
use lockage_registry::{
    Body, ByteStream, Descriptor, Digest, Error, ErrorKind, Memory, Prune, RawManifest, Registry, Repository, Result,
    Retry, RetryPolicy, Source, SourceExt as _, Status, Tag, TagOrDigest, Target, TargetExt as _,
};

use crate::clock::Fake;
use crate::{memory, repo, stored, tag};

type Flaky = Faulty<Recorder<Memory>>;

fn always(kind: ErrorKind) -> Flaky {
    Faulty::new(Recorder::new(memory())).script(move |_, _| Some(Fault::Before(kind)))
}

fn on<T>(clock: &Arc<Fake>, inner: T) -> Retry<T> {
    Retry::new(inner, RetryPolicy::default()).with_clock(clock.clone()).with_jitter(|| 1.0)
}

#[test]
fn the_waits_double_and_the_attempts_are_counted() {
    let (clock, registry) = (Fake::new(), always(ErrorKind::Unavailable));
    let error = block_on(on(&clock, registry.clone()).resolve(&repo(), &tag("v1"))).unwrap_err();
    assert_eq!(clock.slept(), [100, 200, 400, 800]);
    assert_eq!(registry.calls(), 5);
    assert_eq!((error.attempts(), error.status()), (5, Status::Persistent));
    assert!(error.to_string().ends_with("(after 5 attempts)"), "{error}");
}

#[test]
fn the_jitter_is_drawn_for_each_wait() {
    let (clock, registry) = (Fake::new(), always(ErrorKind::Unavailable));
    let draws = std::sync::Mutex::new(vec![0.75, 0.5, 0.25, 0.0]);
    let retry = on(&clock, registry).with_jitter(move || draws.lock().unwrap().pop().unwrap_or(1.0));
    block_on(retry.resolve(&repo(), &tag("v1"))).unwrap_err();
    assert_eq!(clock.slept(), [0, 50, 200, 600]);
    // Unless it is told otherwise, it draws by itself.
    let (clock, registry) = (Fake::new(), always(ErrorKind::Unavailable));
    let retry = Retry::new(registry, RetryPolicy::default().with_attempts(50)).with_clock(clock.clone());
    block_on(retry.resolve(&repo(), &tag("v1"))).unwrap_err();
    let slept = clock.slept();
    assert!(slept.len() == 49 && slept.iter().all(|wait| *wait <= 10_000), "{slept:?}");
    assert!(slept[8..].windows(2).any(|two| two[0] != two[1]), "{slept:?}");
}

#[test]
fn layers_of_retries_do_not_multiply() {
    let (clock, registry) = (Fake::new(), always(ErrorKind::Timeout));
    let error = block_on(on(&clock, on(&clock, registry.clone())).resolve(&repo(), &tag("v1"))).unwrap_err();
    assert_eq!((registry.calls(), error.attempts()), (5, 5));
}

#[test]
fn a_policy_without_retries_leaves_errors_as_they_are() {
    let (clock, registry) = (Fake::new(), always(ErrorKind::Timeout));
    let once = Retry::new(registry.clone(), RetryPolicy::none());
    assert_eq!(once.to_string(), "Retry(1, Faulty(Recorder(memory registry.test)))");
    let error = block_on(once.resolve(&repo(), &tag("v1"))).unwrap_err();
    assert_eq!((error.status(), error.attempts(), registry.calls()), (Status::Temporary, 1, 1));
    let error = block_on(on(&clock, once).resolve(&repo(), &tag("v1"))).unwrap_err();
    assert_eq!((error.status(), error.attempts(), registry.calls()), (Status::Persistent, 5, 6));
}

/// A registry that asks to be left alone, the n-th time for the n-th of these.
#[derive(Clone, Debug)]
struct Busy(Arc<std::sync::Mutex<Vec<u64>>>);

impl std::fmt::Display for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("busy")
    }
}

impl Busy {
    fn answer<T>(&self) -> Result<T> {
        let mut asked = self.0.lock().unwrap();
        let error = match asked.is_empty() {
            true => Error::new(ErrorKind::NotFound, "ask", "busy"),
            false => {
                Error::new(ErrorKind::RateLimited, "ask", "busy").with_retry_after(Duration::from_secs(asked.remove(0)))
            }
        };
        Err(error)
    }
}

#[async_trait]
impl Source for Busy {
    async fn resolve(&self, _: &Repository, _: &TagOrDigest) -> Result<Descriptor> {
        self.answer()
    }
    async fn manifest(&self, _: &Repository, _: &TagOrDigest) -> Result<RawManifest> {
        self.answer()
    }
    async fn stat_blob(&self, _: &Repository, _: &Digest) -> Result<u64> {
        self.answer()
    }
    async fn blob(&self, _: &Repository, _: &Descriptor, _: u64) -> Result<ByteStream> {
        self.answer()
    }
    fn tags<'a>(&'a self, _: &'a Repository) -> BoxStream<'a, Result<Tag>> {
        let error = self.answer();
        stream::once(async move { error }).boxed()
    }
    async fn referrers(&self, _: &Repository, _: &Digest, _: Option<&str>) -> Result<Vec<Descriptor>> {
        self.answer()
    }
}

#[test]
fn a_registry_that_says_when_to_come_back_is_believed_within_reason() {
    let busy = |asked: &[u64]| Busy(Arc::new(std::sync::Mutex::new(asked.to_vec())));
    let clock = Fake::new();
    let error = block_on(on(&clock, busy(&[3, 60])).resolve(&repo(), &tag("v1"))).unwrap_err();
    assert_eq!((error.kind(), clock.slept()), (ErrorKind::NotFound, vec![3_100, 60_200]));

    let (clock, registry) = (Fake::new(), busy(&[1, 3_600, 1]));
    let error = block_on(on(&clock, registry.clone()).resolve(&repo(), &tag("v1"))).unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::RateLimited, Status::Persistent, 2));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3_600)));
    assert_eq!(clock.slept(), [1_100], "it is not waited for what comes too late");
    assert_eq!(registry.0.lock().unwrap().len(), 1, "and it is not asked again");
}

#[test]
fn a_delete_whose_answer_was_lost_is_done() {
    let (image, v1): (_, Tag) = (fixtures::image(1), "v1".parse().unwrap());
    let digest = image.root().digest();
    let delete = |fault: Option<Fault>, by_tag: bool| {
        let memory = memory();
        block_on(fixtures::push(&memory, &repo(), &image, &v1)).unwrap();
        let registry = fault.into_iter().fold(Faulty::new(memory.clone()), |faulty, fault| faulty.fail(0, fault));
        let retry = on(&Fake::new(), registry.clone());
        let first = match by_tag {
            true => block_on(retry.delete_tag(&repo(), &v1)),
            false => block_on(retry.delete_manifest(&repo(), digest)),
        };
        assert!(block_on(memory.resolve(&repo(), &tag("v1"))).unwrap_err().is_not_found());
        let second = match by_tag {
            true => block_on(retry.delete_tag(&repo(), &v1)),
            false => block_on(retry.delete_manifest(&repo(), digest)),
        };
        assert!(second.unwrap_err().is_not_found(), "what was not there from the start is not found");
        (first, registry.calls())
    };
    for by_tag in [true, false] {
        assert!(matches!(delete(None, by_tag), (Ok(()), 2)));
        assert!(matches!(delete(Some(Fault::Before(ErrorKind::Unreachable)), by_tag), (Ok(()), 3)));
        assert!(matches!(delete(Some(Fault::After(ErrorKind::Unreachable)), by_tag), (Ok(()), 3)));
        // A refusal has no effect, so that "not found" after it is the truth.
        let (first, _) = delete(Some(Fault::After(ErrorKind::RateLimited)), by_tag);
        assert!(first.unwrap_err().is_not_found());
    }
}

#[test]
fn an_immutable_tag_that_holds_what_was_put_is_stored() {
    let (repo, image) = (repo(), fixtures::image(1));
    let put = |image: &fixtures::Image, first: Fault| {
        let memory = memory();
        block_on(fixtures::push(&memory, &repo, image, &"other".parse().unwrap())).unwrap();
        let immutable = Fault::Before(ErrorKind::TagImmutable);
        let registry = Faulty::new(memory).fail(0, first).fail(1, immutable);
        block_on(on(&Fake::new(), registry).put_manifest(&repo, image.root(), &tag("v1")))
    };
    let stored = put(&image, Fault::After(ErrorKind::Unreachable)).unwrap();
    assert_eq!((&stored.digest, stored.subject_indexed), (image.root().digest(), false));
    // It had not been stored, or nothing was lost, or the answer that was lost matters.
    for first in [Fault::Before(ErrorKind::Unreachable), Fault::After(ErrorKind::RateLimited)] {
        assert_eq!(put(&image, first).unwrap_err().kind(), ErrorKind::TagImmutable, "{first:?}");
    }
    let attached = fixtures::artifact_for(image.root().descriptor(), "application/spdx+json", 2);
    let refused = put(&attached, Fault::After(ErrorKind::Unreachable)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TagImmutable);
}

#[test]
fn an_upload_is_sent_again_in_a_new_session() {
    let (blob, bytes) = fixtures::layer("application/octet-stream", 7, 100);
    let broken = [Fault::Before(ErrorKind::Unavailable), Fault::Truncate(10), Fault::Truncate(100)];
    for fault in broken {
        let registry = Faulty::new(Recorder::new(memory())).fail(1, fault);
        let retry = on(&Fake::new(), registry.clone());
        block_on(retry.put_blob(&repo(), &blob, bytes.clone().into())).unwrap();
        assert_eq!(registry.inner().count(Operation::OpenBlob), 2, "{fault:?}");
        assert_eq!(block_on(retry.read_blob(&repo(), &blob, 1_000)).unwrap(), bytes, "{fault:?}");
    }
    // The answer was lost, and the new session is not needed: the body is not sent again.
    let registry = Faulty::new(Recorder::new(memory())).fail(1, Fault::After(ErrorKind::Timeout));
    block_on(on(&Fake::new(), registry.clone()).put_blob(&repo(), &blob, bytes.clone().into())).unwrap();
    let operations: Vec<_> = registry.inner().calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, [Operation::OpenBlob, Operation::CompleteUpload, Operation::OpenBlob]);
    // Wrong bytes are refused for good.
    let registry = Faulty::new(Recorder::new(memory())).fail(1, Fault::Corrupt);
    let error = block_on(on(&Fake::new(), registry.clone()).put_blob(&repo(), &blob, bytes.into())).unwrap_err();
    assert_eq!((error.kind(), registry.calls()), (ErrorKind::DigestMismatch, 2));
}

#[test]
fn a_body_that_can_be_read_once_is_sent_once() {
    let (blob, bytes) = fixtures::layer("application/octet-stream", 7, 100);
    let registry = Faulty::new(Recorder::new(memory())).fail(1, Fault::Before(ErrorKind::Unavailable));
    let (clock, once) = (Fake::new(), stream::once(async move { Ok(bytes) }).boxed());
    let error = block_on(on(&clock, registry.clone()).put_blob(&repo(), &blob, Body::once(once))).unwrap_err();
    assert_eq!((registry.calls(), clock.slept().len()), (2, 0));
    assert_eq!((error.status(), error.attempts()), (Status::Temporary, 1), "who has the bytes may try again");
}

#[test]
fn reopening_an_upload_counts_as_an_attempt_and_ends_too() {
    let (blob, bytes) = fixtures::layer("application/octet-stream", 7, 100);
    // The session fails, and from then on none can be had.
    let registry = Faulty::new(Recorder::new(memory()))
        .script(|nth, _| (nth >= 1).then_some(Fault::Before(ErrorKind::Unavailable)));
    let (clock, retry) = (Fake::new(), registry.clone());
    let error = block_on(on(&clock, retry).put_blob(&repo(), &blob, bytes.clone().into())).unwrap_err();
    assert_eq!((error.attempts(), registry.calls(), clock.slept().len()), (5, 6, 4));
    // One that is refused ends it at once.
    let registry = Faulty::new(Recorder::new(memory()))
        .fail(1, Fault::Before(ErrorKind::Unavailable))
        .fail(2, Fault::Before(ErrorKind::Denied));
    let error = block_on(on(&Fake::new(), registry.clone()).put_blob(&repo(), &blob, bytes.into())).unwrap_err();
    assert_eq!((error.kind(), registry.calls()), (ErrorKind::Denied, 3));
}

#[test]
fn a_session_that_is_not_needed_is_cancelled_once() {
    let (blob, _) = fixtures::layer("application/octet-stream", 7, 100);
    let registry = Faulty::new(Recorder::new(memory())).fail(1, Fault::Before(ErrorKind::Unavailable));
    let opened = block_on(on(&Fake::new(), registry.clone()).open_blob(&repo(), &blob, None)).unwrap();
    let lockage_registry::Opened::Upload(session) = opened else { panic!("it is not there") };
    assert!(format!("{session:?}").starts_with("Retry("));
    assert!(block_on(session.cancel()).unwrap_err().is_temporary());
    assert_eq!(registry.calls(), 2);
}

#[test]
fn a_trait_object_is_retried_as_well() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 100));
    let registry: Arc<dyn Registry> = Arc::new(Faulty::new(memory).fail(0, Fault::Truncate(40)));
    let retry = on(&Fake::new(), registry);
    assert_eq!(block_on(retry.read_blob(&repo(), &blob, 100)).unwrap(), bytes);
}
