//! Tokens: fetched once for many callers, kept until shortly before they expire.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::form_urlencoded;

use super::{Access, basic, challenge::Challenge};
use crate::client::{Login, Purpose, Secret, answer, deadline, host::HostState};
use crate::{Error, ErrorKind, Result, json};

/// What a token server that says nothing means (distribution, "Token Authentication Specification": `expires_in`).
const DEFAULT_LIFE: Duration = Duration::from_secs(60);
/// The largest answer of a token server that is read.
const LIMIT: u64 = 64 * 1024;

pub(super) struct Token {
    pub(super) secret: Secret,
    expires: Instant,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Where the token for one set of scopes is kept. Whoever holds the lock fetches; the others wait, and find it.
#[derive(Default)]
pub(super) struct Slot {
    held: Mutex<Option<Arc<Token>>>,
    refused: std::sync::Mutex<Option<Arc<Token>>>,
}

impl Slot {
    pub(super) async fn get(&self, host: &HostState, access: &Access, challenge: &Challenge) -> Result<Arc<Token>> {
        let mut held = self.held.lock().await;
        let refused = self.refused.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let good = |token: &&Arc<Token>| {
            token.expires > Instant::now() && refused.as_ref().is_none_or(|refused| !Arc::ptr_eq(token, refused))
        };
        if let Some(token) = held.as_ref().filter(good) {
            return Ok(Arc::clone(token));
        }
        let token = Arc::new(fetch(host, access, challenge).await?);
        *held = Some(Arc::clone(&token));
        Ok(token)
    }

    /// The registry refused this token: the next caller fetches another, unless that has happened already.
    pub(super) fn forget(&self, token: &Arc<Token>) {
        *self.refused.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::clone(token));
    }
}

#[derive(Deserialize)]
struct Granted {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

async fn fetch(host: &HostState, access: &Access, challenge: &Challenge) -> Result<Token> {
    let registry = access.repository.host();
    let credentials = host.credentials.credentials(&access.repository).await?;
    if let Some(Login::Bearer(secret)) = credentials.as_ref().map(|c| &c.login) {
        return Ok(Token { secret: secret.clone(), expires: Instant::now() + Duration::from_secs(3600) });
    }
    let realm = challenge.realm.as_deref().unwrap_or_default();
    let mut url = host.policy.judge(Purpose::Realm, &host.uploads_url(&access.repository), realm)?.url;
    let service = challenge.service.as_deref();
    let request = match credentials.as_ref().map(|c| &c.login) {
        Some(Login::IdentityToken(refresh)) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("grant_type", "refresh_token")
                .append_pair("client_id", "lockage")
                .append_pair("refresh_token", refresh.expose())
                .append_pair("scope", &access.scopes.join(" "));
            service.map(|service| form.append_pair("service", service));
            host.http.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.finish())
        }
        login => {
            if let Some(service) = service {
                url.query_pairs_mut().append_pair("service", service);
            }
            for scope in &access.scopes {
                url.query_pairs_mut().append_pair("scope", scope);
            }
            let request = host.http.get(url.clone());
            match login {
                Some(Login::Password { username, password }) => {
                    request.header(AUTHORIZATION, basic(username, password)?)
                }
                _ => request,
            }
        }
    };
    let mut response = deadline::answered(host.stall, request.send())
        .await
        .map_err(|e| answer::no_answer("ask for a token at", answer::without_query(&url), e))?;
    if !response.status().is_success() {
        let status = response.status();
        let from = credentials
            .as_ref()
            .map_or("no credentials were found".to_owned(), |c| format!("credentials from {}", c.origin));
        let cause =
            answer::refused("ask for a token at", answer::without_query(&url), "GET", &url, response, host.stall).await;
        let kind = if status.is_server_error() { cause.kind() } else { ErrorKind::Unauthorized };
        return Err(Error::new(kind, "log in to", registry)
            .with_message(format_args!(
                "its token server answered {}; {from}; asked for {}",
                status.as_u16(),
                access.scopes.join(" ")
            ))
            .with_source(cause));
    }
    let unusable = |why: &str| Error::new(ErrorKind::Protocol, "log in to", registry).with_message(why);
    let bytes = answer::collect(&mut response, LIMIT, host.stall, "read the token for", registry).await?;
    let (secret, life) = read(&bytes).map_err(unusable)?;
    // A tenth less, so that a token does not expire on its way; the clock starts before the answer was read.
    Ok(Token { secret, expires: Instant::now() + life.mul_f32(0.9) })
}

/// The token in a token server's answer, and how long it lives.
pub(in crate::client) fn read(bytes: &[u8]) -> Result<(Secret, Duration), &'static str> {
    // The parser's own message could repeat a part of the token.
    let granted: Granted = json::document(bytes).map_err(|_| "its token server answered no token document")?;
    let secret = granted.token.or(granted.access_token).filter(|token| !token.is_empty());
    let secret = secret.ok_or("its token server answered without a token")?;
    let life = granted.expires_in.filter(|&s| s > 0).map_or(DEFAULT_LIFE, |s| Duration::from_secs(s.min(86_400)));
    Ok((Secret::new(secret), life))
}
