//! The ways to push a blob.

use lockage_registry::server::Server;
use lockage_registry::{Algorithm, Digest};

use crate::http::{Http, Response, send};

const OCTETS: &str = "Content-Type: application/octet-stream";

/// Opens a session and gives its location.
pub async fn open(server: &Server, query: &str) -> String {
    let opened = send(server, "POST", &format!("/v2/app/blobs/uploads/{query}"), &[], b"").await;
    assert_eq!(opened.status, 202);
    opened.header("location").to_owned()
}

/// The ways to push a blob. Each gives the last answer, whatever it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Post,
    PostPut,
    Stream,
    OneChunk,
    Chunks,
    ChunksAndPut,
    OutOfOrder,
    OutOfOrderAndPut,
}

pub const WAYS: [Way; 8] = [
    Way::Post,
    Way::PostPut,
    Way::Stream,
    Way::OneChunk,
    Way::Chunks,
    Way::ChunksAndPut,
    Way::OutOfOrder,
    Way::OutOfOrderAndPut,
];

pub async fn push(server: &Server, way: Way, digest: &Digest, bytes: &[u8]) -> Response {
    let query = if digest.algorithm() == Algorithm::Sha512 { "?digest-algorithm=sha512" } else { "" };
    match way {
        Way::Post => {
            let path = format!("/v2/app/blobs/uploads/?digest={digest}");
            send(server, "POST", &path, &[OCTETS], bytes).await
        }
        Way::PostPut => {
            let location = open(server, query).await;
            send(server, "PUT", &format!("{location}?digest={digest}"), &[OCTETS], bytes).await
        }
        Way::Stream => {
            let location = open(server, query).await;
            let sent = Http::to(server).await.send_chunked("PATCH", &location, &[OCTETS], bytes).await;
            assert_eq!(sent.status, 202);
            send(server, "PUT", &format!("{}?digest={digest}", sent.header("location")), &[OCTETS], b"").await
        }
        Way::OneChunk => chunks(server, way, query, digest, bytes, bytes.len().max(1)).await,
        _ => chunks(server, way, query, digest, bytes, 1024).await,
    }
}

async fn chunks(server: &Server, way: Way, query: &str, digest: &Digest, bytes: &[u8], size: usize) -> Response {
    let mut http = Http::to(server).await;
    let mut location = open(server, query).await;
    let last_in_put = matches!(way, Way::ChunksAndPut | Way::OutOfOrderAndPut);
    for (number, chunk) in bytes.chunks(size).enumerate() {
        let start = number * size;
        if matches!(way, Way::OutOfOrder | Way::OutOfOrderAndPut) {
            // Ahead, and from the last one on back to the beginning.
            let wrong = if start + size < bytes.len() { start + size } else { 0 };
            let sent = &bytes[wrong..(wrong + size).min(bytes.len())];
            let range = format!("Content-Range: {wrong}-{}", wrong + sent.len() - 1);
            // Where it would be the first chunk, the same one is in order.
            if wrong != start {
                let refused = http.send("PATCH", &location, &[OCTETS, &range], sent).await;
                assert_eq!(refused.status, 416);
                let path = format!("{location}?digest={digest}");
                assert_eq!(http.send("PUT", &path, &[OCTETS, &range], sent).await.status, 416);
            }
            let status = http.send("GET", &location, &[], b"").await;
            let expected = format!("0-{}", start.saturating_sub(1));
            assert_eq!((status.status, status.header("range")), (204, expected.as_str()));
            location = status.header("location").to_owned();
        }
        let range = format!("Content-Range: {start}-{}", start + chunk.len() - 1);
        if last_in_put && start + size >= bytes.len() {
            return http.send("PUT", &format!("{location}?digest={digest}"), &[OCTETS, &range], chunk).await;
        }
        let sent = http.send("PATCH", &location, &[OCTETS, &range], chunk).await;
        let expected = format!("0-{}", start + chunk.len() - 1);
        assert_eq!((sent.status, sent.header("range")), (202, expected.as_str()));
        location = sent.header("location").to_owned();
    }
    http.send("PUT", &format!("{location}?digest={digest}"), &[OCTETS], b"").await
}
