//! Authentication: from a challenge to the header that answers it.

pub(super) mod challenge;
pub(super) mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use reqwest::header::{HeaderMap, HeaderValue};

pub(super) use challenge::Scheme;
use challenge::{Challenge, parse};
use token::{Slot, Token};

use super::host::HostState;
use super::{Login, Secret};
use crate::{Error, ErrorKind, Result};
use lockage_tagging::Repository;

/// What a request needs to be allowed: the repository whose credentials are used, and the scopes of its token.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) repository: Repository,
    /// Destination first, then the repository to mount from: some token servers grant only the first.
    scopes: Vec<String>,
}

impl Access {
    pub(super) fn pull(repo: &Repository) -> Self {
        Self::to(repo, "pull")
    }

    pub(super) fn push(repo: &Repository) -> Self {
        Self::to(repo, "pull,push")
    }

    pub(super) fn delete(repo: &Repository) -> Self {
        Self::to(repo, "delete")
    }

    pub(super) fn and_pull(mut self, other: &Repository) -> Self {
        if *other != self.repository {
            self.scopes.push(format!("repository:{}:pull", other.path()));
        }
        self
    }

    fn to(repo: &Repository, actions: &str) -> Self {
        Self { repository: repo.clone(), scopes: vec![format!("repository:{}:{actions}", repo.path())] }
    }
}

/// What one registry wants, and the tokens that it has been shown to accept.
#[derive(Default)]
pub(super) struct Tokens {
    /// What the registry asked for last; `None` until it asked.
    challenge: Mutex<Option<Challenge>>,
    /// One slot for each set of scopes, in which one task fetches while the others wait.
    slots: Mutex<HashMap<Vec<String>, Arc<Slot>>>,
}

/// A header that was sent, so that it can be told whether it was the one that was refused.
#[derive(Clone)]
pub(super) struct Authorization {
    pub(super) header: HeaderValue,
    token: Option<Arc<Token>>,
}

impl Tokens {
    /// The header for `access`, or `None` while the registry has not asked for any or there are no credentials.
    pub(super) async fn authorization(&self, host: &HostState, access: &Access) -> Result<Option<Authorization>> {
        let challenge = self.challenge.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match challenge {
            None => Ok(None),
            Some(Challenge { scheme: Scheme::Basic, .. }) => self.basic(host, access).await,
            Some(challenge) => self.bearer(host, access, &challenge).await.map(Some),
        }
    }

    /// Takes note of a 401: what the registry asks for, and that `refused` is no good.
    ///
    /// Returns false where nothing new can be tried.
    pub(super) fn learn(&self, headers: &HeaderMap, access: &Access, refused: Option<&Authorization>) -> bool {
        let Some(challenge) = parse(headers) else { return false };
        if let Some(refused) = refused {
            match &refused.token {
                // The same password would be refused again.
                None => return false,
                Some(token) => self.slot(access).forget(token),
            }
        }
        *self.challenge.lock().unwrap_or_else(PoisonError::into_inner) = Some(challenge);
        true
    }

    /// Takes note of a 403 that says that the token has expired.
    pub(super) fn expired(&self, access: &Access, refused: &Authorization) -> bool {
        refused.token.as_ref().is_some_and(|token| {
            self.slot(access).forget(token);
            true
        })
    }

    fn slot(&self, access: &Access) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(access.scopes.clone()).or_default())
    }

    async fn basic(&self, host: &HostState, access: &Access) -> Result<Option<Authorization>> {
        let Some(credentials) = host.credentials.credentials(&access.repository).await? else { return Ok(None) };
        match &credentials.login {
            Login::Password { username, password } => {
                Ok(Some(Authorization { header: basic(username, password)?, token: None }))
            }
            Login::IdentityToken(_) | Login::Bearer(_) => {
                Err(Error::new(ErrorKind::Credentials, "log in to", access.repository.host()).with_message(
                    format_args!("it wants a user name and password, and {} has a token", credentials.origin),
                ))
            }
        }
    }

    async fn bearer(&self, host: &HostState, access: &Access, challenge: &Challenge) -> Result<Authorization> {
        let token = self.slot(access).get(host, access, challenge).await?;
        let header = sensitive(format!("Bearer {}", token.secret.expose()))?;
        Ok(Authorization { header, token: Some(token) })
    }
}

/// ECR's way of saying that credentials have expired.
pub(super) fn says_expired(error: &Error) -> bool {
    error.oci_errors().iter().any(|error| error.message.contains("has expired"))
}

pub(super) fn basic(username: &str, password: &Secret) -> Result<HeaderValue> {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{}", password.expose()));
    sensitive(format!("Basic {pair}"))
}

fn sensitive(text: String) -> Result<HeaderValue> {
    let mut header = HeaderValue::try_from(text).map_err(|_| {
        Error::new(ErrorKind::Credentials, "use", "a token").with_message("it holds characters that no header may")
    })?;
    header.set_sensitive(true);
    Ok(header)
}
