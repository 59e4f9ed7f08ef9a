//! The server over HTTP, byte by byte: each point of the distribution specification that it answers for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs, unreachable_pub)]

mod conformance;
mod faults;
mod guard;
mod http;
mod manifests;
mod uploads;

use http::{Http, get, put_blob, put_manifest, send, server, sha256};

#[tokio::test]
async fn the_ping_names_the_api_and_is_logged() {
    let server = server().await;
    let pong = get(&server, "/v2/").await;
    assert_eq!((pong.status, pong.header("docker-distribution-api-version")), (200, "registry/2.0"));
    let seen = server.requests();
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str(), seen[0].status, seen[0].sent), ("GET", "/v2/", 200, 2));
    server.clear_requests();
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn what_is_no_endpoint_is_not_found_and_what_is_no_method_says_which_are() {
    let server = server().await;
    for path in ["/", "/v1/", "/v2/_catalog", "/v2/a/other/b"] {
        assert_eq!(get(&server, path).await.status, 404, "{path}");
    }
    let digest = sha256(b"x");
    let refused = send(&server, "DELETE", &format!("/v2/app/blobs/{digest}"), &[], b"").await;
    assert_eq!((refused.status, refused.code().as_str(), refused.header("allow")), (405, "UNSUPPORTED", "GET, HEAD"));
    let refused = send(&server, "POST", "/v2/app/tags/list", &[], b"").await;
    assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"));
}

#[tokio::test]
async fn bad_names_and_digests_are_told_from_missing_ones() {
    let server = server().await;
    let missing = sha256(b"missing");
    for (path, status, code) in [
        ("/v2/App/tags/list", 400, "NAME_INVALID"),
        ("/v2/app/tags/list", 404, "NAME_UNKNOWN"),
        ("/v2/app/blobs/sha256:ab", 400, "DIGEST_INVALID"),
        ("/v2/app/blobs/nonsense", 400, "DIGEST_INVALID"),
        (&format!("/v2/app/blobs/{missing}"), 404, "BLOB_UNKNOWN"),
        ("/v2/app/manifests/sha256:ab", 400, "DIGEST_INVALID"),
        ("/v2/app/manifests/-bad", 404, "MANIFEST_UNKNOWN"),
        ("/v2/app/referrers/nonsense", 400, "DIGEST_INVALID"),
    ] {
        let refused = get(&server, path).await;
        assert_eq!((refused.status, refused.code().as_str()), (status, code), "{path}");
        assert_eq!(refused.header("content-type"), "application/json");
    }
    let refused = put_manifest(&server, "app", "-bad", b"{}").await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "MANIFEST_INVALID"));
}

#[tokio::test]
async fn blobs_come_whole_and_in_parts() {
    let server = server().await;
    let bytes: Vec<u8> = (0..100_000u32).map(|i| i as u8).collect();
    let digest = put_blob(&server, "team/app", &bytes).await;
    let path = format!("/v2/team/app/blobs/{digest}");

    let whole = get(&server, &path).await;
    assert_eq!((whole.status, &whole.body), (200, &bytes));
    assert_eq!(whole.header("docker-content-digest"), digest.as_str());
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let mut http = Http::to(&server).await;
    let head = http.send("HEAD", &path, &[], b"").await;
    assert_eq!((head.status, head.header("content-length")), (200, "100000"));

    // The same connection goes on behind a HEAD: there was no body.
    for (range, slice, content_range) in [
        ("bytes=10-19", &bytes[10..20], "bytes 10-19/100000"),
        ("bytes=99990-", &bytes[99990..], "bytes 99990-99999/100000"),
        ("bytes=-5", &bytes[99995..], "bytes 99995-99999/100000"),
    ] {
        let part = http.send("GET", &path, &[&format!("Range: {range}")], b"").await;
        assert_eq!((part.status, part.body.as_slice()), (206, slice), "{range}");
        assert_eq!(part.header("content-range"), content_range);
    }
    let outside = http.send("GET", &path, &["Range: bytes=100000-"], b"").await;
    assert_eq!((outside.status, outside.header("content-range")), (416, "bytes */100000"));
    let changed = http.send("GET", &path, &["Range: bytes=5-6", "If-Range: \"other\""], b"").await;
    assert_eq!((changed.status, changed.body.len()), (200, 100_000));

    let sent: Vec<u64> = server.requests().iter().skip(1).map(|seen| seen.sent).collect();
    assert_eq!(sent[..5], [100_000, 0, 10, 10, 5]);
    assert_eq!(server.requests()[0].received, 100_000);
}

#[tokio::test]
async fn tags_are_listed_in_order_and_in_pages() {
    let server = server().await;
    let manifest = br#"{"schemaVersion":2,"manifests":[]}"#;
    for tag in ["v2", "V1", "v10", "_a", "v1"] {
        let path = format!("/v2/app/manifests/{tag}");
        // Without a type: it is read from the structure.
        assert_eq!(send(&server, "PUT", &path, &[], manifest).await.status, 201);
    }
    let all = get(&server, "/v2/app/tags/list").await;
    assert_eq!(all.json(), serde_json::json!({ "name": "app", "tags": ["V1", "_a", "v1", "v10", "v2"] }));
    assert_eq!(all.header("link"), "");

    let mut tags = Vec::new();
    let mut next = "/v2/app/tags/list?n=2".to_owned();
    let mut pages = 0;
    while !next.is_empty() {
        let page = get(&server, &next).await;
        tags.extend(page.json()["tags"].as_array().unwrap().clone());
        next = page.header("link").trim_start_matches('<').trim_end_matches(">; rel=\"next\"").to_owned();
        pages += 1;
    }
    assert_eq!((pages, tags.len()), (3, 5));
    // A page that ends with the last tag has no next one; a marker need not be a tag.
    assert_eq!(get(&server, "/v2/app/tags/list?n=5").await.header("link"), "");
    assert_eq!(get(&server, "/v2/app/tags/list?last=v1%2B").await.json()["tags"], serde_json::json!(["v10", "v2"]));
    let none = get(&server, "/v2/app/tags/list?n=0").await;
    assert_eq!((none.status, none.header("link"), &none.json()["tags"]), (200, "", &serde_json::json!([])));
    for bad in ["-1", "x", ""] {
        assert_eq!(get(&server, &format!("/v2/app/tags/list?n={bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_shutdown_ends_what_is_under_way_and_a_drop_does_not_wait() {
    let server = server().await;
    let address = server.address();
    let mut idle = Http::to(&server).await;
    assert_eq!(idle.send("GET", "/v2/", &[], b"").await.status, 200);
    let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), server.wait()).await;
    assert!(waiting.is_err(), "it ends only when it is told to");
    server.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());

    let server = http::server().await;
    let address = server.address();
    let mut open = Http::to(&server).await;
    assert_eq!(open.send("GET", "/v2/", &[], b"").await.status, 200);
    drop(server);
    assert!(open.answer("GET").await.is_none());
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
