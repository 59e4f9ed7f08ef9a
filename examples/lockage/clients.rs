//! The client of every command that talks to a registry, and the arguments that shape it.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use lockage_registry::{Host, client::Client};

use crate::report::Failure;

#[derive(Clone, clap::Args)]
pub(crate) struct Reach {
    /// Speak plain http with this host (loopback addresses always are); may be repeated.
    #[arg(long, value_name = "HOST")]
    plain_http: Vec<Host>,

    /// Trust the certificate authorities in this PEM file too; may be repeated.
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,

    /// Show this host a client certificate: a PEM file with the key, the certificate and its chain; may be repeated.
    #[arg(long, value_name = "HOST=FILE", value_parser = host_and_file)]
    client_cert: Vec<(Host, PathBuf)>,

    /// Reach this host and the others that are named so, and no further one; may be repeated.
    #[arg(long, value_name = "HOST")]
    only: Vec<Host>,

    /// Take credentials from this file, in the format of docker's config.json, rather than from docker's own.
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
}

impl Reach {
    /// The same with the credentials in another file, unless the arguments name one.
    pub(crate) fn with_credentials(&self, file: PathBuf) -> Self {
        let mut other = self.clone();
        other.credentials.get_or_insert(file);
        other
    }
}

/// A client with at most `concurrency` requests under way to a host.
pub(crate) fn client(reach: &Reach, concurrency: usize) -> Result<Client, Failure> {
    build(reach, concurrency).map_err(|error| Failure::usage(error.as_ref()))
}

fn build(reach: &Reach, concurrency: usize) -> Result<Client, Box<dyn Error>> {
    let mut builder = Client::builder().concurrency(concurrency);
    builder = match &reach.credentials {
        Some(file) => builder.docker_config_file(file)?,
        None => builder.docker_config()?,
    };
    for host in &reach.plain_http {
        builder = builder.plain_http(host.clone());
    }
    for file in &reach.ca {
        builder = read(file).and_then(|pem| Ok(builder.root_certificate(&pem)?)).map_err(Unusable::of(file))?;
    }
    for (host, file) in &reach.client_cert {
        let identity = read(file).and_then(|pem| Ok(builder.client_identity(host.clone(), &pem)?));
        builder = identity.map_err(Unusable::of(file))?;
    }
    if !reach.only.is_empty() {
        builder = builder.only(reach.only.iter().cloned());
    }
    Ok(builder.build()?)
}

fn read(file: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(std::fs::read(file)?)
}

/// A file that an argument names, and what is wrong with it.
#[derive(Debug)]
struct Unusable {
    file: PathBuf,
    source: Box<dyn Error>,
}

impl Unusable {
    fn of(file: &Path) -> impl Fn(Box<dyn Error>) -> Self {
        move |source| Self { file: file.to_owned(), source }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot be used", self.file.display())
    }
}

impl Error for Unusable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// `HOST=FILE`.
fn host_and_file(text: &str) -> Result<(Host, PathBuf), String> {
    let (host, file) = text.split_once('=').ok_or("write HOST=FILE")?;
    let host = host.parse().map_err(|error| format!("{error}"))?;
    Ok((host, PathBuf::from(file)))
}
