//! A server that is a function of requests.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

type Answers = dyn Fn(Asked) -> (u16, String) + Send + Sync;

/// Serves until the runtime ends; gives back its base URL.
pub(crate) async fn serve(answers: impl Fn(Asked) -> (u16, String) + Send + Sync + 'static) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let answers: Arc<Answers> = Arc::new(answers);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let answers = Arc::clone(&answers);
            tokio::spawn(async move {
                let serve = service_fn(move |request| one(request, Arc::clone(&answers)));
                // A client that goes away is no failure of the server.
                drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await);
            });
        }
    });
    base
}

async fn one(request: Request<Incoming>, answers: Arc<Answers>) -> Result<Response<Full<Bytes>>, Infallible> {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes().to_vec();
    let (status, body) = answers(Asked { method, path, headers, body });
    Ok(Response::builder().status(status).body(Full::new(body.into())).unwrap())
}
