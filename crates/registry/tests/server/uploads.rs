//! Uploads: in one request, in two, in chunks, and by mounting.

use std::time::Duration;

use lockage_registry::server::Server;

use crate::http::{Http, get, put_blob, send, server, session, sha256};

/// More than is spooled in memory, in no pattern of the spool's size.
fn large() -> Vec<u8> {
    (0..3_500_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[tokio::test]
async fn a_blob_is_put_in_two_requests() {
    let server = server().await;
    for bytes in [large(), Vec::new()] {
        let location = session(&server, "app").await;
        let digest = sha256(&bytes);
        let stored = send(&server, "PUT", &format!("{location}?digest={digest}"), &[], &bytes).await;
        assert_eq!((stored.status, stored.header("docker-content-digest")), (201, digest.as_str()));
        assert_eq!(stored.header("location"), format!("/v2/app/blobs/{digest}"));
        assert_eq!(get(&server, stored.header("location")).await.body, bytes);
        // A session is used once.
        let again = send(&server, "PUT", &format!("{location}?digest={digest}"), &[], &bytes).await;
        assert_eq!((again.status, again.code().as_str()), (404, "BLOB_UPLOAD_UNKNOWN"));
    }
    assert_eq!(server.requests()[1].received, 3_500_000);
}

#[tokio::test]
async fn a_blob_is_patched_whole_without_a_length_as_docker_does() {
    let server = server().await;
    let bytes = large();
    let mut http = Http::to(&server).await;
    let location = session(&server, "app").await;
    let patched = http.send_chunked("PATCH", &location, &[], &bytes).await;
    assert_eq!((patched.status, patched.header("range")), (202, "0-3499999"));
    let path = format!("{}?digest={}", patched.header("location"), sha256(&bytes));
    let stored = http.send("PUT", &path, &[], b"").await;
    assert_eq!(stored.status, 201);
    assert_eq!(http.send("GET", stored.header("location"), &[], b"").await.body, bytes);
}

#[tokio::test]
async fn a_blob_is_put_in_chunks_and_each_must_fit() {
    let server = server().await;
    let bytes = large();
    let location = session(&server, "app").await;
    let mut http = Http::to(&server).await;
    let third = 1_200_000;
    let first = format!("Content-Range: 0-{}", third - 1);
    let patched = http.send("PATCH", &location, &[&first], &bytes[..third]).await;
    assert_eq!((patched.status, patched.header("range")), (202, "0-1199999"));

    let wrong = http.send("PATCH", &location, &["Content-Range: 5-9"], b"12345").await;
    assert_eq!((wrong.status, wrong.header("range"), wrong.header("location")), (416, "0-1199999", location.as_str()));
    let wrong = http.send("PATCH", &location, &["Content-Range: 1200000-1200009"], b"12345").await;
    assert_eq!(wrong.status, 400, "shorter than it says");
    let wrong = http.send("PATCH", &location, &["Content-Range: nonsense"], b"12345").await;
    assert_eq!(wrong.status, 400);

    let second = format!("Content-Range: {third}-{}", 2 * third - 1);
    let patched = http.send("PATCH", &location, &[&second], &bytes[third..2 * third]).await;
    assert_eq!((patched.status, patched.header("range")), (202, "0-2399999"));
    let status = http.send("GET", &location, &[], b"").await;
    assert_eq!((status.status, status.header("range")), (204, "0-2399999"));

    // The last chunk rides in the PUT.
    let digest = sha256(&bytes);
    let last = format!("Content-Range: {}-{}", 2 * third, bytes.len() - 1);
    let path = format!("{location}?digest={digest}");
    let stored = http.send("PUT", &path, &[&last], &bytes[2 * third..]).await;
    assert_eq!(stored.status, 201);
    assert_eq!(get(&server, &format!("/v2/app/blobs/{digest}")).await.body, bytes);
}

#[tokio::test]
async fn what_a_broken_connection_has_brought_is_kept() {
    let server = server().await;
    let bytes = large();
    let location = session(&server, "app").await;
    let mut http = Http::to(&server).await;
    http.head("PATCH", &location, &[&format!("Content-Length: {}", bytes.len())]).await;
    http.write(&bytes[..2_000_000]).await;
    received(&server, 1, 2_000_000).await;
    drop(http);

    let status = get(&server, &location).await;
    assert_eq!((status.status, status.header("range")), (204, "0-1999999"));
    let rest = "Content-Range: 2000000-3499999";
    let patched = send(&server, "PATCH", &location, &[rest], &bytes[2_000_000..]).await;
    assert_eq!((patched.status, patched.header("range")), (202, "0-3499999"));
    let stored = send(&server, "PUT", &format!("{location}?digest={}", sha256(&bytes)), &[], b"").await;
    assert_eq!(stored.status, 201);
}

#[tokio::test]
async fn content_that_is_not_its_digest_is_refused_also_where_the_blob_is_there() {
    let server = server().await;
    let right = b"right".as_slice();
    for there in [false, true] {
        let digest = if there { put_blob(&server, "app", right).await } else { sha256(right) };
        let direct = format!("{}?digest={digest}", session(&server, "app").await);
        let spooled = session(&server, "app").await;
        assert_eq!(send(&server, "PATCH", &spooled, &[], b"wrong").await.status, 202);
        let spooled = format!("{spooled}?digest={digest}");
        let once = format!("/v2/app/blobs/uploads/?digest={digest}");
        for (method, path, body) in [
            ("PUT", &direct, b"wrong".as_slice()),
            ("PUT", &spooled, b"".as_slice()),
            ("POST", &once, b"wrong".as_slice()),
            ("POST", &once, b"".as_slice()),
        ] {
            let refused = send(&server, method, path, &[], body).await;
            assert_eq!((refused.status, refused.code().as_str()), (400, "DIGEST_INVALID"), "{method} {there}");
        }
    }
    let nameless = send(&server, "PUT", &session(&server, "app").await, &[], right).await;
    assert_eq!((nameless.status, nameless.code().as_str()), (400, "DIGEST_INVALID"));
}

#[tokio::test]
async fn a_blob_that_is_there_can_be_pushed_again_on_a_connection_that_lives_on() {
    let server = server().await;
    let bytes = large();
    let digest = put_blob(&server, "app", &bytes).await;
    let location = session(&server, "app").await;
    let mut http = Http::to(&server).await;
    assert_eq!(http.send("PUT", &format!("{location}?digest={digest}"), &[], &bytes).await.status, 201);
    assert_eq!(http.send("GET", "/v2/", &[], b"").await.status, 200);
}

#[tokio::test]
async fn mounting_needs_no_bytes() {
    let server = server().await;
    let digest = put_blob(&server, "dev/app", b"layer").await;
    let start = "/v2/prod/app/blobs/uploads/?mount=";
    let unknown = sha256(b"unknown");
    for (query, status) in [
        // Not there: neither by itself, nor from itself, nor from where it is not.
        (format!("{start}{unknown}"), 202),
        (format!("{start}{digest}&from=prod%2Fapp"), 202),
        (format!("{start}{unknown}&from=dev/app"), 202),
        (format!("{start}{digest}&from=dev/app"), 201),
        // And now it is.
        (format!("{start}{digest}&from=prod/app"), 201),
        (format!("{start}{digest}"), 201),
        (format!("{start}{digest}&from=some/where"), 201),
        (format!("{start}sha256:ab&from=dev/app"), 400),
        (format!("{start}{digest}&from=Dev"), 400),
    ] {
        let answer = send(&server, "POST", &query, &[], b"").await;
        assert_eq!(answer.status, status, "{query}");
        if status == 201 {
            assert_eq!(answer.header("location"), format!("/v2/prod/app/blobs/{digest}"));
            assert_eq!(answer.header("docker-content-digest"), digest.as_str());
        }
    }
    assert_eq!(get(&server, &format!("/v2/prod/app/blobs/{digest}")).await.body, b"layer");
    // What cannot be mounted is uploaded in the session that the same answer opened.
    let answer = send(&server, "POST", &format!("{start}{unknown}&from=dev/app"), &[], b"").await;
    let path = format!("{}?digest={unknown}", answer.header("location"));
    assert_eq!(send(&server, "PUT", &path, &[], b"unknown").await.status, 201);
}

#[tokio::test]
async fn a_session_belongs_to_its_repository_and_can_be_cancelled() {
    let server = server().await;
    let location = session(&server, "app").await;
    let elsewhere = location.replace("/app/", "/other/");
    assert_eq!(get(&server, &elsewhere).await.code(), "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(send(&server, "DELETE", &location, &[], b"").await.status, 204);
    for method in ["GET", "PATCH", "PUT", "DELETE"] {
        assert_eq!(send(&server, method, &location, &[], b"").await.code(), "BLOB_UPLOAD_UNKNOWN");
    }
    let (one, other) = (session(&server, "app").await, session(&server, "app").await);
    assert_ne!(one, other);
    assert_eq!(one.rsplit('/').next().unwrap().len(), 32);
}

#[tokio::test]
async fn requests_to_one_session_take_turns() {
    let server = server().await;
    let location = session(&server, "app").await;
    let (first, second) = (vec![b'a'; 300_000], vec![b'b'; 300_000]);
    let mut slow = Http::to(&server).await;
    slow.head("PATCH", &location, &["Content-Length: 300000"]).await;
    slow.write(&first[..100_000]).await;
    received(&server, 1, 100_000).await;

    let both = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        slow.write(&first[100_000..]).await;
        slow.answer("PATCH").await.unwrap()
    };
    let (waited, before) = tokio::join!(send(&server, "PATCH", &location, &[], &second), both);
    assert_eq!((before.status, before.header("range")), (202, "0-299999"));
    assert_eq!((waited.status, waited.header("range")), (202, "0-599999"));
    let digest = sha256(&[first, second].concat());
    let put = send(&server, "PUT", &format!("{location}?digest={digest}"), &[], b"").await;
    assert_eq!(put.status, 201);
}

/// Waits until so much of the body of this request has arrived.
async fn received(server: &Server, request: usize, bytes: u64) {
    while server.requests().get(request).is_none_or(|seen| seen.received < bytes) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_blob_whose_connection_broke_is_put_again_in_the_same_session() {
    let server = server().await;
    let bytes = large();
    let path = format!("{}?digest={}", session(&server, "app").await, sha256(&bytes));
    let mut http = Http::to(&server).await;
    http.head("PUT", &path, &["Content-Length: 3500000"]).await;
    http.write(&bytes[..2_000_000]).await;
    received(&server, 1, 2_000_000).await;
    drop(http);
    assert_eq!(send(&server, "PUT", &path, &[], &bytes).await.status, 201);
    assert_eq!(server.requests()[1].status, 0, "the first one was never answered");
}
