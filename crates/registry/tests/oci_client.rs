//! `OciClient` passes the conformance suite but for what it declares, and survives what its client does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::error::Error as StdError;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use futures::stream::{StreamExt as _, TryStreamExt as _};
use lockage_registry::testing::fixtures;
use lockage_registry::{
    Body, ByteStream, Digest, Error, ErrorKind, OciClient, Opened, Prune as _, Reference, Repository, Source as _,
    SourceExt as _, TagOrDigest, Target as _, media_type,
};
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;

fn plain_http(use_monolithic_push: bool) -> OciClient {
    let config = ClientConfig { protocol: ClientProtocol::Http, use_monolithic_push, ..ClientConfig::default() };
    OciClient::new(Client::try_from(config).unwrap(), RegistryAuth::Anonymous)
}

/// The suite, against this crate's own server.
#[cfg(feature = "server")]
mod suite {
    use lockage_registry::testing::conformance::{self, Capabilities, Capability};
    use lockage_registry::{Host, Memory, server::Server};

    use super::*;

    /// What the table in the documentation of `OciClient` names.
    fn declared() -> Capabilities {
        Capabilities::all()
            .without(Capability::DeleteManifest)
            .without(Capability::DeleteTag)
            .without(Capability::SubjectIndexed)
            .without(Capability::DeclaredMediaType)
    }

    async fn passes(use_monolithic_push: bool) {
        let host: Host = "registry.test".parse().unwrap();
        let memory = Arc::new(Memory::new(host.clone()));
        let server = Server::builder(memory, host).serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let repo = Repository::new(server.host().clone(), "conformance/suite").unwrap();
        let report = conformance::registry(&plain_http(use_monolithic_push), &repo, &declared()).await.unwrap();
        assert_eq!(report.shortfalls.into_iter().collect::<Vec<_>>(), declared().absent().collect::<Vec<_>>());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn conformance_in_chunks() {
        passes(false).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn conformance_in_one_piece() {
        passes(true).await;
    }
}

/// One answer of a [`Stub`].
struct Said {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Without it the end of the connection is the end of the body.
    with_length: bool,
}

fn said(status: u16, body: impl Into<Vec<u8>>) -> Said {
    Said { status, headers: Vec::new(), body: body.into(), with_length: true }
}

fn refusal(status: u16, code: &str) -> Said {
    said(status, format!(r#"{{"errors":[{{"code":"{code}","message":"so it is"}}]}}"#))
}

impl Said {
    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A registry that says what it is told to, one connection a request.
struct Stub {
    repo: Repository,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// `answer` is given the request line's method and target, without the `/v2/` that stands for "are you there?".
    fn new(answer: impl Fn(&str, &str) -> Said + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let Some((method, target)) = request(&mut connection) else { continue };
                if target != "/v2/" {
                    log.lock().unwrap().push(format!("{method} {target}"));
                }
                respond(&mut connection, &method, answer(&method, &target));
            }
        });
        Self { repo: format!("{address}/app").parse().unwrap(), requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn request(connection: &mut TcpStream) -> Option<(String, String)> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    connection.read_exact(&mut body).ok()?;
    let mut words = head.split(' ');
    Some((words.next()?.to_owned(), words.next()?.to_owned()))
}

fn respond(connection: &mut TcpStream, method: &str, said: Said) {
    let mut head = format!("HTTP/1.1 {} It Is\r\nConnection: close\r\n", said.status);
    for (name, value) in said.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if said.with_length {
        head += &format!("Content-Length: {}\r\n", said.body.len());
    }
    let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(b"\r\n"));
    if method != "HEAD" {
        let _ = connection.write_all(&said.body);
    }
}

fn v2() -> Said {
    said(200, "{}")
}

async fn drained(stream: ByteStream) -> Result<Vec<u8>, Error> {
    let pieces: Vec<_> = stream.try_collect().await?;
    Ok(pieces.concat())
}

fn digest() -> Digest {
    fixtures::image(1).root().digest().clone()
}

/// The error with all that it may be printed as.
fn printed(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}");
    let mut source = StdError::source(error);
    while let Some(error) = source {
        text += &format!("\n{error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_rate_limit_does_not_hide_signatures() {
    for (status, code, kind) in [
        (429, "TOOMANYREQUESTS", ErrorKind::RateLimited),
        (403, "DENIED", ErrorKind::Denied),
        (400, "SOMETHING_ELSE", ErrorKind::Rejected),
    ] {
        let stub = Stub::new(move |_, target| match target {
            "/v2/" => v2(),
            target if target.contains("/referrers/") => refusal(404, "NOT_FOUND"),
            _ => refusal(status, code),
        });
        let error = plain_http(false).referrers(&stub.repo, &digest(), None).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    let none = Stub::new(|_, target| if target == "/v2/" { v2() } else { refusal(404, "MANIFEST_UNKNOWN") });
    assert_eq!(plain_http(false).referrers(&none.repo, &digest(), None).await.unwrap(), []);
    assert_eq!(none.requests().len(), 3, "{:?}", none.requests());
}

#[tokio::test]
async fn a_put_by_digest_needs_no_location() {
    let stub = Stub::new(|_, target| if target == "/v2/" { v2() } else { said(201, "") });
    let image = fixtures::image(1);
    for at in [TagOrDigest::Digest(digest()), TagOrDigest::Tag("v1".parse().unwrap())] {
        let stored = plain_http(false).put_manifest(&stub.repo, image.root(), &at).await.unwrap();
        assert_eq!((stored.digest, stored.subject_indexed), (digest(), false));
    }
    assert_eq!(stub.requests(), [format!("PUT /v2/app/manifests/{}", digest()), "PUT /v2/app/manifests/v1".to_owned()]);
    // It is checked here: the client does not look at the digest that is answered.
    let other = TagOrDigest::Digest(fixtures::image(2).root().digest().clone());
    let error = plain_http(false).put_manifest(&stub.repo, image.root(), &other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
}

#[tokio::test]
async fn a_registry_that_says_it_stored_something_else() {
    let other = fixtures::image(2).root().digest().clone();
    let stub = Stub::new(move |_, target| match target {
        "/v2/" => v2(),
        _ => said(201, "").header("Location", format!("/v2/app/manifests/{other}")),
    });
    let at = TagOrDigest::Tag("v1".parse().unwrap());
    let error = plain_http(false).put_manifest(&stub.repo, fixtures::image(1).root(), &at).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}

#[tokio::test]
async fn what_cannot_be_mounted_is_uploaded() {
    let (blob, _) = fixtures::layer(media_type::OCI_LAYER, 1, 10);
    let other = |stub: &Stub| Repository::new(stub.repo.host().clone(), "other").unwrap();
    for status in [202, 401, 403, 404] {
        let stub = Stub::new(move |method, target| match (method, target) {
            (_, "/v2/") => v2(),
            ("POST", _) => said(status, "").header("Location", "/v2/app/blobs/uploads/1"),
            _ => said(404, ""),
        });
        let opened = plain_http(false).open_blob(&stub.repo, &blob, Some(&other(&stub))).await.unwrap();
        assert!(matches!(opened, Opened::Upload(_)), "{status}");
    }
    // A mount without a Location is one.
    let stub = Stub::new(|_, target| if target == "/v2/" { v2() } else { said(201, "") });
    let opened = plain_http(false).open_blob(&stub.repo, &blob, Some(&other(&stub))).await.unwrap();
    assert!(matches!(opened, Opened::Present));
    // A registry that is overloaded is not asked to take an upload instead.
    let stub = Stub::new(|_, target| if target == "/v2/" { v2() } else { said(503, "") });
    let error = plain_http(false).open_blob(&stub.repo, &blob, Some(&other(&stub))).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Unavailable, true));
    // Another host has nothing to mount.
    let stub = Stub::new(|_, target| if target == "/v2/" { v2() } else { said(404, "") });
    let elsewhere = "registry.test/other".parse().unwrap();
    plain_http(false).open_blob(&stub.repo, &blob, Some(&elsewhere)).await.unwrap();
    assert_eq!(stub.requests(), [format!("HEAD /v2/app/blobs/{}", blob.digest)]);
}

#[tokio::test]
async fn no_signature_is_printed() {
    let (blob, _) = fixtures::layer(media_type::OCI_LAYER, 1, 10);
    // One that refuses, and one that is not there at all.
    for target in ["", "http://127.0.0.1:9"] {
        let stub = Stub::new(move |_, path| match path {
            "/v2/" => v2(),
            path if path.starts_with("/signed") => said(403, "<Error>no</Error>"),
            _ => said(307, "").header("Location", format!("{target}/signed/blob?X-Amz-Signature=secret")),
        });
        let error = plain_http(false).blob(&stub.repo, &blob, 0).await.map(drop).unwrap_err();
        let expected = if target.is_empty() { ErrorKind::Denied } else { ErrorKind::Unreachable };
        assert_eq!(error.kind(), expected, "{error}");
        assert!(!printed(&error).contains("secret"), "{}", printed(&error));
        let error = plain_http(false).stat_blob(&stub.repo, &blob.digest).await.unwrap_err();
        assert!(!printed(&error).contains("secret"), "{}", printed(&error));
    }
}

#[tokio::test]
async fn a_panic_of_the_client_is_an_error() {
    // A token that cannot be a header's value, which the client unwraps.
    let token = Stub::new(|_, _| said(200, r#"{"token":"a\nb"}"#));
    let realm = token.repo.host().to_string();
    let stub = Stub::new(move |_, target| match target {
        "/v2/" => {
            said(401, "").header("WWW-Authenticate", format!(r#"Bearer realm="http://{realm}/token",service="x""#))
        }
        _ => said(200, "{}"),
    });
    let error = plain_http(false).resolve(&stub.repo, &TagOrDigest::Tag("v1".parse().unwrap())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(error.to_string().ends_with("the crate oci-client panicked over the answer"), "{error}");
}

#[tokio::test]
async fn tags_of_registries_that_page_as_they_like() {
    let all = ["a", "b", "c", "d", "e"];
    // Two at a time, whatever was asked for.
    let stub = Stub::new(move |_, target| {
        if target == "/v2/" {
            return v2();
        }
        let last = target.split("last=").nth(1).unwrap_or("");
        let page: Vec<_> = all.iter().filter(|tag| **tag > last).take(2).map(|tag| format!("\"{tag}\"")).collect();
        said(200, format!(r#"{{"name":"app","tags":[{}]}}"#, page.join(",")))
    });
    let tags: Vec<_> = plain_http(false).tags(&stub.repo).map(|tag| tag.unwrap().to_string()).collect().await;
    assert_eq!(tags, all);
    // All of them, every time; and `null` for none.
    for (body, expected) in
        [(r#"{"name":"app","tags":["b","a"]}"#, vec!["b", "a"]), (r#"{"name":"app","tags":null}"#, vec![])]
    {
        let stub = Stub::new(move |_, target| if target == "/v2/" { v2() } else { said(200, body) });
        let tags: Vec<_> = plain_http(false).tags(&stub.repo).map(|tag| tag.unwrap().to_string()).collect().await;
        assert_eq!(tags, expected);
    }
    // A page that fails is an error, and the end.
    let stub = Stub::new(|_, target| match target {
        "/v2/" => v2(),
        target if target.contains("last=") => refusal(429, "TOOMANYREQUESTS"),
        _ => said(200, r#"{"name":"app","tags":["a"]}"#),
    });
    let tags: Vec<_> = plain_http(false).tags(&stub.repo).collect().await;
    assert_eq!(tags.len(), 2);
    assert_eq!(tags[1].as_ref().unwrap_err().kind(), ErrorKind::RateLimited);
}

#[tokio::test]
async fn blobs_of_registries_that_do_not_range_or_measure() {
    let (blob, bytes) = fixtures::layer(media_type::OCI_LAYER, 1, 1000);
    let content = bytes.to_vec();
    let stub = Stub::new(move |_, target| match target {
        "/v2/" => v2(),
        _ => Said { with_length: false, ..said(200, content.clone()) },
    });
    let client = plain_http(false);
    for from in [0, 1, 999] {
        let read = drained(client.blob(&stub.repo, &blob, from as u64).await.unwrap()).await.unwrap();
        assert_eq!(read, bytes[from..]);
    }
    let error = client.stat_blob(&stub.repo, &blob.digest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    // Other bytes than those that were asked for.
    let (other, _) = fixtures::layer(media_type::OCI_LAYER, 2, 1000);
    let error = drained(client.blob(&stub.repo, &other, 0).await.unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch, "{error}");
    client.read_blob(&stub.repo, &other, 1 << 20).await.unwrap_err();
}

#[tokio::test]
async fn answers_become_kinds() {
    for (answer, kind) in [
        (|| refusal(404, "MANIFEST_UNKNOWN"), ErrorKind::NotFound),
        (|| refusal(404, "NAME_UNKNOWN"), ErrorKind::NotFound),
        (|| said(404, "not here"), ErrorKind::NotFound),
        (|| refusal(401, "UNAUTHORIZED"), ErrorKind::Unauthorized),
        (|| refusal(403, "DENIED"), ErrorKind::Denied),
        (|| said(403, "no"), ErrorKind::Denied),
        (|| refusal(429, "TOOMANYREQUESTS"), ErrorKind::RateLimited),
        (|| said(429, "later"), ErrorKind::RateLimited),
        (|| refusal(405, "UNSUPPORTED"), ErrorKind::Unsupported),
        (|| refusal(400, "TAG_IMMUTABLE"), ErrorKind::TagImmutable),
        (|| refusal(400, "MANIFEST_INVALID"), ErrorKind::Rejected),
        (|| said(500, "oh"), ErrorKind::Unavailable),
        (|| said(503, [0xff, 0xfe]), ErrorKind::Unavailable),
        (|| said(204, ""), ErrorKind::Protocol),
        (|| said(200, "no manifest"), ErrorKind::Rejected),
    ] as [(fn() -> Said, ErrorKind); 15]
    {
        let stub = Stub::new(move |_, target| if target == "/v2/" { v2() } else { answer() });
        let error = plain_http(false).manifest(&stub.repo, &TagOrDigest::Tag("v1".parse().unwrap())).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", printed(&error));
    }
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let repo: Repository = format!("{gone}/app").parse().unwrap();
    let error = plain_http(false).resolve(&repo, &TagOrDigest::Digest(digest())).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Unreachable, true));
}

#[tokio::test]
async fn the_error_of_a_body_is_kept() {
    for monolithic in [false, true] {
        let stub = Stub::new(|method, target| match (method, target) {
            (_, "/v2/") => v2(),
            ("HEAD", _) => said(404, ""),
            ("PUT", _) => said(201, "").header("Location", "/v2/app/blobs/x"),
            _ => said(202, "").header("Location", "/v2/app/blobs/uploads/1"),
        });
        let (blob, bytes) = fixtures::layer(media_type::OCI_LAYER, 1, 1000);
        let broken = Error::new(ErrorKind::DigestMismatch, "verify blob", "its source");
        let body = futures::stream::iter([Ok(bytes), Err(broken)]).boxed();
        let Opened::Upload(session) = plain_http(monolithic).open_blob(&stub.repo, &blob, None).await.unwrap() else {
            panic!("the blob is not there");
        };
        let error = session.complete(Body::once(body)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DigestMismatch);
        assert!(
            !stub.requests().iter().any(|request| request.starts_with("PUT") && !monolithic),
            "{:?}",
            stub.requests()
        );
    }
}

#[tokio::test]
async fn nothing_can_be_deleted() {
    let (client, repo) = (plain_http(false), "registry.test/app".parse().unwrap());
    let error = client.delete_manifest(&repo, &digest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = client.delete_tag(&repo, &"v1".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "delete tag registry.test/app:v1: the crate oci-client cannot delete");
}

#[test]
fn references_there_and_back() {
    for text in [
        "docker.io/library/alpine:3.20",
        "ghcr.io/acme/app:1.2",
        "localhost:5000/app:1",
        "registry.test/a/b_c/d-e:V1.x",
    ] {
        for reference in [text.to_owned(), format!("{text}@{}", digest())] {
            let ours: Reference = reference.parse().unwrap();
            let theirs = OciClient::to_upstream(&ours).unwrap();
            assert_eq!(theirs.whole(), reference);
            assert_eq!(OciClient::from_upstream(&theirs).unwrap(), ours);
        }
    }
    // Without a tag or a digest theirs means `latest`.
    let theirs = OciClient::to_upstream(&"alpine".parse().unwrap()).unwrap();
    assert_eq!(theirs.whole(), "docker.io/library/alpine:latest");
    let error = OciClient::to_upstream(&"[::1]:5000/app:1".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(StdError::source(&error).is_some());

    let odd = oci_client::Reference::with_tag("registry.test".into(), "App".into(), "no tag".into());
    assert_eq!(OciClient::from_upstream(&odd).unwrap_err().kind(), ErrorKind::Invalid);
    let mut mirrored: oci_client::Reference = "alpine:3".parse().unwrap();
    mirrored.set_mirror_registry("mirror.test".into());
    assert_eq!(OciClient::from_upstream(&mirrored).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn secrets_are_not_printed() {
    let client = OciClient::new(Client::default(), RegistryAuth::Bearer("secret".into()))
        .with_auth("ghcr.io".parse().unwrap(), RegistryAuth::Basic("robot".into(), "secret".into()));
    assert!(format!("{client:?}").contains("robot") && !format!("{client:?}").contains("secret"), "{client:?}");
}
