//! `/token`: gives tokens for a name and a password, or for a refresh token (distribution, "Token Authentication
//! Specification" and "OAuth2 Token Authentication").

use std::net::SocketAddr;
use std::time::Instant;

use bytes::BytesMut;
use http::header::{ALLOW, CACHE_CONTROL};
use http::{Method, StatusCode};
use lockage_tagging::Host;
use serde_json::json;

use super::User;
use super::door::Door;
use super::rights::{Rights, granted, scopes};
use crate::Result;
use crate::media_type::essence;
use crate::server::dispatch::Asked;
use crate::server::inbound::Inbound;
use crate::server::query::Query;
use crate::server::refusal::{Refusal, refuse};
use crate::server::reply::Reply;

/// Where the tokens are.
pub(in crate::server) const PATH: &str = "/token";

/// More than any form has.
const LONGEST_FORM: usize = 64 * 1024;

/// The URL of the token server, by the name that the client itself used: the address may be none that it can reach.
pub(super) fn realm(authority: Option<&str>, address: SocketAddr) -> String {
    match authority.and_then(|authority| authority.parse::<Host>().ok()) {
        Some(host) => format!("http://{host}{PATH}"),
        None => format!("http://{address}{PATH}"),
    }
}

impl Door {
    /// Answers a request for a token. `query` is that of its URL.
    pub(in crate::server) async fn token(&self, asked: &Asked, query: &str) -> Result<Reply, Refusal> {
        match asked.method {
            Method::GET | Method::HEAD => self.by_password(asked, &Query::form(query)),
            Method::POST => self.by_form(asked).await,
            _ => {
                let reply =
                    refuse(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "tokens are asked for with GET or POST");
                Err(reply.header(ALLOW, "GET, HEAD, POST").into())
            }
        }
    }

    fn by_password(&self, asked: &Asked, fields: &Query) -> Result<Reply, Refusal> {
        if !self.serves(fields) {
            return Err(refuse(StatusCode::BAD_REQUEST, "UNSUPPORTED", "there is no such service here").into());
        }
        let user = match asked.authorization() {
            Some(header) => Some(self.user(header).ok_or_else(|| self.wants_password())?),
            None if self.guard.anonymous_pull => None,
            None => return Err(self.wants_password().into()),
        };
        let offline = fields.get("offline_token") == Some("true");
        Ok(self.give(user, fields, offline)?)
    }

    async fn by_form(&self, asked: &Asked) -> Result<Reply, Refusal> {
        if asked.content_type().map(essence) != Some("application/x-www-form-urlencoded") {
            return Err(refused("invalid_request", "the body is no form"));
        }
        let Some(form) = read(&asked.body).await? else {
            return Err(refused("invalid_request", "the form is too long"));
        };
        let fields = Query::form(&String::from_utf8_lossy(&form));
        if !self.serves(&fields) {
            return Err(refused("invalid_target", "there is no such service here"));
        }
        let field = |name| fields.get(name).unwrap_or_default();
        let user = match field("grant_type") {
            "password" => self.guard.find(field("username"), field("password")),
            "refresh_token" => {
                let name = self.issued.refreshes(field("refresh_token"));
                name.and_then(|name| self.guard.users.iter().find(|user| user.name == name))
            }
            _ => return Err(refused("unsupported_grant_type", "password and refresh_token are supported")),
        };
        let user = user.ok_or_else(|| refused("invalid_grant", "wrong name, password or refresh token"))?;
        // Who shows a refresh token keeps it.
        let offline = field("access_type") == "offline" && field("grant_type") == "password";
        Ok(self.give(Some(user), &fields, offline)?)
    }

    /// A client that names a service must mean this one.
    fn serves(&self, fields: &Query) -> bool {
        fields.get("service").is_none_or(|service| service.is_empty() || self.service == *service)
    }

    fn give(&self, user: Option<&User>, fields: &Query, offline: bool) -> Result<Reply> {
        let grants = granted(fields.all("scope"), user.map_or(Rights::PULL, |user| user.rights));
        let scope = scopes(&grants);
        let token = self.issued.issue(grants, self.guard.life, Instant::now())?;
        let mut answer = json!({
            "token": token,
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.guard.life.as_secs(),
            "scope": scope,
        });
        if let (true, Some(user), Some(fields)) = (offline, user, answer.as_object_mut()) {
            fields.insert("refresh_token".to_owned(), self.issued.issue_refresh(&user.name)?.into());
        }
        Ok(Reply::new(StatusCode::OK).json("application/json", &answer).header(CACHE_CONTROL, "no-store"))
    }
}

/// An error of OAuth2 (RFC 6749, section 5.2).
fn refused(error: &str, why: &str) -> Refusal {
    let answer = json!({ "error": error, "error_description": why });
    let reply = Reply::new(StatusCode::BAD_REQUEST).json("application/json", &answer);
    reply.header(CACHE_CONTROL, "no-store").into()
}

/// The whole body, unless it is too long.
async fn read(body: &Inbound) -> Result<Option<BytesMut>> {
    let mut form = BytesMut::new();
    while let Some(chunk) = body.next().await? {
        if form.len() + chunk.len() > LONGEST_FORM {
            return Ok(None);
        }
        form.extend_from_slice(&chunk);
    }
    Ok(Some(form))
}
