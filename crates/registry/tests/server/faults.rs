//! What the interceptor can make go wrong, and what is seen of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockage_registry::server::{Fault, RequestHead};

use crate::http::{Http, faulty, get, put_blob, send};

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
