//! Credentials: what a registry may be shown, and who is asked for it.

pub(super) mod docker;
mod first_of;
mod fixed;
mod secret;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use lockage_tagging::Repository;

pub use docker::DockerConfig;
pub use first_of::FirstOf;
pub use fixed::StaticCredentials;
pub use secret::Secret;

use crate::Result;

/// Finds the credentials for a repository: what a team implements to log in from its own vault.
///
/// **When it is asked.** Once a registry has asked for credentials, and never before. What it answers is used for at most
/// five minutes (30 s where it answers `None`), and only until the registry or its token server refuses it: then it is
/// asked again, and the request is sent once more if it now answers otherwise. Thus credentials may rotate while a client
/// lives. Any number of callers who want the same repository share one question. A registry that hands out tokens is shown
/// its token instead, so that the provider is asked once for each token: for each repository and right, each time that
/// a token expires.
///
/// **Who is shown the answer.** The registry itself, and the token server that it names in its challenge, which may be
/// on another host (Docker Hub's is `auth.docker.io`): whoever trusts a registry with a password trusts it to name that
/// server. It is never named over plain http by a registry over https, nor on a private address by a public registry;
/// see [`UrlPolicy`](crate::client::UrlPolicy).
///
/// ```
/// use std::sync::Mutex;
/// use lockage_registry::client::{Client, CredentialProvider, Credentials, Secret};
/// use lockage_registry::{Repository, Result};
///
/// /// The passwords of a vault whose lease is renewed by another task.
/// #[derive(Debug)]
/// struct Vault(Mutex<Secret>);
///
/// #[async_trait::async_trait]
/// impl CredentialProvider for Vault {
///     async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
///         if repository.host().as_str() != "registry.example" {
///             return Ok(None);
///         }
///         let password = self.0.lock().expect("no holder panics").clone();
///         Ok(Some(Credentials::password("the team's vault", "release-robot", password.expose())))
///     }
/// }
///
/// # fn main() -> Result<()> {
/// let client = Client::builder().credentials(Vault(Mutex::new(Secret::new("lease-1")))).build()?;
/// # drop(client);
/// # Ok(()) }
/// ```
#[async_trait]
pub trait CredentialProvider: fmt::Debug + Send + Sync {
    /// The credentials for `repository`, or `None` to go on without any.
    ///
    /// # Errors
    /// Credentials that should be there and cannot be had are an error, never `None`. A kind that is temporary (see
    /// [`Error::is_temporary`](crate::Error::is_temporary)) may be tried again.
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>>;
}

#[async_trait]
impl<P: CredentialProvider + ?Sized> CredentialProvider for Arc<P> {
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        (**self).credentials(repository).await
    }
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
