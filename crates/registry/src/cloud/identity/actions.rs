//! GitHub Actions: a job with the permission `id-token: write` is given identity tokens, one a request.

use std::fmt;

use async_trait::async_trait;
use serde::Deserialize;
use url::Url;

use super::{IdentityToken, jwt, no_token};
use crate::client::api::Refusal;
use crate::client::{Client, Secret};
use crate::cloud::service::{Body, Question, Service};
use crate::{Error, ErrorKind, Result};

const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

const REMEDY: &str = "Give the job `permissions: id-token: write`; jobs of a fork's pull request are not given it.";

/// The identity of a job of GitHub Actions: `repo:OWNER/NAME:ref:refs/heads/BRANCH`, or its environment. One GET a token.
#[derive(Clone)]
pub struct ActionsIdentity {
    service: Service,
    url: Url,
    secret: Secret,
}

impl ActionsIdentity {
    /// From `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, which GitHub sets where the job has the
    /// permission. Tokens are asked for through the pools and limits of `client`.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] where they are missing, [`ErrorKind::Configuration`] where the first is no URL with https.
    pub fn from_variables(client: &Client, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let needed = |name: &'static str| {
            variable(name).filter(|value| !value.is_empty()).ok_or_else(|| {
                Error::new(ErrorKind::Credentials, "read", name)
                    .with_message(
                        "the variable is not set: this is no job of GitHub Actions, or one that may have no identity",
                    )
                    .with_remedy(REMEDY)
            })
        };
        let (url, secret) = (needed(URL)?, Secret::new(needed(TOKEN)?));
        let (service, url) = Service::of_url(client, URL, &url)?;
        Ok(Self { service, url, secret })
    }
}

#[async_trait]
impl IdentityToken for ActionsIdentity {
    async fn token(&self, audience: &str) -> Result<Secret> {
        #[derive(Deserialize)]
        struct Answer {
            value: String,
        }
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("audience", audience);
        let answer: Answer = self
            .service
            .ask(Question {
                operation: "ask for the identity token of",
                subject: "this job at GitHub Actions".to_owned(),
                url,
                body: Body::None,
                bearer: Some(&self.secret),
                hidden: &[],
                refusal,
            })
            .await?;
        jwt(&answer.value).ok_or_else(|| no_token("GitHub Actions"))
    }
}

/// GitHub's own words are a page or nothing.
fn refusal(status: u16, _body: &[u8]) -> Refusal {
    // Nothing is looked up there: that there is none is a wrong address.
    let kind = if status == 404 { ErrorKind::Rejected } else { ErrorKind::of_answer(status, &[]) };
    let refused = matches!(kind, ErrorKind::Unauthorized | ErrorKind::Denied);
    Refusal {
        message: Some(format!("GitHub answered {status}")),
        remedy: refused.then(|| REMEDY.to_owned()),
        ..Refusal::new(kind)
    }
}

impl fmt::Debug for ActionsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionsIdentity").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}
