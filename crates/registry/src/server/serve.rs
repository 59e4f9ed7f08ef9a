//! `Server`: the listener, its connections, and their end.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{self, Either};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use lockage_tagging::Host;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::dispatch::{self, Shared};
use super::guard::Door;
use super::log::Log;
use super::uploads::{Known, Sessions};
use super::{Guard, Intercept, Seen};
use crate::{Error, ErrorKind, Registry, Result};

/// How long a client may take to send the head of a request; also how long an unused connection is kept.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// How long requests may go on after a shutdown has been asked for.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// How long nothing is accepted after accepting has failed, as it does while there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a server will be like.
pub struct Builder {
    registry: Arc<dyn Registry>,
    host: Host,
    record: bool,
    intercept: Option<Intercept>,
    guard: Option<Guard>,
}

/// A running server. It ends when it is dropped, at once and with all its connections.
pub struct Server {
    address: SocketAddr,
    host: Host,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<()>,
    task: JoinHandle<()>,
}

impl Builder {
    /// Keeps a log of the requests, for [`Server::requests`]. It grows until it is cleared.
    #[must_use]
    pub fn record(mut self) -> Self {
        self.record = true;
        self
    }

    /// Has each request go wrong as `intercept` says.
    #[must_use]
    pub fn intercept(mut self, intercept: Intercept) -> Self {
        self.intercept = Some(intercept);
        self
    }

    /// Lets in only those that `guard` knows. Unless it is called, everybody may do everything.
    #[must_use]
    pub fn guard(mut self, guard: Guard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Listens at `address` (with port 0, at some free port) and serves from then on.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where that address cannot be had, or cannot stand in an image's name.
    pub async fn serve(self, address: SocketAddr) -> Result<Server> {
        let unusable = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(ErrorKind::Configuration, "listen at", address)
                .with_message(&error)
                .with_remedy("Name an address of this machine and a port that nothing else uses.")
                .with_source(error)
        };
        let listener = TcpListener::bind(address).await.map_err(|e| unusable(e.into()))?;
        let address = listener.local_addr().map_err(|e| unusable(e.into()))?;
        let host = address.to_string().parse::<Host>().map_err(|e| unusable(e.into()))?;
        let door = self.guard.map(|guard| Door::new(guard, self.host.clone(), address));
        let shared = Arc::new(Shared {
            registry: self.registry,
            host: self.host,
            log: Log::new(self.record),
            intercept: self.intercept,
            sessions: Sessions::new(),
            known: Known::default(),
            door,
        });
        let (stop, stopping) = watch::channel(false);
        let (ending, ended) = watch::channel(());
        let task = tokio::spawn(accept(listener, Arc::clone(&shared), stopping, ending));
        Ok(Server { address, host, shared, stop, ended, task })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("registry", &self.registry)
            .field("record", &self.record)
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// A server for `registry`, which answers for `host`: the path of a request is a repository of that host, whatever
    /// address the server itself has.
    #[must_use]
    pub fn builder(registry: Arc<dyn Registry>, host: Host) -> Builder {
        Builder { registry, host, record: false, intercept: None, guard: None }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as the host of an image's name: `127.0.0.1:41213`.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The requests so far in order of arrival; none unless [`Builder::record`] was called.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.log.seen()
    }

    /// Forgets the requests so far. Their numbers go on.
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// Makes every token that the guard has given bad at once, as if its life were over. Refresh tokens stay good, and
    /// get new ones.
    pub fn revoke_tokens(&self) {
        if let Some(door) = &self.shared.door {
            door.revoke();
        }
    }

    /// Makes every refresh token bad at once: clients need their password again when their tokens have expired.
    pub fn revoke_refresh_tokens(&self) {
        if let Some(door) = &self.shared.door {
            door.revoke_refresh();
        }
    }

    /// Accepts no more, lets the requests that are under way end (for ten seconds), and ends.
    pub async fn shutdown(self) {
        // Where nobody is left to be told, it has ended already.
        let _ = self.stop.send(true);
        self.wait().await;
    }

    /// Waits until it ends, which only a failure makes it do: for a program that is nothing but a server.
    pub async fn wait(&self) {
        // Nothing is ever sent: the sender is dropped when the task ends.
        let _ = self.ended.clone().changed().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("registry", &self.shared.registry)
            .finish_non_exhaustive()
    }
}

/// Accepts connections. They belong to this task, so that all end with it.
async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    stopping: watch::Receiver<bool>,
    _ending: watch::Sender<()>,
) {
    let mut connections = JoinSet::new();
    let mut stop = stopping.clone();
    loop {
        let accepted = {
            let accepting = std::pin::pin!(listener.accept());
            let stopped = std::pin::pin!(told(&mut stop));
            match future::select(accepting, stopped).await {
                Either::Left((accepted, _)) => accepted,
                Either::Right(_) => break,
            }
        };
        // Those that have ended need not be kept.
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => drop(connections.spawn(connection(stream, Arc::clone(&shared), stopping.clone()))),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    // What is left after that is aborted.
    let _ = tokio::time::timeout(LAST_REQUESTS, ended).await;
}

/// Serves a connection in HTTP/1.1 or HTTP/2, whichever the client begins with.
async fn connection(stream: TcpStream, shared: Arc<Shared>, mut stopping: watch::Receiver<bool>) {
    // Answers are small and awaited; without this, each may wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    http.http2().timer(TokioTimer::new());
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { dispatch::handle(&shared, request).await }
    });
    let mut serving = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    let stop = std::pin::pin!(told(&mut stopping));
    // How a connection ends is told to its client alone.
    if let Either::Right(_) = future::select(serving.as_mut(), stop).await {
        serving.as_mut().graceful_shutdown();
        let _ = serving.await;
    }
}

/// Waits until a shutdown is asked for. A server that is gone asks for it, too.
async fn told(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}
