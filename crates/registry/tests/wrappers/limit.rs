//! `Limit`: who holds a permit, for how long, and that nobody waits for himself.

use futures::executor::{LocalPool, block_on};
use futures::future::FutureExt as _;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use futures::task::LocalSpawnExt as _;
use lockage_registry::testing::{Fault, Faulty, Recorder, fixtures};
use lockage_registry::{
    Body, ErrorKind, Limit, Opened, Repository, Source as _, SourceExt as _, Target as _, TargetExt as _,
};

use crate::{drained, memory, repo, stored, tag};

#[test]
fn a_download_holds_its_permit_until_it_ends_or_is_dropped() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 100));
    let (limit, repo) = (Limit::new(1, memory), repo());
    let held = block_on(limit.blob(&repo, &blob, 0)).unwrap();
    assert!(limit.blob(&repo, &blob, 0).now_or_never().is_none());
    assert!(limit.clone().blob(&repo, &blob, 0).now_or_never().is_none(), "clones share the permits");
    assert_eq!(limit.stat_blob(&repo, &blob.digest).now_or_never().unwrap().unwrap(), 100);
    drop(held);
    let mut read = limit.blob(&repo, &blob, 0).now_or_never().unwrap().unwrap();
    assert_eq!(block_on(read.next()).unwrap().unwrap(), bytes);
    assert!(limit.blob(&repo, &blob, 0).now_or_never().is_none());
    assert!(block_on(read.next()).is_none());
    assert!(limit.blob(&repo, &blob, 0).now_or_never().is_some(), "one that has ended is only kept for its name");
    drop(read);
}

#[test]
fn an_upload_holds_its_permit_while_it_is_completed() {
    let (limit, repo) = (Limit::new(1, memory()), repo());
    let blobs: Vec<_> = (0..4).map(|seed| fixtures::layer("application/octet-stream", seed, 100)).collect();
    // Sessions that wait hold nothing.
    let mut sessions = blobs.iter().map(|(blob, _)| {
        let opened = limit.open_blob(&repo, blob, None).now_or_never().unwrap();
        let Opened::Upload(session) = opened.unwrap() else { panic!("it is there already") };
        session
    });
    let (first, second, third) = (sessions.next().unwrap(), sessions.next().unwrap(), sessions.next().unwrap());
    let mut stuck = first.complete(Body::once(stream::pending().boxed()));
    assert!((&mut stuck).now_or_never().is_none());
    let mut waiting = second.complete(blobs[1].1.clone().into());
    assert!((&mut waiting).now_or_never().is_none());
    // What is no upload goes on meanwhile, and so does giving one up.
    third.cancel().now_or_never().unwrap().unwrap();
    assert!(limit.stat_blob(&repo, &blobs[1].0.digest).now_or_never().unwrap().unwrap_err().is_not_found());
    drop(stuck);
    waiting.now_or_never().unwrap().unwrap();
    assert_eq!(limit.stat_blob(&repo, &blobs[1].0.digest).now_or_never().unwrap().unwrap(), 100);
    // An upload that fails gives its permit back.
    let last = sessions.next().unwrap();
    assert!(last.complete(Body::bytes("other bytes")).now_or_never().unwrap().is_err());
    limit.put_blob(&repo, &blobs[0].0, blobs[0].1.clone().into()).now_or_never().unwrap().unwrap();
}

#[test]
fn a_call_that_fails_gives_its_permit_back() {
    let memory = memory();
    let (blob, _) = block_on(stored(&memory, 1, 100));
    let broken = Faulty::new(memory).script(|_, _| Some(Fault::Before(ErrorKind::Denied)));
    let (limit, repo) = (Limit::new(1, broken), repo());
    for _ in 0..3 {
        assert!(limit.blob(&repo, &blob, 0).now_or_never().unwrap().is_err());
        assert!(limit.open_blob(&repo, &blob, None).now_or_never().unwrap().is_err());
        limit.resolve(&repo, &tag("v1")).now_or_never().unwrap().unwrap_err();
        limit.tags(&repo).next().now_or_never().unwrap().unwrap().unwrap_err();
    }
}

#[test]
fn each_tag_of_a_listing_can_be_asked_about_as_it_comes() {
    let (memory, repo, image) = (memory(), repo(), fixtures::image(1));
    for name in ["a", "b", "c"] {
        block_on(fixtures::push(&memory, &repo, &image, &name.parse().unwrap())).unwrap();
    }
    let limit = Limit::new(1, memory);
    let resolved: Vec<_> = limit
        .tags(&repo)
        .and_then(|tag| {
            let (limit, repo) = (&limit, &repo);
            async move { limit.resolve(repo, &tag.into()).await }
        })
        .try_collect()
        .now_or_never()
        .unwrap()
        .unwrap();
    assert_eq!(resolved.len(), 3);
}

#[test]
fn no_more_than_so_many_run_at_once() {
    let memory = memory();
    let (blob, _) = block_on(stored(&memory, 1, 100));
    let recorder = Recorder::new(memory);
    let limit = Limit::new(3, recorder.clone());
    let mut pool = LocalPool::new();
    let (sent, mut received) = futures::channel::mpsc::unbounded();
    for _ in 0..10 {
        let (limit, blob, sent) = (limit.clone(), blob.clone(), sent.clone());
        let task = async move { sent.unbounded_send(limit.blob(&repo(), &blob, 0).await.unwrap()).unwrap() };
        pool.spawner().spawn_local(task).unwrap();
    }
    for running in [3, 3, 3, 1] {
        pool.run_until_stalled();
        let streams: Vec<_> = std::iter::from_fn(|| received.try_recv().ok()).collect();
        assert_eq!(streams.len(), running);
    }
    assert_eq!(recorder.calls().len(), 10);
}

/// Ten tasks copy through one limit of one, from itself to itself, and ask for more meanwhile.
#[test]
fn many_copies_through_one_limit_do_not_wait_for_each_other_for_ever() {
    let memory = memory();
    let blobs: Vec<_> = (0..10).map(|seed| block_on(stored(&memory, seed, 300))).collect();
    let to: Repository = "registry.test/copy".parse().unwrap();
    let limit = Limit::new(1, memory);
    let mut pool = LocalPool::new();
    let tasks: Vec<_> = blobs
        .iter()
        .map(|(blob, _)| {
            let (limit, blob, to) = (limit.clone(), blob.clone(), to.clone());
            let copy = async move {
                let body = Body::replayable(|from| {
                    let (limit, blob) = (&limit, &blob);
                    Box::pin(async move {
                        limit.stat_blob(&repo(), &blob.digest).await?;
                        limit.blob(&repo(), blob, from).await
                    })
                });
                limit.put_blob(&to, &blob, body).await.unwrap();
            };
            pool.spawner().spawn_local_with_handle(copy).unwrap()
        })
        .collect();
    pool.run_until_stalled();
    for task in tasks {
        assert!(task.now_or_never().is_some(), "a copy waits for ever");
    }
    for (blob, bytes) in blobs {
        assert_eq!(block_on(limit.read_blob(&to, &blob, 300)).unwrap(), bytes);
    }
}

#[test]
fn nothing_at_once_would_be_nothing_at_all() {
    let memory = memory();
    let (blob, bytes) = block_on(stored(&memory, 1, 100));
    let limit = Limit::new(0, memory);
    assert_eq!(limit.to_string(), "Limit(1, memory registry.test)");
    assert_eq!(block_on(async { drained(limit.blob(&repo(), &blob, 0).await?).await }).unwrap(), bytes);
    block_on(Limit::new(usize::MAX, limit.into_inner()).stat_blob(&repo(), &blob.digest)).unwrap();
}
