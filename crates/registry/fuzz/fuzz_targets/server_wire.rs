//! The server over any bytes: it answers each request that HTTP lets through, never fails within, and stores only what has
//! the digest that it is stored under.
//!
//! The input is connections, one behind the other, between lines of `---`. `$UPLOAD` stands for the session that was opened
//! last.

#![no_main]

use std::sync::{Arc, LazyLock};

use futures::stream::TryStreamExt as _;
use libfuzzer_sys::fuzz_target;
use lockage_registry::server::Guard;
use lockage_registry::server::fuzzing::Wire;
use lockage_registry::{Memory, Repository, Source as _};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());

/// Nobody finds it.
const PASSWORD: &str = "6d1f0c55-9f0e-4c43-9d53-0b1b5f6b6a52";

fuzz_target!(|text: &str| {
    let host: lockage_registry::Host = "registry.test".parse().unwrap();
    let memory = Memory::new(host.clone());
    let (guard, text) = match text.strip_prefix("guarded\n") {
        Some(rest) => (Some(Guard::bearer("robot", PASSWORD).anonymous_pull()), rest),
        None => (None, text),
    };
    let guarded = guard.is_some();
    let wire = Wire::new(Arc::new(memory.clone()), host, guard);
    let mut session = "none".to_owned();
    for connection in text.split("\n---\n").take(8) {
        let bytes = connection.replace("\r\n", "\n").replace('\n', "\r\n").replace("$UPLOAD", &session);
        let answered = RUNTIME.block_on(wire.send(bytes.as_bytes()));
        let answered = String::from_utf8_lossy(&answered);
        for head in answered.split("HTTP/1.1 ").skip(1) {
            assert!(!head.starts_with('5'), "{head}");
            if let Some((_, id)) = head.split_once("docker-upload-uuid: ") {
                session = id.split("\r\n").next().unwrap_or_default().to_owned();
            }
            if let Some((_, token)) = head.split_once("\"token\":\"") {
                session = token.split('"').next().unwrap_or_default().to_owned();
            }
        }
    }
    let repo: Repository = "registry.test/a".parse().unwrap();
    if guarded {
        assert!(format!("{memory:?}").ends_with("repositories: 0, blobs: 0 }"), "{memory:?}");
    }
    if let Ok(tags) = futures::executor::block_on(memory.tags(&repo).try_collect::<Vec<_>>()) {
        for tag in tags {
            let held = futures::executor::block_on(memory.manifest(&repo, &tag.into())).unwrap();
            assert!(held.view().is_ok());
        }
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ GET /v2/ HTTP/1.1\nHost: a\n\n
//~ PUT /v2/a/manifests/v1 HTTP/1.1\nHost: a\nContent-Type: application/vnd.oci.image.index.v1+json\nContent-Length: 34\n\n{"schemaVersion":2,"manifests":[]}\n---\nGET /v2/a/tags/list?n=1 HTTP/1.1\nHost: a\n\n
//~ POST /v2/a/blobs/uploads/?digest=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 HTTP/1.1\nHost: a\nContent-Length: 0\n\n\n---\nGET /v2/a/blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 HTTP/1.1\nHost: a\nRange: bytes=0-\n\n
//~ POST /v2/a/blobs/uploads/ HTTP/1.1\nHost: a\nContent-Length: 0\n\n\n---\nPATCH /v2/a/blobs/uploads/$UPLOAD HTTP/1.1\nHost: a\nContent-Range: 0-2\nContent-Length: 3\n\nabc\n---\nPUT /v2/a/blobs/uploads/$UPLOAD?digest=sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad HTTP/1.1\nHost: a\nContent-Length: 0\n\n\n---\nGET /v2/a/blobs/sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad HTTP/1.1\nHost: a\nRange: bytes=1-\n\n
//~ POST /v2/b/blobs/uploads/?mount=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855&from=a HTTP/1.1\nHost: a\nContent-Length: 0\n\n\n---\nDELETE /v2/b/blobs/uploads/$UPLOAD HTTP/1.1\nHost: a\n\n
//~ guarded\nGET /token?service=registry.test&scope=repository:a:pull,push HTTP/1.1\nHost: a\n\n\n---\nPUT /v2/a/manifests/v1 HTTP/1.1\nHost: a\nAuthorization: Bearer $UPLOAD\nContent-Type: application/vnd.oci.image.index.v1+json\nContent-Length: 34\n\n{"schemaVersion":2,"manifests":[]}
//~ guarded\nPOST /token HTTP/1.1\nHost: a\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 60\n\ngrant_type=password&username=robot&password=a&scope=repository:a:pull
//~ guarded\nGET /v2/ HTTP/1.1\nHost: a\nAuthorization: Basic cm9ib3Q6YQ==\n\n
