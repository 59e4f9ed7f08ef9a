//! `lockage serve`: the embedded registry.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use lockage_registry::server::{Guard, Server};
use lockage_registry::{Error, ErrorKind, Host, Memory, OciLayout, Registry};

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

    /// Let in only one user, who logs in with each request (basic) or for a token (bearer).
    #[arg(long, value_enum, value_name = "SCHEME", requires_all = ["user", "password_file"])]
    auth: Option<Scheme>,

    /// The name of that user.
    #[arg(long, value_name = "NAME", requires = "auth")]
    user: Option<String>,

    /// A file with the password of that user, which may end with one line end.
    #[arg(long, value_name = "FILE", requires = "auth")]
    password_file: Option<PathBuf>,

    /// Let everybody pull.
    #[arg(long, requires = "auth")]
    anonymous_pull: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Scheme {
    Basic,
    Bearer,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    // Clients reach the server by many names; the backend knows it by one.
    let host: Host = "localhost".parse().map_err(|error| Failure::error(&error))?;
    let guard = guard(&arguments)?;
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
    let builder = Server::builder(backend, host);
    let builder = match guard {
        Some(guard) => builder.guard(guard),
        None => builder,
    };
    let server = builder.serve(arguments.listen).await.map_err(|error| Failure::error(&error))?;
    say(format_args!("listening on http://{}", server.address()))?;
    stopped().await;
    server.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// The guard that was asked for, if any.
fn guard(arguments: &Arguments) -> Result<Option<Guard>, Failure> {
    let (Some(scheme), Some(user), Some(file)) = (arguments.auth, &arguments.user, &arguments.password_file) else {
        return Ok(None);
    };
    let unusable = |why: &dyn std::fmt::Display| {
        let error = Error::new(ErrorKind::Configuration, "read the password in", file.display());
        Failure::usage(&error.with_message(why))
    };
    let text = std::fs::read_to_string(file).map_err(|error| unusable(&error))?;
    let password = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if password.is_empty() {
        return Err(unusable(&"the file is empty"));
    }
    let guard = match scheme {
        Scheme::Basic => Guard::basic(user, password),
        Scheme::Bearer => Guard::bearer(user, password),
    };
    Ok(Some(if arguments.anonymous_pull { guard.anonymous_pull() } else { guard }))
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
