//! What the fuzz targets reach of the server: its parsers, and all of it without a socket (`cfg(fuzzing)` only).

use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lockage_tagging::Host;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::Guard;
use super::dispatch::{self, Shared};
use super::guard::Door;
use super::log::Log;
use super::query::Query;
use super::range::{self, Part};
use super::route::Route;
use super::uploads::{Known, Sessions};
use crate::Registry;

/// The endpoint that a path is, as `Debug` shows it, and the name of the repository in it.
#[must_use]
pub fn route(path: &str) -> Option<(String, Option<String>)> {
    let route = Route::parse(path)?;
    let shown = format!("{route:?} {:?} {} {}", route.methods(), route.unknown(), route.invalid());
    let name = match route {
        Route::Ping => None,
        Route::Manifest { name, .. }
        | Route::Blob { name, .. }
        | Route::Uploads { name }
        | Route::Upload { name, .. }
        | Route::Tags { name }
        | Route::Referrers { name, .. } => Some(name),
    };
    Some((shown, name))
}

/// The first parameter of this name.
#[must_use]
pub fn parameter(query: &str, name: &str) -> Option<String> {
    Query::parse(Some(query)).get(name).map(str::to_owned)
}

/// The bytes that `Range` asks for of so many: first and last; `None` for all, `Some(None)` for what there is not.
#[must_use]
pub fn wanted(header: &str, size: u64) -> Option<Option<(u64, u64)>> {
    match range::wanted(Some(header), size) {
        Part::Whole => None,
        Part::Bytes { first, last } => Some(Some((first, last))),
        Part::Outside => Some(None),
    }
}

/// First and last of a chunk's `Content-Range`.
#[must_use]
pub fn chunk(header: &str) -> Option<(u64, u64)> {
    range::chunk(header)
}

/// A server whose connections are in memory.
pub struct Wire(Arc<Shared>);

impl Wire {
    /// A server for `registry`, guarded or not.
    #[must_use]
    pub fn new(registry: Arc<dyn Registry>, host: Host, guard: Option<Guard>) -> Self {
        let (log, sessions, known) = (Log::new(false), Sessions::new(), Known::default());
        let door = guard.map(|guard| Door::new(guard, host.clone(), ([127, 0, 0, 1], 5000).into()));
        Self(Arc::new(Shared { registry, host, log, intercept: None, sessions, known, door }))
    }

    /// Everything that is answered on a connection that brings `bytes` and then ends.
    pub async fn send(&self, bytes: &[u8]) -> Vec<u8> {
        let (mut near, far) = duplex(1024 * 1024);
        let service = service_fn(|request| {
            let shared = Arc::clone(&self.0);
            async move { dispatch::handle(&shared, request).await }
        });
        let serving = http1::Builder::new().half_close(true).serve_connection(TokioIo::new(far), service);
        let mut answered = Vec::new();
        let talking = async {
            let (mut reader, mut writer) = tokio::io::split(&mut near);
            let writing = async {
                // A server that has heard enough closes the connection.
                let _ = writer.write_all(bytes).await;
                let _ = writer.shutdown().await;
            };
            let reading = async {
                let _ = reader.read_to_end(&mut answered).await;
            };
            futures::join!(writing, reading);
        };
        // How a connection ends is told to its client alone.
        let _ = futures::join!(serving, talking);
        answered
    }
}
