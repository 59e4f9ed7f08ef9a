//! `DockerConfig`: credentials from the files of docker and podman.

pub(in crate::client) mod file;
mod helper;
mod keys;
mod places;

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use lockage_tagging::Repository;

use super::{CredentialProvider, Credentials};
use crate::{Error, ErrorKind, Result};
use file::File;
use helper::Helper;
use places::Place;

/// How long a helper may take unless said otherwise: it may ask a keychain, or a cloud.
const HELPER_TIMEOUT: Duration = Duration::from_secs(30);

/// The credentials that docker and podman are logged in with.
///
/// # Which files
/// The first of these that has credentials for a repository is used:
///
/// 1. the variable `DOCKER_AUTH_CONFIG`, which holds a document itself (docker, GitLab's runners);
/// 2. the file that `REGISTRY_AUTH_FILE` names (podman, skopeo, buildah). Whoever names a file means that file: it must
///    be there, and none of the following is read;
/// 3. docker's `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json` where `DOCKER_CONFIG` is not set;
/// 4. podman's `$XDG_RUNTIME_DIR/containers/auth.json`;
/// 5. podman's `$XDG_CONFIG_HOME/containers/auth.json`, or `~/.config/containers/auth.json`.
///
/// A file of 3 to 5 that does not exist has no credentials, also where `DOCKER_CONFIG` names its directory: docker writes
/// it at the first login. A file that cannot be read or understood is an error, never "no credentials".
///
/// # Which entry
/// Within a file, in this order:
///
/// 1. the helper that `credHelpers` names for the host (an empty name means that no helper is asked);
/// 2. the entries of `auths` for the repository and the namespaces above it, the longest first:
///    `registry.example/team/app`, `registry.example/team` (containers-auth.json(5));
/// 3. the helper that `credsStore` names;
/// 4. the entry of `auths` for the host, ports included. `https://registry.example/v2/` is an old form of it, and Docker
///    Hub is `https://index.docker.io/v1/`, `docker.io`, `index.docker.io` or `registry-1.docker.io`.
///
/// Helpers are programs `docker-credential-NAME` on the `PATH`. They know hosts and no repositories.
///
/// # Cost
/// The files are checked when the provider is made, and read again each time that it is asked (see
/// [`CredentialProvider`]), so that a login made meanwhile is found. Each question runs at most two helpers a file.
#[derive(Clone)]
pub struct DockerConfig {
    places: Vec<Place>,
    /// Where helpers are looked for.
    path: Option<OsString>,
    timeout: Duration,
}

impl DockerConfig {
    /// The files that the environment of this process names, as [`DockerConfig`] says.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where a file is there and cannot be used, or is named by `REGISTRY_AUTH_FILE` and is
    /// missing.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// The files that `variable` names, which stands for the environment: it is asked for `DOCKER_AUTH_CONFIG`,
    /// `REGISTRY_AUTH_FILE`, `DOCKER_CONFIG`, `XDG_RUNTIME_DIR`, `XDG_CONFIG_HOME`, `HOME` (or `USERPROFILE`) and `PATH`.
    /// An empty variable is one that is not set.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        Self::checked(places::from_variables(&variable)?, variable("PATH"))
    }

    /// One file in the format of docker's `config.json` or podman's `auth.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where it is missing or cannot be used.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        Self::checked(vec![Place::Named(path.as_ref().to_path_buf())], std::env::var_os("PATH"))
    }

    /// Gives each helper `limit` to answer before it is killed; 30 s unless said otherwise.
    #[must_use]
    pub fn helper_timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// A mistake is found now rather than in the middle of a copy.
    fn checked(places: Vec<Place>, path: Option<OsString>) -> Result<Self> {
        for place in &places {
            if let Some(file) = place.read()? {
                file.check(place)?;
            }
        }
        Ok(Self { places, path, timeout: HELPER_TIMEOUT })
    }

    async fn in_place(&self, place: &Place, repository: &Repository) -> Result<Option<Credentials>> {
        let Some(file) = place.read_again().await? else { return Ok(None) };
        let host = repository.host();
        let named = file.helper_for(host);
        if let Some((name, key)) = named.filter(|(name, _)| !name.is_empty()) {
            let found = self.ask(place, "credHelpers", name, &keys::servers(host, Some(key))).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        if let Some(found) = file.for_path(repository, place)? {
            return Ok(Some(found));
        }
        if named.is_none()
            && let Some(name) = file.store()
        {
            let found = self.ask(place, "credsStore", name, &keys::servers(host, None)).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        file.for_host(host, place)
    }

    /// Asks the helper `name` for each of `servers`, until it has one.
    async fn ask(&self, place: &Place, how: &str, name: &str, servers: &[&str]) -> Result<Option<Credentials>> {
        let helper = Helper::new(name, format!("{place} ({how} {name})"), self.timeout);
        for server in servers {
            if let Some(found) = helper.get(server, self.path.as_deref()).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl CredentialProvider for DockerConfig {
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        for place in &self.places {
            if let Some(found) = self.in_place(place, repository).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for DockerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<_> = self.places.iter().map(ToString::to_string).collect();
        f.debug_struct("DockerConfig").field("places", &places).field("helper_timeout", &self.timeout).finish()
    }
}

/// An error about what is read from `place`.
fn unusable(place: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Configuration, "read credentials from", place)
}
