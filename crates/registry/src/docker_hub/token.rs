//! `Tokens`: what Docker Hub's API is shown, got for a user name and an access token.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockage_tagging::Repository;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::refusal::refusal;
use crate::client::Secret;
use crate::client::api::{self, Api, Call, Dialect, Refusal};
use crate::client::login::{Logins, Pair};
use crate::{ErrorKind, Result};

/// How long a token is used. It is valid for longer, and got anew where it is refused before.
const LASTS: Duration = Duration::from_secs(4 * 60);

/// The tokens of users, each got once.
#[derive(Clone, Default)]
pub(super) struct Tokens {
    logins: Logins,
    held: Arc<Mutex<HashMap<String, (Instant, Secret)>>>,
}

impl Tokens {
    /// The token of whoever the credentials for this repository belong to; `None` where there are none. Not this one, where it
    /// was refused.
    pub(super) async fn of(&self, api: &Api, repo: &Repository, refused: Option<&Secret>) -> Result<Option<Secret>> {
        let Some(login) = self.logins.of(api, repo).await? else { return Ok(None) };
        let mut held = self.held.lock().await;
        if let Some((got, token)) = held.get(&login.username)
            && got.elapsed() < LASTS
            && refused != Some(token)
        {
            return Ok(Some(token.clone()));
        }
        let token = exchange(api, &login).await?;
        held.insert(login.username, (Instant::now(), token.clone()));
        Ok(Some(token))
    }
}

/// `POST /v2/auth/token`.
async fn exchange(api: &Api, login: &Pair) -> Result<Secret> {
    #[derive(Deserialize)]
    struct Document {
        access_token: String,
    }
    let mut url = api.root();
    url.set_path("/v2/auth/token");
    let body = json!({ "identifier": login.username, "secret": login.password.expose() }).to_string().into();
    let subject = format!("Docker Hub as {}", login.username);
    let call = Call { operation: "log in to", subject, method: Method::POST, url, body };
    let document: Document = call.read(&api.send(&call, &Door).await?)?;
    Ok(Secret::new(document.access_token))
}

/// Asks for a token.
struct Door;

#[async_trait]
impl Dialect for Door {
    async fn headers(&self, call: &Call) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        api::insert(&mut headers, call, CONTENT_TYPE, "application/json")?;
        Ok(headers)
    }

    fn refusal(&self, _call: &Call, status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal {
        let refusal = refusal(None, status, headers, body);
        if refusal.kind != ErrorKind::Unauthorized {
            return refusal;
        }
        Refusal {
            message: Some("Docker Hub does not accept the user name and the password or access token".to_owned()),
            remedy: Some(
                "Log in with a personal access token, or an organization's: a password does not do with a second factor."
                    .to_owned(),
            ),
            ..refusal
        }
    }
}
