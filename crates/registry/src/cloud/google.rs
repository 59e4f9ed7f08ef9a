//! `GoogleLogin`: logins to Artifact Registry, got for an identity token ("Workload Identity Federation", "Security Token
//! Service API", "`generateAccessToken`").

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use jiff::Timestamp;
use lockage_tagging::{Host, Repository};
use serde::Deserialize;
use serde_json::json;

use super::IdentityToken;
use super::kept::{Fresh, Kept, Now};
use super::refused::{OAuthError, explained, of_status};
use super::service::{Body, Question, Service};
use crate::client::api::Refusal;
use crate::client::{Client, CredentialProvider, Credentials, Secret};
use crate::{Error, ErrorKind, Result};

const STS: &str = "sts.googleapis.com";
const IAM: &str = "iamcredentials.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Logs in to `*.pkg.dev` and `*.gcr.io` as a federated identity, or as a service account that it may impersonate.
///
/// A login lasts for an hour, and is got anew from ten minutes before it expires: one identity token, a POST to Google's STS, and
/// one to IAM where a service account is named. Clones share the login.
///
/// The provider's attribute condition says whom it trusts: name both the repository and the branch there, such as
/// `assertion.repository == 'OWNER/NAME' && assertion.ref == 'refs/heads/main'`.
#[derive(Clone)]
pub struct GoogleLogin(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    sts: Service,
    iam: Service,
    identity: Arc<dyn IdentityToken>,
    provider: String,
    account: Option<String>,
    registry: Option<Host>,
    now: Now,
    kept: Arc<Kept<Credentials>>,
}

impl GoogleLogin {
    /// By this provider of a pool, `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`, through the
    /// pools and limits of `client`. No request is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for any other name.
    pub fn new(client: &Client, identity: impl IdentityToken + 'static, provider: &str) -> Result<Self> {
        let host = |name: &str| {
            name.parse().map_err(|e| Error::new(ErrorKind::Configuration, "exchange tokens with", name).with_source(e))
        };
        Self::at(client, identity, provider, &host(STS)?, &host(IAM)?)
    }

    /// The same by services at other hosts: private endpoints, or stand-ins.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn at(
        client: &Client,
        identity: impl IdentityToken + 'static,
        provider: &str,
        sts: &Host,
        iam: &Host,
    ) -> Result<Self> {
        let parts: Vec<&str> = provider.split('/').collect();
        let named =
            matches!(parts.as_slice(), ["projects", _, "locations", _, "workloadIdentityPools", _, "providers", _]);
        if !named || parts.iter().any(|part| part.is_empty()) {
            return Err(Error::new(ErrorKind::Configuration, "use the identity provider", provider)
                .with_message("it is not named as those of Workload Identity Federation are")
                .with_remedy("Write projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER."));
        }
        Ok(Self(Arc::new(Inner {
            sts: Service::new(client, sts)?,
            iam: Service::new(client, iam)?,
            identity: Arc::new(identity),
            provider: provider.to_owned(),
            account: None,
            registry: None,
            now: Now::default(),
            kept: Arc::default(),
        })))
    }

    /// Logs in as this service account, by its email address: the identity has to have the role
    /// `roles/iam.workloadIdentityUser` on it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where it is no email address.
    pub fn impersonate(self, account: &str) -> Result<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._@:".contains(&b);
        if !account.contains('@') || !account.bytes().all(allowed) {
            return Err(Error::new(ErrorKind::Configuration, "impersonate", account)
                .with_message("it is not the email address of a service account")
                .with_remedy("Write NAME@PROJECT.iam.gserviceaccount.com."));
        }
        Ok(self.with(|inner| inner.account = Some(account.to_owned())))
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

    /// Whoever has settings of its own keeps a login of its own.
    fn with(self, set: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner { kept: Arc::default(), ..(*self.0).clone() };
        set(&mut inner);
        Self(Arc::new(inner))
    }
}

impl Inner {
    fn is_for(&self, host: &Host) -> bool {
        let name = host.name();
        let google = name.ends_with(".pkg.dev") || name.ends_with(".gcr.io") || name == "gcr.io";
        google && host.port().is_none() || self.registry.as_ref() == Some(host)
    }

    async fn log_in(&self, asked: SystemTime) -> Result<Fresh<Credentials>> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
            expires_in: u32,
        }
        let identity = self.identity.token(&format!("https://iam.googleapis.com/{}", self.provider)).await?;
        let document = json!({
            "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
            "audience": format!("//iam.googleapis.com/{}", self.provider),
            "scope": SCOPE,
            "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
            "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
            "subjectToken": identity.expose(),
        });
        let answer: Answer = self
            .sts
            .ask(Question {
                operation: "exchange the identity token by",
                subject: self.provider.clone(),
                url: self.sts.url("/v1/token"),
                body: Body::Json(document),
                bearer: None,
                hidden: &[&identity],
                refusal: refused_by_sts,
            })
            .await?;
        let (token, expires) = match &self.account {
            None => (answer.access_token, asked + Duration::from_secs(answer.expires_in.into())),
            Some(account) => self.impersonated(account, &Secret::new(answer.access_token)).await?,
        };
        let origin = self.account.as_ref().unwrap_or(&self.provider);
        Ok(Fresh { value: Credentials::password(origin, "oauth2accesstoken", token), expires })
    }

    async fn impersonated(&self, account: &str, federated: &Secret) -> Result<(String, SystemTime)> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            access_token: String,
            expire_time: String,
        }
        let operation = "impersonate the service account";
        let answer: Answer = self
            .iam
            .ask(Question {
                operation,
                subject: account.to_owned(),
                url: self.iam.url(&format!("/v1/projects/-/serviceAccounts/{account}:generateAccessToken")),
                body: Body::Json(json!({ "scope": [SCOPE], "lifetime": "3600s" })),
                bearer: Some(federated),
                hidden: &[],
                refusal: refused_by_iam,
            })
            .await?;
        let expires = answer.expire_time.parse::<Timestamp>().map_err(|_| {
            Error::new(ErrorKind::Protocol, operation, account).with_message("it does not say when the token expires")
        })?;
        Ok((answer.access_token, expires.into()))
    }
}

#[async_trait]
impl CredentialProvider for GoogleLogin {
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        let inner = &self.0;
        if !inner.is_for(repository.host()) {
            return Ok(None);
        }
        inner.kept.get(&inner.now, |asked| inner.log_in(asked)).await.map(Some)
    }
}

impl fmt::Debug for GoogleLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { identity, provider, account, .. } = &*self.0;
        f.debug_struct("GoogleLogin")
            .field("provider", provider)
            .field("account", account)
            .field("identity", identity)
            .finish_non_exhaustive()
    }
}

/// OAuth's errors (RFC 6749 section 5.2).
fn refused_by_sts(status: u16, body: &[u8]) -> Refusal {
    let said = OAuthError::read(body);
    let (kind, remedy) = match said.error.as_str() {
        "invalid_grant" | "invalid_token" => (
            ErrorKind::Unauthorized,
            Some("Check the issuer and the audiences that the identity provider allows, and the clock."),
        ),
        "unauthorized_client" => (
            ErrorKind::Denied,
            Some("Let the provider's attribute condition match this repository and branch (or environment)."),
        ),
        "invalid_target" => {
            (ErrorKind::Invalid, Some("Check the name of the provider: it begins with the project's number."))
        }
        _ => (of_status(status), None),
    };
    explained("Google's STS", status, kind, said.error, &said.error_description, remedy)
}

/// Google's errors ("API design guide, Errors").
fn refused_by_iam(status: u16, body: &[u8]) -> Refusal {
    #[derive(Default, Deserialize)]
    struct Document {
        #[serde(default)]
        error: Said,
    }
    #[derive(Default, Deserialize)]
    struct Said {
        #[serde(default)]
        status: String,
        #[serde(default)]
        message: String,
    }
    // An explanation that cannot be read leaves the status to speak.
    let said = serde_json::from_slice::<Document>(body).unwrap_or_default().error;
    // It does not say which of the two: there is none, or it is not for this identity.
    let kind = if said.status == "NOT_FOUND" { ErrorKind::Denied } else { of_status(status) };
    let remedy = (kind == ErrorKind::Denied).then_some(
        "Grant roles/iam.workloadIdentityUser on the service account to the pool's principals of this repository and branch.",
    );
    explained("Google's IAM", status, kind, said.status, &said.message, remedy)
}
