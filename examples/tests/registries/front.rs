//! `Front`: stands before a server and changes what is asked and answered, one request a connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::quirk::Quirk;

/// A request on its way to the server.
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path and, behind a `?`, the query.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// An answer on its way back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Its length is not said beforehand.
    pub(crate) chunked: bool,
}

/// An address of its own for a server that is made to lack something.
pub(crate) struct Front {
    host: String,
    seen: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Front {
    /// `storage` is where blobs are, for those registries that say so.
    pub(crate) async fn start(behind: SocketAddr, storage: SocketAddr, quirks: &[Quirk]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (seen, quirks): (Arc<Mutex<Vec<_>>>, Arc<[Quirk]>) = (Arc::default(), quirks.into());
        let (name, log) = (host.clone(), Arc::clone(&seen));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (name, log, quirks) = (name.clone(), Arc::clone(&log), Arc::clone(&quirks));
                tokio::spawn(async move {
                    // How a connection ends is told to its client alone.
                    let _ = exchange(stream, behind, storage, &name, &quirks, &log).await;
                });
            }
        });
        Self { host, seen, accepting }
    }

    /// Host and port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// `METHOD PATH?QUERY STATUS` of all requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Answer {
    /// An error document, as the specification has it.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"this registry cannot"}}]}}"#).into_bytes();
        let mut answer = Self { status, headers: Vec::new(), body, chunked: false };
        answer.set("content-type", "application/json");
        answer.set("content-length", &answer.body.len().to_string());
        answer
    }

    pub(crate) fn redirect(to: &str) -> Self {
        let mut answer = Self { status: 307, headers: Vec::new(), body: Vec::new(), chunked: false };
        answer.set("location", to);
        answer.set("content-length", "0");
        answer
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|(held, _)| held != name);
    }
}

async fn exchange(
    mut client: TcpStream,
    behind: SocketAddr,
    storage: SocketAddr,
    name: &str,
    quirks: &[Quirk],
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let (first, headers, body) = message(&mut client, true).await?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let said = format!("{method} {target}");
    let mut request = Request { method, target, headers, body };
    let instead = quirks.iter().find_map(|quirk| quirk.before(&mut request, storage));
    let mut answer = match instead {
        Some(answer) => answer,
        None => forward(behind, &request).await?,
    };
    for quirk in quirks {
        quirk.after(&request, &mut answer, name);
    }
    log.lock().unwrap().push(format!("{said} {}", answer.status));
    let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", answer.status);
    if answer.chunked && request.method != "HEAD" && answer.status != 204 {
        answer.set("transfer-encoding", "chunked");
        answer.remove("content-length");
        let length = answer.body.len();
        let mut chunks = Vec::new();
        if length > 0 {
            chunks.extend(format!("{length:x}\r\n").bytes().chain(answer.body).chain(*b"\r\n"));
        }
        chunks.extend(*b"0\r\n\r\n");
        answer.body = chunks;
    }
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    // In one piece: a second one would wait until the first has been acknowledged.
    let body: &[u8] = if request.method == "HEAD" { &[] } else { &answer.body };
    client.write_all(&[format!("{head}\r\n").as_bytes(), body].concat()).await?;
    client.shutdown().await
}

async fn forward(behind: SocketAddr, request: &Request) -> std::io::Result<Answer> {
    let mut server = TcpStream::connect(behind).await?;
    let mut head = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", request.method, request.target);
    for (name, value) in request.headers.iter().filter(|(name, _)| name != "connection") {
        head += &format!("{name}: {value}\r\n");
    }
    server.write_all(&[format!("{head}\r\n").as_bytes(), &request.body].concat()).await?;
    let (first, mut headers, body) = message(&mut server, request.method != "HEAD").await?;
    headers.retain(|(name, _)| name != "connection");
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(500);
    Ok(Answer { status, headers, body, chunked: false })
}

/// The first line, the headers with names in lower case, and as many bytes as they say.
async fn message(
    stream: &mut (impl AsyncRead + Unpin),
    with_body: bool,
) -> std::io::Result<(String, Vec<(String, String)>, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        more(stream, &mut bytes).await?;
    };
    let body = bytes.split_off(end);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut bytes = body;
    while with_body && bytes.len() < length.unwrap_or(0) {
        more(stream, &mut bytes).await?;
    }
    Ok((first, headers, bytes))
}

async fn more(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> std::io::Result<()> {
    match stream.read_buf(bytes).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}
