//! `Remember` reads a manifest once, believes no file that is damaged, and no file where the registry has nothing any more.

use std::fs;
use std::path::PathBuf;

use lockage_registry::testing::{Operation, Recorder, fixtures};
use lockage_registry::{ErrorKind, Memory, Prune as _, Remember, Source as _, TagOrDigest};

use crate::{memory, repo, tag};

struct World {
    memory: Memory,
    recorder: Recorder<Memory>,
    registry: Remember<Recorder<Memory>>,
    at: TagOrDigest,
    image: fixtures::Image,
    folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let (memory, image) = (memory(), fixtures::image(1));
        fixtures::push(&memory, &repo(), &image, &"v1".parse().unwrap()).await.unwrap();
        let (recorder, folder) = (Recorder::new(memory.clone()), tempfile::tempdir().unwrap());
        let registry = Remember::new(folder.path().join("manifests"), recorder.clone());
        Self { memory, registry, recorder, at: image.root().digest().clone().into(), image, folder }
    }

    /// What was asked of the registry after so many calls.
    fn calls(&self, before: usize) -> Vec<Operation> {
        self.recorder.calls().into_iter().skip(before).map(|call| call.operation).collect()
    }

    fn file(&self) -> PathBuf {
        let hex = self.image.root().digest().hex().to_owned();
        self.folder.path().join("manifests/sha256").join(&hex[..2]).join(hex)
    }
}

#[tokio::test]
async fn what_was_read_costs_a_head_and_is_the_same_to_the_byte() {
    let world = World::new().await;
    let first = world.registry.manifest(&repo(), &world.at).await.unwrap();
    let before = world.recorder.calls().len();
    let again = world.registry.manifest(&repo(), &world.at).await.unwrap();
    assert_eq!((&first, &again), (world.image.root(), world.image.root()));
    assert_eq!(world.calls(before), [Operation::Resolve]);
    // By its tag it is asked for as ever.
    assert_eq!(world.registry.manifest(&repo(), &tag("v1")).await.unwrap(), first);
    assert_eq!(world.calls(before + 1), [Operation::Manifest]);
}

#[tokio::test]
async fn what_is_gone_is_gone_though_it_is_remembered() {
    let world = World::new().await;
    world.registry.manifest(&repo(), &world.at).await.unwrap();
    world.memory.delete_manifest(&repo(), world.image.root().digest()).await.unwrap();
    let error = world.registry.manifest(&repo(), &world.at).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn what_is_damaged_is_read_again_and_put_right() {
    let world = World::new().await;
    world.registry.manifest(&repo(), &world.at).await.unwrap();
    for damage in [&b""[..], b"{}"] {
        fs::write(world.file(), damage).unwrap();
        assert_eq!(world.registry.manifest(&repo(), &world.at).await.unwrap(), *world.image.root());
        assert_eq!(fs::read(world.file()).unwrap(), *world.image.root().bytes());
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error() {
    let world = World::new().await;
    fs::write(world.folder.path().join("manifests"), "a file").unwrap();
    let error = world.registry.manifest(&repo(), &world.at).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Io && error.to_string().contains("manifests"), "{error}");
}
