//! `lockage serve`: the embedded registry.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use lockage_registry::{Host, Memory, OciLayout, Registry, server::Server};

use crate::report::{Failure, say};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5000")]
    listen: SocketAddr,

    /// Keep the content in this directory, one OCI layout a repository, rather than in memory.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Take manifests also while content that they point at is missing.
    #[arg(long)]
    sparse: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    // Clients reach the server by many names; the backend knows it by one.
    let host: Host = "localhost".parse().map_err(|error| Failure::error(&error))?;
    let backend: Arc<dyn Registry> = match arguments.dir {
        Some(dir) => {
            let layout = OciLayout::open(dir, host.clone()).map_err(|error| Failure::usage(&error))?;
            Arc::new(if arguments.sparse { layout.sparse() } else { layout })
        }
        None => {
            let memory = Memory::new(host.clone());
            Arc::new(if arguments.sparse { memory.sparse() } else { memory })
        }
    };
    let server =
        Server::builder(backend, host).serve(arguments.listen).await.map_err(|error| Failure::error(&error))?;
    say(format_args!("listening on http://{}", server.address()))?;
    stopped().await;
    server.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// Until somebody asks the process to stop.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if interrupt.await.is_err() {
        // No signal can be heard: it runs until it is killed.
        std::future::pending::<()>().await;
    }
}
