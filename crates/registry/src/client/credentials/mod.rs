//! Credentials: what a registry may be shown, and who is asked for it.

mod docker;
mod helper;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use lockage_tagging::{Host, Repository};

pub use docker::DockerConfig;

use crate::Result;

/// Finds the credentials for a repository.
///
/// It is asked each time that a registry or its token server wants some, so that credentials may rotate; whoever
/// answers slowly should keep the answer for a while.
#[async_trait]
pub trait CredentialProvider: fmt::Debug + Send + Sync {
    /// The credentials for `repository`, or `None` to go on without any.
    ///
    /// # Errors
    /// Credentials that should be there and cannot be had are an error, never `None`.
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>>;
}

/// A login, and where it comes from, so that an error can say which credentials lack a right.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Credentials {
    /// For people: "/home/me/.docker/config.json (credsStore pass)".
    pub origin: String,
    /// The login.
    pub login: Login,
}

/// The forms of a login.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Login {
    /// A user name and a password, or a token that serves as one.
    Password {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// An OAuth2 refresh token, exchanged at the token server (what Azure's helper gives).
    IdentityToken(Secret),
    /// A bearer token, shown to the registry as it is.
    Bearer(Secret),
}

impl Credentials {
    /// A user name and a password from `origin`.
    #[must_use]
    pub fn password(origin: impl Into<String>, username: impl Into<String>, password: impl Into<String>) -> Self {
        let login = Login::Password { username: username.into(), password: Secret::new(password) };
        Self { origin: origin.into(), login }
    }

    /// An identity token from `origin`.
    #[must_use]
    pub fn identity_token(origin: impl Into<String>, token: impl Into<String>) -> Self {
        Self { origin: origin.into(), login: Login::IdentityToken(Secret::new(token)) }
    }

    /// A bearer token from `origin`.
    #[must_use]
    pub fn bearer(origin: impl Into<String>, token: impl Into<String>) -> Self {
        Self { origin: origin.into(), login: Login::Bearer(Secret::new(token)) }
    }
}

/// Text that no log, error or `Debug` shows.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Credentials known beforehand, by host. Empty, it is "no credentials".
#[derive(Clone, Debug, Default)]
pub struct StaticCredentials(BTreeMap<Host, Credentials>);

impl StaticCredentials {
    /// No credentials.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses `credentials` for `host`.
    #[must_use]
    pub fn with(mut self, host: Host, credentials: Credentials) -> Self {
        self.0.insert(host, credentials);
        self
    }
}

#[async_trait]
impl CredentialProvider for StaticCredentials {
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        Ok(self.0.get(repository.host()).cloned())
    }
}
