//! BuildKit's statements inside an index: read, bound to the index, and unsigned.

use lockage_registry::testing::fixtures;
use lockage_registry::{Descriptor, Digest, Platform, Target as _, media_type};
use lockage_signing::format::names;
use lockage_signing::policy::Limits;
use lockage_signing::{Error, embedded_statements};
use serde_json::{Value, json};

use super::world::*;

const SPDX: &str = "https://spdx.dev/Document";

/// An index of one image and of an attestation manifest about it, with these statements under this annotation.
async fn index(about: impl Fn(&Digest) -> String, statements: impl Fn(&Digest) -> Vec<Value>) -> (World, Digest) {
    let mut world = World::of(fixtures::image(1)).await;
    let image = world.digest.clone();
    let mut layers = Vec::new();
    for statement in statements(&image) {
        let layer =
            annotated(blob(names::IN_TOTO, statement.to_string()), "in-toto.io/predicate-type", "https://a.lie");
        put_blob(&world.registry, &world.repo, &layer).await;
        layers.push(layer.0);
    }
    let (attestations, config) = manifest(media_type::OCI_CONFIG, &layers, &json!({}));
    put_blob(&world.registry, &world.repo, &config).await;
    world.registry.put_manifest(&world.repo, &attestations, &attestations.digest().clone().into()).await.unwrap();
    let mut child = world.root().clone();
    child.platform = Some(Platform::new("linux", "amd64"));
    let mut entry: Descriptor = attestations.descriptor().clone();
    entry.platform = Some(Platform::new("unknown", "unknown"));
    entry.annotations.insert("vnd.docker.reference.type".to_owned(), "attestation-manifest".to_owned());
    entry.annotations.insert("vnd.docker.reference.digest".to_owned(), about(&image));
    let document = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [child, entry]});
    let raw = lockage_registry::RawManifest::new(media_type::OCI_INDEX, document.to_string().into()).unwrap();
    world.registry.put_manifest(&world.repo, &raw, &raw.digest().clone().into()).await.unwrap();
    world.digest = raw.digest().clone();
    (world, image)
}

#[tokio::test]
async fn statements_are_read_by_their_own_type_and_for_a_platform() {
    let (world, image) =
        index(ToString::to_string, |image| vec![statement(image, PROVENANCE), statement(image, SPDX)]).await;
    let read = async |platform: Option<&str>| {
        let platform = platform.map(|name| name.parse::<Platform>().unwrap());
        let limits = Limits::default();
        embedded_statements(&world.registry, &world.repo, &world.digest, platform.as_ref(), &limits).await.unwrap()
    };
    for (platform, count) in [(None, 2), (Some("linux/amd64"), 2), (Some("linux/arm64"), 0)] {
        assert_eq!(read(platform).await.len(), count);
    }
    let found = read(None).await;
    assert!(found.iter().all(|one| one.image == image));
    let types: Vec<_> = found.iter().map(|one| one.statement.predicate_type.as_str()).collect();
    assert_eq!(types, [PROVENANCE, SPDX]);
    let none = embedded_statements(&world.registry, &world.repo, &image, None, &Limits::default()).await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_statement_about_something_else_is_an_error() {
    let other = fixtures::image(2).root().digest().clone();
    let read = async |(world, _): (World, Digest)| {
        embedded_statements(&world.registry, &world.repo, &world.digest, None, &Limits::default()).await.unwrap_err()
    };
    let elsewhere = other.clone();
    let error = read(index(ToString::to_string, move |_| vec![statement(&elsewhere, SPDX)]).await).await;
    assert!(matches!(error, Error::Format { .. }), "{error}");
    let error = read(index(move |_| other.to_string(), |image| vec![statement(image, SPDX)]).await).await;
    assert!(matches!(error, Error::Format { .. }), "{error}");
    let error = read(index(ToString::to_string, |_| vec![json!({"a": 1})]).await).await;
    assert!(matches!(error, Error::Format { .. }), "{error}");
}

#[tokio::test]
async fn too_many_statements_are_an_error() {
    let many = |image: &Digest| (0..20).map(|n| statement(image, &format!("https://acme.example/{n}"))).collect();
    let (world, _) = index(ToString::to_string, many).await;
    let mut limits = Limits::default();
    limits.candidates = 19;
    let error = embedded_statements(&world.registry, &world.repo, &world.digest, None, &limits).await.unwrap_err();
    assert!(matches!(error, Error::TooMuch { limit: 19, .. }), "{error}");
}

#[tokio::test]
async fn each_platform_has_its_own_statements() {
    let platforms = ["linux/amd64", "linux/arm64"].map(|name| name.parse::<Platform>().unwrap());
    let world = World::of(fixtures::attested_index(3, &platforms)).await;
    let limits = Limits::default();
    let read = async |platform| {
        embedded_statements(&world.registry, &world.repo, &world.digest, platform, &limits).await.unwrap()
    };
    let all = read(None).await;
    let one = read(Some(&platforms[1])).await;
    assert!(!one.is_empty() && all.len() == 2 * one.len());
    assert!(one.iter().all(|said| said.platform.as_ref() == Some(&platforms[1])));
}
