//! `Retry` over streams that break: downloads go on where they were, listings start again.

use std::sync::Arc;

use futures::executor::block_on;
use futures::stream::{StreamExt as _, TryStreamExt as _};
use lockage_registry::testing::{Call, Fault, Faulty, Operation, Recorder, fixtures};
use lockage_registry::{
    ErrorKind, Limit, Memory, Prune as _, Retry, RetryPolicy, Source, Status, Tag, Target as _, Verify,
};

use crate::clock::Fake;
use crate::{drained, memory, repo, stored, tag};

fn on<T>(clock: &Arc<Fake>, attempts: u32, inner: T) -> Retry<T> {
    let policy = RetryPolicy::default().with_attempts(attempts);
    Retry::new(inner, policy).with_clock(clock.clone()).with_jitter(|| 1.0)
}

#[test]
fn a_download_that_gets_further_each_time_is_never_given_up() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 95));
    let recorder = Recorder::new(memory);
    let registry = Faulty::new(recorder.clone()).script(|_, _| Some(Fault::Truncate(10)));
    let clock = Fake::new();
    let retry = on(&clock, 2, registry);
    assert_eq!(block_on(async { drained(retry.blob(&repo(), &blob, 0).await?).await }).unwrap(), bytes);
    let asked: Vec<_> = recorder.calls().into_iter().map(|call| call.what).collect();
    assert_eq!(asked.len(), 10);
    assert_eq!(asked[0], blob.digest.to_string());
    assert_eq!(asked[9], format!("{} from 90", blob.digest));
    assert_eq!(clock.slept(), [100; 9]);

    // From an offset it goes on from there.
    recorder.clear();
    let part = block_on(async { drained(retry.blob(&repo(), &blob, 80).await?).await }).unwrap();
    assert_eq!(part, bytes.slice(80..));
    assert_eq!(recorder.calls()[1].what, format!("{} from 90", blob.digest));
}

#[test]
fn a_download_that_is_stuck_is_given_up() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 95));
    let stuck = |_, call: &Call| Some(Fault::Truncate(if call.what.contains("from") { 0 } else { 40 }));
    let registry = Faulty::new(memory).script(stuck);
    let clock = Fake::new();
    let mut stream = block_on(on(&clock, 3, registry.clone()).blob(&repo(), &blob, 0)).unwrap();
    assert_eq!(block_on(stream.next()).unwrap().unwrap(), bytes.slice(..40));
    let error = block_on(stream.next()).unwrap().unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Status::Persistent, 3));
    assert_eq!((registry.calls(), clock.slept()), (3, vec![100, 200]));
    assert!(block_on(stream.next()).is_none());
}

#[test]
fn a_download_that_breaks_behind_its_last_byte_is_whole() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 95));
    let registry = Faulty::new(memory).fail(0, Fault::Truncate(95));
    let retry = on(&Fake::new(), 3, registry.clone());
    assert_eq!(block_on(async { drained(retry.blob(&repo(), &blob, 0).await?).await }).unwrap(), bytes);
    assert_eq!(registry.calls(), 1);
}

#[test]
fn a_download_fails_for_good_where_its_continuation_does() {
    let memory = memory();
    let (blob, _) = block_on(stored(&memory, 1, 95));
    let denied = Fault::Before(ErrorKind::Denied);
    let registry = Faulty::new(memory).fail(0, Fault::Truncate(40)).fail(1, denied);
    let stream = block_on(on(&Fake::new(), 3, registry.clone()).blob(&repo(), &blob, 0)).unwrap();
    assert_eq!(block_on(drained(stream)).unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(registry.calls(), 2);
}

#[test]
fn what_a_continued_download_is_made_of_is_verified_outside() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 95));
    let registry = Faulty::new(memory.clone()).fail(0, Fault::Truncate(40));
    let verified = Verify::new(on(&Fake::new(), 3, registry));
    assert_eq!(block_on(async { drained(verified.blob(&repo(), &blob, 0).await?).await }).unwrap(), bytes);
    let registry = Faulty::new(memory).fail(0, Fault::Truncate(40)).fail(1, Fault::Corrupt);
    let verified = Verify::new(on(&Fake::new(), 3, registry));
    let error = block_on(async { drained(verified.blob(&repo(), &blob, 0).await?).await }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
}

#[test]
fn a_broken_download_gives_its_permit_back_before_it_takes_another() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 95));
    let registry = Faulty::new(memory).script(|_, _| Some(Fault::Truncate(10)));
    let retry = on(&Fake::new(), 2, Limit::new(1, registry));
    assert_eq!(block_on(async { drained(retry.blob(&repo(), &blob, 0).await?).await }).unwrap(), bytes);
}

fn tagged(names: &[&str]) -> Memory {
    let memory = memory();
    for name in names {
        block_on(fixtures::push(&memory, &repo(), &fixtures::image(1), &name.parse().unwrap())).unwrap();
    }
    memory
}

fn names(tags: &[Tag]) -> Vec<&str> {
    tags.iter().map(Tag::as_str).collect()
}

#[test]
fn a_listing_that_breaks_is_started_again_without_duplicates() {
    let registry = Faulty::new(tagged(&["a", "b", "c", "d"])).fail(0, Fault::Truncate(1)).fail(1, Fault::Truncate(3));
    let clock = Fake::new();
    let retry = on(&clock, 3, registry.clone());
    let tags: Vec<_> = block_on(retry.tags(&repo()).try_collect()).unwrap();
    assert_eq!(names(&tags), ["a", "b", "c", "d"]);
    assert_eq!((registry.calls(), clock.slept()), (3, vec![100, 200]));
}

#[test]
fn a_listing_in_a_registry_that_changes_misses_nothing_that_stayed() {
    let memory = tagged(&["a", "c", "e"]);
    let repository = repo();
    let retry = on(&Fake::new(), 3, Faulty::new(memory.clone()).fail(0, Fault::Truncate(2)));
    let mut tags = retry.tags(&repository);
    assert_eq!(block_on(tags.next()).unwrap().unwrap().as_str(), "a");
    block_on(memory.put_manifest(&repo(), fixtures::image(1).root(), &tag("b"))).unwrap();
    block_on(memory.delete_tag(&repo(), &"a".parse().unwrap())).unwrap();
    let rest: Vec<_> = block_on(tags.try_collect()).unwrap();
    assert_eq!(names(&rest), ["c", "b", "e"]);
}

#[test]
fn a_listing_is_given_up_and_never_ends_as_if_it_were_whole() {
    let registry = Faulty::new(tagged(&["a", "b", "c"])).script(|_, _| Some(Fault::Truncate(2)));
    let retry = on(&Fake::new(), 3, Recorder::new(registry));
    let repository = repo();
    let items: Vec<_> = block_on(retry.tags(&repository).collect());
    assert_eq!(items.len(), 3);
    let error = items[2].as_ref().unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Status::Persistent, 3));
    drop(items);
    assert_eq!(retry.into_inner().count(Operation::Tags), 3);
}
