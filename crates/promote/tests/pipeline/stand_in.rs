//! A server that answers as an API's documentation says, and remembers what it was asked.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;

/// An answer: its status, headers and body.
#[derive(Clone, Debug)]
pub(crate) struct Answer(pub(crate) u16, pub(crate) Vec<(&'static str, String)>, pub(crate) String);

pub(crate) fn ok(body: Value) -> Answer {
    Answer(200, Vec::new(), body.to_string())
}

/// A request: its headers.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) headers: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(crate) struct StandIn {
    pub(crate) base: String,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let this = Self { base, answers: Arc::default(), asked: Arc::default() };
        let server = this.clone();
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let server = server.clone();
                tokio::spawn(async move {
                    let serve = service_fn(move |request| {
                        let answer = server.answer(&request);
                        async move { Ok::<_, Infallible>(answer) }
                    });
                    // A client that goes away is no failure of the server.
                    drop(
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await,
                    );
                });
            }
        });
        this
    }

    /// Answers a path, which has its query, so.
    pub(crate) fn on(&self, path: &str, answer: Answer) -> &Self {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
        self
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path_and_query().unwrap().as_str().to_owned();
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        self.asked.lock().unwrap().push(Asked { headers });
        let found = self.answers.lock().unwrap().get(&path).cloned();
        let Answer(status, headers, body) =
            found.unwrap_or_else(|| Answer(404, Vec::new(), r#"{"message":"Not Found"}"#.to_owned()));
        let mut response = Response::builder().status(status).header("content-type", "application/json");
        for (name, value) in headers {
            response = response.header(name, value);
        }
        response.body(Full::new(body.into())).unwrap()
    }
}
