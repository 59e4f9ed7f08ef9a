//! The index under the fallback tag: what is in it afterwards.

use futures::executor::block_on;
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Descriptor, ErrorKind, Prune, RawManifest, TagOrDigest, Target, media_type, referrers};
use serde_json::{Value, json};

use crate::bare::{Bare, repo};

const KIND: &str = "application/vnd.example.signature";

fn subject() -> Descriptor {
    fixtures::image(1).root().descriptor().clone()
}

fn tag() -> String {
    format!("sha256-{}", subject().digest.hex())
}

async fn attached(registry: &Bare, seed: u64) -> Image {
    let image = fixtures::artifact_for(&subject(), KIND, seed);
    registry.blobs(&image).await;
    referrers::attach(registry, &repo(), image.root()).await.unwrap();
    image
}

fn entries(index: &RawManifest) -> Vec<Value> {
    let document: Value = serde_json::from_slice(index.bytes()).unwrap();
    document["manifests"].as_array().unwrap().clone()
}

#[test]
fn an_entry_says_what_its_manifest_is() {
    block_on(async {
        let registry = Bare::new();
        let first = attached(&registry, 7).await;
        let second = attached(&registry, 8).await;
        let index = registry.get(&tag()).await;
        assert_eq!(index.media_type(), media_type::OCI_INDEX);
        let of = |image: &Image, seed: &str| {
            let root = image.root().descriptor();
            json!({
                "mediaType": root.media_type, "digest": root.digest, "size": root.size,
                "annotations": { "org.example.seed": seed }, "artifactType": KIND,
            })
        };
        assert_eq!(entries(&index), [of(&first, "7"), of(&second, "8")]);

        // Once more: nothing is written.
        let again = referrers::enter(&registry, &repo(), &subject().digest, &[first.root().clone()]).await.unwrap();
        assert_eq!((again.written, again.requests, again.digest), (false, 1, index.digest().clone()));
    });
}

#[test]
fn the_config_type_stands_in_for_an_artifact_type() {
    block_on(async {
        let registry = Bare::new();
        let made = fixtures::artifact_for(&subject(), KIND, 1);
        registry.blobs(&made).await;
        let mut document: Value = serde_json::from_slice(made.root().bytes()).unwrap();
        document.as_object_mut().unwrap().remove("artifactType");
        let untyped = RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into()).unwrap();
        referrers::attach(&registry, &repo(), &untyped).await.unwrap();
        assert_eq!(entries(&registry.get(&tag()).await)[0]["artifactType"], media_type::OCI_EMPTY);
    });
}

#[test]
fn what_others_wrote_is_kept_to_the_byte_and_ours_is_completed() {
    block_on(async {
        let registry = Bare::new();
        let ours = fixtures::artifact_for(&subject(), KIND, 3);
        registry.blobs(&ours).await;
        let foreign = attached(&registry, 9).await;
        let (foreign, own) = (foreign.root().descriptor(), ours.root().descriptor());
        let by_digest = TagOrDigest::Digest(own.digest.clone());
        registry.0.put_manifest(&repo(), ours.root(), &by_digest).await.unwrap();
        let theirs = format!(
            r#"{{ "digest":"{}","x-odd":[1.0, 1e-7,{{"b":1,"a":12345678901234567890.50}}],"size":{},"mediaType":"{}" }}"#,
            foreign.digest, foreign.size, foreign.media_type
        );
        // As cosign 3.1.1 leaves it: no annotations.
        let bare = format!(
            r#"{{"x-first":true,"mediaType":"{}","size":{},"digest":"{}"}}"#,
            own.media_type, own.size, own.digest
        );
        let text = format!(
            r#"{{"x-before":1.50,"manifests":[{theirs},{bare}],"mediaType":"{}","schemaVersion":2,"annotations":null}}"#,
            media_type::OCI_INDEX
        );
        registry.put(&RawManifest::new(media_type::OCI_INDEX, text.into()).unwrap(), &tag()).await;

        referrers::attach(&registry, &repo(), ours.root()).await.unwrap();
        let index = registry.get(&tag()).await;
        let text = std::str::from_utf8(index.bytes()).unwrap();
        assert!(text.starts_with(r#"{"x-before":1.50,"manifests":["#), "{text}");
        assert!(text.contains(&theirs), "{text}");
        let completed = format!(
            r#"{},"artifactType":"{KIND}","annotations":{{"org.example.seed":"3"}}}}"#,
            bare.strip_suffix('}').unwrap()
        );
        assert!(text.contains(&completed), "{text}");
        assert!(
            text.ends_with(&format!(
                r#""mediaType":"{}","schemaVersion":2,"annotations":null}}"#,
                media_type::OCI_INDEX
            ))
        );
        assert_eq!(entries(&index).len(), 2);
    });
}

#[test]
fn a_tag_that_holds_no_index_and_a_manifest_of_another_subject_are_errors() {
    block_on(async {
        let registry = Bare::new();
        let image = fixtures::image(1);
        registry.blobs(&image).await;
        let ours = fixtures::artifact_for(&subject(), KIND, 3);
        registry.blobs(&ours).await;
        // As `cosign copy` leaves it: the image itself.
        registry.put(image.root(), &tag()).await;
        let error = referrers::attach(&registry, &repo(), ours.root()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.remedy().is_some());
        assert_eq!(registry.get(&tag()).await, *image.root());

        let other = fixtures::image(2).root().digest().clone();
        let error = referrers::enter(&registry, &repo(), &other, &[ours.root().clone()]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    });
}

#[test]
fn an_entry_that_dangles_does_not_keep_others_out() {
    block_on(async {
        let registry = Bare::new();
        let (kept, gone) = (attached(&registry, 1).await, attached(&registry, 2).await);
        registry.0.delete_manifest(&repo(), gone.root().digest()).await.unwrap();
        let fresh = attached(&registry, 3).await;
        let listed: Vec<_> = entries(&registry.get(&tag()).await).iter().map(|entry| entry["digest"].clone()).collect();
        assert_eq!(listed, [kept, fresh].map(|image| Value::from(image.root().digest().as_str())));
    });
}
