//! The client of every command that talks to a registry, and the arguments that shape it.

use std::path::PathBuf;

use lockage_registry::{Host, client::Client};

use crate::report::Failure;

#[derive(clap::Args)]
pub(crate) struct Reach {
    /// Speak plain http with this host (loopback addresses always are); may be repeated.
    #[arg(long, value_name = "HOST")]
    plain_http: Vec<Host>,

    /// Take credentials from this file, in the format of docker's config.json, rather than from docker's own.
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
}

/// A client with at most `concurrency` requests under way to a host.
pub(crate) fn client(reach: &Reach, concurrency: usize) -> Result<Client, Failure> {
    let builder = Client::builder().concurrency(concurrency);
    let builder = match &reach.credentials {
        Some(file) => builder.docker_config_file(file),
        None => builder.docker_config(),
    };
    let plain = |builder, host: &Host| lockage_registry::client::ClientBuilder::plain_http(builder, host.clone());
    let built = builder.and_then(|builder| reach.plain_http.iter().fold(builder, plain).build());
    built.map_err(|error| Failure::usage(&error))
}
