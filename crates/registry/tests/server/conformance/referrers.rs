//! Referrers: listed, filtered, and of subjects that are not there.

use lockage_registry::Algorithm;
use serde_json::{Value, json};

use super::content::{Data, LAYER};
use super::manifests::put;
use super::push::{Way, push};
use super::{OCI_INDEX, hash, servers};
use crate::http::{OCI_MANIFEST, get};

#[tokio::test]
async fn referrers_are_listed_with_their_types_and_annotations_also_of_a_missing_subject() {
    for (server, _) in &servers(false).await {
        let mut data = Data::new("subject");
        let image = data.image(LAYER, &json!({}));
        let missing = data.descriptor(OCI_MANIFEST, b"missing");
        for subject in [&image, &missing] {
            let more = |kind: &str| json!({ "subject": subject, "artifactType": kind, "annotations": { "org.example.kind": kind } });
            data.artifact(0, &more("application/vnd.example.one"));
            data.artifact(1, &more("application/vnd.example.two"));
            data.index(&[], &more("application/vnd.example.list"));
            // Without a type of its own, it has that of its config.
            data.image(LAYER, &json!({ "subject": subject, "annotations": { "org.example.kind": "image" } }));
        }
        for bytes in &data.blobs {
            push(server, Way::Post, &hash(Algorithm::Sha256, bytes), bytes).await;
        }
        for bytes in &data.manifests {
            let stored = put(server, &format!("/v2/app/manifests/{}", hash(Algorithm::Sha256, bytes)), bytes).await;
            let manifest: Value = serde_json::from_slice(bytes).unwrap();
            let subject = manifest["subject"]["digest"].as_str().unwrap_or_default();
            assert_eq!((stored.status, stored.header("oci-subject")), (201, subject));
        }
        for subject in [&image, &missing] {
            let path = format!("/v2/app/referrers/{}", subject["digest"].as_str().unwrap());
            let all = get(server, &path).await;
            assert_eq!((all.status, all.header("content-type")), (200, OCI_INDEX));
            assert_eq!((all.header("oci-filters-applied"), all.json()["manifests"].as_array().unwrap().len()), ("", 4));
            for (kind, annotation, media_type) in [
                ("application/vnd.example.one", "application/vnd.example.one", OCI_MANIFEST),
                ("application/vnd.example.two", "application/vnd.example.two", OCI_MANIFEST),
                ("application/vnd.example.list", "application/vnd.example.list", OCI_INDEX),
                ("application/vnd.oci.image.config.v1+json", "image", OCI_MANIFEST),
            ] {
                let some = get(server, &format!("{path}?artifactType={kind}")).await;
                assert_eq!(some.header("oci-filters-applied"), "artifactType");
                let entries = some.json()["manifests"].as_array().unwrap().clone();
                assert_eq!(entries.len(), 1, "{kind}");
                let entry = &entries[0];
                assert_eq!((&entry["artifactType"], &entry["mediaType"]), (&kind.into(), &media_type.into()));
                assert_eq!(entry["annotations"], json!({ "org.example.kind": annotation }));
                let found = get(server, &format!("/v2/app/manifests/{}", entry["digest"].as_str().unwrap())).await;
                assert_eq!(entry["size"], found.body.len());
            }
            let none = get(server, &format!("{path}?artifactType=x/y")).await;
            assert_eq!((none.header("oci-filters-applied"), &none.json()["manifests"]), ("artifactType", &json!([])));
        }
    }
}
