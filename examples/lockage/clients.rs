//! The registries of every command that talks to some: hosts over the network, and directories that stand for a host.

mod routed;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use lockage_registry::client::{Client, ClientBuilder, DockerConfig, FirstOf};
use lockage_registry::cloud::{AssumedRole, Clouds};
use lockage_registry::{Host, OciLayout, Registry, Repository};

use crate::report::{Failure, Unusable};

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

    /// Log in to the registries of a cloud with the identity of this job, rather than with stored credentials. AWS_ROLE_ARN and
    /// AWS_REGION, GOOGLE_WORKLOAD_IDENTITY_PROVIDER, or AZURE_CLIENT_ID and AZURE_TENANT_ID say as whom.
    #[arg(long)]
    cloud_credentials: bool,

    /// Take this directory for the host, which is not asked then: its repositories are OCI layouts in it, as `serve --dir`
    /// keeps them. May be repeated.
    #[arg(long, value_name = "HOST=DIR", value_parser = host_and_file)]
    layout: Vec<(Host, PathBuf)>,
}

impl Reach {
    /// The file with credentials that the arguments name.
    pub(crate) fn credentials(&self) -> Option<PathBuf> {
        self.credentials.clone()
    }

    /// The role at Amazon that this job is to have, where it is to have one.
    pub(crate) fn role(&self) -> Result<Option<AssumedRole>, Failure> {
        if !self.cloud_credentials {
            return Ok(None);
        }
        let clouds = connections(self, 8).and_then(|builder| clouds(&builder.build()?));
        Ok(clouds.map_err(|error| Failure::usage(error.as_ref()))?.role().cloned())
    }

    /// Whether a directory stands for this host.
    pub(crate) fn is_layout(&self, host: &Host) -> bool {
        self.layout.iter().any(|(named, _)| named == host)
    }

    /// The same with plain http to this host, too.
    pub(crate) fn with_plain_http(&self, host: Host) -> Self {
        let mut other = self.clone();
        other.plain_http.push(host);
        other
    }

    /// The same with the credentials in another file, unless the arguments name one.
    pub(crate) fn with_credentials(&self, file: PathBuf) -> Self {
        let mut other = self.clone();
        other.credentials.get_or_insert(file);
        other
    }
}

/// Where repositories are looked up: in a directory, where one stands for their host, and else over the network.
#[derive(Clone)]
pub(crate) struct Registries {
    client: Client,
    layouts: BTreeMap<Host, OciLayout>,
}

impl Registries {
    /// What speaks over the network.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// What holds this repository. For one host it is always one and the same object.
    pub(crate) fn of(&self, repository: &Repository) -> &dyn Registry {
        match self.layouts.get(repository.host()) {
            Some(layout) => layout,
            None => &self.client,
        }
    }
}

/// The registries that can be reached, with at most `concurrency` requests under way to a host.
pub(crate) fn registries(reach: &Reach, concurrency: usize) -> Result<Registries, Failure> {
    let client = build(reach, concurrency).map_err(|error| Failure::usage(error.as_ref()))?;
    let mut layouts = BTreeMap::new();
    for (host, dir) in &reach.layout {
        let layout = OciLayout::open(dir, host.clone()).map_err(|error| Failure::usage(&error))?;
        layouts.insert(host.clone(), layout);
    }
    Ok(Registries { client, layouts })
}

fn build(reach: &Reach, concurrency: usize) -> Result<Client, Box<dyn Error>> {
    let mut builder = connections(reach, concurrency)?;
    let stored = match &reach.credentials {
        Some(file) => DockerConfig::from_file(file)?,
        None => DockerConfig::from_env()?,
    };
    builder = if reach.cloud_credentials {
        // What exchanges the tokens has no login itself.
        builder.credentials(FirstOf::new(clouds(&connections(reach, concurrency)?.build()?)?).or(stored))
    } else {
        builder.credentials(stored)
    };
    Ok(builder.build()?)
}

/// The clouds of the environment, reached by `web`.
fn clouds(web: &Client) -> Result<Clouds, Box<dyn Error>> {
    Ok(Clouds::from_variables(web, |name| std::env::var(name).ok())?)
}

/// Connections as the arguments want them, and no login yet.
fn connections(reach: &Reach, concurrency: usize) -> Result<ClientBuilder, Box<dyn Error>> {
    let mut builder = Client::builder().concurrency(concurrency);
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
    Ok(builder)
}

fn read(file: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(std::fs::read(file)?)
}

/// `HOST=FILE`.
fn host_and_file(text: &str) -> Result<(Host, PathBuf), String> {
    let (host, file) = text.split_once('=').ok_or("write HOST=FILE")?;
    let host = host.parse().map_err(|error| format!("{error}"))?;
    Ok((host, PathBuf::from(file)))
}
