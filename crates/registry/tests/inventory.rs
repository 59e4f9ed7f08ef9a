//! The inventory of a registry with the distribution API alone: what the tags lead to, and what could not be read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use futures::executor::block_on;
use lockage_registry::inventory::{Inventory as _, Walk};
use lockage_registry::testing::{Fault, Faulty, Operation, fixtures};
use lockage_registry::{ErrorKind, Memory, Repository, Source as _, Target as _, referrers};

fn filled() -> (Memory, Repository) {
    let memory = Memory::new("registry.test".parse().unwrap());
    let repo: Repository = "registry.test/app".parse().unwrap();
    block_on(async {
        for (image, tag) in fixtures::seeded() {
            fixtures::push(&memory, &repo, &image, &tag).await.unwrap();
        }
    });
    (memory, repo)
}

#[test]
fn everything_that_a_tag_leads_to_is_listed_with_what_it_names() {
    let (memory, repo) = filled();
    let listing = block_on(Walk::new(&memory).list(&repo)).unwrap();
    assert!(listing.complete && listing.unread.is_empty(), "{:?}", listing.unread);
    assert_eq!(listing.tags.len(), fixtures::seeded().len());
    for (image, tag) in fixtures::seeded() {
        assert!(listing.tags.iter().any(|row| row.name == tag && row.digest == *image.root().digest()), "{tag}");
        let mut named = vec![image.root().digest().clone()];
        while let Some(digest) = named.pop() {
            let manifest = image.manifests.iter().find(|manifest| *manifest.digest() == digest).expect("pushed");
            let row = listing.manifests.iter().find(|row| row.digest == digest).expect("listed");
            let view = manifest.view().unwrap();
            let children: Vec<_> = view.children().into_iter().map(|child| child.digest.clone()).collect();
            assert_eq!(row.children, children);
            assert_eq!(row.subject, view.subject.as_ref().map(|subject| subject.digest.clone()));
            assert!(row.resolved && row.size.unwrap() >= manifest.descriptor().size);
            named.extend(children);
        }
    }
}

#[test]
fn what_is_attached_without_a_tag_is_listed() {
    let (memory, repo) = filled();
    let image = fixtures::image(77);
    let note = fixtures::artifact_for(image.root().descriptor(), fixtures::SBOM, 78);
    block_on(async {
        fixtures::push(&memory, &repo, &image, &"noted".parse().unwrap()).await.unwrap();
        for (blob, bytes) in &note.blobs {
            use lockage_registry::{Body, TargetExt as _};
            memory.put_blob(&repo, blob, Body::bytes(bytes.clone())).await.unwrap();
        }
        referrers::attach(&memory, &repo, note.root()).await.unwrap();
        let listing = Walk::new(&memory).list(&repo).await.unwrap();
        assert!(listing.manifests.iter().any(|row| row.digest == *note.root().digest()));
    });
}

#[test]
fn whatever_fails_makes_the_listing_incomplete_or_an_error_and_never_shorter() {
    let (memory, repo) = filled();
    let whole = block_on(Walk::new(&memory).list(&repo)).unwrap();
    for operation in [Operation::Resolve, Operation::Manifest, Operation::Referrers, Operation::Tags] {
        for kind in [ErrorKind::Denied, ErrorKind::Unavailable] {
            let faulty = Faulty::new(memory.clone());
            let asked = std::sync::atomic::AtomicUsize::new(0);
            let faulty = faulty.script(move |_, call| {
                let third = call.operation == operation
                    && (operation == Operation::Tags || asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 2);
                third.then_some(Fault::Before(kind))
            });
            match block_on(Walk::new(&faulty).list(&repo)) {
                Err(error) => assert_eq!((operation, error.kind()), (Operation::Tags, kind)),
                Ok(listing) => {
                    assert!(!listing.complete, "{operation} {kind:?}");
                    assert_eq!(listing.unread.len(), 1);
                    assert!(listing.manifests.len() <= whole.manifests.len());
                }
            }
        }
    }
}

#[test]
fn what_was_deleted_is_taken_out_of_the_index_and_nothing_else() {
    let memory = Memory::new("registry.test".parse().unwrap()).sparse();
    let repo: Repository = "registry.test/app".parse().unwrap();
    let image = fixtures::image(1);
    let notes: Vec<_> =
        (2..5).map(|seed| fixtures::artifact_for(image.root().descriptor(), fixtures::SBOM, seed)).collect();
    block_on(async {
        fixtures::push(&memory, &repo, &image, &"v1".parse().unwrap()).await.unwrap();
        assert!(referrers::forget(&memory, &repo, image.root().digest(), &[]).await.unwrap().is_none());
        for note in &notes {
            fixtures::push(&memory, &repo, note, &"x".parse().unwrap()).await.unwrap();
            let entered = std::slice::from_ref(note.root());
            referrers::enter(&memory, &repo, image.root().digest(), entered).await.unwrap();
        }
        let gone = [notes[1].root().digest().clone()];
        let settled = referrers::forget(&memory, &repo, image.root().digest(), &gone).await.unwrap().unwrap();
        assert!(settled.written);
        let held = memory.manifest(&repo, &settled.digest.into()).await.unwrap();
        let left: Vec<_> = held.view().unwrap().children().into_iter().map(|entry| entry.digest.clone()).collect();
        assert_eq!(left, [notes[0].root().digest().clone(), notes[2].root().digest().clone()]);
        let again = referrers::forget(&memory, &repo, image.root().digest(), &gone).await.unwrap().unwrap();
        assert!(!again.written);
        let _ =
            memory.put_manifest(&repo, &held, &"kept".parse::<lockage_registry::Tag>().unwrap().into()).await.unwrap();
    });
}
