//! Blobs: pushed in every way, mounted, got in parts.

use lockage_registry::Digest;
use lockage_registry::server::Server;

use super::push::{WAYS, Way, open, push};
use super::{ALGORITHMS, content, hash, head, servers};
use crate::http::{get, send};

/// The blob is there, whole, under its digest.
async fn has_blob(server: &Server, location: &str, digest: &Digest, bytes: &[u8]) {
    let found = head(server, location).await;
    assert_eq!((found.status, found.header("content-length")), (200, bytes.len().to_string().as_str()));
    assert_eq!(found.header("docker-content-digest"), digest.as_str());
    let found = get(server, location).await;
    assert_eq!((found.status, found.body.as_slice()), (200, bytes));
    assert_eq!(found.header("docker-content-digest"), digest.as_str());
}

#[tokio::test]
async fn a_blob_is_pushed_in_every_way_and_refused_under_another_digest() {
    for (server, _) in &servers(false).await {
        for algorithm in ALGORITHMS {
            for (number, way) in WAYS.into_iter().enumerate() {
                let bytes = content(number as u8);
                let digest = hash(algorithm, &bytes);
                let path = format!("/v2/app/blobs/{digest}");
                let wrong = push(server, way, &digest, &[&bytes[..], b"oh no"].concat()).await;
                assert_eq!((wrong.status, wrong.code().as_str()), (400, "DIGEST_INVALID"), "{way:?} {algorithm}");
                assert_eq!(get(server, &path).await.status, 404, "{way:?} {algorithm}");

                let stored = push(server, way, &digest, &bytes).await;
                assert_eq!((stored.status, stored.header("location")), (201, path.as_str()), "{way:?} {algorithm}");
                assert_eq!(stored.header("docker-content-digest"), digest.as_str());
                has_blob(server, &path, &digest, &bytes).await;
            }
        }
        let refused = send(server, "POST", "/v2/app/blobs/uploads/?digest-algorithm=md5", &[], b"").await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "DIGEST_INVALID"));
    }
}

#[tokio::test]
async fn well_known_blobs_are_pushed_in_every_way() {
    for (server, _) in &servers(false).await {
        for algorithm in ALGORITHMS {
            for bytes in [&b""[..], b"{}"] {
                let digest = hash(algorithm, bytes);
                for way in WAYS {
                    let stored = push(server, way, &digest, bytes).await;
                    assert_eq!(stored.status, 201, "{way:?} {algorithm} {bytes:?}");
                    has_blob(server, stored.header("location"), &digest, bytes).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_blob_is_mounted_with_a_source_and_without() {
    for (server, _) in &servers(false).await {
        for algorithm in ALGORITHMS {
            let bytes = content(1);
            let digest = hash(algorithm, &bytes);
            let mount = |repo: &str, from: &str| format!("/v2/{repo}/blobs/uploads/?mount={digest}{from}");
            let missing = send(server, "POST", &mount("one", "&from=app"), &[], b"").await;
            assert_eq!(missing.status, 202, "what is not there is uploaded");
            assert_eq!(push(server, Way::Post, &digest, &bytes).await.status, 201);
            for (repo, from) in [("one", "&from=app"), ("two", "")] {
                let mounted = send(server, "POST", &mount(repo, from), &[], b"").await;
                assert_eq!(mounted.status, 201, "{repo}");
                assert_eq!(mounted.header("docker-content-digest"), digest.as_str());
                has_blob(server, mounted.header("location"), &digest, &bytes).await;
            }
        }
    }
}

#[tokio::test]
async fn a_blob_is_got_in_parts() {
    for (server, _) in &servers(false).await {
        let bytes = &content(1)[..2048];
        for algorithm in ALGORITHMS {
            let digest = hash(algorithm, bytes);
            let stored = push(server, Way::PostPut, &digest, bytes).await;
            for (range, first, last) in [
                ("500-1499", 500, 1499),
                ("500-", 500, 2047),
                ("-500", 1548, 2047),
                ("2000-5000", 2000, 2047),
                ("0-0", 0, 0),
            ] {
                let range = format!("Range: bytes={range}");
                let part = send(server, "GET", stored.header("location"), &[&range], b"").await;
                assert_eq!((part.status, part.body.as_slice()), (206, &bytes[first..=last]), "{range}");
                assert_eq!(part.header("content-range"), format!("bytes {first}-{last}/2048"));
                assert_eq!(part.header("content-length"), (last - first + 1).to_string());
            }
            for range in ["500-0", "5000-10000", "2048-"] {
                let range = format!("Range: bytes={range}");
                let refused = send(server, "GET", stored.header("location"), &[&range], b"").await;
                assert_eq!((refused.status, refused.header("content-range")), (416, "bytes */2048"), "{range}");
            }
        }
    }
}

#[tokio::test]
async fn an_upload_is_cancelled() {
    for (server, _) in &servers(false).await {
        let location = open(server, "").await;
        assert_eq!(send(server, "DELETE", &location, &[], b"").await.status, 204);
        let gone = get(server, &location).await;
        assert_eq!((gone.status, gone.code().as_str()), (404, "BLOB_UPLOAD_UNKNOWN"));
    }
}
