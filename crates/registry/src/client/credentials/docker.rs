//! `DockerConfig`: credentials from docker's `config.json`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base64::Engine as _;
use lockage_tagging::{Host, Repository};
use serde::Deserialize;

use super::helper::Helper;
use super::{CredentialProvider, Credentials};
use crate::{Error, ErrorKind, Result};

/// Under this name docker keeps the credentials for Docker Hub.
const HUB: &str = "https://index.docker.io/v1/";

/// The credentials in a `config.json`: a helper named for the host in `credHelpers`, else the one in `credsStore`, else
/// the entry in `auths`.
///
/// The file is read once. Helpers are asked each time, for at most 30 s; they are programs named
/// `docker-credential-NAME` on the `PATH`.
#[derive(Clone)]
pub struct DockerConfig {
    path: PathBuf,
    file: File,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct File {
    auths: BTreeMap<String, Entry>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

impl DockerConfig {
    /// Docker's own: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. No such file means no credentials.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where the file is there and cannot be used.
    pub fn from_env() -> Result<Self> {
        let variable = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
        let directory = variable("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".docker")));
        let Some(directory) = directory else { return Ok(Self { path: PathBuf::new(), file: File::default() }) };
        let path = directory.join("config.json");
        match std::fs::metadata(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self { path, file: File::default() }),
            // A file that may not be read is no absence of credentials.
            _ => Self::from_file(path),
        }
    }

    /// A file in the format of docker's.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where it is missing or cannot be used.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let unusable = || Error::new(ErrorKind::Configuration, "read credentials from", path.display());
        let bytes = std::fs::read(&path).map_err(|e| unusable().with_source(e))?;
        let file = serde_json::from_slice::<File>(&bytes).map_err(|e| {
            // The parser's own message could repeat a password.
            unusable().with_message(format_args!("not docker's config.json at line {} column {}", e.line(), e.column()))
        })?;
        let config = Self { path, file };
        // Found now rather than in the middle of a copy.
        for (key, entry) in &config.file.auths {
            config.entry(key, entry)?;
        }
        Ok(config)
    }

    fn origin(&self, how: &str) -> String {
        format!("{} ({how})", self.path.display())
    }

    fn helper(&self, host: &Host) -> Option<Helper> {
        let keys = keys(host);
        let (name, how) = match keys.iter().find_map(|key| self.file.cred_helpers.get(*key)) {
            Some(name) => (name, "credHelpers"),
            None => (self.file.creds_store.as_ref().filter(|name| !name.is_empty())?, "credsStore"),
        };
        Some(Helper::new(name, self.origin(&format!("{how} {name}"))))
    }

    /// The entry of `auths` whose key, without scheme and path, is the host.
    fn inline(&self, host: &Host) -> Result<Option<Credentials>> {
        let keys = keys(host);
        let exact = keys.iter().find_map(|key| self.file.auths.get_key_value(*key));
        let found = exact.or_else(|| self.file.auths.iter().find(|(key, _)| keys.contains(&authority(key))));
        found.map_or(Ok(None), |(key, entry)| self.entry(key, entry))
    }

    fn entry(&self, key: &str, entry: &Entry) -> Result<Option<Credentials>> {
        let origin = self.origin(&format!("auths {key:?}"));
        if !entry.identitytoken.is_empty() {
            return Ok(Some(Credentials::identity_token(origin, &entry.identitytoken)));
        }
        if !entry.registrytoken.is_empty() {
            return Ok(Some(Credentials::bearer(origin, &entry.registrytoken)));
        }
        if !entry.auth.is_empty() {
            let bad = |why: &str| {
                Err(Error::new(ErrorKind::Configuration, "read credentials from", &origin).with_message(why))
            };
            let Ok(pair) = base64::engine::general_purpose::STANDARD.decode(entry.auth.trim_end_matches('\0')) else {
                return bad("`auth` is not base64");
            };
            let Ok(pair) = String::from_utf8(pair) else { return bad("`auth` is not text") };
            let Some((username, password)) = pair.split_once(':') else { return bad("`auth` is not user:password") };
            return Ok(Some(Credentials::password(origin, username, password.trim_end_matches('\0'))));
        }
        if !entry.username.is_empty() {
            return Ok(Some(Credentials::password(origin, &entry.username, &entry.password)));
        }
        // Docker leaves an empty entry behind where a helper holds the login.
        Ok(None)
    }
}

#[async_trait]
impl CredentialProvider for DockerConfig {
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        let host = repository.host();
        if let Some(helper) = self.helper(host) {
            let server = if host.as_str() == "docker.io" { HUB } else { host.as_str() };
            if let Some(found) = helper.get(server).await? {
                return Ok(Some(found));
            }
        }
        self.inline(host)
    }
}

impl fmt::Debug for DockerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DockerConfig").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The names under which docker may keep this host.
fn keys(host: &Host) -> Vec<&str> {
    match host.as_str() {
        "docker.io" => vec![HUB, "docker.io", "index.docker.io", "registry-1.docker.io"],
        name => vec![name],
    }
}

/// `https://ghcr.io/v2/` is kept for `ghcr.io`.
fn authority(key: &str) -> &str {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    rest.split('/').next().unwrap_or(rest)
}
