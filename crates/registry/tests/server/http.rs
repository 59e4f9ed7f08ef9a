//! A very small HTTP/1.1 client, which shows what is on the wire.

use std::collections::HashMap;
use std::sync::Arc;

use lockage_registry::server::{Builder, Guard, Intercept, Server};
use lockage_registry::{Algorithm, Digest, Memory, digest_of};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A server on an empty registry, recorded.
pub async fn server() -> Server {
    serve(|builder| builder).await
}

pub async fn faulty(intercept: Intercept) -> Server {
    serve(|builder| builder.intercept(intercept)).await
}

pub async fn guarded(guard: Guard) -> Server {
    serve(|builder| builder.guard(guard)).await
}

async fn serve(with: impl FnOnce(Builder) -> Builder) -> Server {
    let host: lockage_registry::Host = "registry.test".parse().unwrap();
    let builder = with(Server::builder(Arc::new(Memory::new(host.clone())), host).record());
    builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

pub fn sha256(bytes: &[u8]) -> Digest {
    digest_of(Algorithm::Sha256, bytes).unwrap()
}

pub struct Response {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of the first error in the body.
    pub fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap().to_owned()
    }
}

/// One connection.
pub struct Http(TcpStream);

impl Http {
    pub async fn to(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        // Head and body are two writes; the second must not wait for an acknowledgement of the first.
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    /// Writes bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Writes bytes as far as the other side takes them.
    pub async fn try_write(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// Sends the head of a request with these header lines.
    pub async fn head(&mut self, method: &str, path: &str, headers: &[&str]) {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: registry.test\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        self.write(head.as_bytes()).await;
    }

    /// Sends a request with a body of known length and reads the answer.
    pub async fn send(&mut self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Response {
        let length = format!("Content-Length: {}", body.len());
        let headers: Vec<&str> = headers.iter().copied().chain([length.as_str()]).collect();
        self.head(method, path, &headers).await;
        self.write(body).await;
        self.answer(method).await.expect("an answer")
    }

    /// Sends a request with a body in chunks, as clients do that stream.
    pub async fn send_chunked(&mut self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Response {
        let headers: Vec<&str> = headers.iter().copied().chain(["Transfer-Encoding: chunked"]).collect();
        self.head(method, path, &headers).await;
        for chunk in body.chunks(10_000) {
            self.write(format!("{:x}\r\n", chunk.len()).as_bytes()).await;
            self.write(chunk).await;
            self.write(b"\r\n").await;
        }
        self.write(b"0\r\n\r\n").await;
        self.answer(method).await.expect("an answer")
    }

    /// The answer, or `None` where the connection is closed before its body is complete.
    pub async fn answer(&mut self, method: &str) -> Option<Response> {
        let (mut response, length) = self.answer_head().await?;
        if method != "HEAD" {
            response.body = vec![0; length];
            self.0.read_exact(&mut response.body).await.ok()?;
        }
        Some(response)
    }

    /// The answer as far as it comes before the connection is closed.
    pub async fn until_closed(&mut self) -> Option<(Response, usize)> {
        let (mut response, length) = self.answer_head().await?;
        let _ = self.0.read_to_end(&mut response.body).await;
        Some((response, length))
    }

    async fn answer_head(&mut self) -> Option<(Response, usize)> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: HashMap<_, _> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        Some((Response { status, headers, body: Vec::new() }, length))
    }
}

/// One request on a connection of its own.
pub async fn send(server: &Server, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Response {
    Http::to(server).await.send(method, path, headers, body).await
}

pub async fn get(server: &Server, path: &str) -> Response {
    send(server, "GET", path, &[], b"").await
}

/// Puts a blob in one request.
pub async fn put_blob(server: &Server, name: &str, bytes: &[u8]) -> Digest {
    let digest = sha256(bytes);
    let path = format!("/v2/{name}/blobs/uploads/?digest={digest}");
    assert_eq!(send(server, "POST", &path, &[], bytes).await.status, 201);
    digest
}

/// The path of a new upload session.
pub async fn session(server: &Server, name: &str) -> String {
    let opened = send(server, "POST", &format!("/v2/{name}/blobs/uploads/"), &[], b"").await;
    assert_eq!((opened.status, opened.header("range")), (202, "0-0"));
    opened.header("location").to_owned()
}

/// A manifest with one config and perhaps a subject.
pub fn manifest(config: &[u8], subject: Option<(&Digest, usize)>, artifact_type: &str) -> Vec<u8> {
    let mut manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": sha256(config).as_str(),
            "size": config.len(),
        },
        "layers": [],
        "annotations": { "org.example.kind": artifact_type },
    });
    if let Some((digest, size)) = subject {
        manifest["subject"] = serde_json::json!({ "mediaType": OCI_MANIFEST, "digest": digest.as_str(), "size": size });
    }
    serde_json::to_vec(&manifest).unwrap()
}

pub async fn put_manifest(server: &Server, name: &str, reference: &str, bytes: &[u8]) -> Response {
    let content_type = format!("Content-Type: {OCI_MANIFEST}");
    send(server, "PUT", &format!("/v2/{name}/manifests/{reference}"), &[&content_type], bytes).await
}
