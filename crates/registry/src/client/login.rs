//! `Logins`: the credentials of the registry, where its own interface takes the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use lockage_tagging::Repository;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::api::Api;
use super::{Login, Secret};
use crate::{Error, ErrorKind, Result};

/// How long an answer of the provider is used, as with the registry itself.
const LASTS: Duration = Duration::from_secs(5 * 60);

/// A user name and a password.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) username: String,
    pub(crate) password: Secret,
}

/// When each repository was asked for, and what was answered.
type Answers = HashMap<Repository, (Instant, Option<Pair>)>;

/// Asks for credentials, and remembers for a while what was answered.
#[derive(Clone, Default)]
pub(crate) struct Logins(Arc<Mutex<Answers>>);

impl Logins {
    /// A user name and a password for this repository; `None` where there are no credentials. One question is asked at a time:
    /// it may start a program.
    pub(crate) async fn of(&self, api: &Api, repo: &Repository) -> Result<Option<Pair>> {
        let mut known = self.0.lock().await;
        if let Some((asked, pair)) = known.get(repo)
            && asked.elapsed() < LASTS
        {
            return Ok(pair.clone());
        }
        let pair = match api.credentials(repo).await? {
            None => None,
            Some(found) => match found.login {
                Login::Password { username, password } => Some(Pair { username, password }),
                Login::IdentityToken(_) | Login::Bearer(_) => {
                    return Err(Error::new(ErrorKind::Credentials, "log in to", repo.host())
                        .with_message(format_args!("{} holds a token and no password", found.origin))
                        .with_remedy(
                            "The registry's own interface takes a user name and a password or access token.",
                        ));
                }
            },
        };
        known.insert(repo.clone(), (Instant::now(), pair.clone()));
        Ok(pair)
    }
}
