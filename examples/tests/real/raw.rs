//! Requests that are written out by hand: what a registry holds, as none of the clients sees it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use lockage_registry::{digest_of, media_type};
use serde_json::Value;

/// An answer to [`get`].
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// GET over plain http; each of `headers` is a line.
pub(crate) fn get(host: &str, path: &str, headers: &[&str]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(host)?;
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for line in headers {
        request += line;
        request += "\r\n";
    }
    stream.write_all(format!("{request}\r\n").as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)? + 4;
    let body = bytes.split_off(end);
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    match length.and_then(|text| text.parse::<usize>().ok()) {
        Some(length) if length == body.len() => Ok(Answer { status, head, body }),
        _ => Err(std::io::Error::other(format!("{} bytes came after {head}", body.len()))),
    }
}

/// Everything that a tag or digest of this repository leads to: each manifest and each blob fetched, and hashed, and
/// kept by its digest. `None` where there is no such manifest at all; an error where a part is missing or is not what
/// its digest says.
pub(crate) fn closure(host: &str, repository: &str, what: &str) -> Result<Option<BTreeMap<String, Vec<u8>>>, String> {
    let Some(root) = part(host, &format!("/v2/{repository}/manifests/{what}"))? else { return Ok(None) };
    let root_digest = digest_of(lockage_registry::Algorithm::Sha256, &root).map_err(|e| e.to_string())?.to_string();
    let (mut found, mut left) = (BTreeMap::new(), vec![(root_digest, root)]);
    while let Some((digest, bytes)) = left.pop() {
        let manifest: Value = serde_json::from_slice(&bytes).map_err(|e| format!("{digest}: {e}"))?;
        found.insert(digest, bytes);
        let of = |key: &str| manifest[key].as_array().cloned().unwrap_or_default();
        for child in of("manifests") {
            let digest = digest_in(&child)?;
            let bytes = held(host, &format!("/v2/{repository}/manifests/{digest}"), &digest)?;
            left.push((digest, bytes));
        }
        for blob in of("layers").into_iter().chain(manifest.get("config").cloned()) {
            let digest = digest_in(&blob)?;
            if let Entry::Vacant(place) = found.entry(digest) {
                let bytes = held(host, &format!("/v2/{repository}/blobs/{}", place.key()), place.key())?;
                place.insert(bytes);
            }
        }
    }
    Ok(Some(found))
}

fn digest_in(descriptor: &Value) -> Result<String, String> {
    descriptor["digest"].as_str().map(str::to_owned).ok_or_else(|| format!("no digest in {descriptor}"))
}

/// What has to be there, and has to be what the digest says.
fn held(host: &str, path: &str, digest: &str) -> Result<Vec<u8>, String> {
    let bytes = part(host, path)?.ok_or_else(|| format!("{path} is missing"))?;
    let found = digest_of(lockage_registry::Algorithm::Sha256, &bytes).map_err(|e| e.to_string())?;
    if found.as_str() == digest { Ok(bytes) } else { Err(format!("{path} has {} bytes of {found}", bytes.len())) }
}

fn part(host: &str, path: &str) -> Result<Option<Vec<u8>>, String> {
    let accept = format!("Accept: {}", media_type::MANIFESTS.join(", "));
    let answer = get(host, path, &[&accept]).map_err(|e| format!("{path}: {e}"))?;
    match answer.status {
        200 => Ok(Some(answer.body)),
        404 => Ok(None),
        status => Err(format!("{path} was answered {status}")),
    }
}
