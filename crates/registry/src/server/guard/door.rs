//! `Door`: lets a request in, or answers with the challenge that says how to get in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use lockage_tagging::Host;

use super::issued::Issued;
use super::rights::{Grants, Rights, scopes};
use super::{Guard, Scheme, User, tokens};
use crate::server::refusal::{Refusal, refuse};
use crate::server::reply::Reply;

/// A guard on duty.
pub(in crate::server) struct Door {
    pub(super) guard: Guard,
    pub(super) issued: Issued,
    /// The name by which the token server knows the registry.
    pub(super) service: Host,
    /// Where the server listens.
    address: SocketAddr,
}

/// Who asks, as far as it matters: what it may do.
pub(in crate::server) enum Caller {
    /// Anything: there is no guard.
    Anybody,
    /// The same in every repository.
    User(Rights),
    /// What its token says.
    Token(Arc<Grants>),
}

impl Caller {
    /// Whether it may pull from the repository at this path.
    pub(in crate::server) fn may_pull(&self, path: &str) -> bool {
        match self {
            Self::Anybody => true,
            Self::User(rights) => rights.covers(Rights::PULL),
            Self::Token(grants) => grants.get(path).is_some_and(|rights| rights.covers(Rights::PULL)),
        }
    }
}

impl Door {
    pub(in crate::server) fn new(guard: Guard, service: Host, address: SocketAddr) -> Self {
        Self { guard, issued: Issued::default(), service, address }
    }

    /// Makes all tokens bad.
    pub(in crate::server) fn revoke(&self) {
        self.issued.revoke();
    }

    /// Makes all refresh tokens bad.
    pub(in crate::server) fn revoke_refresh(&self) {
        self.issued.revoke_refresh();
    }

    /// True where tokens are given and taken.
    pub(in crate::server) fn has_tokens(&self) -> bool {
        self.guard.scheme == Scheme::Bearer
    }

    /// Lets in who has a right to what the request needs. `authorization` and `authority` are its headers.
    pub(in crate::server) fn admit(
        &self,
        authorization: Option<&str>,
        authority: Option<&str>,
        needs: &Grants,
    ) -> Result<Caller, Refusal> {
        match self.guard.scheme {
            Scheme::Basic => self.admit_user(authorization, needs),
            Scheme::Bearer => self.admit_token(authorization, needs).map_err(|error| {
                let realm = tokens::realm(authority, self.address);
                let mut challenge = format!("Bearer realm=\"{realm}\",service=\"{}\"", self.service);
                let scopes = scopes(needs);
                // A name that cannot stand between quotes is no name, and gets no scope.
                if !scopes.is_empty()
                    && scopes.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\' || b == b' ')
                {
                    challenge.push_str(&format!(",scope=\"{scopes}\""));
                }
                if let Some(error) = error {
                    challenge.push_str(&format!(",error=\"{error}\""));
                }
                unauthorized(&challenge).into()
            }),
        }
    }

    fn admit_user(&self, authorization: Option<&str>, needs: &Grants) -> Result<Caller, Refusal> {
        let allowed = |rights: Rights| needs.values().all(|needed| rights.covers(*needed));
        match authorization {
            Some(header) => match self.user(header) {
                Some(user) if allowed(user.rights) => Ok(Caller::User(user.rights)),
                Some(_) => Err(refuse(StatusCode::FORBIDDEN, "DENIED", "this user may not do that").into()),
                None => Err(self.wants_password().into()),
            },
            // A ping is refused all the same: by it clients learn that there are users.
            None if self.guard.anonymous_pull && !needs.is_empty() && allowed(Rights::PULL) => {
                Ok(Caller::User(Rights::PULL))
            }
            None => Err(self.wants_password().into()),
        }
    }

    /// The error is the code of RFC 6750, section 3.1; there is none where no token was sent.
    fn admit_token(&self, authorization: Option<&str>, needs: &Grants) -> Result<Caller, Option<&'static str>> {
        let token = authorization.and_then(|header| credentials(header, "bearer")).ok_or(None)?;
        let grants = self.issued.grants(token, Instant::now()).ok_or(Some("invalid_token"))?;
        let covered = needs.iter().all(|(name, needed)| grants.get(name).is_some_and(|held| held.covers(*needed)));
        if covered { Ok(Caller::Token(grants)) } else { Err(Some("insufficient_scope")) }
    }

    /// The user that a header with name and password names.
    pub(super) fn user(&self, header: &str) -> Option<&User> {
        let decoded = STANDARD.decode(credentials(header, "basic")?).ok()?;
        let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        self.guard.find(name, password)
    }

    pub(super) fn wants_password(&self) -> Reply {
        unauthorized(&format!("Basic realm=\"{}\"", self.service))
    }
}

fn unauthorized(challenge: &str) -> Reply {
    refuse(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication required").header(WWW_AUTHENTICATE, challenge)
}

/// What stands behind the name of the scheme.
fn credentials<'a>(header: &'a str, scheme: &str) -> Option<&'a str> {
    let (name, rest) = header.trim().split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}
