//! An index and everything in it: children first, each once, all or an error that says how far it came.

use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::testing::{Call, Fault, Faulty, Operation};
use lockage_registry::{Digest, ErrorKind, Memory, Platform, Repository};
use lockage_signing::Error;
use lockage_signing::policy::Limits;
use lockage_signing::sign::{Layout, Outcome, Signing};

use super::{Toy, now};

fn platforms() -> [Platform; 2] {
    [Platform::new("linux", "amd64"), Platform::new("linux", "arm64")]
}

async fn pushed(image: &Image) -> (Memory, Repository) {
    let memory = Memory::new("registry.test".parse().unwrap());
    let repo = "registry.test/app".parse().unwrap();
    fixtures::push(&memory, &repo, image, &"v1".parse().unwrap()).await.unwrap();
    (memory, repo)
}

#[tokio::test]
async fn every_manifest_of_an_index_is_signed_before_it() {
    let toy = Toy::new(1);
    for image in [fixtures::attested_index(1, &platforms()), fixtures::nested_index(1, &platforms())] {
        let (memory, repo) = pushed(&image).await;
        let root = image.root().digest();
        let signing = Signing::with(&toy).claim("env", "prod").recursive();
        let signed = signing.sign(&memory, &repo, root, now()).await.unwrap();
        let mut subjects: Vec<Digest> = signed.marks.iter().map(|mark| mark.subject.clone()).collect();
        assert_eq!(subjects.last(), Some(root));
        assert_eq!(subjects.len(), 2 * image.manifests.len());
        // A child is never signed after what lists it.
        for manifest in &image.manifests {
            let at = |digest: &Digest| subjects.iter().position(|subject| subject == digest).unwrap();
            for child in manifest.view().unwrap().children() {
                assert!(at(&child.digest) < at(manifest.digest()));
            }
        }
        subjects.sort();
        subjects.dedup();
        assert_eq!(subjects.len(), image.manifests.len());
        assert!(!signing.sign(&memory, &repo, root, now()).await.unwrap().is_new());

        // Without being asked for, only what was named.
        let other = Toy::new(2);
        let signed = Signing::with(&other).sign(&memory, &repo, root, now()).await.unwrap();
        assert!(signed.marks.iter().all(|mark| mark.subject == *root));
    }
}

#[tokio::test]
async fn an_index_is_not_signed_where_a_child_could_not_be() {
    let (image, toy) = (fixtures::index(1, &platforms()), Toy::new(1));
    let (memory, repo) = pushed(&image).await;
    let tag = format!("sha256-{}.sig", image.manifests[1].digest().hex());
    let faulty = Faulty::new(memory.clone()).script(move |_, call: &Call| {
        (call.operation == Operation::PutManifest && call.what.ends_with(&tag))
            .then_some(Fault::Before(ErrorKind::Unavailable))
    });
    let signing = Signing::with(&toy).layout(Layout::Legacy).recursive();
    let error = signing.sign(&faulty, &repo, image.root().digest(), now()).await.unwrap_err();
    let Error::Partly { done, source } = error else { panic!("{error:?}") };
    let subjects: Vec<_> = done.iter().map(|mark| (&mark.subject, mark.outcome)).collect();
    assert_eq!(subjects, [(image.manifests[0].digest(), Outcome::Written)]);
    assert!(matches!(*source, Error::Registry(error) if error.kind() == ErrorKind::Unavailable));

    let again = signing.sign(&memory, &repo, image.root().digest(), now()).await.unwrap();
    let outcomes: Vec<_> = again.marks.iter().map(|mark| mark.outcome).collect();
    assert_eq!(outcomes, [Outcome::AlreadyThere, Outcome::Written, Outcome::Written]);
}

#[tokio::test]
async fn an_index_of_more_than_is_wanted_is_not_begun() {
    let (image, toy) = (fixtures::index(1, &platforms()), Toy::new(1));
    let (memory, repo) = pushed(&image).await;
    let mut limits = Limits::default();
    let signing = |limits| Signing::with(&toy).layout(Layout::Bundle).recursive().limits(limits);
    limits.children = 2;
    signing(limits).sign(&memory, &repo, image.root().digest(), now()).await.unwrap();
    limits.children = 1;
    let error = signing(limits).sign(&memory, &repo, image.root().digest(), now()).await.unwrap_err();
    assert!(matches!(error, Error::TooMuch { limit: 1, .. }), "{error:?}");
}
