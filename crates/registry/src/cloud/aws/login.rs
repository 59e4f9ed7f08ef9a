//! `EcrLogin`: logins for registries at ECR, got for keys (ECR API reference, "`GetAuthorizationToken`").

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use jiff::Timestamp;
use lockage_tagging::{Host, Repository};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::client::api::{Call, Dialect, Refusal};
use crate::client::{Client, CredentialProvider, Credentials};
use crate::cloud::kept::{Fresh, Kept, Now};
use crate::cloud::service::{self, LIMIT};
use crate::ecr::{self, Endpoint, KeyProvider};
use crate::{ErrorKind, Result};

const ACTION: &str = "GetAuthorizationToken";

/// Logs in to `ACCOUNT.dkr.ecr.REGION.amazonaws.com` with keys, and to no other registry.
///
/// A login lasts for twelve hours, for all registries of a region that the keys may read or write; it is got by one POST
/// to ECR's API, and anew from ten minutes before it expires. The right needed is `ecr:GetAuthorizationToken`, on `*`. Clones
/// share the logins.
///
/// ```no_run
/// use lockage_registry::client::{Client, DockerConfig, FirstOf};
/// use lockage_registry::cloud::{ActionsIdentity, AssumedRole, EcrLogin};
/// # fn main() -> lockage_registry::Result<()> {
/// let web = Client::builder().build()?;
/// let job = ActionsIdentity::from_variables(&web, |name| std::env::var(name).ok())?;
/// let role = AssumedRole::new(&web, job, "arn:aws:iam::123456789012:role/promoter", "eu-west-1")?;
/// let logins = FirstOf::new(EcrLogin::new(&web, role)).or(DockerConfig::from_env()?);
/// let client = Client::builder().credentials(logins).build()?;
/// # drop(client);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct EcrLogin {
    client: Client,
    keys: Arc<dyn KeyProvider>,
    /// Registries whose names do not say where their API is.
    named: BTreeMap<Host, Endpoint>,
    now: Now,
    /// One for each API.
    kept: Arc<Mutex<HashMap<Host, Arc<Kept<Credentials>>>>>,
}

impl EcrLogin {
    /// Logs in with these keys, through the pools and limits of `client`.
    pub fn new(client: &Client, keys: impl KeyProvider + 'static) -> Self {
        let (client, keys) = (client.clone(), Arc::new(keys));
        Self { client, keys, named: BTreeMap::new(), now: Now::default(), kept: Arc::default() }
    }

    /// Logs in to this registry too, or by another API than its name says: an interface endpoint, or a stand-in.
    #[must_use]
    pub fn at(mut self, registry: Host, endpoint: Endpoint) -> Self {
        self.named.insert(registry, endpoint);
        self
    }

    /// Takes the time from `now` rather than from the machine.
    #[must_use]
    pub fn with_now(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { now: Now::new(now), kept: Arc::default(), ..self }
    }

    async fn log_in(&self, endpoint: &Endpoint) -> Result<Fresh<Credentials>> {
        let api = self.client.api(endpoint.host())?.at_most(LIMIT);
        let call = Call {
            operation: "log in to Amazon ECR by",
            subject: endpoint.host().to_string(),
            method: Method::POST,
            url: api.root(),
            body: "{}".into(),
        };
        let asking = Asking { login: self, endpoint };
        let answer: Answer = service::read(&call, &api.send(&call, &asking).await?.body)?;
        let unusable = |why| call.error(ErrorKind::Protocol).with_message(why);
        let given =
            answer.authorization_data.into_iter().next().ok_or_else(|| unusable("there is no login in the answer"))?;
        let pair = base64::engine::general_purpose::STANDARD.decode(given.authorization_token).ok();
        let pair = pair.and_then(|pair| String::from_utf8(pair).ok());
        let pair = pair.as_deref().and_then(|pair| pair.split_once(':'));
        let (username, password) = pair.ok_or_else(|| unusable("its token is no user name with a password"))?;
        let expires = Duration::try_from_secs_f64(given.expires_at).ok();
        let expires = expires.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
        let expires = expires.ok_or_else(|| unusable("it does not say when the login expires"))?;
        let origin = format!("{ACTION} of {}", endpoint.host());
        Ok(Fresh { value: Credentials::password(origin, username, password), expires })
    }
}

#[async_trait]
impl CredentialProvider for EcrLogin {
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        let registry = repository.host();
        let endpoint = match self.named.get(registry) {
            Some(named) => named.clone(),
            None => match Endpoint::of(registry) {
                Ok(endpoint) => endpoint,
                // Its name is that of another registry.
                Err(_) => return Ok(None),
            },
        };
        let kept = {
            let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(endpoint.host().clone()).or_default())
        };
        kept.get(&self.now, |_asked| self.log_in(&endpoint)).await.map(Some)
    }
}

impl fmt::Debug for EcrLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcrLogin").field("keys", &self.keys).field("named", &self.named).finish_non_exhaustive()
    }
}

/// One question, signed.
struct Asking<'a> {
    login: &'a EcrLogin,
    endpoint: &'a Endpoint,
}

#[async_trait]
impl Dialect for Asking<'_> {
    async fn headers(&self, call: &Call) -> Result<HeaderMap> {
        let keys = self.login.keys.keys().await?;
        let now = Timestamp::try_from(self.login.now.get())
            .map_err(|e| call.error(ErrorKind::Invalid).with_message("the clock is out of range").with_source(e))?;
        ecr::signed(call, self.endpoint, &keys, ACTION, now)
    }

    fn refusal(&self, _call: &Call, status: u16, _headers: &HeaderMap, body: &[u8]) -> Refusal {
        let refusal = ecr::refusal(ACTION, status, body);
        if refusal.kind != ErrorKind::Denied {
            return refusal;
        }
        // It is a right on no repository.
        let remedy = format!("Allow ecr:{ACTION} on \"*\" in the policy of the role or user that the keys belong to.");
        Refusal { remedy: Some(remedy), ..refusal }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    authorization_data: Vec<Given>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    authorization_token: String,
    expires_at: f64,
}
