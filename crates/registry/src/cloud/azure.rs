//! `AzureLogin`: logins to Azure Container Registry, got for an identity token ("Workload identity federation", "Azure Container
//! Registry, token exchange").

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use lockage_tagging::{Host, Repository};
use serde::Deserialize;

use super::IdentityToken;
use super::kept::{Fresh, Kept, Now};
use super::refused::{OAuthError, explained, of_status};
use super::service::{Body, Question, Service};
use crate::client::api::Refusal;
use crate::client::{Client, CredentialProvider, Credentials, Secret};
use crate::{Error, ErrorKind, Result};

/// For whom the identity token is.
const AUDIENCE: &str = "api://AzureADTokenExchange";
const AUTHORITY: &str = "https://login.microsoftonline.com";
const SCOPE: &str = "https://containerregistry.azure.net/.default";
/// How long a login is used that does not say when it expires. Registries give it three hours.
const LASTS: Duration = Duration::from_secs(60 * 60);

/// Logs in to `*.azurecr.io` as an application or managed identity with a federated credential.
///
/// A login lasts for three hours, and is got anew from ten minutes before it expires: one identity token, a POST to Microsoft
/// Entra, and one to the registry's own `/oauth2/exchange`. Clones share the logins.
///
/// The federated credential says whom it trusts, by the subject: `repo:OWNER/NAME:ref:refs/heads/main`, say.
#[derive(Clone)]
pub struct AzureLogin(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    client: Client,
    authority: Service,
    identity: Arc<dyn IdentityToken>,
    tenant: String,
    application: String,
    registry: Option<Host>,
    now: Now,
    kept: Logins,
}

/// One for each registry.
type Logins = Arc<Mutex<HashMap<Host, Arc<Kept<Credentials>>>>>;

impl AzureLogin {
    /// As this application (its client id) of this tenant, through the pools and limits of `client`. No request is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where one of them has no such name.
    pub fn new(
        client: &Client,
        identity: impl IdentityToken + 'static,
        tenant: &str,
        application: &str,
    ) -> Result<Self> {
        Self::at(client, identity, tenant, application, AUTHORITY)
    }

    /// The same by another authority (`AZURE_AUTHORITY_HOST`): that of a national cloud, or a stand-in.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn at(
        client: &Client,
        identity: impl IdentityToken + 'static,
        tenant: &str,
        application: &str,
        authority: &str,
    ) -> Result<Self> {
        for (what, name) in [("the tenant", tenant), ("the client id", application)] {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
            if name.is_empty() || !name.bytes().all(allowed) || name.starts_with('.') {
                return Err(Error::new(ErrorKind::Configuration, "use", what)
                    .with_message("it is not named as those of Azure are")
                    .with_remedy("Write its id: 00000000-0000-0000-0000-000000000000."));
            }
        }
        let (authority, _) = Service::of_url(client, "AZURE_AUTHORITY_HOST", authority)?;
        Ok(Self(Arc::new(Inner {
            client: client.clone(),
            authority,
            identity: Arc::new(identity),
            tenant: tenant.to_owned(),
            application: application.to_owned(),
            registry: None,
            now: Now::default(),
            kept: Arc::default(),
        })))
    }

    /// Logs in to this registry too.
    #[must_use]
    pub fn with_registry(self, registry: Host) -> Self {
        self.with(|inner| inner.registry = Some(registry))
    }

    /// Takes the time from `now` rather than from the machine.
    #[must_use]
    pub fn with_now(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.now = Now::new(now))
    }

    /// Whoever has settings of its own keeps logins of its own.
    fn with(self, set: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner { kept: Arc::default(), ..(*self.0).clone() };
        set(&mut inner);
        Self(Arc::new(inner))
    }
}

impl Inner {
    fn is_for(&self, host: &Host) -> bool {
        host.name().ends_with(".azurecr.io") && host.port().is_none() || self.registry.as_ref() == Some(host)
    }

    async fn log_in(&self, registry: &Host, asked: SystemTime) -> Result<Fresh<Credentials>> {
        #[derive(Deserialize)]
        struct Answer {
            refresh_token: String,
        }
        let access = self.access().await?;
        let service = Service::new(&self.client, registry)?;
        let answer: Answer = service
            .ask(Question {
                operation: "log in to",
                subject: registry.to_string(),
                url: service.url("/oauth2/exchange"),
                body: Body::Form(vec![
                    ("grant_type", "access_token".to_owned()),
                    ("service", registry.name().to_owned()),
                    ("tenant", self.tenant.clone()),
                    ("access_token", access.expose().to_owned()),
                ]),
                bearer: None,
                hidden: &[&access],
                refusal: refused_by_registry,
            })
            .await?;
        let expires = expiry(&answer.refresh_token).unwrap_or(asked + LASTS);
        let origin = format!("application {} of Azure", self.application);
        Ok(Fresh { value: Credentials::identity_token(origin, answer.refresh_token), expires })
    }

    /// The application's token, which the registry exchanges at once.
    async fn access(&self) -> Result<Secret> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
        }
        let identity = self.identity.token(AUDIENCE).await?;
        let answer: Answer = self
            .authority
            .ask(Question {
                operation: "log in to Azure as",
                subject: format!("application {}", self.application),
                url: self.authority.url(&format!("/{}/oauth2/v2.0/token", self.tenant)),
                body: Body::Form(vec![
                    ("grant_type", "client_credentials".to_owned()),
                    ("client_id", self.application.clone()),
                    ("scope", SCOPE.to_owned()),
                    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
                    ("client_assertion", identity.expose().to_owned()),
                ]),
                bearer: None,
                hidden: &[&identity],
                refusal: refused_by_authority,
            })
            .await?;
        Ok(Secret::new(answer.access_token))
    }
}

#[async_trait]
impl CredentialProvider for AzureLogin {
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        let (inner, registry) = (&self.0, repository.host());
        if !inner.is_for(registry) {
            return Ok(None);
        }
        let kept = {
            let mut all = inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(registry.clone()).or_default())
        };
        kept.get(&inner.now, |asked| inner.log_in(registry, asked)).await.map(Some)
    }
}

impl fmt::Debug for AzureLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { authority, identity, tenant, application, .. } = &*self.0;
        f.debug_struct("AzureLogin")
            .field("authority", authority)
            .field("tenant", tenant)
            .field("application", application)
            .field("identity", identity)
            .finish_non_exhaustive()
    }
}

/// When a JSON web token expires, as far as it says so (RFC 7519 section 4.1.4).
fn expiry(token: &str) -> Option<SystemTime> {
    #[derive(Deserialize)]
    struct Claims {
        exp: u32,
    }
    let claims = token.split('.').nth(1)?;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(claims.exp.into()))
}

/// OAuth's errors, with Microsoft's own numbers (RFC 6749 section 5.2).
fn refused_by_authority(status: u16, body: &[u8]) -> Refusal {
    let said = OAuthError::read(body);
    let (kind, remedy) = match said.error.as_str() {
        "invalid_client" | "unauthorized_client" | "invalid_grant" => (
            ErrorKind::Denied,
            Some(
                "Give the application a federated credential whose issuer, subject and audience are those of the identity token: \
                 its subject names this repository and branch (or environment).",
            ),
        ),
        "invalid_request" | "invalid_scope" => {
            (ErrorKind::Invalid, Some("Check the ids of the tenant and the application."))
        }
        "temporarily_unavailable" => (ErrorKind::Unavailable, None),
        _ => (of_status(status), None),
    };
    explained("Microsoft Entra", status, kind, said.error, &said.error_description, remedy)
}

/// The registry's own words could repeat the token.
fn refused_by_registry(status: u16, _body: &[u8]) -> Refusal {
    let kind = of_status(status);
    let refused = matches!(kind, ErrorKind::Unauthorized | ErrorKind::Denied);
    let remedy = "Assign the application a role on this registry: AcrPull to read, AcrPush to write.";
    Refusal {
        message: Some(format!("the registry exchanges no token of the application: it answered {status}")),
        remedy: refused.then(|| remedy.to_owned()),
        ..Refusal::new(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_where_it_has_one() {
        let token =
            |claims: &str| format!("e30.{}.c2ln", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims));
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_714_557_600);
        assert_eq!(expiry(&token(r#"{"exp":1714557600}"#)), Some(end));
        for none in
            [token("{}"), token(r#"{"exp":"soon"}"#), token(r#"{"exp":-1}"#), "opaque".to_owned(), "a.?.c".to_owned()]
        {
            assert_eq!(expiry(&none), None, "{none}");
        }
    }
}
