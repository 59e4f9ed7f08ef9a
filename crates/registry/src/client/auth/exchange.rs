//! The exchange: a login for a token, at the token server that the registry names.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use url::{Url, form_urlencoded};

use super::challenge::Challenge;
use super::grant::{self, Grant};
use super::{Access, basic};
use crate::client::{Credentials, Login, Purpose, Secret, answer, deadline, host::HostState};
use crate::{Error, ErrorKind, Result};

/// The largest answer of a token server that is read.
const LIMIT: u64 = 64 * 1024;

/// Identity tokens that a token server gave in the place of those that it was shown.
#[derive(Default)]
pub(super) struct Renewed(Mutex<Vec<Renewal>>);

struct Renewal {
    realm: Url,
    shown: Secret,
    newer: Secret,
}

/// Gets a token for `access` from the token server of `challenge`: one request.
///
/// A password is shown by GET, which every token server understands; an identity token by POST, as OAuth2 has it.
pub(super) async fn token(
    host: &HostState,
    access: &Access,
    challenge: &Challenge,
    credentials: Option<&Credentials>,
    renewed: &Renewed,
) -> Result<Grant> {
    let text = challenge.realm.as_deref().unwrap_or_default();
    let realm = host.policy.judge(Purpose::Realm, &host.uploads_url(&access.repository), text)?.url;
    let asking = Asking { host, access, realm, service: challenge.service.as_deref(), credentials };
    let Some(Login::IdentityToken(shown)) = credentials.map(|c| &c.login) else { return asking.by_get().await };
    if let Some(newer) = renewed.for_token(&asking.realm, shown) {
        match asking.by_post(&newer).await {
            // The one that was configured may outlive those that came from it.
            Err(e) if e.kind() == ErrorKind::Unauthorized => renewed.forget(&asking.realm, shown),
            granted => {
                return granted.inspect(|grant| renewed.learn(&asking.realm, shown, grant));
            }
        }
    }
    asking.by_post(shown).await.inspect(|grant| renewed.learn(&asking.realm, shown, grant))
}

/// One question to a token server.
struct Asking<'a> {
    host: &'a HostState,
    access: &'a Access,
    realm: Url,
    service: Option<&'a str>,
    credentials: Option<&'a Credentials>,
}

impl Asking<'_> {
    async fn by_get(&self) -> Result<Grant> {
        let mut url = self.realm.clone();
        if let Some(service) = self.service {
            url.query_pairs_mut().append_pair("service", service);
        }
        for scope in &self.access.scopes {
            url.query_pairs_mut().append_pair("scope", &scope.to_string());
        }
        let mut request = self.host.http.get(url);
        if let Some(Login::Password { username, password }) = self.credentials.map(|c| &c.login) {
            request = request.header(AUTHORIZATION, basic(username, password)?);
        }
        self.send("GET", request).await
    }

    async fn by_post(&self, refresh: &Secret) -> Result<Grant> {
        let request = self.host.http.post(self.realm.clone());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(self.form(refresh));
        self.send("POST", request).await
    }

    fn form(&self, refresh: &Secret) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token")
            .append_pair("client_id", "lockage")
            .append_pair("refresh_token", refresh.expose())
            .append_pair("scope", &self.access.scope_list());
        if let Some(service) = self.service {
            form.append_pair("service", service);
        }
        form.finish()
    }

    async fn send(&self, method: &'static str, request: reqwest::RequestBuilder) -> Result<Grant> {
        let (stall, subject) = (self.host.stall, answer::without_query(&self.realm));
        let mut response = deadline::answered(stall, request.send())
            .await
            .map_err(|e| answer::no_answer("ask for a token at", &subject, e))?;
        let status = response.status().as_u16();
        if !response.status().is_success() {
            let cause = answer::refused("ask for a token at", &subject, method, &self.realm, response, stall);
            return Err(self.refused(status, cause.await));
        }
        let bytes = answer::collect(&mut response, LIMIT, stall, "read the token from", subject.as_str()).await?;
        grant::parse(&bytes, SystemTime::now()).map_err(|no| self.error(ErrorKind::Protocol).with_message(no.words()))
    }

    /// A refusal at the door is a refusal of these credentials, and what is temporary stays so; no other status of a
    /// token server says anything about the repository, so that its 404 must not look like the registry's.
    fn refused(&self, status: u16, cause: Error) -> Error {
        let kind = match (status, cause.kind()) {
            (_, kind) if cause.is_temporary() => kind,
            (400 | 401 | 403, _) => ErrorKind::Unauthorized,
            _ => ErrorKind::Credentials,
        };
        let from = match self.credentials {
            Some(credentials) => format!("credentials from {}", credentials.origin),
            None => "no credentials were found".to_owned(),
        };
        let scopes = self.access.scope_list();
        let mut error = self
            .error(kind)
            .with_message(format_args!("its token server answered {status}; {from}; asked for {scopes}"));
        if let Some(after) = cause.retry_after() {
            error = error.with_retry_after(after);
        }
        error.with_source(cause)
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, "log in to", self.access.repository.host())
    }
}

impl Renewed {
    fn for_token(&self, realm: &Url, shown: &Secret) -> Option<Secret> {
        let renewals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        renewals.iter().find(|renewal| renewal.is(realm, shown)).map(|renewal| renewal.newer.clone())
    }

    fn learn(&self, realm: &Url, shown: &Secret, grant: &Grant) {
        let Some(newer) = &grant.refresh else { return };
        let mut renewals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        renewals.retain(|renewal| !renewal.is(realm, shown));
        if newer != shown {
            renewals.push(Renewal { realm: realm.clone(), shown: shown.clone(), newer: newer.clone() });
        }
    }

    fn forget(&self, realm: &Url, shown: &Secret) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|renewal| !renewal.is(realm, shown));
    }
}

impl Renewal {
    fn is(&self, realm: &Url, shown: &Secret) -> bool {
        self.realm == *realm && self.shown == *shown
    }
}
