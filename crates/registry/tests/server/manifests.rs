//! Manifests and referrers.

use lockage_registry::{Algorithm, digest_of};

use crate::http::{OCI_MANIFEST, get, manifest, put_blob, put_manifest, send, server, sha256};

#[tokio::test]
async fn a_manifest_is_served_as_it_was_put() {
    let server = server().await;
    put_blob(&server, "app", b"{}").await;
    let mut bytes = manifest(b"{}", None, "a/b");
    bytes.extend_from_slice(b"\n  ");
    let digest = sha256(&bytes);

    let stored = put_manifest(&server, "app", "v1", &bytes).await;
    assert_eq!(stored.status, 201);
    assert_eq!(stored.header("docker-content-digest"), digest.as_str());
    assert_eq!(stored.header("location"), format!("/v2/app/manifests/{digest}"));
    assert_eq!(stored.header("oci-subject"), "");

    for reference in ["v1", digest.as_str()] {
        let path = format!("/v2/app/manifests/{reference}");
        let served = get(&server, &path).await;
        assert_eq!((served.status, &served.body), (200, &bytes));
        let head = send(&server, "HEAD", &path, &[], b"").await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), bytes.len().to_string());
        for answer in [served, head] {
            assert_eq!(answer.header("content-type"), OCI_MANIFEST);
            assert_eq!(answer.header("docker-content-digest"), digest.as_str());
        }
    }
    assert_eq!(send(&server, "HEAD", "/v2/app/manifests/v2", &[], b"").await.status, 404);
}

#[tokio::test]
async fn a_manifest_is_checked_against_its_digest_in_either_algorithm() {
    let server = server().await;
    put_blob(&server, "app", b"{}").await;
    let bytes = manifest(b"{}", None, "a/b");
    let refused = put_manifest(&server, "app", sha256(b"other").as_str(), &bytes).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "DIGEST_INVALID"));
    let sha512 = digest_of(Algorithm::Sha512, &bytes).unwrap();
    let stored = put_manifest(&server, "app", sha512.as_str(), &bytes).await;
    assert_eq!((stored.status, stored.header("docker-content-digest")), (201, sha512.as_str()));
    assert_eq!(get(&server, &format!("/v2/app/manifests/{sha512}")).await.body, bytes);
}

#[tokio::test]
async fn a_manifest_without_its_blobs_names_each_of_them() {
    let server = server().await;
    let bytes = manifest(b"{}", None, "a/b");
    let layers = format!(
        r#""layers":[{{"mediaType":"x/y","digest":"{}","size":1}},{{"mediaType":"x/y","digest":"{}","size":1}}]"#,
        sha256(b"1"),
        sha256(b"2")
    );
    let bytes = String::from_utf8(bytes).unwrap().replace(r#""layers":[]"#, &layers);
    let refused = put_manifest(&server, "app", "v1", bytes.as_bytes()).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "MANIFEST_BLOB_UNKNOWN"));
    let errors = refused.json()["errors"].as_array().unwrap().clone();
    let mut named: Vec<_> = errors.iter().map(|e| e["detail"]["digest"].as_str().unwrap().to_owned()).collect();
    named.sort();
    let mut missing = [sha256(b"{}"), sha256(b"1"), sha256(b"2")].map(|digest| digest.to_string());
    missing.sort();
    assert_eq!(named, missing);
}

#[tokio::test]
async fn a_manifest_may_have_four_mebibytes_and_no_more() {
    let server = server().await;
    put_blob(&server, "app", b"{}").await;
    let mut bytes = manifest(b"{}", None, "a/b");
    bytes.resize(4 * 1024 * 1024, b' ');
    assert_eq!(put_manifest(&server, "app", "v1", &bytes).await.status, 201);
    bytes.push(b' ');
    assert_eq!(put_manifest(&server, "app", "v1", &bytes).await.status, 413);
    let mut http = crate::http::Http::to(&server).await;
    let refused = http.send_chunked("PUT", "/v2/app/manifests/v1", &[], &bytes).await;
    assert_eq!(refused.status, 413, "where no length is announced, too");
    // What was not wanted has been drained, and the connection goes on.
    assert_eq!(http.send("GET", "/v2/", &[], b"").await.status, 200);
    for nonsense in ["", "{}", "[]"] {
        let refused = put_manifest(&server, "app", "v1", nonsense.as_bytes()).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "MANIFEST_INVALID"), "{nonsense}");
    }
    let schema1 = br#"{"schemaVersion":1,"fsLayers":[]}"#;
    assert_eq!(put_manifest(&server, "app", "v1", schema1).await.status, 400);
}

#[tokio::test]
async fn a_tag_is_deleted_alone_and_a_digest_with_its_tags() {
    let server = server().await;
    put_blob(&server, "app", b"{}").await;
    let bytes = manifest(b"{}", None, "a/b");
    let digest = sha256(&bytes);
    for tag in ["v1", "v2"] {
        put_manifest(&server, "app", tag, &bytes).await;
    }
    assert_eq!(send(&server, "DELETE", "/v2/app/manifests/v1", &[], b"").await.status, 202);
    assert_eq!(get(&server, "/v2/app/manifests/v1").await.status, 404);
    assert_eq!(get(&server, "/v2/app/manifests/v2").await.status, 200);
    let path = format!("/v2/app/manifests/{digest}");
    assert_eq!(send(&server, "DELETE", &path, &[], b"").await.status, 202);
    let gone = get(&server, "/v2/app/manifests/v2").await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "MANIFEST_UNKNOWN"));
    assert_eq!(send(&server, "DELETE", &path, &[], b"").await.status, 404);
}

#[tokio::test]
async fn referrers_are_listed_and_filtered() {
    let server = server().await;
    put_blob(&server, "app", b"{}").await;
    let image = manifest(b"{}", None, "app/image");
    let subject = sha256(&image);
    let path = format!("/v2/app/referrers/{subject}");
    let none = get(&server, &path).await;
    assert_eq!((none.status, none.json()["manifests"].as_array().unwrap().len()), (200, 0));

    // The subject need not be there yet.
    for kind in ["sbom/spdx+json", "signature/x"] {
        let attached = manifest(b"{}", Some((&subject, image.len())), kind);
        let stored = put_manifest(&server, "app", sha256(&attached).as_str(), &attached).await;
        assert_eq!((stored.status, stored.header("oci-subject")), (201, subject.as_str()));
    }
    let all = get(&server, &path).await;
    assert_eq!(all.header("content-type"), "application/vnd.oci.image.index.v1+json");
    assert_eq!((all.header("oci-filters-applied"), all.json()["manifests"].as_array().unwrap().len()), ("", 2));
    // With the plus encoded, and with it forgotten.
    for plus in ["%2B", "+"] {
        let filtered = get(&server, &format!("{path}?artifactType=sbom/spdx{plus}json")).await;
        assert_eq!(filtered.header("oci-filters-applied"), "artifactType");
        let index = filtered.json();
        assert_eq!(index["schemaVersion"], 2);
        assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
        assert_eq!(index["manifests"][0]["artifactType"], "sbom/spdx+json");
        assert_eq!(index["manifests"][0]["annotations"]["org.example.kind"], "sbom/spdx+json");
    }
}
