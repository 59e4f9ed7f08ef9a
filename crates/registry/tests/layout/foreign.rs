//! What others wrote: layouts of other tools, and damage.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use lockage_registry::{
    Algorithm, ErrorKind, Opened, Prune, RawManifest, Source, SourceExt, Target, digest_of, media_type,
};
use serde_json::{Value, json};

use crate::stock::*;

/// A layout as other tools write it: a multi-platform image, of which only the index is listed.
fn foreign(layout: &Path) -> (String, String) {
    let config = foreign_blob(layout, "{}");
    let layer = foreign_blob(layout, "a layer");
    let child =
        json!({"schemaVersion": 2, "mediaType": media_type::DOCKER_MANIFEST, "config": config, "layers": [layer]});
    let mut listed = foreign_blob(layout, &child.to_string());
    listed["mediaType"] = media_type::DOCKER_MANIFEST.into();
    let image = json!({"schemaVersion": 2, "manifests": [listed]}).to_string();
    foreign_blob(layout, &image);
    write(&layout.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#);
    (image, child.to_string())
}

fn entry(bytes: &str, annotations: Value) -> Value {
    let digest = digest_of(Algorithm::Sha256, bytes.as_bytes()).unwrap();
    json!({"mediaType": media_type::OCI_INDEX, "digest": digest, "size": bytes.len(), "annotations": annotations,
        "platform": {"os": "linux", "architecture": "amd64"}, "x-unknown": [1, {"y": null}]})
}

fn list(layout: &Path, entries: &[Value]) {
    let index = json!({"schemaVersion": 2, "manifests": entries, "annotations": {"a": "b"}, "x-unknown": 1.0});
    write(&layout.join("index.json"), index.to_string());
}

#[tokio::test]
async fn a_layout_of_another_tool() {
    let place = place();
    let layout = place.path("app");
    let (image, child) = foreign(&layout);
    let named = |name: &str| entry(&image, json!({"org.opencontainers.image.ref.name": name, "other": "kept"}));
    list(
        &layout,
        &[
            named("v1"),
            named("docker.io/library/app:v2"),
            named("not a tag"),
            named("docker.io/library/app"),
            entry(&image, json!({"io.containerd.image.name": "ghcr.io/team/app:v3"})),
            entry(
                &image,
                json!({"io.containerd.image.name": "ghcr.io/team/app:v4", "org.opencontainers.image.ref.name": "v4"}),
            ),
            json!({"mediaType": OCTETS, "digest": "blake3:0123", "size": 1}),
        ],
    );
    let app = repo("app");
    assert_eq!(place.tags(&app).await, ["v1", "v2", "v3", "v4"]);
    for tag in ["v1", "v2", "v3", "v4"] {
        assert_eq!(place.registry.manifest(&app, &at(tag)).await.unwrap().bytes(), image.as_bytes());
    }
    assert_eq!(kind_of(place.registry.resolve(&app, &at("latest"))).await, ErrorKind::NotFound);

    // A child, which nothing but the index names.
    let digest = digest_of(Algorithm::Sha256, child.as_bytes()).unwrap();
    let found = place.registry.manifest(&app, &by(&digest)).await.unwrap();
    assert_eq!((found.media_type(), found.bytes().as_ref()), (media_type::DOCKER_MANIFEST, child.as_bytes()));
    assert_eq!(place.registry.resolve(&app, &by(&digest)).await.unwrap(), *found.descriptor());
    assert_eq!(place.registry.read_blob(&app, &blob("a layer"), 100).await.unwrap(), "a layer");
    assert!(place.registry.referrers(&app, &digest, None).await.unwrap().is_empty());

    // Writing keeps what is not its own.
    let before = place.index("app");
    let new = place.push(&app, "new", "v1").await;
    let after = place.index("app");
    assert_eq!((&after["annotations"], &after["x-unknown"]), (&before["annotations"], &before["x-unknown"]));
    let (before, after) = (before["manifests"].as_array().unwrap(), after["manifests"].as_array().unwrap());
    assert_eq!(after[1..7], before[1..7]);
    assert_eq!(after[0]["x-unknown"], before[0]["x-unknown"]);
    assert_eq!(after[0]["annotations"], json!({"other": "kept"}));
    assert_eq!(place.registry.manifest(&app, &at("v1")).await.unwrap(), new);

    // A tag that only a whole reference gave is gone when it is deleted, and can be given again.
    for tag in ["v2", "v3"] {
        place.registry.delete_tag(&app, &tag.parse().unwrap()).await.unwrap();
    }
    assert_eq!(place.tags(&app).await, ["v1", "v4"]);
    place.push(&app, "new", "v3").await;
    assert_eq!(place.tags(&app).await, ["v1", "v3", "v4"]);
    place.registry.delete_manifest(&app, new.digest()).await.unwrap();
    assert_eq!(place.tags(&app).await, ["v4"]);

    // Mounting from it works like from any other.
    assert!(matches!(
        place.registry.open_blob(&repo("two"), &blob("a layer"), Some(&app)).await.unwrap(),
        Opened::Present
    ));
}

#[tokio::test]
async fn a_tag_of_two_images_is_nobodys() {
    let place = place();
    let layout = place.path("app");
    let (image, child) = foreign(&layout);
    let named = |bytes: &str, name: &str| entry(bytes, json!({"org.opencontainers.image.ref.name": name}));
    list(&layout, &[named(&image, "a.test/one:v1"), named(&child, "a.test/two:v1")]);
    let app = repo("app");
    assert_eq!(place.tags(&app).await, ["v1"]);
    let error = place.registry.resolve(&app, &at("v1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("v1 to several manifests"), "{error}");
    // The tag itself is the plainer word.
    list(&layout, &[named(&image, "a.test/one:v1"), named(&child, "v1")]);
    let digest = digest_of(Algorithm::Sha256, child.as_bytes()).unwrap();
    assert_eq!(place.registry.resolve(&app, &at("v1")).await.unwrap().digest, digest);
}

#[tokio::test]
async fn another_tool_moves_a_tag() {
    let place = place();
    let app = repo("app");
    let (one, two) = (place.push(&app, "one", "v1").await, place.push(&app, "two", "v2").await);
    assert_eq!(place.registry.resolve(&app, &at("v1")).await.unwrap().digest, *one.digest());
    let path = place.path("app/index.json");
    let swapped = fs::read_to_string(&path).unwrap().replace("\"v1\"", "\"v3\"").replace("\"v2\"", "\"v1\"");
    // In place and of the same length, which is the worst case.
    fs::write(&path, &swapped).unwrap();
    assert_eq!(place.registry.resolve(&app, &at("v1")).await.unwrap().digest, *two.digest());
    assert_eq!(place.tags(&app).await, ["v1", "v3"]);

    // And one that has not changed for long is remembered, until it does.
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    for _ in 0..3 {
        assert_eq!(place.tags(&app).await, ["v1", "v3"]);
    }
    place.push(&app, "three", "v4").await;
    assert_eq!(place.tags(&app).await, ["v1", "v3", "v4"]);
}

#[tokio::test]
async fn a_damaged_index_is_refused_and_left_alone() {
    let place = place();
    let app = repo("app");
    let manifest = place.push(&app, "a layer", "v1").await;
    let path = place.path("app/index.json");
    let half = fs::read_to_string(&path).unwrap()[..40].to_owned();
    for damage in
        [half.as_str(), "", "[]", "{}", r#"{"manifests":{}}"#, r#"{"manifests":[1]}"#, r#"{"manifests":[{}]}"#]
    {
        fs::write(&path, damage).unwrap();
        let registry = &place.registry;
        let error = registry.resolve(&app, &at("v1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{damage}");
        assert!(error.subject().ends_with("index.json"), "{error}");
        assert!(error.remedy().is_some());
        assert_eq!(kind_of(registry.manifest(&app, &by(manifest.digest()))).await, ErrorKind::Io);
        assert_eq!(kind_of(registry.referrers(&app, manifest.digest(), None)).await, ErrorKind::Io);
        assert_eq!(registry.tags(&app).next().await.unwrap().unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(kind_of(registry.put_manifest(&app, &manifest, &at("v2"))).await, ErrorKind::Io);
        assert_eq!(kind_of(registry.delete_manifest(&app, manifest.digest())).await, ErrorKind::Io);
        assert_eq!(kind_of(registry.delete_tag(&app, &"v1".parse().unwrap())).await, ErrorKind::Io);
        // Blobs need no index.
        assert_eq!(registry.read_blob(&app, &blob("a layer"), 100).await.unwrap(), "a layer");
        assert_eq!(fs::read_to_string(&path).unwrap(), damage);
    }
    // Lost altogether, it is not taken for an empty one.
    fs::remove_file(&path).unwrap();
    assert_eq!(kind_of(place.registry.resolve(&app, &at("v1"))).await, ErrorKind::Io);
    assert_eq!(kind_of(place.registry.put_manifest(&app, &manifest, &at("v1"))).await, ErrorKind::Io);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_damaged_manifest_is_not_served() {
    let place = place();
    let app = repo("app");
    let manifest = place.push(&app, "a layer", "v1").await;
    let file = place.path("app/blobs/sha256").join(manifest.digest().hex());
    fs::write(&file, "{}").unwrap();
    assert_eq!(kind_of(place.registry.manifest(&app, &at("v1"))).await, ErrorKind::DigestMismatch);

    fs::File::options().write(true).open(&file).unwrap().set_len(RawManifest::MAX_BYTES + 1).unwrap();
    assert_eq!(kind_of(place.registry.manifest(&app, &at("v1"))).await, ErrorKind::TooLarge);
    let large = format!(r#"{{"manifests":[],"x":"{}"}}"#, "x".repeat(usize::try_from(RawManifest::MAX_BYTES).unwrap()));
    let large = RawManifest::new(media_type::OCI_INDEX, large.into()).unwrap();
    assert_eq!(kind_of(place.registry.put_manifest(&app, &large, &at("v1"))).await, ErrorKind::TooLarge);
}
