//! What it writes itself: bytes kept, names that do not collide, content stored once, and nothing left by what fails.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use lockage_registry::{
    Algorithm, Body, Descriptor, Error, ErrorKind, OciLayout, Opened, Prune, RawManifest, Repository, Source,
    SourceExt, Tag, Target, TargetExt, digest_of, media_type,
};
use serde_json::{Value, json};

use crate::stock::*;

#[tokio::test]
async fn what_is_put_is_got() {
    let place = place();
    let app = repo("team/app");
    let manifest = place.push(&app, "a layer", "v1").await;
    let layer = blob("a layer");

    assert_eq!(place.registry.resolve(&app, &at("v1")).await.unwrap(), *manifest.descriptor());
    assert_eq!(place.registry.manifest(&app, &at("v1")).await.unwrap(), manifest);
    assert_eq!(place.registry.manifest(&app, &by(manifest.digest())).await.unwrap(), manifest);
    assert_eq!(place.registry.stat_blob(&app, &layer.digest).await.unwrap(), 7);
    assert_eq!(place.registry.read_blob(&app, &layer, 100).await.unwrap(), "a layer");
    assert_eq!(place.tags(&app).await, ["v1"]);

    let layout: Value = serde_json::from_slice(&fs::read(place.path("team/app/oci-layout")).unwrap()).unwrap();
    assert_eq!(layout, json!({"imageLayoutVersion": "1.0.0"}));
    assert_eq!(place.entries("team/app"), [(manifest.digest().to_string(), Some("v1".to_owned()))]);
    assert_eq!(place.uploads(), 0);
    assert_eq!(place.registry.to_string(), format!("layout {}", place.dir.path().display()));
}

#[tokio::test]
async fn the_media_type_is_that_of_the_put() {
    let place = place();
    let app = repo("app");
    place.push(&app, "a layer", "v1").await;
    // The bytes do not say what they are, and Docker's types look the same.
    let bytes = json!({"schemaVersion": 2, "config": blob("{}"), "layers": [blob("a layer")], "x": 1}).to_string();
    let manifest = RawManifest::new(media_type::DOCKER_MANIFEST, bytes.into()).unwrap();
    place.registry.put_manifest(&app, &manifest, &by(manifest.digest())).await.unwrap();

    let reopened = open(place.dir.path());
    assert_eq!(reopened.resolve(&app, &by(manifest.digest())).await.unwrap().media_type, media_type::DOCKER_MANIFEST);
    assert_eq!(reopened.manifest(&app, &by(manifest.digest())).await.unwrap(), manifest);

    // The last put decides, for its tags too.
    let again = RawManifest::new("application/vnd.oci.image.manifest.v1+json; a=b", manifest.bytes().clone()).unwrap();
    place.registry.put_manifest(&app, &again, &at("v2")).await.unwrap();
    assert_eq!(reopened.manifest(&app, &by(manifest.digest())).await.unwrap(), again);
    assert_eq!(reopened.manifest(&app, &at("v2")).await.unwrap(), again);
}

#[tokio::test]
async fn a_manifest_under_sha512() {
    let place = place();
    let app = repo("app");
    let bytes = Bytes::from_static(br#"{"schemaVersion":2,"manifests":[]}"#);
    let digest = digest_of(Algorithm::Sha512, &bytes).unwrap();
    let manifest = RawManifest::verified(media_type::OCI_INDEX, bytes, &digest).unwrap();
    place.registry.put_manifest(&app, &manifest, &by(&digest)).await.unwrap();
    assert_eq!(place.registry.manifest(&app, &by(&digest)).await.unwrap(), manifest);
    assert!(place.path("app/blobs/sha512").join(digest.hex()).is_file());
}

#[tokio::test]
async fn a_blob_is_read_from_an_offset_in_pieces() {
    let place = place();
    let app = repo("app");
    let content: String = (0..200_000).map(|n| format!("{n:06}")).collect();
    let large = place.push_blob(&app, &content).await;

    for from in [0, 1, 262_144, 1_199_999, 1_200_000] {
        let chunks: Vec<Bytes> = place.registry.blob(&app, &large, from).await.unwrap().try_collect().await.unwrap();
        assert_eq!(chunks.concat(), content.as_bytes()[usize::try_from(from).unwrap()..]);
        assert!(chunks.iter().all(|chunk| chunk.len() <= 256 * 1024));
    }
    assert_eq!(
        kind_of(async { place.registry.blob(&app, &large, 1_200_001).await.map(|_| ()) }).await,
        ErrorKind::Invalid
    );
}

#[tokio::test]
async fn names_that_are_parts_of_a_layout() {
    let place = place();
    let names = [
        "a",
        "a/blobs",
        "a/index.json",
        "a/oci-layout",
        "a/blobs/sha256",
        "a/blobs/blobs",
        "a/index.json/blobs",
        "blobs",
        "blobs/sha256",
        "index.json",
        "oci-layout",
    ];
    let mut pushed = Vec::new();
    for name in names {
        pushed.push((repo(name), place.push(&repo(name), name, "v1").await));
    }
    for (app, manifest) in &pushed {
        assert_eq!(place.registry.manifest(app, &at("v1")).await.unwrap(), *manifest);
        assert_eq!(place.tags(app).await, ["v1"]);
    }
    assert!(place.path("a/_blobs/_blobs/index.json").is_file());
    assert!(place.path("_blobs/sha256/index.json").is_file());
    assert!(place.path("_index.json/index.json").is_file());
    // And a file of somebody else where a directory would be.
    write(&place.path("a/manifest.json"), "[]");
    assert_eq!(kind_of(place.registry.resolve(&repo("a/manifest.json"), &at("v1"))).await, ErrorKind::NotFound);
    assert_eq!(
        kind_of(place.registry.stat_blob(&repo("a/manifest.json"), pushed[0].1.digest())).await,
        ErrorKind::NotFound
    );
}

#[cfg(unix)]
#[tokio::test]
async fn content_is_stored_once() {
    use std::os::unix::fs::MetadataExt as _;
    let place = place();
    let (one, two, three) = (repo("one"), repo("two"), repo("three"));
    place.push(&one, "shared", "v1").await;
    let shared = blob("shared");
    let file = |layout: &str| fs::metadata(place.path(layout).join("blobs/sha256").join(shared.digest.hex())).unwrap();

    // Uploaded again, because nobody may learn from a push what other repositories have.
    assert!(matches!(place.registry.open_blob(&two, &shared, None).await.unwrap(), Opened::Upload(_)));
    place.push(&two, "shared", "v1").await;
    assert!(matches!(place.registry.open_blob(&three, &shared, Some(&one)).await.unwrap(), Opened::Present));
    assert_eq!([file("one").ino(), file("two").ino()], [file("three").ino(); 2]);
    // Three layouts and the pool.
    assert_eq!(file("one").nlink(), 4);
    assert_eq!(fs::metadata(place.path("_pool/sha256").join(shared.digest.hex())).unwrap().ino(), file("one").ino());
}

#[tokio::test]
async fn mounts() {
    let place = place();
    let (one, two) = (repo("one"), repo("two"));
    let content = place.push_blob(&one, "content").await;
    let elsewhere: Repository = "other.test/one".parse().unwrap();
    for from in [None, Some(&repo("nowhere")), Some(&elsewhere)] {
        assert!(matches!(place.registry.open_blob(&two, &content, from).await.unwrap(), Opened::Upload(_)));
    }
    assert!(!place.path("two").exists(), "asking makes no repository");
    assert!(matches!(place.registry.open_blob(&two, &content, Some(&one)).await.unwrap(), Opened::Present));
    assert!(matches!(place.registry.open_blob(&two, &content, None).await.unwrap(), Opened::Present));
    assert_eq!(place.registry.read_blob(&two, &content, 100).await.unwrap(), "content");
    assert!(place.tags(&two).await.is_empty(), "a repository without tags");
}

#[tokio::test]
async fn a_tag_that_moves_leaves_its_manifest() {
    let place = place();
    let app = repo("app");
    let old = place.push(&app, "old", "v1").await;
    let new = place.push(&app, "new", "v1").await;

    assert_eq!(place.registry.manifest(&app, &at("v1")).await.unwrap(), new);
    assert_eq!(place.registry.manifest(&app, &by(old.digest())).await.unwrap(), old);
    let (old, new) = (old.digest().to_string(), new.digest().to_string());
    assert_eq!(place.entries("app"), [(old.clone(), None), (new.clone(), Some("v1".to_owned()))]);

    // Back again: the entry without a tag becomes the one of the tag.
    place.push(&app, "old", "v1").await;
    assert_eq!(place.entries("app"), [(old.clone(), Some("v1".to_owned())), (new.clone(), None)]);
    // Another tag for the same: one entry a tag. Moving one of them leaves nothing behind.
    place.push(&app, "old", "v2").await;
    place.push(&app, "new", "v1").await;
    assert_eq!(place.entries("app"), [(new, Some("v1".to_owned())), (old, Some("v2".to_owned()))]);
    assert_eq!(place.tags(&app).await, ["v1", "v2"]);
}

#[tokio::test]
async fn tags_are_sorted_by_bytes() {
    let place = place();
    for tag in ["v10", "b", "_a", "B", "v2", "0"] {
        place.push(&repo("app"), tag, tag).await;
    }
    assert_eq!(place.tags(&repo("app")).await, ["0", "B", "_a", "b", "v10", "v2"]);
}

#[tokio::test]
async fn deleting() {
    let place = place();
    let (app, other) = (repo("app"), repo("other"));
    let one = place.push(&app, "one", "v1").await;
    place.push(&app, "one", "v2").await;
    place.push(&other, "one", "v1").await;
    let file = |layout: &str| place.path(layout).join(one.digest().hex());

    let tag = |tag: &str| tag.parse::<Tag>().unwrap();
    place.registry.delete_tag(&app, &tag("v1")).await.unwrap();
    assert_eq!(place.tags(&app).await, ["v2"]);
    assert_eq!(kind_of(place.registry.delete_tag(&app, &tag("v1"))).await, ErrorKind::NotFound);
    place.registry.delete_tag(&app, &tag("v2")).await.unwrap();
    assert_eq!(place.registry.manifest(&app, &by(one.digest())).await.unwrap(), one);
    assert_eq!(place.entries("app"), [(one.digest().to_string(), None)]);

    place.push(&app, "one", "v3").await;
    place.registry.delete_manifest(&app, one.digest()).await.unwrap();
    assert!(place.tags(&app).await.is_empty());
    assert!(place.entries("app").is_empty());
    assert_eq!(kind_of(place.registry.manifest(&app, &at("v3"))).await, ErrorKind::NotFound);
    assert_eq!(kind_of(place.registry.resolve(&app, &by(one.digest()))).await, ErrorKind::NotFound);
    assert_eq!(kind_of(place.registry.delete_manifest(&app, one.digest())).await, ErrorKind::NotFound);
    assert!(!file("app/blobs/sha256").exists());

    // The other repository has it still; with the last one it leaves the pool.
    assert_eq!(place.registry.manifest(&other, &at("v1")).await.unwrap(), one);
    assert!(file("_pool/sha256").exists());
    place.registry.delete_manifest(&other, one.digest()).await.unwrap();
    assert_eq!(file("_pool/sha256").exists(), cfg!(not(unix)));
    assert_eq!(kind_of(place.registry.delete_manifest(&repo("none"), one.digest())).await, ErrorKind::NotFound);
    assert_eq!(kind_of(place.registry.delete_tag(&repo("none"), &tag("v1"))).await, ErrorKind::NotFound);
}

#[tokio::test]
async fn an_incomplete_manifest_is_refused_and_leaves_nothing() {
    let place = place();
    let app = repo("app");
    let manifest = image(&blob("{}"), &blob("a layer"));
    let error = place.registry.put_manifest(&app, &manifest, &at("v1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.oci_errors().len(), 2);
    assert!(!place.path("app").exists());

    let child = place.push(&app, "a layer", "v1").await;
    let index = |child: &Descriptor| {
        RawManifest::new(media_type::OCI_INDEX, json!({"manifests": [child]}).to_string().into()).unwrap()
    };
    place.registry.put_manifest(&app, &index(child.descriptor()), &at("all")).await.unwrap();
    let mut missing = child.descriptor().clone();
    missing.digest = blob("no manifest").digest;
    assert_eq!(kind_of(place.registry.put_manifest(&app, &index(&missing), &at("all"))).await, ErrorKind::Rejected);
    // A blob is no child.
    missing.digest = place.push_blob(&app, "no manifest").await.digest;
    assert_eq!(kind_of(place.registry.put_manifest(&app, &index(&missing), &at("all"))).await, ErrorKind::Rejected);
}

#[tokio::test]
async fn what_is_not_there() {
    let place = place();
    let app = repo("app");
    let digest = blob("nothing").digest;
    for what in [at("v1"), by(&digest)] {
        assert_eq!(place.registry.resolve(&app, &what).await.unwrap_err().oci_errors()[0].code, "NAME_UNKNOWN");
    }
    assert_eq!(kind_of(place.registry.stat_blob(&app, &digest)).await, ErrorKind::NotFound);
    assert!(place.registry.tags(&app).next().await.unwrap().unwrap_err().is_not_found());
    assert!(place.registry.referrers(&app, &digest, None).await.unwrap().is_empty());
    place.push(&app, "a layer", "v1").await;
    for what in [at("v2"), by(&digest), by(&blob("a layer").digest)] {
        assert_eq!(place.registry.resolve(&app, &what).await.unwrap_err().oci_errors()[0].code, "MANIFEST_UNKNOWN");
    }
    let other: Repository = "other.test/app".parse().unwrap();
    assert_eq!(kind_of(place.registry.resolve(&other, &at("v1"))).await, ErrorKind::Invalid);
    assert_eq!(kind_of(place.registry.open_blob(&other, &blob("x"), None)).await, ErrorKind::Invalid);
}

#[tokio::test]
async fn an_upload_that_fails_leaves_nothing() {
    let place = place();
    let app = repo("app");
    let content = blob("content");
    let broken = || Err(Error::new(ErrorKind::Unreachable, "pull blob", "somewhere"));
    let bodies = [
        (Body::bytes("conten!"), ErrorKind::DigestMismatch),
        (Body::bytes("cont"), ErrorKind::SizeMismatch),
        (Body::bytes("content and more"), ErrorKind::SizeMismatch),
        (Body::once(stream::iter([Ok("con".into()), broken()]).boxed()), ErrorKind::Unreachable),
    ];
    for (body, expected) in bodies {
        assert_eq!(kind_of(place.registry.put_blob(&app, &content, body)).await, expected);
        assert!(files(place.dir.path()).is_empty());
    }

    // One that hangs, and is dropped.
    let hanging = Body::once(stream::iter([Ok("con".into())]).chain(stream::pending()).boxed());
    let upload = place.registry.put_blob(&app, &content, hanging);
    assert!(tokio::time::timeout(Duration::from_millis(200), upload).await.is_err());
    assert!(files(place.dir.path()).is_empty());

    // One that is opened, and cancelled.
    let Opened::Upload(session) = place.registry.open_blob(&app, &content, None).await.unwrap() else { panic!() };
    session.cancel().await.unwrap();
    assert!(files(place.dir.path()).is_empty());
    place.push_blob(&app, "content").await;
    assert_eq!(place.uploads(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_puts_lose_nothing() {
    let place = std::sync::Arc::new(place());
    let puts = (0..32).map(|n| {
        let place = std::sync::Arc::clone(&place);
        tokio::spawn(async move {
            let app = repo("app");
            // Half of them through another `open` of the directory.
            let registry = if n % 2 == 0 { place.registry.clone() } else { open(&place.path(".")) };
            let (config, layer) = (blob("{}"), blob(&format!("layer {n}")));
            registry.put_blob(&app, &config, Body::bytes("{}")).await.unwrap();
            registry.put_blob(&app, &layer, Body::bytes(format!("layer {n}"))).await.unwrap();
            registry.put_manifest(&app, &image(&config, &layer), &at(&format!("v{n:02}"))).await.unwrap();
            registry.manifest(&app, &at(&format!("v{n:02}"))).await.unwrap();
        })
    });
    futures::future::try_join_all(puts).await.unwrap();
    let expected: Vec<_> = (0..32).map(|n| format!("v{n:02}")).collect();
    assert_eq!(place.tags(&repo("app")).await, expected);
    assert_eq!(place.entries("app").len(), 32);
    assert_eq!(place.uploads(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_never_sees_half_of_a_delete() {
    let place = std::sync::Arc::new(place());
    let app = repo("app");
    let manifest = place.push(&app, "a layer", "v1").await;
    let (reader, what) = (std::sync::Arc::clone(&place), by(manifest.digest()));
    let reads = tokio::spawn(async move {
        for _ in 0..500 {
            let read = reader.registry.manifest(&repo("app"), &what).await;
            assert!(read.as_ref().err().is_none_or(Error::is_not_found), "{read:?}");
            reader.registry.referrers(&repo("app"), &blob("x").digest, None).await.unwrap();
        }
    });
    for _ in 0..50 {
        place.registry.delete_manifest(&app, manifest.digest()).await.unwrap();
        place.registry.put_manifest(&app, &manifest, &at("v1")).await.unwrap();
    }
    reads.await.unwrap();
}

#[tokio::test]
async fn reopening_sees_everything() {
    let Place { dir, registry } = place();
    let place = Place { registry, dir };
    let app = repo("app");
    let manifest = place.push(&app, "a layer", "v1").await;
    let Place { dir, registry } = place;
    drop(registry);

    // What a killed process left is swept once it is old, and not before.
    write(&dir.path().join("_uploads/old"), "half");
    write(&dir.path().join("_uploads/young"), "half");
    let old = fs::File::options().write(true).open(dir.path().join("_uploads/old")).unwrap();
    old.set_modified(SystemTime::now() - Duration::from_secs(48 * 60 * 60)).unwrap();

    let registry = open(dir.path());
    assert_eq!(registry.manifest(&app, &at("v1")).await.unwrap(), manifest);
    assert_eq!(registry.read_blob(&app, &blob("a layer"), 100).await.unwrap(), "a layer");
    let left: Vec<_> = files(&dir.path().join("_uploads"));
    assert_eq!(left, [dir.path().join("_uploads/young")]);
}

#[tokio::test]
async fn referrers_are_those_of_the_layout() {
    let place = place();
    let app = repo("app");
    let subject = place.push(&app, "a layer", "v1").await;
    let empty = place.push_blob(&app, "{}").await;
    let attached = |kind: &str| {
        let json = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": kind, "config": empty,
            "layers": [], "subject": subject.descriptor(), "annotations": {"made": "here"}});
        RawManifest::new(media_type::OCI_MANIFEST, json.to_string().into()).unwrap()
    };
    let (sbom, signature) = (attached("test/sbom"), attached("test/signature"));
    for manifest in [&sbom, &signature] {
        let stored = place.registry.put_manifest(&app, manifest, &by(manifest.digest())).await.unwrap();
        assert!(stored.subject_indexed);
    }
    let all = place.registry.referrers(&app, subject.digest(), None).await.unwrap();
    assert_eq!(all.len(), 2);
    let sboms = place.registry.referrers(&app, subject.digest(), Some("test/sbom")).await.unwrap();
    assert_eq!(sboms.len(), 1);
    assert_eq!((&sboms[0].digest, sboms[0].artifact_type.as_deref()), (sbom.digest(), Some("test/sbom")));
    assert_eq!(sboms[0].annotations["made"], "here");

    place.registry.delete_manifest(&app, sbom.digest()).await.unwrap();
    assert_eq!(place.registry.referrers(&app, subject.digest(), None).await.unwrap().len(), 1);

    // What could not be read is an error, never an absence.
    fs::remove_file(place.path("app/blobs/sha256").join(signature.digest().hex())).unwrap();
    assert_eq!(kind_of(place.registry.referrers(&app, subject.digest(), None)).await, ErrorKind::Io);
    let error = place.registry.resolve(&app, &by(signature.digest())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.subject().ends_with(signature.digest().hex()), "{error}");
    // And putting it again mends it.
    place.registry.put_manifest(&app, &signature, &by(signature.digest())).await.unwrap();
    assert_eq!(place.registry.referrers(&app, subject.digest(), None).await.unwrap().len(), 1);
}
#[cfg(unix)]
#[tokio::test]
async fn other_users_can_read_what_is_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place();
    place.push(&repo("app"), "a layer", "v1").await;
    let reference = place.path("reference");
    fs::write(&reference, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    for file in files(place.dir.path()) {
        assert_eq!(mode(&file), mode(&reference), "{}", file.display());
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), "");
    let error = OciLayout::open(dir.path().join("file/below"), "registry.test".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.subject().contains("file"), "{error}");
    let nested = OciLayout::open(dir.path().join("made/on/the/way"), "registry.test".parse().unwrap()).unwrap();
    assert!(nested.dir().is_dir());
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn it_conforms() {
    use lockage_registry::testing::conformance::{self, Capabilities};
    // In a repository, and in one whose names are those of parts of a layout.
    for name in ["conformance/suite", "blobs/index.json"] {
        let place = place();
        let report = conformance::registry(&place.registry, &repo(name), &Capabilities::all()).await.unwrap();
        assert!(report.shortfalls.is_empty(), "{report}");
        assert_eq!(place.uploads(), 0);
    }
}
