//! What the interceptor can make go wrong, and what is seen of it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use lockage_registry::server::{Fault, RequestHead};

use crate::http::{Http, faulty, get, put_blob, send, session};

/// A server on which every GET of a blob goes wrong, with one blob, and its path.
async fn with(fault: Fault) -> (lockage_registry::server::Server, String) {
    let intercept = move |head: &RequestHead| {
        if head.method == "GET" && head.path.contains("/blobs/sha256") { fault.clone() } else { Fault::None }
    };
    let server = faulty(Arc::new(intercept)).await;
    let digest = put_blob(&server, "app", b"0123456789").await;
    (server, format!("/v2/app/blobs/{digest}"))
}

#[tokio::test]
async fn an_answer_replaces_the_request() {
    let fault =
        Fault::Answer { status: 429, code: "TOOMANYREQUESTS".to_owned(), retry_after: Some(Duration::from_secs(7)) };
    let (server, path) = with(fault).await;
    let refused = get(&server, &path).await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "TOOMANYREQUESTS"));
    assert_eq!(refused.header("retry-after"), "7");
    assert_eq!(server.requests()[1].status, 429);
}

#[tokio::test]
async fn a_cut_closes_the_connection_before_or_after_the_request_is_performed() {
    for (fault, performed) in [(Fault::Cut, 404), (Fault::CutAfter, 200)] {
        let intercept = move |head: &RequestHead| if head.index == 0 { fault.clone() } else { Fault::None };
        let server = faulty(Arc::new(intercept)).await;
        let digest = crate::http::sha256(b"bytes");
        let mut http = Http::to(&server).await;
        http.head("POST", &format!("/v2/app/blobs/uploads/?digest={digest}"), &["Content-Length: 5"]).await;
        http.write(b"bytes").await;
        assert!(http.until_closed().await.is_none());
        assert_eq!(server.requests()[0].status, 0);
        assert_eq!(get(&server, &format!("/v2/app/blobs/{digest}")).await.status, performed);
    }
}

#[tokio::test]
async fn a_truncated_body_keeps_its_true_length() {
    for left in [0, 4, 10, 11] {
        let (server, path) = with(Fault::Truncate(left)).await;
        let mut http = Http::to(&server).await;
        http.head("GET", &path, &["Connection: close"]).await;
        let (response, length) = http.until_closed().await.unwrap();
        assert_eq!((response.status, length, response.body.len() as u64), (200, 10, left.min(10)));
        assert_eq!(server.requests()[1].sent, left.min(10));
    }
}

#[tokio::test]
async fn a_corrupt_body_has_its_length_and_one_other_byte() {
    let (server, path) = with(Fault::Corrupt).await;
    assert_eq!(get(&server, &path).await.body, b"1123456789");
}

#[tokio::test]
async fn headers_lie_or_are_missing() {
    let lie = Fault::Header { name: "Docker-Content-Digest".to_owned(), value: "sha256:lie".to_owned() };
    let (server, path) = with(lie).await;
    assert_eq!(get(&server, &path).await.header("docker-content-digest"), "sha256:lie");
    let (server, path) = with(Fault::RemoveHeader("Docker-Content-Digest".to_owned())).await;
    let answer = get(&server, &path).await;
    assert_eq!((answer.status, answer.header("docker-content-digest")), (200, ""));
}

#[tokio::test]
async fn a_server_that_is_busy_says_until_when_as_it_likes() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    for (fault, said) in [
        (Fault::RetryAt { status: 503, code: "UNAVAILABLE".to_owned(), at }, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (Fault::Answer { status: 503, code: "UNAVAILABLE".to_owned(), retry_after: None }, ""),
    ] {
        let (server, path) = with(fault).await;
        let busy = get(&server, &path).await;
        assert_eq!((busy.status, busy.code().as_str(), busy.header("retry-after")), (503, "UNAVAILABLE", said));
    }
}

#[tokio::test]
async fn a_shortened_body_shows_nothing_of_it() {
    for (to, body) in [(0, &b""[..]), (4, b"0123"), (10, b"0123456789"), (11, b"0123456789")] {
        let (server, path) = with(Fault::Shorten(to)).await;
        let mut http = Http::to(&server).await;
        let answer = http.send("GET", &path, &[], b"").await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, body));
        assert_eq!(answer.header("content-length"), body.len().to_string());
        assert_eq!(http.send("GET", "/v2/", &[], b"").await.status, 200, "the connection lives on");
    }
}

#[tokio::test]
async fn a_slow_body_comes_in_pieces() {
    let (server, path) = with(Fault::Slow { bytes: 4, pause: Duration::from_millis(40) }).await;
    let start = Instant::now();
    assert_eq!(get(&server, &path).await.body, b"0123456789");
    assert!(start.elapsed() >= Duration::from_millis(80), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_range_is_ignored_or_answered_wrongly() {
    let (server, path) = with(Fault::IgnoreRange).await;
    let whole = send(&server, "GET", &path, &["Range: bytes=4-"], b"").await;
    assert_eq!((whole.status, whole.body.as_slice(), whole.header("content-range")), (200, &b"0123456789"[..], ""));
    let lie = Fault::Header { name: "Content-Range".to_owned(), value: "bytes 0-5/10".to_owned() };
    let (server, path) = with(lie).await;
    let part = send(&server, "GET", &path, &["Range: bytes=4-"], b"").await;
    assert_eq!(
        (part.status, part.body.as_slice(), part.header("content-range")),
        (206, &b"456789"[..], "bytes 0-5/10")
    );
}

#[tokio::test]
async fn another_part_is_sent_than_was_asked_for() {
    let (server, path) = with(Fault::RangeFrom(2)).await;
    let part = send(&server, "GET", &path, &["Range: bytes=4-"], b"").await;
    assert_eq!(
        (part.status, part.body.as_slice(), part.header("content-range")),
        (206, &b"23456789"[..], "bytes 2-9/10")
    );
    let whole = get(&server, &path).await;
    assert_eq!((whole.status, whole.body.as_slice()), (200, &b"0123456789"[..]));
}

#[tokio::test]
async fn a_redirect_leads_to_the_same_path_elsewhere() {
    let (server, path) = with(Fault::Redirect("http://storage.test".to_owned())).await;
    let away = get(&server, &path).await;
    assert_eq!((away.status, away.header("location")), (307, format!("http://storage.test{path}").as_str()));
}

#[tokio::test]
async fn an_upload_is_cut_and_what_has_arrived_stays() {
    let cut = |head: &RequestHead| match head.method.as_str() {
        "PATCH" => Fault::CutUpload(100_000),
        "PUT" => Fault::CutUpload(0),
        _ => Fault::None,
    };
    let server = faulty(Arc::new(cut)).await;
    let bytes = vec![b'x'; 3_000_000];
    let location = session(&server, "app").await;
    let mut http = Http::to(&server).await;
    http.head("PATCH", &location, &["Content-Length: 3000000"]).await;
    http.try_write(&bytes).await;
    assert!(http.answer("PATCH").await.is_none());
    let status = get(&server, &location).await;
    assert_eq!((status.status, status.header("range")), (204, "0-99999"));
    assert_eq!((server.requests()[1].received, server.requests()[1].status), (100_000, 0));
    // A body that is no longer than that is whole.
    assert_eq!(send(&server, "PATCH", &location, &[], &bytes[..100_000]).await.status, 202);
    let digest = crate::http::sha256(&bytes[..200_000]);
    assert_eq!(send(&server, "PUT", &format!("{location}?digest={digest}"), &[], b"").await.status, 201);
}

#[tokio::test]
async fn a_small_body_that_is_cut_is_not_taken_for_whole() {
    for most in [0, 1, 20] {
        let cut = move |head: &RequestHead| if head.index == 0 { Fault::CutUpload(most) } else { Fault::None };
        let server = faulty(Arc::new(cut)).await;
        let index = br#"{"schemaVersion":2,"manifests":[]}"#;
        let mut http = Http::to(&server).await;
        http.head("PUT", "/v2/app/manifests/v1", &[&format!("Content-Length: {}", index.len())]).await;
        http.try_write(index).await;
        assert!(http.answer("PUT").await.is_none(), "after {most} bytes");
        assert_eq!((server.requests()[0].received, server.requests()[0].status), (most, 0));
    }
}

#[tokio::test]
async fn a_delay_delays() {
    let (server, path) = with(Fault::Delay(Duration::from_millis(100))).await;
    let start = Instant::now();
    assert_eq!(get(&server, &path).await.body, b"0123456789");
    assert!(start.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn the_interceptor_sees_the_number_and_the_whole_path() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let server = faulty(Arc::new(move |head: &RequestHead| {
        log.lock().unwrap().push((head.index, head.method.clone(), head.path.clone()));
        Fault::None
    }))
    .await;
    get(&server, "/v2/").await;
    server.clear_requests();
    send(&server, "HEAD", "/v2/app/tags/list?n=1", &[], b"").await;
    let expected =
        [(0, "GET".to_owned(), "/v2/".to_owned()), (1, "HEAD".to_owned(), "/v2/app/tags/list?n=1".to_owned())];
    assert_eq!(*seen.lock().unwrap(), expected);
}
