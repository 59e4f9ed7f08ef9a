//! The union of layers under cosign's tags.

use futures::executor::block_on;
use lockage_registry::testing::Recorder;
use lockage_registry::{
    Algorithm, Body, Descriptor, ErrorKind, RawManifest, Source, Tag, TagOrDigest, TargetExt, digest_of, media_type,
    referrers,
};
use serde_json::{Value, json};

use crate::bare::{Bare, repo};

const SIMPLE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

fn tag() -> Tag {
    format!("sha256-{}.sig", "ab".repeat(32)).parse().unwrap()
}

fn blob(bytes: &str, kind: &str) -> Descriptor {
    Descriptor::new(kind, digest_of(Algorithm::Sha256, bytes.as_bytes()).unwrap(), bytes.len() as u64)
}

/// A manifest as cosign writes it, with a layer for each (payload, signature), and what is to be said besides.
async fn signed(registry: &Bare, signatures: &[(&str, &str)], more: &str) -> RawManifest {
    let mut layers = Vec::new();
    for (payload, signature) in signatures {
        let mut layer = blob(payload, SIMPLE);
        registry.0.put_blob(&repo(), &layer, Body::bytes(payload.to_string())).await.unwrap();
        layer.annotations.insert("dev.cosignproject.cosign/signature".into(), (*signature).into());
        layers.push(layer);
    }
    let ids: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
    let history = vec![json!({ "created": "0001-01-01T00:00:00Z" }); layers.len()];
    let config = format!(
        r#"{{"architecture":"","created":"0001-01-01T00:00:00Z","history":{},"os":"","rootfs":{{"type":"layers","diff_ids":{}}},"config":{{}}}}"#,
        json!(history),
        json!(ids)
    );
    with_config(registry, &config, media_type::OCI_CONFIG, &layers, more).await
}

async fn with_config(registry: &Bare, config: &str, kind: &str, layers: &[Descriptor], more: &str) -> RawManifest {
    let descriptor = blob(config, kind);
    registry.0.put_blob(&repo(), &descriptor, Body::bytes(config.to_owned())).await.unwrap();
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","config":{},"layers":{}{more}}}"#,
        media_type::OCI_MANIFEST,
        json!(descriptor),
        json!(layers)
    );
    RawManifest::new(media_type::OCI_MANIFEST, text.into()).unwrap()
}

fn signatures(manifest: &RawManifest) -> Vec<String> {
    let document: Value = serde_json::from_slice(manifest.bytes()).unwrap();
    let name = |layer: &Value| layer["annotations"]["dev.cosignproject.cosign/signature"].as_str().unwrap().to_owned();
    document["layers"].as_array().unwrap().iter().map(name).collect()
}

#[test]
fn where_one_side_has_all_its_manifest_is_kept() {
    block_on(async {
        let registry = Bare::new();
        let one = signed(&registry, &[("p", "a")], "").await;
        let two = signed(&registry, &[("p", "a"), ("p", "b")], "").await;
        for (held, brought, left, written) in [
            (None, &one, &one, true),
            (Some(&one), &two, &two, true),
            (Some(&two), &one, &two, false),
            (Some(&one), &one, &one, false),
        ] {
            let registry = Bare(registry.0.clone());
            if let Some(held) = held {
                registry.put(held, tag().as_str()).await;
            }
            let settled = referrers::merge(&registry, &repo(), &tag(), brought).await.unwrap();
            assert_eq!((&settled.digest, settled.written), (left.digest(), written));
            assert_eq!(registry.get(tag().as_str()).await, *left);
        }
    });
}

#[test]
fn where_each_has_its_own_the_union_has_a_config_to_match() {
    block_on(async {
        let registry = Bare::new();
        let held = signed(&registry, &[("p", "a"), ("q", "b")], r#","annotations":{"k":"held","h":"1"}"#).await;
        let brought =
            signed(&registry, &[("r", "c"), ("p", "a"), ("p", "d")], r#","annotations":{"k":"new","n":"2"}"#).await;
        registry.put(&held, tag().as_str()).await;
        referrers::merge(&registry, &repo(), &tag(), &brought).await.unwrap();
        let merged = registry.get(tag().as_str()).await;
        assert_eq!(signatures(&merged), ["a", "b", "c", "d"]);
        let document: Value = serde_json::from_slice(merged.bytes()).unwrap();
        assert_eq!(document["annotations"], json!({ "k": "held", "h": "1", "n": "2" }));
        let view = merged.view().unwrap();
        let config = view.blobs()[0].clone();
        let mut stream = registry.0.blob(&repo(), &config, 0).await.unwrap();
        let bytes = futures::StreamExt::next(&mut stream).await.unwrap().unwrap();
        // To the byte what cosign writes for four layers.
        let layers: Vec<_> = ["p", "q", "r", "p"].map(|payload| blob(payload, SIMPLE).digest).into();
        let expected = format!(
            r#"{{"architecture":"","created":"0001-01-01T00:00:00Z","history":{},"os":"","rootfs":{{"type":"layers","diff_ids":{}}},"config":{{}}}}"#,
            json!(vec![json!({ "created": "0001-01-01T00:00:00Z" }); 4]),
            json!(layers)
        );
        assert_eq!(std::str::from_utf8(&bytes).unwrap(), expected);

        // Again: the tag has everything, and one request tells.
        let recorder = Recorder::new(registry.clone());
        let again = referrers::merge(&recorder, &repo(), &tag(), &brought).await.unwrap();
        assert_eq!((again.written, again.requests, recorder.calls().len()), (false, 1, 1));
        assert!(referrers::covers(&merged, &brought).unwrap() && !referrers::covers(&brought, &merged).unwrap());
    });
}

#[test]
fn configs_that_say_nothing_of_layers_need_not() {
    block_on(async {
        let registry = Bare::new();
        let layer = |payload: &str| blob(payload, SIMPLE);
        for payload in ["a", "b"] {
            registry.0.put_blob(&repo(), &layer(payload), Body::bytes(payload.to_owned())).await.unwrap();
        }
        let held = with_config(&registry, "{}", media_type::OCI_EMPTY, &[layer("a")], "").await;
        let brought = with_config(&registry, "{}", media_type::OCI_EMPTY, &[layer("b")], "").await;
        registry.put(&held, tag().as_str()).await;
        referrers::merge(&registry, &repo(), &tag(), &brought).await.unwrap();
        let merged = registry.get(tag().as_str()).await.view().unwrap();
        assert_eq!(merged.blobs()[0].digest, blob("{}", media_type::OCI_EMPTY).digest);
        assert_eq!(merged.blobs().len(), 3);
    });
}

#[test]
fn what_cannot_be_merged_is_told_and_left() {
    block_on(async {
        let registry = Bare::new();
        let brought = signed(&registry, &[("p", "a")], "").await;
        let layers: Vec<_> = signed(&registry, &[("q", "b")], "").await.view().unwrap().blobs()[1..]
            .iter()
            .map(|layer| (*layer).clone())
            .collect();
        let gzip: Vec<_> = layers
            .iter()
            .map(|layer| Descriptor::new(media_type::OCI_LAYER_GZIP, layer.digest.clone(), layer.size))
            .collect();
        let subject = format!(r#","subject":{}"#, json!(brought.descriptor()));
        let held = [
            RawManifest::new(media_type::OCI_INDEX, r#"{"schemaVersion":2,"manifests":[]}"#.into()).unwrap(),
            with_config(&registry, "{}", media_type::OCI_EMPTY, &layers, "").await,
            with_config(&registry, "[]", media_type::OCI_CONFIG, &layers, "").await,
            with_config(&registry, "{}", media_type::OCI_CONFIG, &gzip, "").await,
            with_config(&registry, r#"{"rootfs":{"diff_ids":[]}}"#, media_type::OCI_CONFIG, &layers, "").await,
            signed(&registry, &[("q", "b")], r#","artifactType":"a/b""#).await,
            signed(&registry, &[("q", "b")], &subject).await,
        ];
        let brought = signed(&registry, &[("p", "a")], r#","artifactType":"c/d","subject":null"#).await;
        for held in held {
            registry.put(&held, tag().as_str()).await;
            let error = referrers::merge(&registry, &repo(), &tag(), &brought).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().contains("cannot be merged"), "{error}");
            let what = TagOrDigest::Tag(tag());
            assert_eq!(registry.0.manifest(&repo(), &what).await.unwrap(), held);
        }
    });
}
