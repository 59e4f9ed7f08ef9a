//! A web server that answers what a test says, one request a connection.
#![allow(dead_code, reason = "each test uses what it needs of this")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What to answer.
pub(crate) struct Reply {
    head: String,
    body: Vec<u8>,
    never: bool,
}

pub(crate) struct Mock {
    host: String,
    seen: Arc<Mutex<Vec<Request>>>,
    accept: tokio::task::JoinHandle<()>,
}

impl Mock {
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(&Request, &str) -> Reply + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log, name) = (Arc::new(answer), Arc::clone(&seen), host.clone());
        let accept = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, log, name) = (Arc::clone(&answer), Arc::clone(&log), name.clone());
                tokio::spawn(async move {
                    let _closed = serve(stream, |request| {
                        log.lock().unwrap().push(request.clone());
                        answer(request, &name)
                    })
                    .await;
                });
            }
        });
        Self { host, seen, accept }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        Self { head: format!("HTTP/1.1 {status} X\r\nConnection: close\r\n"), body: Vec::new(), never: false }
    }

    /// The connection stays open and nothing comes.
    pub(crate) fn never() -> Self {
        Self { never: true, ..Self::new(200) }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head += &format!("{name}: {value}\r\n");
        self
    }

    pub(crate) fn body(mut self, bytes: &[u8]) -> Self {
        self.body = bytes.to_vec();
        self
    }
}

async fn serve(mut stream: TcpStream, answer: impl Fn(&Request) -> Reply) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut request = Request { method, path, headers, body: String::new() };
    let length: usize = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    request.body = String::from_utf8_lossy(&bytes[end..]).into_owned();
    let reply = answer(&request);
    if reply.never {
        std::future::pending::<()>().await;
    }
    let length = reply.body.len();
    stream.write_all(format!("{}Content-Length: {length}\r\n\r\n", reply.head).as_bytes()).await?;
    if request.method != "HEAD" {
        stream.write_all(&reply.body).await?;
    }
    stream.shutdown().await
}
