//! `Mock`: the services of a Sigstore on loopback.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::answer::{self, Answer};
use crate::{Fault, Service, Services, Sigstore};

/// The largest request that is read.
const MOST: usize = 8 << 20;

/// What a runner of workflows holds, with which it asks for identity tokens.
const RUNNER_TOKEN: &str = "a-runner-holds-this";

/// A Sigstore on loopback. It ends when it is dropped, with all its connections.
#[derive(Debug)]
pub struct Mock {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    sigstore: Sigstore,
    url: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<(Service, Fault)>,
    requests: Vec<Service>,
}

impl Mock {
    /// Starts one at some free port.
    ///
    /// # Errors
    /// Where there is no port.
    pub async fn start() -> io::Result<Self> {
        Self::start_at(0).await
    }

    /// Starts one at this port.
    ///
    /// # Errors
    /// Where the port cannot be had.
    pub async fn start_at(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared { sigstore: Sigstore::new(), url, state: Mutex::default() });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, task })
    }

    /// Where Fulcio and both versions of Rekor are.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Where timestamps are.
    #[must_use]
    pub fn timestamp_url(&self) -> String {
        format!("{}/api/v1/timestamp", self.shared.url)
    }

    /// The environment of a workflow with the permission `id-token: write`.
    #[must_use]
    pub fn actions_environment(&self) -> [(&'static str, String); 3] {
        [
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/actions/token?api-version=2.0", self.shared.url)),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", RUNNER_TOKEN.to_owned()),
        ]
    }

    /// The `trusted_root.json` of this instance.
    #[must_use]
    pub fn trusted_root(&self) -> String {
        self.shared.sigstore.trusted_root(&self.shared.url)
    }

    /// A signing configuration of this instance.
    #[must_use]
    pub fn signing_config(&self, services: Services) -> String {
        self.shared.sigstore.signing_config(&self.shared.url, services)
    }

    /// Has a service go wrong from now on; `None` mends it.
    pub fn fail(&self, service: Service, fault: Option<Fault>) {
        let mut state = self.shared.state();
        state.faults.retain(|(other, _)| *other != service);
        state.faults.extend(fault.map(|fault| (service, fault)));
    }

    /// How many requests a service has had.
    #[must_use]
    pub fn requests(&self, service: Service) -> usize {
        self.shared.state().requests.iter().filter(|other| **other == service).count()
    }

    /// Writes what other programs are pointed at: the trusted root, signing configurations, keys, and a token of a workflow.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write_files(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("trusted_root.json"), self.trusted_root())?;
        std::fs::write(folder.join("token.jwt"), self.shared.sigstore.tokens.workflow("sigstore"))?;
        for services in Services::ALL {
            std::fs::write(folder.join(services.file()).with_extension("json"), self.signing_config(services))?;
        }
        for (name, text) in self.shared.sigstore.pems() {
            std::fs::write(folder.join(name), text)?;
        }
        Ok(())
    }
}

impl Deref for Mock {
    type Target = Sigstore;

    fn deref(&self) -> &Sigstore {
        &self.shared.sigstore
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self, service: Service) -> Option<Fault> {
        let mut state = self.state();
        state.requests.push(service);
        state.faults.iter().find(|(other, _)| *other == service).map(|(_, fault)| fault.clone())
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move { Ok::<_, std::convert::Infallible>(reply(&shared, request).await) }
            });
            // A peer that hangs up has said all that there is to say.
            let _ended =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn reply(shared: &Shared, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let answer = match Limited::new(body, MOST).collect().await {
        Ok(body) => {
            let authorization = head.headers.get("authorization").and_then(|value| value.to_str().ok());
            let query = head.uri.query().unwrap_or_default();
            let asked = Asked { authorization: authorization.unwrap_or_default(), query, body: &body.to_bytes() };
            route(shared, &head.method, head.uri.path(), &asked).await
        }
        Err(_) => Answer::refused(413, "the request is too large, or was cut"),
    };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    response.body(Full::new(answer.body.into())).unwrap_or_else(|_| {
        let mut response = Response::new(Full::new(Bytes::new()));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

struct Asked<'a> {
    authorization: &'a str,
    query: &'a str,
    body: &'a [u8],
}

async fn route(shared: &Shared, method: &Method, path: &str, asked: &Asked<'_>) -> Answer {
    let service = match (method, path) {
        (&Method::POST, "/api/v1/signingCert" | "/api/v2/signingCert") => Service::Fulcio,
        (&Method::POST, "/api/v1/log/entries" | "/api/v2/log/entries") => Service::Rekor,
        (&Method::GET, "/api/v1/log/publicKey") => Service::Rekor,
        (&Method::POST, "/api/v1/timestamp") => Service::Timestamp,
        (&Method::GET, "/actions/token") => Service::Actions,
        _ => return Answer::refused(404, "there is no such service here"),
    };
    let fault = shared.seen(service);
    match &fault {
        Some(Fault::Status(status)) => return Answer::refused(*status, "it was told to fail"),
        Some(Fault::Garbage) => return Answer::new(200, "application/json", "\u{0}{[garbage"),
        Some(Fault::Slow(time)) => tokio::time::sleep(*time).await,
        Some(Fault::Fraction) | None => {}
    }
    let sigstore = &shared.sigstore;
    match path {
        "/api/v1/signingCert" => answer::certificate(sigstore, false, asked.authorization, asked.body),
        "/api/v2/signingCert" => answer::certificate(sigstore, true, asked.authorization, asked.body),
        "/api/v1/log/entries" => answer::log_v1(sigstore, &shared.url, asked.body),
        "/api/v2/log/entries" => answer::log_v2(sigstore, asked.body),
        "/api/v1/log/publicKey" => Answer::new(200, "application/x-pem-file", sigstore.rekor.key.public_pem()),
        "/actions/token" => answer::actions(sigstore, RUNNER_TOKEN, asked.authorization, asked.query),
        _ => answer::timestamp(sigstore, asked.body, matches!(fault, Some(Fault::Fraction))),
    }
}
